// SPDX-License-Identifier: Apache-2.0
// What the word "withheld" says of a number, and how much must stay open beyond that.
import { type Interval, UNBOUNDED } from "./network.ts";

/** A summed column by what one row can bring; undefined stands for the number of rows. */
export type Quantity = Interval | undefined;

/** `each`: every number of an interval. `width`: a range so wide. `share`: a range of a tenth of the largest in it. */
export type Hiding =
  | { readonly kind: "each"; readonly of: Interval }
  | { readonly kind: "width"; readonly least: bigint }
  | { readonly kind: "share" };

/** The least that any part of a sum can be. */
export function leastOf(quantity: Quantity): bigint {
  return quantity === undefined || quantity.lo >= 0n ? 0n : -UNBOUNDED;
}

/** What is known of a withheld number without anything else. `small`: it is below the floor. */
export function saidOf(quantity: Quantity, small: boolean, minCount: number): Interval {
  const most = BigInt(Math.max(0, minCount - 1));
  if (!small) return { lo: quantity === undefined ? BigInt(minCount) : leastOf(quantity), hi: UNBOUNDED };
  if (quantity === undefined) return { lo: 0n, hi: most };
  const { lo, hi } = quantity;
  return { lo: most * (lo < 0n ? lo : 0n), hi: most * (hi > 0n ? hi : 0n) };
}

/** What must stay open; undefined for what is below a floor of 1: it is 0, and everybody knows. */
export function hidingOf(quantity: Quantity, small: boolean, minCount: number): Hiding | undefined {
  const most = BigInt(minCount) - 1n;
  if (small && most <= 0n) return undefined;
  if (quantity !== undefined) return { kind: "share" };
  return small ? { kind: "each", of: { lo: 0n, hi: most } } : { kind: "width", least: most };
}

/** Whether a range that everybody can conclude leaves enough open. */
export function leavesOpen({ lo, hi }: Interval, must: Hiding): boolean {
  const width = hi - lo;
  if (must.kind === "each") return lo <= must.of.lo && hi >= must.of.hi;
  if (must.kind === "width") return width >= must.least;
  return width > 0n && [lo, hi].every((end) => 10n * width >= (end < 0n ? -end : end));
}
