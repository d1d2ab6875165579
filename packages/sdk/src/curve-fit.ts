// SPDX-License-Identifier: Apache-2.0
// Least squares over a few points: what a cost is made of when it is a sum of terms, each times a price that is not known.

/** One measured point: how much there is of each term, in one order everywhere, and what was measured. Above 0. */
export interface FitPoint {
  readonly terms: readonly number[];
  readonly value: number;
}

/** The prices of the terms, and how far the points lie from them. */
export interface Fit {
  /** By term, never below 0. */
  readonly prices: readonly number[];
  /** By point: measured over fitted, less 1. */
  readonly residuals: readonly number[];
  /** The root of the mean of their squares, and the largest of them, without its sign. */
  readonly rms: number;
  readonly worst: number;
}

/**
 * The prices with the least sum of squares of relative errors, `(fitted - measured) / measured`: sizes lie orders of
 * magnitude apart, and the largest would decide alone otherwise. Nothing costs less than nothing: a term whose price would be
 * below 0 is left out, the lowest first, and the others are fitted again. A term that is a multiple of those before
 * it has the price 0.
 */
export function fitted(points: readonly FitPoint[]): Fit {
  const count = points[0]?.terms.length ?? 0;
  let kept = Array.from({ length: count }, (_, term) => term);
  let prices = pricesOf(points, kept);
  for (let least = leastOf(prices); least !== undefined; least = leastOf(prices)) {
    kept = kept.filter((term) => term !== least);
    prices = pricesOf(points, kept);
  }
  const all = Array.from({ length: count }, (_, term) => prices.get(term) ?? 0);
  const residuals = points.map(({ terms, value }) => value / costOf(all, terms) - 1);
  return {
    prices: all,
    residuals,
    rms: Math.sqrt(residuals.reduce((sum, one) => sum + one * one, 0) / Math.max(1, residuals.length)),
    worst: Math.max(0, ...residuals.map(Math.abs)),
  };
}

/** What so much of each term costs. */
export function costOf(prices: readonly number[], terms: readonly number[]): number {
  return terms.reduce((sum, amount, term) => sum + amount * (prices[term] ?? 0), 0);
}

/** The term with the lowest price below 0. */
function leastOf(prices: ReadonlyMap<number, number>): number | undefined {
  const [least] = [...prices].filter(([, price]) => price < 0).sort(([, left], [, right]) => left - right);
  return least?.[0];
}

/** Orthogonal columns one after the other (Gram and Schmidt, modified), then prices from the last to the first. */
function pricesOf(points: readonly FitPoint[], kept: readonly number[]): ReadonlyMap<number, number> {
  let rest = points.map(() => 1); // every measured value in units of itself
  const columns: { readonly term: number; readonly unit: readonly number[]; readonly parts: number[] }[] = [];
  for (const term of kept) {
    let left = points.map(({ terms, value }) => (terms[term] ?? 0) / value);
    const whole = length(left);
    const parts: number[] = [];
    for (const { unit } of columns) {
      const part = product(left, unit);
      parts.push(part);
      left = left.map((one, at) => one - part * (unit[at] ?? 0));
    }
    const own = length(left);
    if (!(own > whole * INDEPENDENT)) continue;
    parts.push(own);
    columns.push({ term, unit: left.map((one) => one / own), parts });
  }
  const weights = columns.map(({ unit }) => {
    const weight = product(rest, unit);
    rest = rest.map((one, at) => one - weight * (unit[at] ?? 0));
    return weight;
  });
  const prices = new Map<number, number>();
  for (let at = columns.length - 1; at >= 0; at -= 1) {
    const above = columns.slice(at + 1).map(({ term, parts }) => (parts[at] ?? 0) * (prices.get(term) ?? 0));
    const price =
      ((weights[at] ?? 0) - above.reduce((sum, one) => sum + one, 0)) / (columns[at]?.parts[at] ?? 1);
    prices.set(columns[at]?.term ?? 0, price);
  }
  return prices;
}

/** What must be left of a column beside those before it. */
const INDEPENDENT = 1e-6;

function product(left: readonly number[], right: readonly number[]): number {
  return left.reduce((sum, one, at) => sum + one * (right[at] ?? 0), 0);
}

function length(column: readonly number[]): number {
  return Math.sqrt(product(column, column));
}
