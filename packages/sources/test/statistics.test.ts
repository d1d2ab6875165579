// SPDX-License-Identifier: Apache-2.0
// Statistics from the sums of several parties beside those that DuckDB makes of all rows together, as far as doubles go.
import { DuckDBInstance } from "@duckdb/node-api";
import type { AggregateAsk, Cell, Input } from "@koplamp/wire";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cubeLayout, cubeOf, openedCells } from "../../aggregate/src/index.ts";

const PARTIES = ["aa", "bb", "cc"];
const COLUMNS = ["x", "y", "z"] as const;
const GROUPS = ["coast", "hills", "city"];
const ASK: AggregateAsk = {
  kind: "aggregate",
  from: [],
  where: [],
  groupBy: ["region"],
  domain: [{ column: "region", values: GROUPS }],
  measures: ["count", "variance(x)", "correlation(x, y)", "regression(y ~ x)", "variance(z)"],
};

interface Row {
  readonly region: string;
  readonly x: number | null;
  readonly y: number | null;
  readonly z: number | null;
}

/** Rows of a party, from a small generator that is the same on every machine. */
function rowsOf(party: number): readonly Row[] {
  let state = 12_345 + party;
  const below = (most: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % most;
  };
  return Array.from({ length: 400 }, () => {
    const [region = "", x, noise] = [GROUPS[below(3)], below(10_000), below(3000)];
    return {
      region,
      x: below(20) === 0 ? null : x,
      y: below(20) === 0 ? null : 3 * x + noise - 20_000,
      z: 1_000_000_000 + below(100), // far from zero: where doubles lose what is squared first
    };
  });
}

function input(party: string): Input {
  return {
    party,
    dataset: "numbers",
    dataClass: "numbers",
    columns: [...COLUMNS, "region"],
    kinds: ["integer", "integer", "integer", "category"],
    rowsPadded: 512,
    bounds: COLUMNS.map((column) => ({ column, min: -100_000, max: 2_000_000_000 })),
    maxRowsPerCell: 512,
    snapshot: "",
  };
}

const instance = await DuckDBInstance.create(":memory:");
const connection = await instance.connect();
beforeAll(async () => {
  await connection.run("create table pooled (region varchar, x bigint, y bigint, z bigint)");
  const all = PARTIES.flatMap((_, at) => rowsOf(at));
  const texts = all.map(({ region, x, y, z }) => `('${region}', ${x}, ${y}, ${z})`);
  await connection.run(`insert into pooled values ${texts.join(", ")}`);
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

test("variance, correlation and regression are DuckDB's over all rows together", async () => {
  const inputs = PARTIES.map(input);
  const release = { minContributors: 1, noise: null };
  const layout = cubeLayout({ ask: ASK, inputs, release, params: "bfv-amt-50-pq" });
  const sums = new Float64Array(layout.columns.length * GROUPS.length);
  for (const [at, own] of inputs.entries()) {
    const rows = rowsOf(at);
    const texts = (name: keyof Row): Cell[] => rows.map((row) => row[name]?.toString() ?? null);
    const columns = { region: texts("region"), x: texts("x"), y: texts("y"), z: texts("z") };
    const { values } = cubeOf({ rows: rows.length, columns }, ASK, own, layout);
    values.forEach((value, number) => {
      sums[number] = (sums[number] ?? 0) + value;
    });
  }
  const reader = await connection.runAndReadAll(
    `select region, var_samp(x), corr(x, y), regr_intercept(y, x), regr_slope(y, x), regr_r2(y, x), var_samp(z)
     from pooled group by region`,
  );
  const expected = new Map(
    reader.getRows().map(([region, ...numbers]) => [String(region), numbers.map(Number)]),
  );
  const cells = openedCells(sums, ASK, layout, PARTIES.length);
  expect(cells).toHaveLength(GROUPS.length);
  for (const { group, decimals } of cells) {
    const due = expected.get(group["region"] ?? "") ?? [];
    const found = Object.values(decimals ?? {}).map(Number);
    expect(found).toHaveLength(6);
    for (const [at, value] of found.entries()) {
      expect(Math.abs(value / (due[at] ?? Number.NaN) - 1)).toBeLessThan(1e-6);
    }
  }
});
