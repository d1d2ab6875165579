// SPDX-License-Identifier: Apache-2.0
// What the word "withheld" says of a number, and how much must stay open beyond that.
import { type Interval, UNBOUNDED } from "./network.ts";

/** A summed column by what one row can bring; undefined stands for the number of rows. */
export type Quantity = Interval | undefined;

/**
 * `each`: every number of an interval. `width`: a range so wide. `share`: a range of a tenth of the largest
 * that others can have brought.
 */
export type Hiding =
  | { readonly kind: "each"; readonly of: Interval }
  | { readonly kind: "width"; readonly least: bigint }
  | { readonly kind: "share"; readonly own: bigint };

/** What a withheld cell's rules say of its rows: fewer than the floor, no fewer, or neither. */
export type Word = "small" | "large" | "nothing";

/** What the reader brought to a number himself: rows, and what they add up to. */
export interface OwnPart {
  readonly rows: bigint;
  readonly value: bigint;
}

/** A reader without rows of his own. */
export const NO_PART: OwnPart = { rows: 0n, value: 0n };

/** The least that any part of a sum can be. */
export function leastOf(quantity: Quantity): bigint {
  return quantity === undefined || quantity.lo >= 0n ? 0n : -UNBOUNDED;
}

/** The least that a number can be, for who brought a part of it. */
export function leastBeside(quantity: Quantity, { value }: OwnPart): bigint {
  const least = leastOf(quantity);
  return least < 0n ? least : least + value;
}

/** What is known of a withheld number without anything else than the own part of it. */
export function saidOf(quantity: Quantity, word: Word, minCount: number, own: OwnPart = NO_PART): Interval {
  const least = leastBeside(quantity, own);
  if (word !== "small") {
    const floor = quantity === undefined && word === "large" ? BigInt(minCount) : least;
    return { lo: floor > least ? floor : least, hi: UNBOUNDED };
  }
  const most = othersIn(minCount, own);
  const { lo, hi } = quantity ?? { lo: 0n, hi: 1n };
  return { lo: own.value + most * (lo < 0n ? lo : 0n), hi: own.value + most * (hi > 0n ? hi : 0n) };
}

/** How many rows of others a cell below the floor has at most. */
function othersIn(minCount: number, { rows }: OwnPart): bigint {
  const most = BigInt(minCount) - 1n - rows;
  return most > 0n ? most : 0n;
}

/** What must stay open; undefined for a cell below the floor that has no room for anybody else's row. */
export function hidingOf(
  quantity: Quantity,
  word: Word,
  minCount: number,
  own: OwnPart = NO_PART,
): Hiding | undefined {
  const most = othersIn(minCount, own);
  if (word === "small" && most === 0n) return undefined;
  if (quantity !== undefined) return { kind: "share", own: own.value };
  return word === "small"
    ? { kind: "each", of: { lo: own.rows, hi: own.rows + most } }
    : { kind: "width", least: BigInt(minCount) - 1n };
}

/** Whether a range that can be concluded leaves enough open. */
export function leavesOpen({ lo, hi }: Interval, must: Hiding): boolean {
  const width = hi - lo;
  if (must.kind === "each") return lo <= must.of.lo && hi >= must.of.hi;
  if (must.kind === "width") return width >= must.least;
  const others = [lo - must.own, hi - must.own];
  return width > 0n && others.every((end) => 10n * width >= (end < 0n ? -end : end));
}
