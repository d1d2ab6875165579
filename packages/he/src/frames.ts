// SPDX-License-Identifier: Apache-2.0
// The only form in which lattice material travels: ours. No byte of a peer reaches the library before it came through
// here, and no header, no compression and no other size ever does.
import { concat } from "@koplamp/wire/core";
import { refused } from "./errors.ts";
import { type ParameterSet, polynomialBytes } from "./parameters.ts";
import { checkPolynomial, type PackedPolynomial } from "./polynomial.ts";

/** Two polynomials over the data primes, in coefficient form. */
export interface Ciphertext {
  readonly c0: PackedPolynomial;
  readonly c1: PackedPolynomial;
}

/** A ciphertext in NTT form whose c1 follows from a seed (`seededUniform`). */
export interface SeededCiphertext {
  /** 32 bytes. */
  readonly seed: Uint8Array;
  readonly c0: PackedPolynomial;
}

/** Both polynomials in full: in coefficient form, or in NTT form, which is what factors are multiplied with. */
export type FullForm = "coefficients" | "ntt";

const FORMS: Readonly<Record<FullForm | "seeded", number>> = { coefficients: 1, seeded: 2, ntt: 3 };
const POLYNOMIALS = 2;
const HEAD_BYTES = 3;
const SEED_BYTES = 32;

/** Bytes of a frame with a ciphertext in full. */
export function ciphertextBytes({ data }: ParameterSet): number {
  return HEAD_BYTES + 2 * polynomialBytes(data);
}

/** Bytes of a frame with a seeded ciphertext. */
export function seededBytes({ data }: ParameterSet): number {
  return HEAD_BYTES + SEED_BYTES + polynomialBytes(data);
}

/** `set (1) | form (1) | polynomials (1) | c0 | c1`. */
export function encodeCiphertext(
  set: ParameterSet,
  { c0, c1 }: Ciphertext,
  form: FullForm = "coefficients",
): Uint8Array {
  return concat(headOf(set, form), c0, c1);
}

/** `set (1) | form 2 (1) | polynomials (1) | seed (32) | c0`. */
export function encodeSeeded(set: ParameterSet, { seed, c0 }: SeededCiphertext): Uint8Array {
  return concat(headOf(set, "seeded"), seed, c0);
}

/**
 * The ciphertext in a frame: exact length, known set, the form that the step expects, two polynomials, every
 * coefficient below its prime, neither polynomial all zero.
 * @throws {HeError} `refused`.
 */
export function decodeCiphertext(
  set: ParameterSet,
  frame: Uint8Array,
  form: FullForm = "coefficients",
): Ciphertext {
  checkFrame(set, frame, form, ciphertextBytes(set)); // attacker-controlled
  const split = HEAD_BYTES + polynomialBytes(set.data);
  return {
    c0: checkPolynomial(set.data, frame.slice(HEAD_BYTES, split)),
    c1: checkPolynomial(set.data, frame.slice(split)),
  };
}

/** The seeded ciphertext in a frame, checked as a full one is. @throws {HeError} `refused`. */
export function decodeSeeded(set: ParameterSet, frame: Uint8Array): SeededCiphertext {
  checkFrame(set, frame, "seeded", seededBytes(set)); // attacker-controlled
  const split = HEAD_BYTES + SEED_BYTES;
  return {
    seed: frame.slice(HEAD_BYTES, split),
    c0: checkPolynomial(set.data, frame.slice(split)),
  };
}

function headOf({ code }: ParameterSet, form: FullForm | "seeded"): Uint8Array {
  return Uint8Array.of(code, FORMS[form], POLYNOMIALS);
}

function checkFrame(set: ParameterSet, frame: Uint8Array, form: FullForm | "seeded", length: number): void {
  const head = headOf(set, form);
  if (frame.length !== length || !head.every((byte, at) => frame[at] === byte)) throw refused();
}
