// SPDX-License-Identifier: Apache-2.0
// Variance, correlation and regression over sums of several parties equal the same over all rows together, computed here
// another way: as fractions, from deviations, with no shift and no limb.
import type { AggregateAsk, Cell, Input, Table } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { decimalText, rootText, significantText, solved } from "../src/exact.ts";
import { cubeLayout, cubeOf, openedCells, openedLines } from "../src/index.ts";

const PARTIES = ["alice", "bob", "carol"];
const PARAMS = "bfv-amt-50-pq";
const LARGE = Number.MAX_SAFE_INTEGER;
const MEASURES = ["variance(a)", "correlation(a, b)", "regression(c ~ a)", "regression(a ~ b + c)"] as const;

/** A row of three numbers; a null is no value. */
type Row = Readonly<Record<"a" | "b" | "c", bigint | null>>;
type Bounds = Readonly<Record<"a" | "b" | "c", readonly [min: number, max: number]>>;

const COLUMNS = ["a", "b", "c"] as const;

function input(party: string, bounds: Bounds): Input {
  return {
    party,
    dataset: "numbers",
    dataClass: "numbers",
    columns: COLUMNS,
    kinds: COLUMNS.map(() => "integer" as const),
    rowsPadded: 32,
    bounds: COLUMNS.map((column) => ({ column, min: bounds[column][0], max: bounds[column][1] })),
    maxRowsPerCell: 32,
    snapshot: "",
  };
}

function ask(measures: readonly string[]): AggregateAsk {
  return { kind: "aggregate", from: [], where: [], groupBy: [], domain: [], measures };
}

function tableOf(rows: readonly Row[]): Table {
  const texts = (name: keyof Row): Cell[] => rows.map((row) => row[name]?.toString() ?? null);
  return { rows: rows.length, columns: { a: texts("a"), b: texts("b"), c: texts("c") } };
}

/** The statistics of the parties' rows by way of their sums. */
function summed(
  parties: readonly (readonly Row[])[],
  bounds: Bounds,
  measures: readonly string[],
  minRows = 1,
): Readonly<Record<string, string>> {
  const question = ask(measures);
  const inputs = parties.map((_, at) => input(PARTIES[at] ?? "", bounds));
  const layout = cubeLayout({
    ask: question,
    inputs,
    release: { minContributors: 1, noise: null },
    params: PARAMS,
  });
  const opened = new Float64Array(layout.columns.length);
  for (const [at, rows] of parties.entries()) {
    const { values } = cubeOf(tableOf(rows), question, inputs[at] ?? input("", bounds), layout);
    values.forEach((value, number) => {
      const { least = 0, most = 0 } = layout.columns[number]?.ranges[PARTIES[at] ?? ""] ?? {};
      if (value < least || value > most) throw new Error("outside what the layout says");
      opened[number] = (opened[number] ?? 0) + value;
    });
  }
  expect(opened.every((value) => Math.abs(value) < 2 ** 49)).toBe(true);
  return openedCells(opened, question, layout, parties.length, minRows)[0]?.decimals ?? {};
}

/** A fraction in lowest terms is not needed: only equal values matter. */
type Fraction = readonly [top: bigint, bottom: bigint];
const plus = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * d + c * b, b * d];
const times = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * c, b * d];
const less = (one: Fraction, [c, d]: Fraction): Fraction => plus(one, [-c, d]);
const total = (all: readonly Fraction[]): Fraction => all.reduce(plus, [0n, 1n]);
const whole = (value: bigint): Fraction => [value, 1n];

function meanOf(values: readonly bigint[]): Fraction {
  return [values.reduce((sum, value) => sum + value, 0n), BigInt(values.length)];
}

/** The sum of products of deviations from the means. */
function deviations(one: readonly bigint[], other: readonly bigint[]): Fraction {
  const [m, n] = [meanOf(one), meanOf(other)];
  return total(one.map((value, at) => times(less(whole(value), m), less(whole(other[at] ?? 0n), n))));
}

function complete(rows: readonly Row[], ...columns: readonly (keyof Row)[]): readonly (readonly bigint[])[] {
  const full = rows.filter((row) => columns.every((column) => row[column] !== null));
  return columns.map((column) => full.map((row) => row[column] ?? 0n));
}

