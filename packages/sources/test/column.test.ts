// SPDX-License-Identifier: Apache-2.0
import type { ColumnSpec } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import { cells, dataset, opaque, read, readPlain, refusal, written } from "./support.ts";

describe("canonical form", () => {
  test("nulls: the empty value, blanks, and the declared tokens as they stand", async () => {
    const file = written("csv", 'a,b\n-0-,1\n,2\n" ",3\n"",4\n -0-,5\nx,6\n');
    const { table, quality } = await read(file, { a: opaque }, ["-0-"]);
    expect(table.columns["a"]).toEqual([null, null, null, null, "-0-", "x"]);
    expect(quality["a"]).toMatchObject({ accepted: 2, empty: 4 });
  });

  test("several values in a cell, each once, without those that are nothing", async () => {
    const file = written("csv", 'a,b\n"1; 2;1;-0-;;3",x\n;,x\n4,x\n,x\n');
    const { table, quality } = await read(file, { a: { ...opaque, split: ";" } }, ["-0-"]);
    expect(table.columns["a"]).toEqual([["1", "2", "3"], null, ["4"], null]);
    expect(quality["a"]).toMatchObject({ accepted: 5, duplicates: 1 });
  });

  test("what is invalid is a null, counted by reason and never repaired", async () => {
    const file = written("csv", "imo,n\n9187629,1\nIMO 9187629,2\n918762,3\nabc,x\n,5\n");
    const { table, quality } = await read(file, { imo: { kind: "imo" }, n: { kind: "integer" } });
    expect(table.columns).toEqual({
      imo: ["9187629", "9187629", null, null, null],
      n: ["1", "2", "3", null, "5"],
    });
    const { rejected, ...counts } = quality["imo"] ?? { rejected: {} };
    expect(Object.values(rejected).reduce((sum, count) => sum + count, 0)).toBe(2);
    expect(counts).toEqual({
      accepted: 2,
      empty: 1,
      separatorsRemoved: 1,
      folded: 0,
      duplicates: 1,
      collisions: 1,
      placeholders: 0,
    });
    expect(Object.values(quality["n"]?.rejected ?? {})).toEqual([1]);
  });

  test("placeholders are counted and stay", async () => {
    const file = written("csv", "d,e\n1900-01-01,1\n2024-02-03,2\n9999-12-31,3\n");
    const { table, quality } = await read(file, { d: { kind: "date" } });
    expect(quality["d"]?.placeholders).toBeGreaterThanOrEqual(1);
    expect(table.columns["d"]?.at(0)).toBe("1900-01-01");
  });

  test("duplicates and collisions are counted of more forms than are kept", async () => {
    const rows = Array.from({ length: 20_000 }, (_, at) => {
      const value = `v${at % 8999}`;
      return at % 3 === 0 ? ` ${value}` : value; // the same value, in another form
    });
    const { quality } = await read(written("csv", `n\n${rows.join("\n")}\n`), { n: opaque });
    const forms = new Set(rows).size;
    expect(quality["n"]).toMatchObject({ accepted: 20_000, duplicates: 11_001, collisions: forms - 8999 });
    expect(forms).toBeGreaterThan(8999);
  });

  test("an integer outside its bounds stops the dataset; the bounds themselves do not", async () => {
    const integer: ColumnSpec = { kind: "integer", min: 0, max: 100 };
    expect(await cells(written("csv", "n,m\n0,1\n100,1\n"), { n: integer })).toEqual({ n: ["0", "100"] });
    for (const [value, text] of [
      ["-1", "below its declared min 0"],
      ["101", "above its declared max 100"],
      ["99999999999999999999", "above its declared max 100"],
    ] as const) {
      const file = written("csv", `n,m\n5,1\n${value},1\n`);
      expect(await refusal(() => read(file, { n: integer }), [value.length > 3 ? value : "\u0000"])).toEqual({
        code: "out-of-range",
        message: `row 2: column "n" is ${text}`,
      });
      const other = dataset(file, { n: integer, m: integer });
      expect((await readPlain(other, ["m"])).table.rows).toBe(2);
    }
  });
});
