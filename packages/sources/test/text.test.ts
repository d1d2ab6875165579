// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { hex } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cells, dataset, opaque, read, readPlain, written } from "./support.ts";

describe("text files", () => {
  test("stay text: leading zeros, dates, numbers and words are as they stand", async () => {
    const file = written(
      "csv",
      'id,day,amount,note\n007,2024-01-02,1e3,"a, ""b"""\n010,02-01-2024,TRUE,NULL\n',
    );
    expect(await cells(file, { id: opaque, day: opaque, amount: opaque, note: opaque })).toEqual({
      id: ["007", "010"],
      day: ["2024-01-02", "02-01-2024"],
      amount: ["1e3", "TRUE"],
      note: ['a, "b"', "NULL"],
    });
  });

  test("only the declared columns, under the names of the declaration, in the order asked for", async () => {
    const file = written("csv", "Naam van schip,IMO,x\nOrion,9187629,1\n");
    const columns = { imo: { ...opaque, from: "IMO" }, name: { ...opaque, from: "Naam van schip" } };
    const { table } = await readPlain(dataset(file, columns), ["name", "imo"]);
    expect(Object.entries(table.columns)).toEqual([
      ["name", ["Orion"]],
      ["imo", ["9187629"]],
    ]);
    const one = await readPlain(dataset(file, columns), ["imo"]);
    expect(Object.keys(one.table.columns)).toEqual(["imo"]);
    const none = await readPlain(dataset(file, columns), []);
    expect(none.table).toEqual({ rows: 1, columns: {} });
  });

  test("line ends, byte order mark, quoted line breaks, quoted headers, tabs", async () => {
    expect(await cells(written("csv", "a,b\r\n1,2\r\n"), { b: opaque })).toEqual({ b: ["2"] });
    expect(await cells(written("csv", "\uFEFFa,b\n1,2"), { a: opaque })).toEqual({ a: ["1"] });
    expect(await cells(written("csv", '\uFEFF"a",b\n1,2\n'), { a: opaque })).toEqual({ a: ["1"] });
    const broken = await read(written("csv", '"a\n""x""",b\n1,"2\n3"\n'), {
      x: { ...opaque, from: 'a\n"x"' },
    });
    expect(broken.table).toEqual({ rows: 1, columns: { x: ["1"] } });
    expect(await cells(written("tsv", "a\tb\n1,5\tx y\n"), { a: opaque, b: opaque })).toEqual({
      a: ["1,5"],
      b: ["x y"],
    });
  });

  test("what looks like a comment, a setting or a statement is a value", async () => {
    const file = written("csv", "a\n#1\n'; DROP TABLE x; --\n$(1)\n");
    expect(await cells(file, { a: opaque })).toEqual({ a: ["#1", "'; DROP TABLE x; --", "$(1)"] });
    const odd = written("csv", 'c1,"it\'s ""so"""\n1,2\n');
    expect(await cells(odd, { q: { ...opaque, from: 'it\'s "so"' }, c1: opaque })).toEqual({
      q: ["2"],
      c1: ["1"],
    });
  });

  test("any table comes back as it was written", async () => {
    const text = fc.string({
      unit: fc.constantFrom("a", "B", "0", ",", '"', "é", "𝄞", "#", "'", "\\", ";"),
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(text, text), { maxLength: 8 }), async (rows) => {
        const field = (value: string) => (/[",]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
        const lines = rows.map(([a, b]) => `${field(a)},${field(b)}\n`);
        const { table } = await read(written("csv", `a,b\n${lines.join("")}`), { a: opaque, b: opaque });
        expect(table.columns).toEqual({
          a: rows.map(([a]) => a || null),
          b: rows.map(([, b]) => b || null),
        });
      }),
      { numRuns: 25 },
    );
  });

  test("a header alone is a table without rows", async () => {
    for (const content of ["a,b\n", "a,b", "a,b\r\n"]) {
      const { table, quality } = await read(written("csv", content), { a: opaque });
      expect(table).toEqual({ rows: 0, columns: { a: [] } });
      expect(quality["a"]).toMatchObject({ accepted: 0, empty: 0, rejected: {} });
    }
  });

  test("the digest is that of the file", async () => {
    const file = written("csv", "a\n1\n");
    const { digest } = await read(file, { a: opaque });
    expect(hex(digest)).toBe(createHash("sha256").update(readFileSync(file)).digest("hex"));
  });
});
