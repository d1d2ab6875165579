// SPDX-License-Identifier: Apache-2.0
// GF(2^128) over BigInt: the oracle of what works on four words an element, lowest first.

/** The element that begins at a word. */
export function numberAt(words: Uint32Array, at: number): bigint {
  return [3, 2, 1, 0].reduce((sum, word) => (sum << 32n) | BigInt(words[at + word] ?? 0), 0n);
}

/** An element as four words. */
export function elementOf(number: bigint): Uint32Array {
  return Uint32Array.from([0n, 32n, 64n, 96n], (shift) => Number((number >> shift) & 0xffffffffn));
}

/** Schoolbook, modulo x^128 + x^7 + x^2 + x + 1. */
export function product(left: bigint, right: bigint): bigint {
  let sum = 0n;
  for (let bit = 127n; bit >= 0n; bit -= 1n) {
    sum <<= 1n;
    if (sum >> 128n !== 0n) sum ^= (1n << 128n) | 0x87n;
    if ((right >> bit) & 1n) sum ^= left;
  }
  return sum;
}
