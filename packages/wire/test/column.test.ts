// SPDX-License-Identifier: Apache-2.0
// A column as bytes says what an array of its cells would.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Cell, ColumnWriter, PackedColumn } from "../src/index.ts";

const value = fc.oneof(
  fc.constantFrom("", "a", "é", "日本", "x".repeat(300)),
  fc.string({ unit: "grapheme", maxLength: 20 }).filter((text) => !text.includes("\u0000")),
);
const cell: fc.Arbitrary<Cell> = fc.oneof(
  value,
  fc.constant(null),
  fc.array(value, { minLength: 1, maxLength: 4 }),
);

describe("a packed column", () => {
  it("is read as its cells were put", () => {
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 300 }), (cells) => {
        const writer = new ColumnWriter();
        for (const one of cells) writer.put(one);
        expect(writer.length).toBe(cells.length);
        const column = writer.take();
        expect([...column]).toEqual(cells);
        expect(column.length).toBe(cells.length);
        expect(cells.map((_, row) => column.at(row))).toEqual(cells);
        expect(column.at(cells.length)).toBeUndefined();
        expect([...new PackedColumn(structuredClone(column.packed))]).toEqual(cells);
      }),
    );
  });

  it("holds nothing beside its bytes, and the writer begins anew", () => {
    const writer = new ColumnWriter();
    for (let row = 0; row < 20_000; row += 1) writer.put("row");
    const { pages } = writer.take().packed;
    const bytes = pages.map((page) => (typeof page === "number" ? 0 : page.buffer.byteLength));
    expect(bytes).toEqual([16_384 * (4 + 4), (20_000 - 16_384) * (4 + 4)]);
    writer.put("b");
    expect([...writer.take()]).toEqual(["b"]);
  });

  it("that is too long for memory stands elsewhere, page by page, and is read in any order", () => {
    const kept: Uint8Array[] = [];
    const pieces = {
      put: (piece: Uint8Array) => kept.push(piece.slice()) - 1,
      get: (at: number) => kept[at] ?? new Uint8Array(),
    };
    const rows = 65 * 16_384 + 3;
    const writer = new ColumnWriter(pieces);
    for (let row = 0; row < rows; row += 1) writer.put(row % 7 === 0 ? null : String(row));
    const column = writer.take();
    expect(column.packed.pages).toEqual(Array.from({ length: 66 }, (_, at) => at));
    expect(kept).toHaveLength(66);
    for (const row of [1, rows - 1, 16_383, 16_384, 8, 700_000, 7])
      expect(column.at(row)).toBe(row % 7 === 0 ? null : String(row));
    expect(column.at(rows)).toBeUndefined();
    expect(column.at(-1)).toBeUndefined();
  });

  it("stays in memory up to a million rows", () => {
    const writer = new ColumnWriter({ put: () => expect.unreachable(), get: () => new Uint8Array() });
    for (let row = 0; row < 64 * 16_384; row += 1) writer.put("x");
    expect(writer.take().at(5)).toBe("x");
  });
});
