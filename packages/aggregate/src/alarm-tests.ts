// SPDX-License-Identifier: Apache-2.0
// The tests of a trend that are linear in the data: what each party adds to one, and when it passes.
import type { AggregateAsk, FixedBaseline, Input, Plan, TrendAsk } from "@koplamp/wire";
import { cubeOfTrend, measuredColumn } from "@koplamp/wire/core";
import { HALVES, scaled } from "./alarm.ts";
import { SumError } from "./errors.ts";
import { type CubeLayout, cubeLayout } from "./layout.ts";
import { totalRange } from "./session.ts";
import { limbWorth } from "./sum-limbs.ts";

/** Tests of every cell, by public terms alone. Cells are groups one after the other, and in each all periods. */
export interface AlarmTests {
  readonly groups: number;
  readonly periods: number;
  readonly rule: FixedBaseline;
  readonly minCount: number;
  readonly minContributors: number;
  /** Bits of the largest difference between what a test adds up and what it must reach. */
  readonly bits: number;
}

/** What one party has in every cell. */
export interface CellFactsOf {
  readonly counts: readonly bigint[];
  /** 1 where it has a row. */
  readonly present: readonly bigint[];
  readonly values: readonly bigint[];
}

/** Conditions of a cell: enough rows, of enough parties. */
export const CONDITIONS = 2;
/** Bits of the least multiplier's range, and of the largest: beyond it a word would wrap. */
const LEAST_BITS = 40;
const MOST_BITS = 60;
const WORD_BITS = 125;
/** Most tests of one session: 2 MiB a party. */
const MOST_TESTS = 2 ** 17;
/** The set by which columns are laid out; nothing is encrypted under it. */
const LAYOUT = "bfv-amt-50-pq";

/** Whether a trend's alarms can be told without anybody holding its series. */
export function isLinear({ reveal, alarm, measures }: TrendAsk): boolean {
  return reveal === "alarms" && "baseline" in alarm && measures.every((text) => !text.startsWith("mean("));
}

/** How many tests of alarm a cell has: a cumulative sum may have begun in any period up to it. */
export function alarmsPerCell({ rule, periods }: Pick<AlarmTests, "rule" | "periods">): number {
  return rule.rule === "zscore" ? 1 : periods;
}

/** All tests of all cells. */
export function testCount(tests: AlarmTests): number {
  return tests.groups * tests.periods * (CONDITIONS + alarmsPerCell(tests));
}

/** Bits of the multipliers that hide by how much a test passes. */
export function multiplierBits({ bits }: Pick<AlarmTests, "bits">): number {
  return Math.min(MOST_BITS, WORD_BITS - bits);
}

/**
 * The tests of a trend, by its plan.
 * @throws {SumError} `too-large`, or `overflow` when sums could be too large to be hidden.
 */
export function alarmTests(
  ask: TrendAsk,
  inputs: readonly Input[],
  { minCount, minContributors }: Pick<Plan["release"], "minCount" | "minContributors">,
): AlarmTests {
  const rule = ask.alarm as FixedBaseline; // safe because only linear rules come here
  const periods = ask.domain.at(-1)?.values.length ?? 0;
  const { cells } = layoutOfTests(ask, inputs);
  const tests = { groups: cells / periods, periods, rule, minCount, minContributors };
  const bits = bitsOf(ask, inputs, tests);
  const all = { ...tests, bits };
  if (testCount(all) > MOST_TESTS) {
    throw new SumError(
      "too-large",
      `the trend has ${testCount(all)} tests, and a session takes ${MOST_TESTS}`,
      "list fewer groups or periods, or let the rule look back on a window",
    );
  }
  if (multiplierBits(all) >= LEAST_BITS) return all;
  throw new SumError(
    "overflow",
    `by the parties' declarations a test could reach ${bits} bits, and is hidden up to ${WORD_BITS - LEAST_BITS}`,
    "declare a smaller maxRowsPerCell, or narrower min and max, on the dataset",
  );
}

/** The order of a trend's cells, and its columns. */
export function layoutOfTests(ask: TrendAsk, inputs: readonly Input[]): CubeLayout {
  const release = { minContributors: 1, noise: null };
  return cubeLayout({ ask: cubeOfTrend(ask), inputs, release, params: LAYOUT, each: true });
}

function bitsOf(
  ask: TrendAsk,
  inputs: readonly Input[],
  { rule, periods, minCount }: Omit<AlarmTests, "bits">,
): number {
  const parties = inputs.map(({ party }) => party);
  const { columns } = layoutOfTests(ask, inputs);
  const largest = columns.reduce((sum, { limb, ranges }) => {
    const { least, most } = totalRange(parties, ranges);
    const size = BigInt(Math.max(Math.abs(least), Math.abs(most)));
    return sum + (limb === undefined ? size : limbWorth(size, limb));
  }, BigInt(minCount));
  const { mean, step, limit } = scaled(rule);
  const added = HALVES * largest + (mean < 0n ? -mean : mean) + step;
  return (BigInt(periods) * added + limit + 1n).toString(2).length;
}

/** What one party has in each cell of its cube, in the public order. */
export function factsOf(
  values: Float64Array,
  ask: AggregateAsk,
  { cells, columns }: CubeLayout,
): CellFactsOf {
  const cellOf = (at: number, cell: number): bigint => BigInt(values[at * cells + cell] ?? 0);
  const all = Array.from({ length: cells }, (_, cell) => cell);
  const counted = columns.findIndex(({ kind }) => kind === "count");
  const counts = all.map((cell) => cellOf(counted, cell));
  const present = counts.map((count) => (count > 0n ? 1n : 0n));
  const of = measuredColumn(ask.measures[0] ?? "");
  if (of === "") return { counts, present, values: counts };
  const summed = all.map((cell) =>
    columns.reduce((sum, column, at) => {
      if (column.kind !== "sum" || column.of !== of) return sum;
      const part = cellOf(at, cell);
      return sum + (column.limb === undefined ? part : limbWorth(part, column.limb));
    }, 0n),
  );
  return { counts, present, values: summed };
}

/** What each test of a cell must reach to pass; nothing for a test that is there to look like one, and never passes. */
export function thresholdsOf(tests: AlarmTests, cell: number): readonly (bigint | undefined)[] {
  const { rule, periods, minCount, minContributors } = tests;
  const { mean, step, limit } = scaled(rule);
  const period = cell % periods;
  const alarms = Array.from({ length: alarmsPerCell(tests) }, (_, start) => {
    if (rule.rule === "zscore") return mean + limit + 1n;
    return start > period ? undefined : BigInt(period - start + 1) * (mean + step) + limit + 1n;
  });
  return [BigInt(minCount), BigInt(minContributors), ...alarms];
}

/** What one party adds to each test of a cell. */
export function formsOf(
  tests: AlarmTests,
  { counts, present, values }: CellFactsOf,
  cell: number,
): readonly bigint[] {
  const period = cell % tests.periods;
  const value = (at: number): bigint => HALVES * (values[at] ?? 0n);
  const conditions = [counts[cell] ?? 0n, present[cell] ?? 0n];
  if (tests.rule.rule === "zscore") return [...conditions, value(cell)];
  const alarms = Array.from({ length: tests.periods }, (): bigint => 0n);
  let sum = 0n;
  for (let start = period; start >= 0; start -= 1) {
    sum += value(cell - period + start);
    alarms[start] = sum;
  }
  return [...conditions, ...alarms];
}
