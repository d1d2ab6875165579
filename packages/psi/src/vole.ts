// SPDX-License-Identifier: Apache-2.0
// A vector oblivious linear evaluation over GF(2^128) that somebody else deals: the receiver holds A and C, the sender
// delta and B, and C = A·delta + B (protocols.md, section 11).
import { equal, type Primitives, wipe } from "@koplamp/crypto";
import { concat } from "@koplamp/wire/core";
import { CELL_BYTES } from "./okvs-layout.ts";
import { addElements, bytesOf, wordsOf } from "./words.ts";

/** An element behind all cells, which masks what is said of them in the check. */
const MASK = 1;
const SEED_BYTES = 32;

/** Bytes of what the dealer gives a sender: delta, and the seed of B. */
export const SENDER_BYTES: number = CELL_BYTES + SEED_BYTES;
/** Bytes of the sums of the check, of A and of C. */
export const SUMS_BYTES: number = 2 * CELL_BYTES;

/** Bytes of what the dealer gives a receiver: the seed of A, and C of all cells and of the mask. */
export function receiverBytes(cells: number): number {
  return SEED_BYTES + (cells + MASK) * CELL_BYTES;
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
  const bytes = (cells + MASK) * CELL_BYTES;
  const a = wordsOf(primitives.aes256Ctr(seedOfA, bytes));
  const b = wordsOf(primitives.aes256Ctr(sender.subarray(CELL_BYTES, SENDER_BYTES), bytes));
  const delta = wordsOf(sender.slice(0, CELL_BYTES));
  primitives.gf128.scale(delta, a);
  addElements(a, b);
  const dealt = { sender: sender.slice(0, SENDER_BYTES), receiver: concat(seedOfA, bytesOf(a)) };
  wipe(sender);
  for (const secret of [a, b, delta]) secret.fill(0);
  return dealt;
}

/** What a receiver was dealt: A and C, of all cells and of the mask. */
export interface ReceiverHalf {
  readonly a: Uint32Array;
  readonly c: Uint32Array;
}

/** What a sender was dealt: delta, and B of all cells and of the mask. */
export interface SenderHalf {
  readonly delta: Uint32Array;
  readonly b: Uint32Array;
}

/** A receiver's half as a vault keeps it: A, then C. */
export function keptReceiver({ a, c }: ReceiverHalf): Uint8Array {
  return concat(bytesOf(a), bytesOf(c));
}

/** A sender's half as a vault keeps it: delta, then B. */
export function keptSender({ delta, b }: SenderHalf): Uint8Array {
  return concat(bytesOf(delta), bytesOf(b));
}

/** Views of what a vault keeps of a receiver. */
export function receiverHalf(kept: Uint8Array): ReceiverHalf {
  const half = kept.length / 2;
  return { a: wordsOf(kept.subarray(0, half)), c: wordsOf(kept.subarray(half)) };
}

/** Views of what a vault keeps of a sender. */
export function senderHalf(kept: Uint8Array): SenderHalf {
  return { delta: wordsOf(kept.subarray(0, CELL_BYTES)), b: wordsOf(kept.subarray(CELL_BYTES)) };
}

/** What the bytes for a receiver stand for. C is a view of them. */
export function receiverVectors({ aes256Ctr }: Primitives, dealt: Uint8Array): ReceiverHalf {
  const a = aes256Ctr(dealt.subarray(0, SEED_BYTES), dealt.length - SEED_BYTES);
  return { a: wordsOf(a), c: wordsOf(dealt.subarray(SEED_BYTES)) };
}

/** What the bytes for a sender stand for. */
export function senderVectors({ aes256Ctr }: Primitives, dealt: Uint8Array, cells: number): SenderHalf {
  const bytes = (cells + MASK) * CELL_BYTES;
  const b = aes256Ctr(dealt.subarray(CELL_BYTES, SENDER_BYTES), bytes);
  return { delta: wordsOf(dealt.slice(0, CELL_BYTES)), b: wordsOf(b) };
}

/** Elements to which products are added at a time: a copy of them stays in the cache. */
const ELEMENTS_AT_ONCE = 16_384;

/** Adds `delta` times each cell of a store to what stands in its place in B. */
export function addProducts({ gf128 }: Primitives, { delta, b }: SenderHalf, store: Uint8Array): void {
  const step = ELEMENTS_AT_ONCE * CELL_BYTES;
  for (let from = 0; from < store.length; from += step) {
    const products = wordsOf(store.slice(from, from + step));
    gf128.scale(delta, products);
    addElements(b.subarray(from / 4, (from + products.byteLength) / 4), products);
    products.fill(0);
  }
}

/**
 * The receiver's side of the check: the sums of A and of C, each element times a power of a coin that the dealer did not
 * know. The mask stands behind the cells, times one: whoever sees a sum learns nothing of them.
 */
export function coinSums({ gf128 }: Primitives, { a, c }: ReceiverHalf, coin: Uint8Array): Uint8Array {
  const point = pointOf(coin);
  return concat(...[a, c].map((vector) => bytesOf(gf128.evaluate(point, vector))));
}

/**
 * The sender's side: whether the sum of C is delta times that of A, plus that of B. Where a correlation is wrong anywhere,
 * the coin would have to be a root of a polynomial with as many coefficients as there are cells: at 2^20 keys a chance
 * below 2^-107.
 */
export function sumsHold(
  { gf128 }: Primitives,
  { delta, b }: SenderHalf,
  coin: Uint8Array,
  sums: Uint8Array,
): boolean {
  const expected = wordsOf(sums.slice(0, CELL_BYTES));
  gf128.scale(delta, expected);
  addElements(expected, gf128.evaluate(pointOf(coin), b));
  const holds = equal(bytesOf(expected), sums.subarray(CELL_BYTES));
  expected.fill(0);
  return holds;
}

function pointOf(coin: Uint8Array): Uint32Array {
  return wordsOf(coin.slice(0, CELL_BYTES));
}