function pooled(rows: readonly Row[]): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  const [a = []] = complete(rows, "a");
  if (a.length >= 2) {
    const [top, bottom] = deviations(a, a);
    found["variance(a)"] = decimalText(top, bottom * BigInt(a.length - 1), 6);
  }
  const [x = [], y = []] = complete(rows, "a", "b");
  if (x.length > 0) {
    const [own, [top, bottom]] = [times(deviations(x, x), deviations(y, y)), deviations(x, y)];
    if (own[0] !== 0n)
      found["correlation(a, b)"] = rootText(top, top * top * own[1], bottom * bottom * own[0], 6);
  }
  Object.assign(found, slope(rows));
  return found;
}

/** With one column that explains, the slope is the covariance over the variance. */
function slope(rows: readonly Row[]): Readonly<Record<string, string>> {
  const [x = [], y = []] = complete(rows, "a", "c");
  if (x.length === 0) return {};
  const [both, own, all] = [deviations(x, y), deviations(x, x), deviations(y, y)];
  if (own[0] === 0n) return {};
  const by: Fraction = times(both, [own[1], own[0]]);
  const from = less(meanOf(y), times(by, meanOf(x)));
  const part: Fraction = all[0] === 0n ? [0n, 1n] : times(times(by, both), [all[1], all[0]]);
  return {
    "regression(c ~ a).intercept": significantText(...from, 12),
    "regression(c ~ a).a": significantText(...by, 12),
    ...(all[0] === 0n ? {} : { "regression(c ~ a).r-squared": decimalText(...part, 6) }),
  };
}

const SPANS: readonly Bounds[] = [
  { a: [-9, 9], b: [0, 3], c: [-5, 40] },
  { a: [1_000_000, 1_000_999], b: [-1, 1], c: [0, 100_000_000_000] },
  { a: [-LARGE, LARGE], b: [LARGE - 50, LARGE], c: [-LARGE, 0] },
  { a: [0, LARGE], b: [-LARGE, LARGE], c: [-LARGE, LARGE] },
];

const anyParties = fc.constantFrom(...SPANS).chain((bounds) => {
  const value = (name: keyof Bounds): fc.Arbitrary<bigint | null> => {
    const [min, max] = bounds[name].map(BigInt) as [bigint, bigint];
    return fc.oneof(
      { weight: 6, arbitrary: fc.bigInt({ min, max }) },
      { weight: 2, arbitrary: fc.constantFrom(min, max) },
      { weight: 1, arbitrary: fc.constant(null) },
    );
  };
  const rows = fc.array(fc.record({ a: value("a"), b: value("b"), c: value("c") }), { maxLength: 8 });
  return fc.record({ bounds: fc.constant(bounds), parties: fc.array(rows, { minLength: 2, maxLength: 3 }) });
});

