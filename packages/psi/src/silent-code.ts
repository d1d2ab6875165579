// SPDX-License-Identifier: Apache-2.0
// The code that spreads a little noise over all cells: an expand-accumulate code (Boyle, Couteau, Gilboa, Ishai, Kohl,
// Resch, Scholl, "Correlated Pseudorandomness from Expand-Accumulate Codes", CRYPTO 2022, eprint 2022/1014, section 3).
import type { Primitives } from "@koplamp/crypto";
import type { BulkRun } from "./bulk-jobs.ts";
import { kdf } from "./keyed.ts";
import { CELL_WORDS, okvsLayout } from "./okvs-layout.ts";
import type { BaseShape } from "./silent-base.ts";
import { wordsOf } from "./words.ts";

/** Numbers of this file under one name: a plan states it, and a covenant that does not list it does not admit it. */
export const SILENT_PARAMS: string = "ea41-1763-v1";

/**
 * Positions of noise, one in each of as many equal blocks (regular noise). The chance that a linear test of weight d of
 * N meets none of them is below (1 - d/N)^1763, which for d = N/20 is 2^-130.
 */
export const NOISE = 1763;
/**
 * Positions that go into a cell, one of each of 41 bands: with a chance above 1 - 2^-40 over the seed no linear test has a
 * weight below N/20. `silent-code.test.ts` sums it up. A divisor of the number of positions, which is one of `NOISE`.
 */
export const BANDS = 41;
/** Blocks have so many positions at least. */
const LEAST_BLOCK = 4;

/** How many elements are made from how much noise. It follows from the number of elements. */
export interface SilentShape {
  /** Elements that are made: cells, and the mask of their check. */
  readonly elements: number;
  /** Trees, one for each position of noise; none where the two make all elements without noise. */
  readonly trees: number;
  /** Positions of a block, each a leaf of its tree, and the levels of a tree. */
  readonly block: number;
  readonly levels: number;
}

/** At rate 1/2: positions at least twice as many as elements. Where noise would cost more than it saves there is none. */
export function silentShape(elements: number): SilentShape {
  if (elements <= NOISE) return { elements, trees: 0, block: 0, levels: 0 };
  const block = Math.max(LEAST_BLOCK, Math.ceil((2 * elements) / NOISE));
  return { elements, trees: NOISE, block, levels: 32 - Math.clz32(block - 1) };
}

/** The shape of a run's correlation: an element for each cell of the store, and the mask of the check. */
export function shapeOfRun({ rowsTo }: Pick<BulkRun, "rowsTo">): SilentShape {
  return silentShape(okvsLayout(rowsTo).cells + 1);
}

/** What the two make of few elements: bits for paths and values of noise, or all there is; and a mask for their check. */
export function baseOf({ elements, trees, levels }: SilentShape): BaseShape {
  return trees === 0 ? { bits: 0, values: elements + 1 } : { bits: trees * levels, values: trees + 1 };
}

/**
 * Of each vector over all positions the elements: it is accumulated in place, each position the sum of all up to it, and an
 * element is the sum of 41 of these. Which ones comes of a public seed of 32 bytes.
 */
export function expandAccumulate<const Vectors extends readonly Uint32Array[]>(
  primitives: Primitives,
  seed: Uint8Array,
  { elements }: SilentShape,
  vectors: Vectors,
): { readonly [At in keyof Vectors]: Uint32Array } {
  for (const vector of vectors) accumulate(vector);
  const expanded = primitives.pickSums(vectors, BANDS, elements, (band, from, to) => {
    const key = kdf(primitives, seed, seed, "silent-picks", [band, from], 32);
    return wordsOf(primitives.aes256Ctr(key, (to - from) * Uint32Array.BYTES_PER_ELEMENT));
  });
  return expanded as { readonly [At in keyof Vectors]: Uint32Array }; // one of each
}

function accumulate(vector: Uint32Array): void {
  let [a, b, c, d] = [0, 0, 0, 0];
  const { length } = vector;
  for (let at = 0; at < length; at += CELL_WORDS) {
    a ^= vector[at] ?? 0;
    b ^= vector[at + 1] ?? 0;
    c ^= vector[at + 2] ?? 0;
    d ^= vector[at + 3] ?? 0;
    vector[at] = a;
    vector[at + 1] = b;
    vector[at + 2] = c;
    vector[at + 3] = d;
  }
}
