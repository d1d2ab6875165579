// SPDX-License-Identifier: Apache-2.0
// What product.ts says of units, put to the test: calls are there in a build with `--use CHECKED=1` only.

const UNIT: f64 = 1125899906850816.0; // 2^50 + 2^13

/** The largest limb of a pair of numbers, in units. */
function unitsOf(a: usize): f64 {
  let most: f64 = 0;
  for (let at: usize = 0; at < 80; at += 8) most = max(most, abs(load<f64>(a + at)));
  return most / UNIT;
}

/** Traps unless the units of two factors multiply to at most three. */
@inline
export function checkFactors(a: usize, b: usize): void {
  if (isDefined(CHECKED)) {
    if (unitsOf(a) * unitsOf(b) > 3.0) unreachable();
  }
}

/** Traps unless a number has at most one unit. */
@inline
export function checkUnit(a: usize): void {
  if (isDefined(CHECKED)) {
    if (unitsOf(a) > 1.0) unreachable();
  }
}
