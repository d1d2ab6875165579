// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import { PsiError } from "./errors.ts";
import type { Count } from "./messages.ts";

/** Which counts are asked for, as in `ask`. */
export interface OverlapShape {
  /** By number of holders, by pair of parties, or one number. */
  readonly shape: "histogram" | "pairs" | "atLeast";
  /** With `shape: atLeast`; of a histogram the first cell, 1 where it is absent. */
  readonly atLeast: number | null;
}

/** The answer of an overlap count. */
export interface OverlapCounts {
  /** The cells' names: `1`, `2`, … from `atLeast` on; `a&b`; or `atLeast` as text. In the order of `counts`. */
  readonly cells: readonly string[];
  /** Distinct items a cell; `null` where fewer than `minCount`. */
  readonly counts: readonly Count[];
}

/** The names of the cells, in the order in which their counts are sent. */
export function cellNames({ shape, atLeast }: OverlapShape, parties: readonly PartyId[]): readonly string[] {
  if (shape === "histogram") return parties.map((_, at) => `${at + 1}`).slice((atLeast ?? 1) - 1);
  if (shape === "atLeast") return [`${atLeast ?? 1}`];
  return parties.flatMap((left, at) => parties.slice(at + 1).map((right) => `${left}&${right}`));
}

/**
 * A count as it is told: `null` below `minCount`. At a `minCount` of 1 nothing is kept back: only 0 is below, so that a
 * count kept back would say as much as 0 does, and whoever reads the answer would take it for an unknown number.
 */
export function shownFrom(count: number, minCount: number): Count {
  return minCount > 1 && count < minCount ? null : count;
}

/**
 * Whether an answer depends on how many items only one party holds. Then dummies, which nobody else holds, must be
 * taken off, and each sender adds its masked number of them to its tokens.
 */
export function countsSingles({ shape, atLeast }: OverlapShape): boolean {
  return shape !== "pairs" && (atLeast ?? 1) === 1;
}

/** The threshold of the tables in which a count is made: what one party alone holds stands in no table as a hit. */
export function tablesFrom({ atLeast }: Pick<OverlapShape, "atLeast">): number {
  return Math.max(2, atLeast ?? 1);
}

/** How often each set of holders occurs: `holders[i]` is a bitmap over the parties, `items[i]` their number. */
export interface Venn {
  readonly holders: Uint32Array;
  readonly items: Uint32Array;
}

/**
 * The counts of a shape from the whole Venn pattern. `dummies`: how many of the items held by one party are padding.
 * Counts below `minCount` become `null`, see `shownFrom`.
 * @throws {PsiError} `count` when the padding does not fit: a sender lied about it.
 */
export function countCells(
  shape: OverlapShape,
  parties: readonly PartyId[],
  venn: Venn,
  dummies: number,
  minCount: number,
): OverlapCounts {
  const byHolders = new Array<number>(parties.length + 1).fill(0);
  venn.holders.forEach((bitmap, at) => {
    const held = bitCount(bitmap);
    byHolders[held] = (byHolders[held] ?? 0) + (venn.items[at] ?? 0);
  });
  byHolders[1] = (byHolders[1] ?? 0) - dummies;
  if (byHolders[1] < 0)
    throw new PsiError("count", "expected less padding than tokens that one party sent alone");
  const counts = shape.shape === "pairs" ? pairCounts(parties, venn) : countsByHolders(shape, byHolders);
  return {
    cells: cellNames(shape, parties),
    counts: counts.map((count) => shownFrom(count, minCount)),
  };
}

/** The counts of a shape from how many items each number of parties holds; `byHolders[k]`: exactly k. */
export function countsByHolders(
  { shape, atLeast }: OverlapShape,
  byHolders: readonly number[],
): readonly number[] {
  if (shape === "histogram") return byHolders.slice(atLeast ?? 1);
  return [byHolders.slice(atLeast ?? 1).reduce((sum, items) => sum + items, 0)];
}

/**
 * How many items exactly one party holds: all of everybody's, less those that several hold, at each of their holders.
 * `items`: of all lists together; `byHolders[k]`: items that exactly k hold, from 2 on; `most`: what all lists can hold.
 * @throws {PsiError} `count` when the numbers do not fit: a sender lied about its own, or about its tables.
 */
export function singlesOf(items: number, byHolders: readonly number[], most: number): number {
  const shared = byHolders.slice(2).reduce((sum, found, at) => sum + (at + 2) * found, 0);
  if (items >= shared && items <= most) return items - shared;
  throw new PsiError(
    "count",
    `the numbers do not fit: all parties say that they have ${items} items together; what several of them hold takes ${shared}, and the plan states at most ${most}`,
  );
}

function pairCounts(parties: readonly PartyId[], { holders, items }: Venn): readonly number[] {
  return parties.flatMap((_, left) =>
    parties.slice(left + 1).map((_party, after) => {
      const both = ((1 << left) | (1 << (left + 1 + after))) >>> 0;
      return holders.reduce(
        (sum, bitmap, at) => ((bitmap & both) >>> 0 === both ? sum + (items[at] ?? 0) : sum),
        0,
      );
    }),
  );
}

function bitCount(bitmap: number): number {
  let bits = 0;
  for (let rest = bitmap >>> 0; rest > 0; rest = (rest & (rest - 1)) >>> 0) bits += 1;
  return bits;
}
