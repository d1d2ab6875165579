// SPDX-License-Identifier: Apache-2.0
// GF(2^128) as polynomials over GF(2) modulo x^128 + x^7 + x^2 + x + 1. An element is four words: bit i of word j is the
// coefficient of x^(32j + i).
import { CELL_WORDS } from "./okvs-layout.ts";

const REDUCTION = 0x87;

/**
 * Each element times one secret factor, into `products`. No branch and no index depends on the factor or on an element:
 * for every bit of an element the factor times that power of x is added under a mask.
 */
export function scale(factor: Uint32Array, elements: Uint32Array, products: Uint32Array): void {
  const powers = powersOf(factor);
  for (let at = 0; at < elements.length; at += CELL_WORDS) {
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let word = 0; word < CELL_WORDS; word += 1) {
      const bits = elements[at + word] ?? 0;
      for (let bit = 0, from = word * 128; bit < 32; bit += 1, from += CELL_WORDS) {
        const mask = -((bits >>> bit) & 1);
        a ^= (powers[from] ?? 0) & mask;
        b ^= (powers[from + 1] ?? 0) & mask;
        c ^= (powers[from + 2] ?? 0) & mask;
        d ^= (powers[from + 3] ?? 0) & mask;
      }
    }
    products[at] = a;
    products[at + 1] = b;
    products[at + 2] = c;
    products[at + 3] = d;
  }
  powers.fill(0);
}

/** The factor times x^0 to x^127. */
function powersOf(factor: Uint32Array): Uint32Array {
  const powers = new Uint32Array(128 * CELL_WORDS);
  powers.set(factor);
  for (let at = CELL_WORDS; at < powers.length; at += CELL_WORDS) {
    const top = -((powers[at - 1] ?? 0) >>> 31);
    let carry = top & REDUCTION;
    for (let word = 0; word < CELL_WORDS; word += 1) {
      const before = powers[at - CELL_WORDS + word] ?? 0;
      powers[at + word] = word === 0 ? (before << 1) ^ carry : (before << 1) | carry;
      carry = before >>> 31;
    }
  }
  return powers;
}
