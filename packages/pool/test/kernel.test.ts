// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import {
  expandMessage,
  type Group,
  hashToGroup,
  type Kernel,
  kernelGroup,
  loadSodium,
  nobleGroup,
} from "@koplamp/crypto";
import { concat, hex } from "@koplamp/wire";
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

  test("messages of every length that it hashes itself, and of none that does not fit", () => {
    const lengths = [...Array.from({ length: 300 }, (_, at) => at), 900, 955, 956, 957, 958];
    const messages = lengths.map((length) =>
      oraclePrimitives.aes256Ctr(scalar(length), length + 1).subarray(1),
    );
    for (const bytes of [1, 39, 45]) {
      const dst = oraclePrimitives.aes256Ctr(scalar(bytes), bytes);
      const uniform = concat(...messages.map((message) => expandMessage(oraclePrimitives, message, dst, 64)));
      const own = group.hashMessages?.(messages, dst) ?? new Uint8Array();
      expect(hex(own)).toBe(hex(sodium.hashToGroup(uniform)));
    }
    const [dst, long] = [new Uint8Array(45), new Uint8Array(46)];
    expect(group.hashMessages?.(messages, long)).toBeUndefined();
    expect(group.hashMessages?.([new Uint8Array(959)], dst)).toBeUndefined();
    expect(group.hashMessages?.([], dst)).toEqual(new Uint8Array());
    const inputs = [...messages, new Uint8Array(2000)];
    expect(hex(hashToGroup(group, oraclePrimitives, inputs))).toBe(
      hex(hashToGroup(sodium, oraclePrimitives, inputs)),
    );
    const many = Array.from({ length: 8200 }, (_, at) => scalar(at));
    const all = hashToGroup(group, oraclePrimitives, many);
    for (const at of [0, 8191, 8192, 8199]) {
      const [one] = [hashToGroup(sodium, oraclePrimitives, [many[at] ?? scalar(0)])];
      expect(hex(all.slice(at * 32, at * 32 + 32))).toBe(hex(one));
    }
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
      message: value("MESSAGE"),
      mostMessage: value("MOST_MESSAGE"),
    };
    const kernel = { ...exports, ...places, memory } as unknown as Kernel; // the members of our own module
    const bare = kernelGroup(kernel, sodium);
    const points = sodium.hashToGroup(new Uint8Array(64 * 7).map((_, at) => (at * 37) & 0xff));
    kernel.wipe(kernel.most); // what the table of the base point left is public
    const before = memory.slice();
    const calls: readonly ((group: Group) => Uint8Array)[] = [
      (to) => to.hashToGroup(points.slice(0, 192)),
      (to) => hashToGroup(to, oraclePrimitives, [scalar(1), new Uint8Array(900).fill(7), scalar(3)]),
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