describe("statistics over the sums of several parties", () => {
  it("equal those over all rows together, to the last decimal, for any bounds", () => {
    fc.assert(
      fc.property(anyParties, ({ bounds, parties }) => {
        const measures = MEASURES.slice(0, 3);
        expect(summed(parties, bounds, measures)).toEqual(pooled(parties.flat()));
      }),
      { numRuns: 300 },
    );
  });

  it("solve regressions of several columns: residuals are orthogonal to every column", () => {
    fc.assert(
      fc.property(anyParties, ({ bounds, parties }) => {
        const rows = parties.flat().filter(({ a, b, c }) => a !== null && b !== null && c !== null);
        const found = summed([rows, []], bounds, ["regression(a ~ b + c)"]);
        const exact = solved(normal(rows));
        if (exact === undefined) expect(found).toEqual({});
        else
          expect(Object.values(found).slice(0, 3)).toEqual(
            exact.tops.map((top) => significantText(top, exact.bottom, 12)),
          );
      }),
      { numRuns: 100 },
    );
  });

  test("stand beside plain sums of the same columns, and never among them", () => {
    const question = ask(["count", "mean(a)", "variance(a)", "chi-square(a, b)", "sum(a)"]);
    const inputs = PARTIES.map((party) => input(party, SPANS[0] ?? { a: [0, 0], b: [0, 0], c: [0, 0] }));
    const release = { minContributors: 1, noise: null };
    const layout = cubeLayout({ ask: question, inputs, release, params: PARAMS });
    const rows = [2n, 3n, 7n].map((a): Row => ({ a, b: null, c: null }));
    const { values } = cubeOf(tableOf(rows), question, inputs[0] ?? input("", SPANS[0] as Bounds), layout);
    const [cell] = openedCells(values, question, layout, 3);
    expect(cell?.measures).toEqual({ count: 3, "mean(a)": 4, "sum(a)": 12 });
    expect(cell?.decimals).toEqual({ "variance(a)": "7.000000" });
  });

  test("are none of several cells together", () => {
    const question = {
      ...ask(["count", "variance(a)"]),
      groupBy: ["b"],
      domain: [{ column: "b", values: ["0..0", "1..1"], ranges: true as const }],
    };
    const inputs = PARTIES.map((party) => input(party, SPANS[0] as Bounds));
    const release = { minContributors: 1, noise: null };
    const layout = cubeLayout({ ask: question, inputs, release, params: PARAMS });
    const rows = [1n, 2n, 5n, 9n].map((a): Row => ({ a, b: a % 2n, c: null }));
    const { values } = cubeOf(tableOf(rows), question, inputs[0] ?? input("", SPANS[0] as Bounds), layout);
    const opened = { opened: values, ask: question, layout, contributors: 3 };
    const [both, one] = openedLines(opened, [
      { group: {}, cells: [0, 1] },
      { group: {}, cells: [1] },
    ]);
    expect(both?.measures).toEqual({ count: 4 });
    expect(both).not.toHaveProperty("decimals");
    expect(one?.decimals).toEqual({ "variance(a)": "16.000000" });
  });

  test("that stand on too few rows are left out, a regression's less one for each column that explains", () => {
    const rows = [1n, 5n, 4n].map((a): Row => ({ a, b: a % 3n, c: null }));
    const bounds = SPANS[0] ?? { a: [0, 0], b: [0, 0], c: [0, 0] };
    const measures = ["variance(a)", "variance(c)", "regression(a ~ b)"];
    const names = (minRows: number): readonly string[] =>
      Object.keys(summed([rows, []], bounds, measures, minRows));
    const regression = ["intercept", "b", "r-squared"].map((name) => `regression(a ~ b).${name}`);
    expect(names(2)).toEqual(["variance(a)", ...regression]);
    expect(names(3)).toEqual(["variance(a)"]);
    expect(names(4)).toEqual([]);
  });
});

/** The normal equations over rows, without a shift. */
function normal(rows: readonly Row[]): bigint[][] {
  const of = (row: Row): readonly bigint[] => [1n, row.b ?? 0n, row.c ?? 0n];
  return [0, 1, 2].map((i) => [
    ...[0, 1, 2].map((j) => rows.reduce((sum, row) => sum + (of(row)[i] ?? 0n) * (of(row)[j] ?? 0n), 0n)),
    rows.reduce((sum, row) => sum + (of(row)[i] ?? 0n) * (row.a ?? 0n), 0n),
  ]);
}

describe("decimal text", () => {
  test.each([
    [1n, 3n, 6, "0.333333"],
    [-1n, 2n, 0, "0"],
    [-3n, 2n, 0, "-2"],
    [5n, 1000n, 2, "0.00"],
    [15n, 1000n, 2, "0.02"],
    [-25n, 1000n, 2, "-0.02"],
    [7n, -2n, 1, "-3.5"],
  ])("of %s / %s with %s decimals is %s", (top, bottom, decimals, text) => {
    expect(decimalText(top, bottom, decimals)).toBe(text);
  });

  test.each([
    [0n, 3n, "0"],
    [2n, 3n, "0.667"],
    [-2000n, 3n, "-667"],
    [99_951n, 1n, "100000"],
    [1n, 4_000_000n, "0.000000250"],
    [12_345_678n, -1n, "-12300000"],
    [9996n, 10_000n, "1.000"],
  ])("of %s / %s with three digits is %s", (top, bottom, text) => {
    expect(significantText(top, bottom, 3)).toBe(text);
  });

  test.each([
    [1n, 2n, 1n, "1.414"],
    [-1n, 9n, 4n, "-1.500"],
    [1n, 25n, 100_000_000n, "0.000"],
    [1n, 225n, 100_000_000n, "0.002"],
  ])("of %s times the root of %s / %s is %s", (sign, top, bottom, text) => {
    expect(rootText(sign, top, bottom, 3)).toBe(text);
  });
});
