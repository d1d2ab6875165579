// SPDX-License-Identifier: Apache-2.0
// A correlation C = A·delta + B of few elements, of A as its owner chooses it, from 128 oblivious transfers in which the
// other side chose by the bits of delta (Ishai, Kilian, Nissim, Petrank, "Extending Oblivious Transfers Efficiently", CRYPTO
// 2003, section 3; over a field Gilboa, "Two Party RSA Key Generation", CRYPTO 1999, section 4, as Keller, Orsini and Scholl
// use it in MASCOT, CCS 2016, section 3). An element of A that is a bit takes one bit of a row, any other one 128.
import type { Primitives } from "@koplamp/crypto";
import { CELL_BYTES, CELL_WORDS } from "./okvs-layout.ts";
import { addElements, bytesOf, wordsOf } from "./words.ts";

/** Bits of delta: oblivious transfers, and rows. */
export const DELTA_BITS = 128;
/** Bytes of a seed, which is what an oblivious transfer gives. */
export const SEED_BYTES = 32;
const WORD_BITS = 32;

/** How many elements of A are bits, and how many others follow them. */
export interface BaseShape {
  readonly bits: number;
  readonly values: number;
}

/** A of a correlation: bits, a byte each, and other elements. */
export interface BaseValues {
  readonly bits: Uint8Array;
  readonly values: Uint32Array;
}

/** Bytes of a row: the bits, filled up to whole words of an element, then the other elements. */
export function rowBytes({ bits, values }: BaseShape): number {
  return (Math.ceil(bits / DELTA_BITS) + values) * CELL_BYTES;
}

/**
 * The side of A: 128 rows for the other side, each A under the masks of both seeds of a pair, and C. `seeds`: 128 pairs of
 * 32 bytes each. Whoever knows one seed of each pair learns nothing of A.
 */
export function maskRows(
  { aes256Ctr }: Primitives,
  shape: BaseShape,
  seeds: Uint8Array,
  a: BaseValues,
): { readonly rows: Uint8Array; readonly c: Uint32Array } {
  const length = rowBytes(shape);
  const plain = packed(shape, a);
  const rows = new Uint8Array(DELTA_BITS * length);
  const c = foldRows(shape, (bit) => {
    const [first, second] = [0, 1].map((side) => {
      const at = (2 * bit + side) * SEED_BYTES;
      return wordsOf(aes256Ctr(seeds.subarray(at, at + SEED_BYTES), length));
    }) as [Uint32Array, Uint32Array]; // of two
    addElements(second, first);
    addElements(second, plain);
    rows.set(bytesOf(second), bit * length);
    return first;
  });
  plain.fill(0);
  return { rows, c };
}

/** The side of delta: B. `seeds`: of each pair the one that its bit of delta chose. No branch depends on delta. */
export function openRows(
  { aes256Ctr }: Primitives,
  shape: BaseShape,
  seeds: Uint8Array,
  delta: Uint32Array,
  rows: Uint8Array,
): Uint32Array {
  const length = rowBytes(shape);
  return foldRows(shape, (bit) => {
    const own = wordsOf(aes256Ctr(seeds.subarray(bit * SEED_BYTES, (bit + 1) * SEED_BYTES), length));
    const row = wordsOf(rows.subarray(bit * length, (bit + 1) * length));
    const mask = -(((delta[bit >>> 5] ?? 0) >>> (bit & 31)) & 1);
    for (let at = 0; at < own.length; at += 1) own[at] = (own[at] ?? 0) ^ ((row[at] ?? 0) & mask);
    return own;
  });
}

/** A as elements, of bits first, in the order of B and C. */
export function elementsOf({ bits, values }: BaseValues): Uint32Array {
  const elements = new Uint32Array(bits.length * CELL_WORDS + values.length);
  bits.forEach((bit, at) => {
    elements[at * CELL_WORDS] = bit;
  });
  elements.set(values, bits.length * CELL_WORDS);
  return elements;
}

/** The sum of all rows, each times the power of x that its bit of delta stands for. Rows are wiped. */
function foldRows({ bits, values }: BaseShape, rowOf: (bit: number) => Uint32Array): Uint32Array {
  const sums = new Uint32Array((bits + values) * CELL_WORDS);
  const [ofBits, ofValues] = [sums.subarray(0, bits * CELL_WORDS), sums.subarray(bits * CELL_WORDS)];
  for (let bit = DELTA_BITS - 1; bit >= 0; bit -= 1) {
    const row = rowOf(bit);
    for (let at = 0; at < bits; at += 1) {
      const one = ((row[at >>> 5] ?? 0) >>> (at & 31)) & 1;
      const to = at * CELL_WORDS + (bit >>> 5);
      ofBits[to] = (ofBits[to] ?? 0) | (one << (bit & 31));
    }
    timesX(ofValues);
    addElements(ofValues, row.subarray(row.length - ofValues.length));
    row.fill(0);
  }
  return sums;
}

/** Each element times x, modulo x^128 + x^7 + x^2 + x + 1. */
function timesX(elements: Uint32Array): void {
  for (let at = 0; at < elements.length; at += CELL_WORDS) {
    let carry = -((elements[at + CELL_WORDS - 1] ?? 0) >>> (WORD_BITS - 1)) & 0x87;
    for (let word = at; word < at + CELL_WORDS; word += 1) {
      const before = elements[word] ?? 0;
      elements[word] = (before << 1) ^ carry;
      carry = before >>> (WORD_BITS - 1);
    }
  }
}

/** A as it stands in a row. */
function packed(shape: BaseShape, { bits, values }: BaseValues): Uint32Array {
  const row = new Uint32Array(rowBytes(shape) / Uint32Array.BYTES_PER_ELEMENT);
  bits.forEach((bit, at) => {
    row[at >>> 5] = (row[at >>> 5] ?? 0) | (bit << (at & 31));
  });
  row.set(values, row.length - values.length);
  return row;
}
