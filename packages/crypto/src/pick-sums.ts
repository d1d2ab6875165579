// SPDX-License-Identifier: Apache-2.0

/** Most sums for which picks are asked at once. */
export const SUMS_AT_ONCE: number = 2 ** 18;
/** Words of an element. */
const WORDS = 4;

/** A word for each sum from `from` to before `to`: which element of that band it takes in. All of them are public. */
export type Picks = (band: number, from: number, to: number) => Uint32Array;

/**
 * Of each vector over GF(2^128) `count` sums, each of one element of every one of `bands` bands of equal length: a word w
 * picks the element at ⌊w · length / 2^32⌋ of a band. Picks are asked for `SUMS_AT_ONCE` sums at a time.
 */
export type PickSums = (
  vectors: readonly Uint32Array[],
  bands: number,
  count: number,
  picks: Picks,
) => readonly Uint32Array[];

/** `PickSums` without a library: about 15 ns a pick. */
export const portablePickSums: PickSums = (vectors, bands, count, picks) => {
  const sums = vectors.map(() => new Uint32Array(count * WORDS));
  for (let from = 0; from < count; from += SUMS_AT_ONCE) {
    const to = Math.min(from + SUMS_AT_ONCE, count);
    for (let band = 0; band < bands; band += 1) {
      const picked = picks(band, from, to);
      vectors.forEach((vector, at) => {
        const length = vector.length / bands;
        const part = vector.subarray(band * length, (band + 1) * length);
        addPicked(sums[at]?.subarray(from * WORDS, to * WORDS) ?? part, part, picked);
      });
    }
  }
  return sums;
};

function addPicked(sums: Uint32Array, band: Uint32Array, picked: Uint32Array): void {
  const perPick = band.length / WORDS / 2 ** 32;
  for (let sum = 0; sum < picked.length; sum += 1) {
    const from = WORDS * Math.floor((picked[sum] ?? 0) * perPick);
    const at = WORDS * sum;
    sums[at] = (sums[at] ?? 0) ^ (band[from] ?? 0);
    sums[at + 1] = (sums[at + 1] ?? 0) ^ (band[from + 1] ?? 0);
    sums[at + 2] = (sums[at + 2] ?? 0) ^ (band[from + 2] ?? 0);
    sums[at + 3] = (sums[at + 3] ?? 0) ^ (band[from + 3] ?? 0);
  }
}
