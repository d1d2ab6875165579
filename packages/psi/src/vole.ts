// SPDX-License-Identifier: Apache-2.0
// A vector oblivious linear evaluation over GF(2^128) that somebody else deals: the receiver holds A and C, the sender
// delta and B, and C = A·delta + B (protocols.md, section 11).
import { equal, type Primitives, wipe } from "@koplamp/crypto";
import { concat } from "@koplamp/wire";
import { scale } from "./gf128.ts";
import { CELL_BYTES, CELL_WORDS } from "./okvs-layout.ts";
import { addWords, bytesOf, wordsOf } from "./words.ts";

/** Random subsets over which both sides compare: a correlation that is wrong anywhere passes with a chance of 2^-64. */
export const SUBSETS = 64;
const SEED_BYTES = 32;

/** Bytes of what the dealer gives a sender: delta, and the seed of B. */
export const SENDER_BYTES: number = CELL_BYTES + SEED_BYTES;
/** Bytes of the sums over all subsets, of A and of C. */
export const SUMS_BYTES: number = 2 * SUBSETS * CELL_BYTES;

/** Bytes of what the dealer gives a receiver: the seed of A, and C; one more element for each subset, which masks it. */
export function receiverBytes(cells: number): number {
  return SEED_BYTES + (cells + SUBSETS) * CELL_BYTES;
}

/** The two halves of one correlation. */
export interface Dealt {
  readonly sender: Uint8Array;
  readonly receiver: Uint8Array;
}

/** A fresh correlation of so many cells from a seed of 32 bytes. */
export function dealVole(primitives: Primitives, cells: number, seed: Uint8Array): Dealt {
  const sender = primitives.aes256Ctr(seed, SENDER_BYTES + SEED_BYTES);
  const seedOfA = sender.subarray(SENDER_BYTES);
  const bytes = (cells + SUBSETS) * CELL_BYTES;
  const a = wordsOf(primitives.aes256Ctr(seedOfA, bytes));
  const b = wordsOf(primitives.aes256Ctr(sender.subarray(CELL_BYTES, SENDER_BYTES), bytes));
  const delta = wordsOf(sender.slice(0, CELL_BYTES));
  scale(delta, a, a);
  addWords(a, b);
  const dealt = { sender: sender.slice(0, SENDER_BYTES), receiver: concat(seedOfA, bytesOf(a)) };
  wipe(sender);
  for (const secret of [a, b, delta]) secret.fill(0);
  return dealt;
}

/** What a receiver was dealt: A and C, of all cells and of the masks. */
export function receiverVectors(
  { aes256Ctr }: Primitives,
  dealt: Uint8Array,
): { readonly a: Uint32Array; readonly c: Uint32Array } {
  const a = aes256Ctr(dealt.subarray(0, SEED_BYTES), dealt.length - SEED_BYTES);
  return { a: wordsOf(a), c: wordsOf(dealt.subarray(SEED_BYTES)) };
}

/** What a sender was dealt: delta, and B of all cells and of the masks. */
export function senderVectors(
  { aes256Ctr }: Primitives,
  dealt: Uint8Array,
  cells: number,
): { readonly delta: Uint32Array; readonly b: Uint32Array } {
  const bytes = (cells + SUBSETS) * CELL_BYTES;
  const b = aes256Ctr(dealt.subarray(CELL_BYTES, SENDER_BYTES), bytes);
  return { delta: wordsOf(dealt.slice(0, CELL_BYTES)), b: wordsOf(b) };
}

/** The receiver's side of the check: what it says of A and C under a coin that the dealer did not know. */
export function subsetSumsOf(primitives: Primitives, dealt: Uint8Array, coin: Uint8Array): Uint8Array {
  const { a, c } = receiverVectors(primitives, dealt);
  const sums = concat(bytesOf(subsetSums(primitives, coin, a)), bytesOf(subsetSums(primitives, coin, c)));
  a.fill(0);
  return sums;
}

/** The sender's side: whether the sum of C is delta times that of A, plus that of B, over every subset. */
export function sumsHold(
  primitives: Primitives,
  dealt: Uint8Array,
  coin: Uint8Array,
  cells: number,
  sums: Uint8Array,
): boolean {
  const { delta, b } = senderVectors(primitives, dealt, cells);
  const expected = new Uint32Array(SUBSETS * CELL_WORDS);
  scale(delta, wordsOf(sums.slice(0, SUMS_BYTES / 2)), expected);
  addWords(expected, subsetSums(primitives, coin, b));
  const holds = equal(bytesOf(expected), sums.subarray(SUMS_BYTES / 2));
  for (const secret of [delta, b, expected]) secret.fill(0);
  return holds;
}

/**
 * The sum of a vector over each subset, plus the mask of that subset, which stands behind the vector: whoever sees one
 * learns nothing of the vector. A byte of the coin says for each element in which of eight subsets it is, so the sums
 * over elements with the same byte come first, and only the coin, which both know, decides where anything is read.
 */
function subsetSums({ aes256Ctr }: Primitives, coin: Uint8Array, vector: Uint32Array): Uint32Array {
  const count = vector.length / CELL_WORDS - SUBSETS;
  const sums = vector.slice(count * CELL_WORDS);
  const drawn = aes256Ctr(coin, (count * SUBSETS) / 8);
  for (let first = 0; first < SUBSETS; first += 8) {
    const from = (first / 8) * count;
    const buckets = bucketSums(vector, drawn.subarray(from, from + count));
    for (let subset = 0; subset < 8; subset += 1) addBuckets(sums, first + subset, buckets, subset);
    buckets.fill(0);
  }
  return sums;
}

/** The sum of the elements with each byte. */
function bucketSums(vector: Uint32Array, bytes: Uint8Array): Uint32Array {
  const buckets = new Uint32Array(256 * CELL_WORDS);
  for (let at = 0; at < bytes.length; at += 1) {
    const from = at * CELL_WORDS;
    const to = (bytes[at] ?? 0) * CELL_WORDS;
    buckets[to] = (buckets[to] ?? 0) ^ (vector[from] ?? 0);
    buckets[to + 1] = (buckets[to + 1] ?? 0) ^ (vector[from + 1] ?? 0);
    buckets[to + 2] = (buckets[to + 2] ?? 0) ^ (vector[from + 2] ?? 0);
    buckets[to + 3] = (buckets[to + 3] ?? 0) ^ (vector[from + 3] ?? 0);
  }
  return buckets;
}

/** Adds the buckets whose byte has the bit to the sum at `sum`. */
function addBuckets(sums: Uint32Array, sum: number, buckets: Uint32Array, bit: number): void {
  for (let byte = 0; byte < 256; byte += 1) {
    if (((byte >>> bit) & 1) === 0) continue;
    for (let word = 0; word < CELL_WORDS; word += 1) {
      const at = sum * CELL_WORDS + word;
      sums[at] = (sums[at] ?? 0) ^ (buckets[byte * CELL_WORDS + word] ?? 0);
    }
  }
}
