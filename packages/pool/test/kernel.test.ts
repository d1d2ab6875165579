// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { type Group, type Kernel, kernelGroup, loadSodium, nobleGroup } from "@koplamp/crypto";
import { concat } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import { backendsAgree, groupContract, outcome, scalar } from "../../crypto/test/group-contract.ts";
import { oraclePrimitives } from "../../crypto/test/oracle-primitives.ts";
import { ristrettoVectors } from "../../crypto/test/ristretto-vectors.ts";
import { findKernelGroup } from "../src/index.ts";
import { agreeOnEdges, agreeOnRandom, agreeOnSums, batchesAreItems } from "./kernel-cases.ts";

/** What of the engine's WebAssembly is used here; the libraries of TypeScript know it for browsers only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
};

const FILE = new URL("../kernel/kernel.wasm", import.meta.url);
const sodium = await loadSodium();
const found = findKernelGroup(sodium);

describe("the kernel", () => {
  test("serves on this machine", () => {
    expect(found.group === undefined ? found.reason : "").toBe("");
  });
});

if (found.group !== undefined) {
  const { group } = found;

  describe("the kernel against libsodium", () => {
    test("on 2,048 random items of every operation", () => agreeOnRandom(group, sodium, 1, 2048, 256));
    test("in batches of one and of three", () => {
      agreeOnRandom(group, sodium, 2, 40, 1);
      agreeOnRandom(group, sodium, 3, 60, 3);
    });
    test("on encodings, uniform strings and scalars at an edge", () => agreeOnEdges(group, sodium));
    test("on sums of 1 to 1,000 points, equal and opposite ones, with weights at an edge", () =>
      agreeOnSums(group, sodium, 1000));
    test("a batch that its memory does not hold at once gives what its items give", () =>
      batchesAreItems(group, 8195));
  });

  test("a call leaves nothing of its operands, results or steps in the kernel's memory", () => {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(FILE)));
    const value = (name: string) => (exports[name] as { readonly value: number }).value; // of our own module
    const memory = new Uint8Array((exports["memory"] as { readonly buffer: ArrayBuffer }).buffer);
    const places = {
      left: value("LEFT"),
      right: value("RIGHT"),
      result: value("RESULT"),
      most: value("MOST"),
    };
    const kernel = { ...exports, ...places, memory } as unknown as Kernel; // the members of our own module
    const bare = kernelGroup(kernel, sodium);
    const points = sodium.hashToGroup(new Uint8Array(64 * 7).map((_, at) => (at * 37) & 0xff));
    kernel.wipe(kernel.most); // what the table of the base point left is public
    const before = memory.slice();
    const calls: readonly ((group: Group) => Uint8Array)[] = [
      (to) => to.hashToGroup(points.slice(0, 192)),
      (to) => to.mulSame(scalar(77_777), points),
      (to) => to.mulBase(concat(scalar(5), scalar(123_456_789), scalar(3))),
      (to) => to.addEach(points.slice(0, 96), points.slice(96, 192)),
      (to) => to.mulSame(scalar(4), concat(points.slice(0, 32), scalar(1))), // refused
    ];
    for (const call of calls) {
      expect(outcome(() => call(bare))).toBe(outcome(() => call(sodium)));
      expect(Buffer.compare(memory, before)).toBe(0);
    }
  });

  test("the kernel against noble, on 64 random items and at the edges", () => {
    agreeOnRandom(group, nobleGroup(), 4, 64, 64);
    agreeOnEdges(group, nobleGroup());
  });

  ristrettoVectors(found.group, oraclePrimitives);
  groupContract(found.group);
  backendsAgree(found.group, sodium);
  backendsAgree(found.group, nobleGroup());
}
