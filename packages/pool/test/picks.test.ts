// SPDX-License-Identifier: Apache-2.0
// Sums of picked elements in the kernel, in JavaScript and by the definition.
import { randomFillSync } from "node:crypto";
import { type PickSums, type Picks, portablePickSums, SUMS_AT_ONCE } from "@koplamp/crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { oraclePrimitives } from "../../crypto/test/oracle-primitives.ts";
import { kernelExports } from "../src/kernel.ts";
import { kernelPickSums, nodePickSums } from "../src/kernel-picks.ts";

const random = (elements: number): Uint32Array => randomFillSync(new Uint32Array(elements * 4));

/** Picks that depend on band and place, the least and the greatest word among them. */
const picks: Picks = (band, from, to) =>
  Uint32Array.from({ length: to - from }, (_, at) => {
    if ((from + at) % 5 === 0) return (from + at) % 2 === 0 ? 0 : 0xffffffff;
    return Math.imul(from + at + 1, 0x9e3779b1) + Math.imul(band, 0x85ebca6b);
  });

describe.each<[string, PickSums]>([
  ["the kernel", kernelPickSums()],
  ["JavaScript", portablePickSums],
  ["what is bound", nodePickSums()],
])("sums of picked elements in %s", (_name, pickSums) => {
  test("are what the definition gives, for any bands, lengths and vectors", () => {
    const shapes = fc.record({
      bands: fc.integer({ min: 1, max: 5 }),
      length: fc.integer({ min: 1, max: 40 }),
      vectors: fc.integer({ min: 1, max: 3 }),
      count: fc.oneof(fc.nat(20), fc.constant(300)),
    });
    fc.assert(
      fc.property(shapes, ({ bands, length, vectors, count }) => {
        const given = Array.from({ length: vectors }, () => random(bands * length));
        expect(pickSums(given, bands, count, picks)).toEqual(
          oraclePrimitives.pickSums(given, bands, count, picks),
        );
      }),
      { numRuns: 30 },
    );
  });
});

describe("the kernel's sums", () => {
  test("agree with JavaScript on as many sums as fill a call and more, and on longer bands than fit", () => {
    const asked: number[][] = [];
    const noting: Picks = (...which) => {
      asked.push(which);
      return picks(...which);
    };
    for (const [bands, length, count] of [
      [2, 3, SUMS_AT_ONCE + 1],
      [1, 81920, 300],
      [1, 81921, 300],
    ] as const) {
      const vectors = [random(bands * length), random(bands * length)];
      const sums = kernelPickSums()(vectors, bands, count, noting);
      expect(sums).toEqual(portablePickSums(vectors, bands, count, picks));
    }
    const all = SUMS_AT_ONCE;
    expect(asked.slice(0, 4)).toEqual([
      [0, 0, all],
      [1, 0, all],
      [0, all, all + 1],
      [1, all, all + 1],
    ]);
  });

  test("leave nothing of elements and sums in its memory", () => {
    const exports = kernelExports();
    const pickSums = kernelPickSums(exports);
    const memory = Buffer.from((exports["memory"] as { readonly buffer: ArrayBuffer }).buffer); // a kernel's
    const vectors = [random(600), random(600)];
    const sums = pickSums(vectors, 2, 1000, picks);
    for (const { buffer } of [...vectors, ...sums]) {
      expect(memory.includes(Buffer.from(buffer, 0, 16))).toBe(false);
      expect(memory.includes(Buffer.from(buffer, buffer.byteLength - 16))).toBe(false);
    }
  });

  test("do not serve where they are something else, or where there are none", () => {
    const wrong: PickSums = (...given) => portablePickSums(...given).map((sums) => sums.fill(0, 0, 1));
    const none = (): PickSums => {
      throw new Error("no kernel");
    };
    const vectors = [random(600)];
    for (const pickSums of [nodePickSums(() => wrong), nodePickSums(none)]) {
      expect(pickSums(vectors, 2, 400, picks)).toEqual(portablePickSums(vectors, 2, 400, picks));
    }
  });
});
