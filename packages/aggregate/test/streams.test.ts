// SPDX-License-Identifier: Apache-2.0
// Frozen bytes: what two versions must agree on to sum with each other.
import { parameterSet } from "@koplamp/he";
import { hex } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { oraclePrimitives } from "../../crypto/test/oracle-primitives.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import { checkKeys, layBlock, readCells } from "../src/checks.ts";
import { uniformPolynomial } from "../src/crs.ts";
import { addMasks } from "../src/masks.ts";
import { fillBelow } from "../src/streams.ts";

const { key, t, slots } = parameterSet("bfv-amt-50-pq");
const transcript = Uint8Array.from({ length: 32 }, (_, at) => at);
const contributors = ["alice", "bob", "carol"];

function masked(me: string, block = 0): Float64Array {
  const zeros = new Float64Array(slots);
  const exporter = (peer: string): Uint8Array => {
    const pair = [me, peer].sort().join("|");
    return oraclePrimitives.sha256(Uint8Array.from([...pair].map((letter) => letter.charCodeAt(0))));
  };
  addMasks(nodePrimitives(), zeros, t, { transcript, me, contributors, block }, exporter);
  return zeros;
}

describe("the uniform part of a key", () => {
  it.each([
    ["oracle", oraclePrimitives],
    ["node", nodePrimitives()],
  ])("is what it was, by %s", (_name, primitives) => {
    const a = uniformPolynomial(primitives, key, transcript);
    expect([...new BigUint64Array(a.buffer, 0, 8)]).toMatchInlineSnapshot(`
      [
        14455816186366n,
        28924513087553n,
        8205868982320n,
        21234782358233n,
        4168848964939n,
        2832963477262n,
        7291569293358n,
        28264012827593n,
      ]
    `);
    expect(hex(primitives.sha256(a))).toMatchInlineSnapshot(
      `"524458baa3fddb9637731c6f2d8c266e22b7a593a7197245dc59a31f71eef8bb"`,
    );
    expect(hex(primitives.sha256(uniformPolynomial(primitives, key, transcript, "r")))).toMatchInlineSnapshot(
      `"29dca733500e504814a1de24f7e7cbc38fcca4272153c4f9794f72300793ed6b"`,
    );
  });
});

describe("masks", () => {
  it("are what they were", () => {
    expect(Array.from(masked("alice").subarray(0, 4))).toMatchInlineSnapshot(`
      [
        331697780329497,
        622901262044341,
        615029441098186,
        518384438467365,
      ]
    `);
  });

  it("cancel in the whole sum, in every slot, and leave the last slot alone", () => {
    const [alice, bob, carol] = contributors.map((me) => masked(me));
    const sums = alice?.map((value, at) => (value + (bob?.[at] ?? 0) + (carol?.[at] ?? 0)) % t);
    expect(sums?.every((value) => value === 0)).toBe(true);
    expect(alice?.at(-1)).toBe(0);
    const pair = alice?.map((value, at) => (value + (bob?.[at] ?? 0)) % t);
    expect(pair?.filter((value) => value === 0).length).toBe(1);
  });

  it("differ from block to block", () => {
    const [first, second] = [masked("alice"), masked("alice", 1)];
    expect(first.filter((value, at) => value === second[at]).length).toBe(1);
  });
});

describe("check sums", () => {
  const primitives = nodePrimitives();
  const keys = checkKeys(primitives, new Uint8Array(32).fill(5), transcript, 0, t);

  it("are what they were, and those of the book in BigInt", () => {
    const block = layBlock(Float64Array.of(1, -2, 3), slots, t, keys);
    expect(Array.from(keys)).toMatchInlineSnapshot(`
      [
        704429503615801,
        249441458258892,
      ]
    `);
    const slow = (alpha: bigint): bigint => {
      const modulus = BigInt(t);
      let [sum, power] = [0n, 1n];
      for (const value of block.subarray(0, slots - 3)) {
        power = (power * alpha) % modulus;
        sum = (sum + power * BigInt(value)) % modulus;
      }
      return sum;
    };
    expect([BigInt(block[slots - 3] ?? 0), BigInt(block[slots - 2] ?? 0)]).toEqual(
      Array.from(keys, (alpha) => slow(BigInt(alpha))),
    );
  });

  it("have other keys in every block", () => {
    const other = checkKeys(primitives, new Uint8Array(32).fill(5), transcript, 1, t);
    expect(Array.from(other)).not.toEqual(Array.from(keys));
  });

  it("leave cells readable with their sign", () => {
    const cells = fc.array(fc.integer({ min: -(2 ** 48), max: 2 ** 48 }), { maxLength: 20 });
    fc.assert(
      fc.property(cells, (values) => {
        const block = layBlock(Float64Array.from(values), slots, t, keys);
        expect(Array.from(readCells(block, values.length, t), (value) => value + 0)).toEqual(
          values.map((value) => value + 0),
        );
      }),
      { numRuns: 10 },
    );
  });
});

describe("numbers below a bound", () => {
  it("are the same however the stream comes, and all below", () => {
    const bounds = fc.constantFrom(3, 5, 2 ** 20 - 3, 1_032_193, 2 ** 32, 2 ** 32 + 15, 2 ** 45 - 55, t);
    fc.assert(
      fc.property(
        bounds,
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 0, max: 50 }),
        (bound, count, skip) => {
          const stream = (length: number): Uint8Array => oraclePrimitives.shake256(transcript, length);
          const [whole, rest] = [new Float64Array(skip + count), new Float64Array(count)];
          fillBelow(whole, bound, stream);
          const used = skip === 0 ? 0 : fillBelow(new Float64Array(skip), bound, stream);
          fillBelow(rest, bound, stream, used);
          expect(rest).toEqual(whole.slice(skip));
          expect(whole.every((value) => Number.isSafeInteger(value) && value >= 0 && value < bound)).toBe(
            true,
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});
