// SPDX-License-Identifier: Apache-2.0
// Sizes of an oblivious key-value store after Raghuraman and Rindal, "Blazing Fast PSI from Improved OKVS and Subfield
// VOLE" (CCS 2022, eprint 2022/320), weight 3 with clusters and separate binary dense columns (sections 2 and 2.1).

/** Keys of a bin on average, at most: the cells of a bin stay in the processor's cache. */
const MOST_MEAN: number = 2 ** 14;
/** Fewer keys are laid out as if they were so many: the range in which the paper's curves hold. */
const FEWEST: number = 2 ** 6;
/** Dense columns of a bin. Up to 24 keys that do not peel leave 40 of them to spare (lemma 2.1). */
export const DENSE = 64;
/** Words of a cell: an element of GF(2^128). */
export const CELL_WORDS = 4;
/** Bytes of a cell. */
export const CELL_BYTES = 16;

/** Where cells stand. It follows from the number of keys that the plan states. */
export interface OkvsLayout {
  /** The number of keys that it is made for. */
  readonly keys: number;
  readonly bins: number;
  /** Sparse cells of a bin; a key uses three. `DENSE` cells follow them. */
  readonly sparse: number;
  /** All cells of all bins. */
  readonly cells: number;
}

/**
 * The cells for so many keys: 1.223 a key, which is where weight 3 begins to peel (section 3.2, equation 2), and square
 * roots on top. Eight are for the width of that transition (equation 3); with several bins five more for their loads,
 * which vary. By the paper's model an encoding fails with a chance below 2^-40, whatever the number of keys from 2^6 to
 * 2^24; `okvs-model.test.ts` sums it up. Square roots are exact everywhere: both parties get the same numbers.
 */
export function okvsLayout(keys: number): OkvsLayout {
  const bins = Math.ceil(keys / MOST_MEAN);
  const mean = Math.max(FEWEST, keys / bins);
  const sparse = Math.ceil(1.223 * mean + (bins === 1 ? 8 : 13) * Math.sqrt(mean));
  return { keys, bins, sparse, cells: bins * (sparse + DENSE) };
}

/** Where the cells of a bin begin. */
export function binStart({ sparse }: OkvsLayout, bin: number): number {
  return bin * (sparse + DENSE);
}
