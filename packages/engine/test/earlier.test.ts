// SPDX-License-Identifier: Apache-2.0
// What an earlier table says of the cells of a new one.
import { audit } from "@koplamp/covenant";
import type { AggregateAsk, AggregateCell, TrendAsk } from "@koplamp/wire";
import { describe, expect, it } from "vitest";
import { type EarlierTable, overlaysOf, tableIn } from "../src/earlier.ts";

const TOWNS = ["a", "b", "c"];
const askOf = (values: readonly string[]): AggregateAsk => ({
  ...{ kind: "aggregate", from: [], where: [], groupBy: ["town"], measures: ["count"] },
  domain: [{ column: "town", values }],
});

/** A table that was told: numbers, or the rule that withholds a cell. */
function earlier(cells: Readonly<Record<string, number | "minCount" | "derivable">>): EarlierTable {
  const told = Object.entries(cells).map(([town, said]): AggregateCell => {
    const group = { town };
    return typeof said === "number" ? { group, measures: { count: said } } : { group, withheld: [said] };
  });
  return {
    ask: askOf(Object.keys(cells)),
    release: { minCount: 3, minContributors: 1, noise: null },
    result: { kind: "aggregate", cells: told },
  };
}

const cellsOf = (counts: readonly number[]) =>
  counts.map((count, at) => ({
    ...{ key: TOWNS[at] ?? "", facts: { count: BigInt(count), contributors: 3n }, sums: [] },
  }));

describe("an earlier table", () => {
  it("is taken with the fewest rows that a withheld cell may have: its rules may not have been told", () => {
    const words = (said: "derivable", counts: readonly number[]) =>
      overlaysOf({ cells: cellsOf(counts), columns: [] }, { ask: askOf(TOWNS), summed: [] }, [
        earlier({ a: said, b: said }),
      ]).flatMap(({ outside }) => outside.map((known) => (known.kind === "withheld" ? known.word : "")));
    expect(words("derivable", [2, 5, 9])).toEqual(["nothing", "nothing"]); // the first has fewer than three
    expect(words("derivable", [3, 5, 9])).toEqual(["large", "large"]);
  });

  it("withholds what would give it away", () => {
    const cells = cellsOf([2, 5, 9]);
    const overlays = overlaysOf({ cells, columns: [] }, { ask: askOf(TOWNS), summed: [] }, [
      earlier({ a: "minCount", b: 5 }),
    ]);
    const lines = [{ key: "", cells: [0, 1, 2] }];
    const rules = { minCount: 3, minContributors: 1 };
    const audited = audit({ cells, lines, rules, columns: [], overlays });
    // Beside 5 and 9 the total would say 2, whether this table shows the 5 again or not.
    expect([audited.cells[2], audited.lines]).toEqual([[], [["derivable"]]]);
  });

  it("may be a trend that was told with its series: a month alone says what its towns have together", () => {
    const months = { column: "month", values: ["2026-01"] };
    const trend: TrendAsk = {
      ...{ kind: "trend", from: [], where: [], groupBy: [], measures: ["count"], period: "month" },
      ...{ domain: [months], alarm: { rule: "zscore", window: 2, thresholdMilli: 3000 }, reveal: "series" },
    };
    const series = [{ group: {}, period: "2026-01", value: 16 }];
    const release = { minCount: 3, minContributors: 1, noise: null };
    const told = tableIn({ ask: trend, release }, { kind: "trend", alarms: [], series }, { from: [] });
    const towns = { column: "town", values: TOWNS };
    const ask: AggregateAsk = { ...askOf(TOWNS), groupBy: ["month", "town"], domain: [months, towns] };
    const cells = cellsOf([2, 5, 9]);
    const table = { cells, lines: [], rules: { minCount: 3, minContributors: 1 }, columns: [] };
    const beside = overlaysOf(table, { ask, summed: [] }, told);
    expect(audit({ ...table, overlays: [] }).cells).toEqual([["minCount"], [], []]);
    expect(audit({ ...table, overlays: beside }).cells).toEqual([["minCount"], ["derivable"], []]);
    const alarms = tableIn({ ask: trend, release }, { kind: "trend", alarms: [] }, { from: [] });
    expect(alarms).toEqual([]); // nothing of a series was told
  });
});
