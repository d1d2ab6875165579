// SPDX-License-Identifier: Apache-2.0
// Sums that one slot cannot hold, in parts that it can (aggregation.md, section 2: limb split).
import type { PartyId } from "@koplamp/protocol";
import type { WideRange } from "./moments.ts";
import { fitsSlot, type Range, type SlotLimit, totalRange } from "./session.ts";

/** Bits of every limb but the last, which has the sign. */
const LIMB_BITS = 21n;
/** Enough for the squares of 53 bits over 2^32 rows. */
const MOST_LIMBS = 6;

/** Which part of a sum a column is: the lowest is at 0, each is worth 2^21 times the one before. */
export interface Limb {
  readonly at: number;
  /** How many there are. */
  readonly of: number;
}

/** By contributor, the range of each limb, lowest first: one where the sum of all fits a slot. */
export function limbRanges(
  ranges: Readonly<Record<PartyId, WideRange>>,
  set: SlotLimit,
): readonly Readonly<Record<PartyId, Range>>[] {
  const parties = Object.keys(ranges);
  const lower: Readonly<Record<PartyId, Range>>[] = [];
  let rest = ranges;
  while (lower.length < MOST_LIMBS - 1 && !fitsSlot(totalRange(parties, narrowed(rest)), set)) {
    const most = Number((1n << LIMB_BITS) - 1n);
    lower.push(byParty(rest, () => ({ least: 0, most })));
    rest = byParty(rest, ({ least, most: high }) => ({ least: least >> LIMB_BITS, most: high >> LIMB_BITS }));
  }
  return [...lower, narrowed(rest)];
}

/** Ranges as doubles: exact wherever a slot could hold them. */
export function narrowed(ranges: Readonly<Record<PartyId, WideRange>>): Readonly<Record<PartyId, Range>> {
  return byParty(ranges, ({ least, most }) => ({ least: Number(least), most: Number(most) }));
}

function byParty<T, R>(
  ranges: Readonly<Record<PartyId, T>>,
  change: (range: T) => R,
): Readonly<Record<PartyId, R>> {
  return Object.fromEntries(Object.entries(ranges).map(([party, range]) => [party, change(range)]));
}

/** One limb of a number: all but the last are in 0..2^21-1. */
export function limbOf(value: bigint, { at, of }: Limb): number {
  const rest = value >> (LIMB_BITS * BigInt(at));
  return Number(at === of - 1 ? rest : BigInt.asUintN(Number(LIMB_BITS), rest));
}

/** What a limb adds to the number that it is a part of. */
export function limbWorth(limb: bigint, { at }: Limb): bigint {
  return limb << (LIMB_BITS * BigInt(at));
}
