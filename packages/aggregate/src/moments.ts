// SPDX-License-Identifier: Apache-2.0
// What variance, correlation and regression are made from: for a few columns, over the rows with a value in each of them,
// the sums of 1, of each column and of each product of two. Every value is taken less the middle of the column's public
// bounds, which keeps squares small and changes no answer (aggregation.md, section 2: fixed point).
import type { AggregateAsk, Input } from "@koplamp/wire";
import { parseMeasure } from "@koplamp/wire/core";
import { SumError } from "./errors.ts";

/** A sum over the rows with a value in each column of `over`: of the product of none, one or two of those. */
export interface Moment {
  readonly over: readonly string[];
  readonly factors: readonly string[];
}

/** What a number can be at least and at most, beyond what a double holds exactly. */
export interface WideRange {
  readonly least: bigint;
  readonly most: bigint;
}

/** Column to the middle of its bounds over all parties, rounded down. */
export type Midpoints = Readonly<Record<string, number>>;

/** The columns that one measure needs together, in order; none for a measure without products. */
export function familyOf(measure: string): readonly string[] {
  const parsed = parseMeasure(measure);
  const wide = parsed?.kind === "variance" || parsed?.kind === "correlation" || parsed?.kind === "regression";
  return wide ? [...parsed.of].sort() : [];
}

/** Every moment that a question needs, each once. */
export function momentsOf({ measures }: Pick<AggregateAsk, "measures">): readonly Moment[] {
  const families = new Map(measures.map((measure) => [familyOf(measure).join(","), familyOf(measure)]));
  return [...families.values()].flatMap((over) => [
    ...(over.length === 0 ? [] : [{ over, factors: [] }]),
    ...over.map((column) => ({ over, factors: [column] })),
    ...over.flatMap((one, at) => over.slice(at).map((other) => ({ over, factors: [one, other] }))),
  ]);
}

/** What a moment is called: `x*y of x,y,z`. */
export function momentName({ over, factors }: Moment): string {
  return `${factors.length === 0 ? "1" : factors.join("*")} of ${over.join(",")}`;
}

/** The public midpoints of the columns under moments. @throws {SumError} `bounds`, naming the party without them. */
export function midpointsOf(moments: readonly Moment[], inputs: readonly Input[]): Midpoints {
  const columns = new Set(moments.flatMap(({ over }) => over));
  return Object.fromEntries([...columns].map((column) => [column, midpointOf(column, inputs)]));
}

function midpointOf(column: string, inputs: readonly Input[]): number {
  const bounds = inputs.map((input) => boundsOf(input, column));
  const [least, most] = [
    Math.min(...bounds.map(({ min }) => min)),
    Math.max(...bounds.map(({ max }) => max)),
  ];
  return Number((BigInt(least) + BigInt(most)) >> 1n);
}

/** What a moment over one cell of a party can be: no rows at all is always possible. */
export function momentRange(input: Input, { factors }: Moment, midpoints: Midpoints): WideRange {
  const ends = factors.map((column) => {
    const { min, max } = boundsOf(input, column);
    const middle = BigInt(midpoints[column] ?? 0);
    return [BigInt(min) - middle, BigInt(max) - middle] as const;
  });
  const [one = [1n, 1n], other = [1n, 1n]] = ends;
  const square = factors.length === 2 && factors[0] === factors[1];
  const corners = square ? one.map((end) => end * end) : one.flatMap((end) => other.map((far) => end * far));
  const rows = BigInt(input.maxRowsPerCell);
  return {
    least: rows * extreme(corners, (one, other) => one < other),
    most: rows * extreme(corners, (one, other) => one > other),
  };
}

function extreme(corners: readonly bigint[], beyond: (one: bigint, other: bigint) => boolean): bigint {
  return corners.reduce((all, corner) => (beyond(corner, all) ? corner : all), 0n);
}

/** The bounds of a column at a party. @throws {SumError} `bounds` where it declares none. */
export function boundsOf({ party, bounds }: Input, of: string): Input["bounds"][number] {
  const found = bounds.find(({ column }) => column === of);
  if (found !== undefined) return found;
  throw new SumError(
    "bounds",
    `${party} declares no min and max for "${of}"`,
    "declare them on the column: without bounds a sum could wrap",
  );
}
