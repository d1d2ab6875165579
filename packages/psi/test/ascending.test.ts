// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from "node:crypto";
import { concat, hex } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ascending, distinctRows, rowAt } from "../src/ascending.ts";

/** Rows that agree in their first bytes more often than chance allows, and rows that come twice. */
const rows = (width: number): fc.Arbitrary<Uint8Array[]> =>
  fc.array(
    fc
      .record({ start: fc.constantFrom(0, 1, 255), end: fc.constantFrom(0, 1, 2, 255) })
      .map(({ start, end }) => {
        const row = new Uint8Array(width);
        row[0] = start;
        row[width - 1] = end;
        return row;
      }),
    { maxLength: 200 },
  );

describe("sorting packed rows", () => {
  it.each([16, 32, 48])("gives the order of their bytes, for rows of %i bytes", (width) => {
    fc.assert(
      fc.property(
        fc.oneof(rows(width), fc.array(fc.uint8Array({ minLength: width, maxLength: width }))),
        (list) => {
          const packed = concat(...list);
          const sorted = Array.from(ascending(packed, width), (at) => hex(rowAt(packed, width, at)));
          expect(sorted).toEqual(list.map(hex).sort());
        },
      ),
      { numRuns: 50 },
    );
  });

  it.each([0, 1, 32, 33, 5000])("gives the order of %i random rows", (count) => {
    const packed = randomBytes(count * 16);
    const list = Array.from({ length: count }, (_, at) => hex(rowAt(packed, 16, at)));
    const sorted = Array.from(ascending(packed, 16), (at) => hex(rowAt(packed, 16, at)));
    expect(sorted).toEqual(list.sort());
  });

  it.each([5, 1000])("keeps the order of %i equal rows", (count) => {
    const order = ascending(new Uint8Array(count * 16), 16);
    expect([...order]).toEqual(Array.from({ length: count }, (_, at) => at));
  });

  it("keeps each row once", () => {
    fc.assert(
      fc.property(rows(16), (list) => {
        const packed = concat(...list);
        const distinct = distinctRows(packed, 16, ascending(packed, 16));
        expect(hex(distinct)).toBe([...new Set(list.map(hex))].sort().join(""));
      }),
      { numRuns: 50 },
    );
  });
});
