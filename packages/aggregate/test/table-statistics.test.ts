// SPDX-License-Identifier: Apache-2.0
// What follows from released cells: equal to the same over all rows, or as narrow as what is withheld allows.
import type { AggregateCell, ColumnDomain } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { decimalText } from "../src/exact.ts";
import { cubeResult } from "../src/index.ts";

const axis = (column: string, size: number): ColumnDomain => ({
  column,
  values: Array.from({ length: size }, (_, at) => `${column}${at}`),
});

/** Cells of one or two axes by their counts, the last axis running fastest; text is the rule that withholds one. */
function cellsOf(domain: readonly ColumnDomain[], counts: readonly (number | "minCount" | "dominance")[]) {
  const groups = domain.reduce<Record<string, string>[]>(
    (all, { column, values }) =>
      all.flatMap((group) => values.map((value) => ({ ...group, [column]: value }))),
    [{}],
  );
  return groups.map((group, at): AggregateCell => {
    const count = counts[at] ?? 0;
    return typeof count === "string" ? { group, withheld: [count] } : { group, measures: { count } };
  });
}

function statistics(
  domain: readonly ColumnDomain[],
  measure: string,
  counts: readonly (number | "minCount" | "dominance")[],
) {
  const groupBy = domain.map(({ column }) => column);
  const ask = { measures: ["count", measure], groupBy, domain };
  return cubeResult(cellsOf(domain, counts), ask, 10).statistics;
}

describe("a chi-square", () => {
  const square = [axis("a", 2), axis("b", 2)];

  it("equals the sum of squares over expected counts, exactly", () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }));
    const table = sizes.chain(([a, b]) =>
      fc.record({
        domain: fc.constant([axis("a", a), axis("b", b)]),
        counts: fc.array(fc.integer({ min: 1, max: 99_999 }), { minLength: a * b, maxLength: a * b }),
      }),
    );
    fc.assert(
      fc.property(table, ({ domain, counts }) => {
        const [a = 0, b = 0] = domain.map(({ values }) => values.length);
        const row = (at: number): number => counts.slice(at * b, at * b + b).reduce((x, y) => x + y, 0);
        const column = (at: number): number =>
          counts.filter((_, i) => i % b === at).reduce((x, y) => x + y, 0);
        const all = BigInt(counts.reduce((x, y) => x + y, 0));
        const [top, bottom] = counts.reduce<readonly [bigint, bigint]>(
          ([left, under], seen, at) => {
            const due = BigInt(row(Math.floor(at / b))) * BigInt(column(at % b)); // over all
            const off = BigInt(seen) * all - due; // over all
            return [left * due * all + off * off * under, under * due * all];
          },
          [0n, 1n],
        );
        expect(statistics(domain, "chi-square(a, b)", counts)).toEqual([
          {
            statistic: "chi-square(a, b)",
            group: {},
            value: decimalText(top, bottom, 6),
            degrees: (a - 1) * (b - 1),
          },
        ]);
      }),
      { numRuns: 200 },
    );
  });

  test("of a table that a textbook has", () => {
    expect(statistics(square, "chi-square(a, b)", [43, 9, 44, 4])?.[0]).toMatchObject({
      value: "1.777415",
      degrees: 1,
    });
  });

  test("is one for each group of the other columns, and is withheld where one of its cells is", () => {
    const cube = [axis("year", 2), ...square];
    const counts = [10, 20, 30, 40, 10, "minCount", "dominance", 40] as const;
    expect(statistics(cube, "chi-square(a, b)", counts)).toEqual([
      { statistic: "chi-square(a, b)", group: { year: "year0" }, value: "0.793651", degrees: 1 },
      { statistic: "chi-square(a, b)", group: { year: "year1" }, withheld: ["dominance", "minCount"] },
    ]);
  });

  test("leaves rows and columns without data out", () => {
    const wide = [axis("a", 3), axis("b", 2)];
    expect(statistics(wide, "chi-square(a, b)", [43, 9, 0, 0, 44, 4])?.[0]).toMatchObject({
      value: "1.777415",
      degrees: 1,
    });
  });
});

describe("a quantile", () => {
  const bins: ColumnDomain = { column: "x", values: ["0..9", "10..19", "20..29", "30..39"], ranges: true };
  const quantile = (part: string, counts: readonly (number | "minCount" | "dominance")[]) =>
    statistics([bins], `quantile(x; ${part})`, counts)?.[0];

  test.each([
    ["0.5", [10, 10, 10, 10], "10..19"],
    ["0.25", [10, 10, 10, 10], "0..9"],
    ["0.251", [10, 10, 10, 10], "10..19"],
    ["0.999", [10, 10, 10, 10], "30..39"],
    ["0.5", [50, "minCount", 20, 30], "0..19"],
    ["0.5", ["minCount", 50, 50, "minCount"], "10..29"],
    ["0.5", ["minCount", 90, 20, "minCount"], "10..19"],
    ["0.5", [90, 20, "dominance", "minCount"], "0..29"],
  ] as const)("%s of %s lies in %s for certain", (part, counts, value) => {
    expect(quantile(part, counts)).toEqual({ statistic: `quantile(x; ${part})`, group: {}, value });
  });

  test("is withheld where every bin is", () => {
    expect(quantile("0.5", ["minCount", "minCount", "minCount", "dominance"])).toHaveProperty("withheld");
  });

  it("is never narrower than what is withheld allows", () => {
    const counts = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(counts, fc.constantFrom("0.1", "0.5", "0.75"), (truth, part) => {
        const all = truth.reduce((sum, count) => sum + count, 0);
        fc.pre(all > 0 && truth.some((count) => count >= 10));
        const shown = truth.map((count) => (count < 10 ? ("minCount" as const) : count));
        const reached = truth.findIndex(
          (_, at) => truth.slice(0, at + 1).reduce((sum, count) => sum + count, 0) >= Number(part) * all,
        );
        const found = quantile(part, shown);
        const [least = 0, most = 0] =
          found !== undefined && "value" in found ? found.value.split("..").map(Number) : [];
        expect(least).toBeLessThanOrEqual(reached * 10);
        expect(most).toBeGreaterThanOrEqual(reached * 10 + 9);
      }),
      { numRuns: 200 },
    );
  });
});
