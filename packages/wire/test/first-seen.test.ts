// SPDX-License-Identifier: Apache-2.0
// Strings that are too many for memory: which of them are new, and parts of them as they came.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FirstSeen, PartedBytes, type Pieces, utf8 } from "../src/index.ts";

/** Pieces in memory; it counts them. */
function pieces(): Pieces & { readonly kept: Uint8Array[] } {
  const kept: Uint8Array[] = [];
  return {
    kept,
    put: (piece) => kept.push(piece.slice()) - 1,
    get: (at) => kept[at]?.slice() ?? new Uint8Array(),
  };
}

const texts = fc.array(fc.string({ maxLength: 3 }), { maxLength: 400 });

describe("which of many strings come for the first time", () => {
  it("is what a set says, whatever the number of parts", () => {
    fc.assert(
      fc.property(texts, fc.constantFrom(1, 2 ** 18, 2 ** 22), (list, expected) => {
        const seen = new FirstSeen(pieces(), expected);
        for (const text of list) {
          const bytes = utf8(`..${text}`);
          seen.put(bytes, 2, bytes.length);
        }
        for (const _part of seen.settle());
        const known = new Set<string>();
        const isNew = list.map((text) => known.size < known.add(text).size);
        expect(list.map((_, at) => seen.isFirst(at))).toEqual(isNew);
        expect(seen.count).toBe(known.size);
      }),
      { numRuns: 60 },
    );
  });

  it("holds for many that are alike", () => {
    const kept = pieces();
    const seen = new FirstSeen(kept, 200_000);
    for (let at = 0; at < 200_000; at += 1) {
      const bytes = utf8(`number ${at % 70_000}`);
      seen.put(bytes, 0, bytes.length);
    }
    for (const _part of seen.settle());
    expect(seen.count).toBe(70_000);
    expect([0, 69_999, 70_000, 199_999].map((at) => seen.isFirst(at))).toEqual([true, true, false, false]);
    expect(kept.kept.length).toBeGreaterThan(10); // they were not all in memory
  });
});

describe("strings in parts", () => {
  const read = (parted: PartedBytes, part: number): readonly (readonly [number, string])[] => {
    const found: (readonly [number, string])[] = [];
    parted.each(part, (number, bytes, from, end) => {
      found.push([number, Buffer.from(bytes.subarray(from, end)).toString()]);
    });
    return found;
  };

  it("come back with their numbers and in their order, before and after the end", () => {
    const kept = pieces();
    const parted = new PartedBytes(kept, 4);
    const all = Array.from(
      { length: 30_000 },
      (_, at) => [(at * 7) % 4, 2 ** 32 - 1 - at, `${at} `] as const,
    );
    for (const [part, number, text] of all) parted.put(part, number, utf8(`x${text}`), 1, 1 + text.length);
    const wanted = [0, 1, 2, 3].map((part) =>
      all.filter(([at]) => at === part).map(([, number, text]) => [number, text]),
    );
    expect([0, 1, 2, 3].map((part) => read(parted, part))).toEqual(wanted);
    parted.end();
    expect([0, 1, 2, 3].map((part) => read(parted, part))).toEqual(wanted);
    expect([...parted.counts]).toEqual(wanted.map(({ length }) => length));
    expect(parted.bytesOf(2)).toBe(wanted[2]?.reduce((sum, [, text]) => sum + String(text).length, 0));
    expect(kept.kept.length).toBeGreaterThan(4);
  });

  it("are refused where one would not fit a buffer", () => {
    const parted = new PartedBytes(pieces(), 2 ** 12);
    parted.put(0, 1, new Uint8Array(4090), 0, 4090);
    expect(() => parted.put(0, 1, new Uint8Array(4091), 0, 4091)).toThrow("4,090");
  });
});
