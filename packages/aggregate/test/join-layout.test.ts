// SPDX-License-Identifier: Apache-2.0
import type { AggregateAsk } from "@koplamp/wire";
import { describe, expect, it } from "vitest";
import { joinedCells, joinLayout } from "../src/index.ts";

const ASK: AggregateAsk = {
  kind: "aggregate",
  from: [],
  where: [],
  groupBy: ["kind"],
  domain: [{ column: "kind", values: ["a", "b"] }],
  measures: ["count"],
  distinctBy: ["id"],
};
const OPENED = { counts: Float64Array.of(4, 2), sums: [], withheld: [] };

describe("a cell of selected rows", () => {
  const layout = joinLayout(ASK, []);

  it("has as many parties as were told, and otherwise all, for every row of a join is of all", () => {
    const contributors = Float64Array.of(3, 1);
    const told = joinedCells({ ...OPENED, contributors }, ASK, layout, 3);
    expect(told.map((cell) => [cell.count, cell.contributors])).toEqual([
      [4n, 3n],
      [2n, 1n],
    ]);
    expect(joinedCells(OPENED, ASK, layout, 3).map((cell) => cell.contributors)).toEqual([3n, 3n]);
  });
});
