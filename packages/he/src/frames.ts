// SPDX-License-Identifier: Apache-2.0
// The only form in which lattice material travels: ours. No byte of a peer reaches the library before it came through
// here, and no header, no compression and no other size ever does.
import { concat } from "@koplamp/wire";
import { refused } from "./errors.ts";
import { type ParameterSet, polynomialBytes } from "./parameters.ts";
import { checkPolynomial, type PackedPolynomial } from "./polynomial.ts";

/** Two polynomials over the data primes, in coefficient form. */
export interface Ciphertext {
  readonly c0: PackedPolynomial;
  readonly c1: PackedPolynomial;
}

/** Both polynomials in full. (A seeded form, with c1 as a seed, is reserved as 2.) */
const FULL = 1;
const POLYNOMIALS = 2;
const HEAD_BYTES = 3;

/** Bytes of a ciphertext frame. */
export function ciphertextBytes({ data }: ParameterSet): number {
  return HEAD_BYTES + 2 * polynomialBytes(data);
}

/** `set (1) | form (1) | polynomials (1) | c0 | c1`. */
export function encodeCiphertext({ code }: ParameterSet, { c0, c1 }: Ciphertext): Uint8Array {
  return concat(Uint8Array.of(code, FULL, POLYNOMIALS), c0, c1);
}

/**
 * The ciphertext in a frame: exact length, known set, full form, two polynomials, every coefficient below its prime,
 * neither polynomial all zero.
 * @throws {HeError} `refused`.
 */
export function decodeCiphertext(set: ParameterSet, frame: Uint8Array): Ciphertext {
  // attacker-controlled
  const [code, form, polynomials] = frame;
  const known = code === set.code && form === FULL && polynomials === POLYNOMIALS;
  if (frame.length !== ciphertextBytes(set) || !known) throw refused();
  const split = HEAD_BYTES + polynomialBytes(set.data);
  return {
    c0: checkPolynomial(set.data, frame.slice(HEAD_BYTES, split)),
    c1: checkPolynomial(set.data, frame.slice(split)),
  };
}
