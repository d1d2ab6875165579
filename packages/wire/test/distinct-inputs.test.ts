// SPDX-License-Identifier: Apache-2.0
// A list of distinct keys as packed bytes, against a map of strings.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DistinctInputs,
  encodeInput,
  inputAt,
  joinInputs,
  keyAt,
  keysOf,
  listOf,
  packInputs,
  selectInputs,
  stretchOf,
  wholeOf,
} from "../src/index.ts";

const CONTEXT = {
  covenantId: "ports",
  purposeId: "ports-2026",
  epoch: "2026-W48",
  keySpec: "person-name+date",
  normVersion: "norm/1",
};

const value = fc.oneof(
  fc.constantFrom("", "a", "b", "é", "日本"),
  fc.string({ unit: "grapheme", maxLength: 12 }),
);
const keys = fc.array(fc.tuple(value, value), { maxLength: 400 });

describe("distinct inputs", () => {
  it("are each key's input once, in the order of first appearance", () => {
    fc.assert(
      fc.property(keys, (list) => {
        const found = new DistinctInputs(CONTEXT);
        const known = new Map<string, number>();
        for (const key of list) {
          const name = JSON.stringify(key);
          const expected = known.get(name) ?? known.size;
          known.set(name, expected);
          expect(found.put(key)).toBe(expected);
        }
        expect(found.count).toBe(known.size);
        const distinct = [...known.keys()].map((name) => JSON.parse(name) as [string, string]);
        const inputs = found.take();
        expect(wholeOf(inputs)).toEqual(packInputs(distinct.map((key) => encodeInput(CONTEXT, key))));
        expect(keysOf(inputs)).toEqual(distinct);
        expect(found.count).toBe(0);
        expect(found.put(["again", ""])).toBe(0); // and it begins anew
      }),
    );
  });

  it("are told apart among so many that their hashes meet", () => {
    const found = new DistinctInputs({ ...CONTEXT, keySpec: "opaque" });
    const nameOf = (at: number): string => `item ${at * 7919}`;
    const many = 300_000; // of 2^32 hashes: ten pairs are equal
    for (let at = 0; at < many; at += 1) if (found.put([nameOf(at)]) !== at) expect.fail(`another at ${at}`);
    for (let at = 0; at < many; at += 1) if (found.put([nameOf(at)]) !== at) expect.fail(`lost ${at}`);
    const inputs = found.take();
    expect(keyAt(inputs, 12_345)).toEqual([nameOf(12_345)]);
    expect(inputs.tails.buffer.byteLength).toBe(inputs.tails.length); // nothing more is held
    expect(inputs.tails.length).toBeLessThan(many * 20); // and what all have in common once
  });

  it("leave out a key that is too long, and keep the others", () => {
    const found = new DistinctInputs(CONTEXT);
    const room = 2048 - encodeInput(CONTEXT, ["", ""]).length;
    expect(found.put(["a", "b"])).toBe(0);
    for (const long of ["x".repeat(room + 1), "é".repeat(room / 2 + 1), "x".repeat(5000)]) {
      expect(found.put([long, ""])).toBe(-1);
      expect(found.put(["", long])).toBe(-1);
    }
    expect(found.put(["x".repeat(room), ""])).toBe(1);
    expect(found.put(["a", "b"])).toBe(0);
    expect(inputAt(wholeOf(found.take()), 1).length).toBe(2048);
  });

  it("are of as many columns as the context says", () => {
    expect(() => new DistinctInputs(CONTEXT).put(["a"])).toThrow("expected 2 values for the key, got 1");
  });
});

it("a part of a list is what the same part of all its inputs is", () => {
  fc.assert(
    fc.property(keys, fc.nat(400), fc.nat(400), (list, from, to) => {
      const found = new DistinctInputs(CONTEXT);
      for (const key of list) found.put(key);
      const own = found.take();
      const all = keysOf(own).map((key) => encodeInput(CONTEXT, key));
      const positions = Uint32Array.from(all, (_, at) => (at * 7) % all.length).filter((at) => at < to);
      for (const inputs of [own, wholeOf(own), listOf(wholeOf(own))]) {
        expect(stretchOf(inputs, from, to)).toEqual(packInputs(all.slice(from, to)));
        const chosen = Array.from(positions, (at) => all[at] ?? new Uint8Array());
        expect(selectInputs(inputs, positions)).toEqual(packInputs(chosen));
        expect(Array.from(positions, (at) => keyAt(inputs, at))).toEqual(
          Array.from(positions, (at) => keysOf(own)[at]),
        );
      }
    }),
  );
});

it("lists of inputs are joined in their order", () => {
  fc.assert(
    fc.property(fc.array(keys, { maxLength: 4 }), (lists) => {
      const packed = lists.map((list) => packInputs(list.map((key) => encodeInput(CONTEXT, key))));
      expect(joinInputs(packed)).toEqual(packInputs(lists.flat().map((key) => encodeInput(CONTEXT, key))));
    }),
  );
});
