// SPDX-License-Identifier: Apache-2.0
// Sums that a slot cannot hold, in parts that it can (aggregation.md, section 2: limb split).
import type { ParameterSet } from "@koplamp/he";
import { SumError } from "./errors.ts";
import { fitsSlot, type Range } from "./session.ts";

/** x = Σ limb_k · 2^21k: the lower limbs are 0..2^21-1, the last one has the sign. */
const LIMB = 2 ** 21;
/** Enough for 53 bits. */
const MOST_LIMBS = 3;
const NARROWER = "declare narrower min and max on the column, or ask over a smaller dataset";

/**
 * What one row brings to each of the columns that are summed in place of one: itself where the sum over `rows` rows
 * fits a slot, or else its limbs, lowest first. It follows from public bounds alone.
 * @throws {SumError} `overflow` where the whole sum could pass 2^53.
 */
export function limbsOf(range: Range, rows: number, set: ParameterSet): readonly Range[] {
  const whole = totalOf(range, rows);
  if (!Number.isSafeInteger(whole.least) || !Number.isSafeInteger(whole.most)) {
    throw new SumError("overflow", `a sum over ${rows} rows could pass 2^53`, NARROWER);
  }
  const lower: Range[] = [];
  let { least, most } = range;
  while (!fitsSlot(totalOf({ least, most }, rows), set)) {
    lower.push({ least: 0, most: LIMB - 1 });
    [least, most] = [Math.floor(least / LIMB), Math.floor(most / LIMB)];
  }
  const limbs = [...lower, { least, most }];
  if (limbs.length <= MOST_LIMBS && limbs.every((limb) => fitsSlot(totalOf(limb, rows), set))) return limbs;
  throw new SumError(
    "overflow",
    `a sum over ${rows} rows could pass the ${set.id} limit of ${(set.t - 1) / 2}`,
    NARROWER,
  );
}

/** The numbers in as many limbs, lowest first. */
export function splitLimbs(values: Float64Array, limbs: number): readonly Float64Array[] {
  return Array.from({ length: limbs }, (_, limb) =>
    values.map((value) => {
      const rest = Math.floor(value / LIMB ** limb);
      return limb === limbs - 1 ? rest : rest - LIMB * Math.floor(rest / LIMB);
    }),
  );
}

/** The sums of which these are the limbs. */
export function joinLimbs(limbs: readonly Float64Array[]): Float64Array {
  const [lowest = new Float64Array()] = limbs;
  return lowest.map((_, at) => limbs.reduceRight((sum, limb) => sum * LIMB + (limb[at] ?? 0), 0));
}

/** A row without a value brings 0, whatever the bounds of values are. */
function totalOf({ least, most }: Range, rows: number): Range {
  return { least: rows * Math.min(0, least), most: rows * Math.max(0, most) };
}
