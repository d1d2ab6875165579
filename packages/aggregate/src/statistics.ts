// SPDX-License-Identifier: Apache-2.0
// Statistics of a cell from its opened moments: exact fractions of whole numbers, rounded once (aggregation.md, section 2).
import type { Measure } from "@koplamp/wire";
import { INTERCEPT, measureText, parseMeasure, R_SQUARED } from "@koplamp/wire/core";
import { decimalText, rootText, significantText, solved } from "./exact.ts";
import { familyOf, type Midpoints, type Moment } from "./moments.ts";

/** Decimals of a variance, a correlation and the part of the variance that a regression explains. */
export const DECIMALS = 6;
/** Digits that count in the coefficients of a regression, which may be of any size. */
const DIGITS = 12;

/** Reads an opened moment of one cell. */
export type MomentReader = (moment: Moment) => bigint;

/** The statistics of one measure in one cell. */
export interface Statistics {
  /** Name to decimal text; empty where the rows do not determine it. */
  readonly values: Readonly<Record<string, string>>;
  /** How many rows it stands on: those with all values, less one for each column that explains. */
  readonly rows: bigint;
}

/** The statistics that a measure asks for; nothing for a measure without products. */
export function statisticsOf(text: string, read: MomentReader, midpoints: Midpoints): Statistics | undefined {
  const measure = parseMeasure(text);
  if (measure?.kind !== "variance" && measure?.kind !== "correlation" && measure?.kind !== "regression")
    return undefined;
  const over = familyOf(text);
  const sums: Sums = {
    rows: read({ over, factors: [] }),
    sum: (column) => read({ over, factors: [column] }),
    product: (one, other) => read({ over, factors: [one, other].sort() }),
  };
  if (measure.kind === "regression") return regression(measure, sums, midpoints);
  const value = measure.kind === "variance" ? variance(measure.of[0], sums) : correlation(measure.of, sums);
  return { values: value === undefined ? {} : { [text]: value }, rows: sums.rows };
}

/** How exact the statistics among the measures are, in words; empty where there are none. */
export function precisionOf(measures: readonly string[]): Readonly<Record<string, string>> {
  const said = measures.flatMap((text): readonly (readonly [string, string])[] => {
    const kind = parseMeasure(text)?.kind;
    if (kind === "regression") return [[text, `${DIGITS} digits, half to even`]];
    return kind === "variance" || kind === "correlation" || kind === "chi-square"
      ? [[text, `${DECIMALS} decimals, half to even`]]
      : [];
  });
  return Object.fromEntries(said);
}

/** Sums over one family of columns. */
interface Sums {
  readonly rows: bigint;
  sum(column: string): bigint;
  product(one: string, other: string): bigint;
}

/** rows² times the covariance over all rows: n·Σxy - Σx·Σy. */
function spreadOf({ rows, sum, product }: Sums, one: string, other: string): bigint {
  return rows * product(one, other) - sum(one) * sum(other);
}

/** Of a sample: divided by one less than the rows. */
function variance(column: string, sums: Sums): string | undefined {
  const { rows } = sums;
  if (rows < 2n) return undefined;
  return decimalText(spreadOf(sums, column, column), rows * (rows - 1n), DECIMALS);
}

function correlation([one, other]: readonly [string, string], sums: Sums): string | undefined {
  const both = spreadOf(sums, one, other);
  const own = spreadOf(sums, one, one) * spreadOf(sums, other, other);
  return own <= 0n ? undefined : rootText(both, both * both, own, DECIMALS);
}

type Regression = Extract<Measure, { kind: "regression" }>;

/** Ordinary least squares with a constant, by the normal equations of the shifted columns; the constant is shifted back. */
function regression(measure: Regression, sums: Sums, midpoints: Midpoints): Statistics {
  const [explained, ...by] = measure.of;
  const rows = sums.rows - BigInt(by.length);
  const right = [sums.sum(explained), ...by.map((one) => sums.product(one, explained))];
  const solution = solved([
    [sums.rows, ...by.map((one) => sums.sum(one)), right[0] ?? 0n],
    ...by.map((one, at) => [
      sums.sum(one),
      ...by.map((other) => sums.product(one, other)),
      right[at + 1] ?? 0n,
    ]),
  ]);
  if (solution === undefined) return { values: {}, rows };
  const { tops, bottom } = solution;
  const [constant = 0n, ...slopes] = tops;
  const middle = (column: string): bigint => BigInt(midpoints[column] ?? 0);
  const back = slopes.reduce(
    (left, top, at) => left - top * middle(by[at] ?? ""),
    constant + middle(explained) * bottom,
  );
  const name = measureText(measure);
  return {
    values: {
      [`${name}.${INTERCEPT}`]: significantText(back, bottom, DIGITS),
      ...Object.fromEntries(
        slopes.map((top, at) => [`${name}.${by[at]}`, significantText(top, bottom, DIGITS)]),
      ),
      ...explainedPart(`${name}.${R_SQUARED}`, tops, bottom, right, sums, explained),
    },
    rows,
  };
}

/** How much of the variance is explained: 1 - residual / total; none where there is no variance. */
function explainedPart(
  name: string,
  tops: readonly bigint[],
  bottom: bigint,
  right: readonly bigint[],
  sums: Sums,
  explained: string,
): Readonly<Record<string, string>> {
  const total = spreadOf(sums, explained, explained);
  if (total === 0n) return {};
  const fitted = tops.reduce((sum, top, at) => sum + top * (right[at] ?? 0n), 0n);
  const residual = sums.rows * (bottom * sums.product(explained, explained) - fitted);
  return { [name]: decimalText(bottom * total - residual, bottom * total, DECIMALS) };
}
