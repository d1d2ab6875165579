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
    for (let row = 0; row < 10_000; row += 1) writer.put(`row ${row}`);
    const { bytes, ends } = writer.take().packed;
    expect(bytes.buffer.byteLength).toBe(bytes.length);
    expect(bytes.length).toBe(10_000 * "row ".length + 38_890 + 10_000);
    expect(ends.buffer.byteLength).toBe(4 * 10_000);
    writer.put("b");
    expect([...writer.take()]).toEqual(["b"]);
  });
});
