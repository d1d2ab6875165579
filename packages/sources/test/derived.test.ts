// SPDX-License-Identifier: Apache-2.0
// Columns that a node computes of its own rows equal what DuckDB computes with window functions.
import { DuckDBInstance } from "@duckdb/node-api";
import type { ColumnSpec } from "@koplamp/wire";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { cells, dataset, opaque, readPlain, refusal, written } from "./support.ts";

const instance = await DuckDBInstance.create(":memory:");
const connection = await instance.connect();
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

const month: ColumnSpec = { kind: "month" };
const amount: ColumnSpec = { kind: "integer" };
const derived = (derive: NonNullable<ColumnSpec["derive"]>): ColumnSpec => ({ kind: "integer", derive });
const COLUMNS = {
  from: opaque,
  to: opaque,
  month,
  amount,
  deposits: derived({ kind: "rows", per: ["to", "month"], within: { column: "amount", least: 5, most: 9 } }),
  rows: derived({ kind: "rows", per: ["from"] }),
  passed: derived({ kind: "passed", into: "to", out: "from", amount: "amount", per: ["month"] }),
};

const account = fc.constantFrom("a", "b", "c", "");
const anyRow = fc.record({
  from: account,
  to: account,
  month: fc.constantFrom("2026-01", "2026-02", "nothing"),
  amount: fc.oneof(fc.integer({ min: -3, max: 12 }).map(String), fc.constant("")),
});

const SQL = `
  with given as (
    select i, nullif(f, '') as f, nullif(t, '') as t, case when m like '2026%' then m end as m, try_cast(a as bigint) as a
    from raw
  ),
  came as (select t as who, m, sum(a) as total from given where t is not null and m is not null and a is not null group by all),
  went as (select f as who, m, sum(a) as total from given where f is not null and m is not null and a is not null group by all)
  select
    case when a between 5 and 9 and t is not null and given.m is not null
      then count(*) filter (a between 5 and 9) over (partition by t, given.m) end::varchar,
    case when f is not null then count(*) over (partition by f) end::varchar,
    case when a is not null and came.total > 0
      then case when coalesce(went.total, 0) <= 0 then 0
        else 100 * least(went.total, came.total) // greatest(went.total, came.total) end end::varchar
  from given
  left join came on came.who = given.t and came.m = given.m
  left join went on went.who = given.t and went.m = given.m
  order by i`;

describe("a derived column", () => {
  test("is what a window function makes of the same rows", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow, { minLength: 1, maxLength: 12 }), async (rows) => {
        const lines = rows.map((row) => [row.from, row.to, row.month, row.amount]);
        const file = written(
          "csv",
          `from,to,month,amount\n${lines.map((line) => `${line.join(",")}\n`).join("")}`,
        );
        const found = await cells(file, COLUMNS);
        await connection.run(
          "create or replace table raw (i int, f varchar, t varchar, m varchar, a varchar)",
        );
        const values = lines.map((line, at) => `(${at}, ${line.map((text) => `'${text}'`).join(", ")})`);
        await connection.run(`insert into raw values ${values.join(", ")}`);
        const due = (await connection.runAndReadAll(SQL)).getColumns();
        expect([found["deposits"], found["rows"], found["passed"]]).toEqual(due);
      }),
      { numRuns: 40 },
    );
  });

  test("may be another form of a row's own values, of a form, and of each of several values", async () => {
    const file = written(
      "csv",
      "given,surname,birth,also\nAnna,van den Berg,1970-03-04,Jan de Wit;Wit\n,Berg,1970-02-30,\n",
    );
    const form = (derive: NonNullable<ColumnSpec["derive"]>): ColumnSpec => ({ kind: "name-key", derive });
    const name: ColumnSpec = { kind: "person-name" };
    expect(
      await cells(file, {
        given: name,
        surname: name,
        also: { kind: "person-name", split: ";" },
        birth: { kind: "date" },
        bare: form({ kind: "text", rule: "bare", of: ["surname"] }),
        first: form({ kind: "text", rule: "first", letters: 3, of: ["bare"] }),
        words: form({ kind: "text", rule: "sorted", of: ["surname", "given"] }),
        day: form({ kind: "text", rule: "month-day", of: ["birth"] }),
        others: form({ kind: "text", rule: "bare", of: ["also"] }),
      }),
    ).toMatchObject({
      bare: ["berg", "berg"],
      first: ["ber", "ber"],
      words: ["anna berg den van", null],
      day: ["03-04", null],
      others: [["jan wit", "wit"], null],
    });
  });

  test("tells its owner why values of a form are missing, where only the form is asked for", async () => {
    const file = written("csv", "surname,birth\nИванов,1970-03-04\n王,1970-02-30\n,\nBerg,1971-01-01\n");
    const form = (derive: NonNullable<ColumnSpec["derive"]>): ColumnSpec => ({ kind: "name-key", derive });
    const columns: Readonly<Record<string, ColumnSpec>> = {
      surname: { kind: "person-name", transliteration: "icao-9303" },
      birth: { kind: "date" },
      first: form({ kind: "text", rule: "first", letters: 2, of: ["surname"] }),
      year: form({ kind: "text", rule: "year", of: ["birth"] }),
    };
    const { table, quality } = await readPlain(dataset(file, columns), ["first", "year"]);
    expect(table.columns).toEqual({
      first: ["iv", null, null, "be"],
      year: ["1970", null, null, "1971"],
    });
    expect(quality["first"]).toMatchObject({ accepted: 2, empty: 1, rejected: { script: 1 } });
    expect(quality["year"]).toMatchObject({ accepted: 2, empty: 1, rejected: { calendar: 1 } });
  });

  test("is there without the columns that it is made from, which a question does not get", async () => {
    const file = written("csv", "from,to,month,amount\na,b,2026-01,5\nc,b,2026-01,6\n");
    const { table, quality } = await readPlain(dataset(file, COLUMNS), ["deposits"]);
    expect(table).toEqual({ rows: 2, columns: { deposits: ["2", "2"] } });
    expect(Object.keys(quality)).toEqual(["deposits"]);
  });

  test("outside its declared bounds stops the contribution, as any number does", async () => {
    const file = written("csv", "from,to,month,amount\na,b,2026-01,5\nc,b,2026-01,6\n");
    const columns = { ...COLUMNS, deposits: { ...COLUMNS.deposits, min: 0, max: 1 } };
    expect(await refusal(() => readPlain(dataset(file, columns), ["deposits"]))).toMatchObject({
      code: "out-of-range",
    });
  });
});
