// SPDX-License-Identifier: Apache-2.0
// What each party put in, as the rules about dominance see it: through numbers, sums and cells.
import type { AggregateAsk, Dominance } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cubeLayout, cubeOf, openedCells, openedLines } from "../src/index.ts";
import { ASK, input, type Row, tableOf } from "./worlds.ts";

const PARTIES = ["alice", "bob", "carol"];
const ask: AggregateAsk = {
  ...ASK,
  groupBy: ["region"],
  domain: [{ column: "region", values: ["coast", "hills"] }],
  measures: ["sum(amount)"],
};

type Amounts = Readonly<Record<string, readonly (number | null)[]>>;

/** The cells that a recipient opens, when each party has these amounts on the coast and in the hills. */
function opened(amounts: readonly Amounts[], dominance: Dominance, most: number) {
  const inputs = PARTIES.map((party) =>
    input(party, { maxRowsPerCell: 64, bounds: [{ column: "amount", min: -most, max: most }] }),
  );
  const release = { minContributors: 1, noise: null, dominance };
  const layout = cubeLayout({ ask, inputs, release, params: "bfv-amt-50-pq" });
  const sum = new Float64Array(layout.cells * layout.columns.length);
  for (const [at, own] of amounts.entries()) {
    const rows = Object.entries(own).flatMap(([region, list]) =>
      list.map(
        (one): Row => ({ region, month: null, settled: null, amount: one === null ? null : String(one) }),
      ),
    );
    const { values } = cubeOf(tableOf(rows), ask, inputs[at] ?? input(""), layout);
    for (const [place, value] of values.entries()) sum[place] = (sum[place] ?? 0) + value;
  }
  return { sum, layout, cells: openedCells(sum, ask, layout, 3) };
}

describe("the parts of parties", () => {
  const amount = (most: number) => fc.option(fc.integer({ min: -most, max: most }), { freq: 6 });
  const amounts = (most: number) =>
    fc.array(
      fc.record({
        coast: fc.array(amount(most), { maxLength: 8 }),
        hills: fc.array(amount(most), { maxLength: 8 }),
      }),
      { minLength: 3, maxLength: 3 },
    );
  const sizes = (list: readonly (number | null)[]): number[] =>
    list.flatMap((one) => (one === null ? [] : [Math.abs(one)])).sort((a, b) => b - a);

  it.each([1000, 2 ** 48])("are opened beside the sum, whatever their size (up to %i)", (most) => {
    fc.assert(
      fc.property(amounts(most), fc.integer({ min: 2, max: 3 }), (drawn, largest) => {
        const { cells } = opened(drawn, { largest, percent: 50 }, most);
        for (const [at, region] of ["coast", "hills"].entries()) {
          const own = drawn.map((party) => sizes(party[region as keyof typeof party]));
          expect(cells[at]?.parts).toEqual([
            own.map((list) => ({
              sum: list.reduce((sum, one) => sum + BigInt(one), 0n),
              tops: Array.from({ length: largest }, (_, rank) => BigInt(list[rank] ?? 0)),
            })),
          ]);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("name no record that the party can judge alone", () => {
    const rows = [
      { coast: [10, 10], hills: [9, 1] },
      { coast: [10, 9], hills: [] },
      { coast: [5], hills: [5, 5] },
    ];
    const { cells } = opened(rows, { largest: 1, percent: 50 }, 100);
    const tops = cells.map(({ parts }) => parts?.[0]?.map((part) => part.tops));
    expect(tops).toEqual([
      [[0n], [10n], [5n]],
      [[9n], [0n], [0n]],
    ]);
  });

  it("and several cells as one: sums and records of both, parties as many as in either", () => {
    const rows = [
      { coast: [10, 10, 4], hills: [9, 1] },
      { coast: [10, 9], hills: [] },
      { coast: [5], hills: [5, 5] },
    ];
    const { sum, layout } = opened(rows, { largest: 2, percent: 80 }, 100);
    const [all] = openedLines({ opened: sum, ask, layout, contributors: 3 }, [{ group: {}, cells: [0, 1] }]);
    expect(all).toMatchObject({ group: {}, count: 10n, measures: { "sum(amount)": 68 } });
    expect(all?.parts?.[0]?.map((part) => [part.sum, part.tops.slice(0, 2)])).toEqual([
      [34n, [10n, 10n]],
      [19n, [10n, 9n]],
      [15n, [5n, 5n]],
    ]);
  });
});
