// SPDX-License-Identifier: Apache-2.0
import type { Ciphertext } from "./frames.ts";
import type { ParameterSet } from "./parameters.ts";
import type { PackedPolynomial } from "./polynomial.ts";

/** `slots` integers in 0..t-1. */
export type Slots = Float64Array;

/** A share of a key: `secret` is the ternary s in the backend's own form, `share` is b = -(a·s + e) in NTT form. */
export interface KeyShare {
  readonly secret: Uint8Array;
  readonly share: PackedPolynomial;
}

/** A public key: b = -(a·s + e) and the uniform a, both over the key primes in NTT form. */
export interface PublicKey {
  readonly b: PackedPolynomial;
  readonly a: PackedPolynomial;
}

/** The randomness of one encryption, in coefficient form over the data primes: u is ternary, both errors are small. */
export interface Randomness {
  readonly u: PackedPolynomial;
  readonly e0: PackedPolynomial;
  readonly e1: PackedPolynomial;
}

/**
 * What sums need of a BFV library, and nothing more: fresh keys and errors from its samplers, its transforms, encryption
 * and decryption. Adding, multiplying by a factor and flooding are ours (`polynomial.ts`). Every input has passed
 * `checkPolynomial` or was made here. All failures are one opaque `HeError`.
 */
export interface SetBackend {
  readonly set: ParameterSet;
  /** A fresh secret, and the share of a public key that belongs to it under the given `a`. */
  keyShare(a: PackedPolynomial): KeyShare;
  encrypt(key: PublicKey, slots: Slots): Ciphertext;
  /** A fresh encryption of zero. */
  encryptZero(key: PublicKey): Ciphertext;
  /** c1·s over the data primes, in coefficient form: what a share of a decryption is made of. */
  timesSecret(c1: PackedPolynomial, secret: Uint8Array): PackedPolynomial;
  decrypt(secret: Uint8Array, ciphertext: Ciphertext): Slots;
  /** c0 of an encryption under the secret whose c1 is the uniform `a`; both in NTT form over the data primes. */
  encryptUnder(secret: Uint8Array, a: PackedPolynomial, slots: Slots): PackedPolynomial;
  /** An encryption in NTT form whose randomness is given: the same bytes each time. */
  encryptWith(key: PublicKey, slots: Slots, randomness: Randomness): Ciphertext;
  /** Slots as a factor of ciphertexts in NTT form, for `accumulate`. */
  factor(slots: Slots): PackedPolynomial;
  /** A ciphertext in NTT form, in coefficient form. Its c1 may be zero, as that of a product with zeros is. */
  fromNtt(ciphertext: Ciphertext): Ciphertext;
  /** Adds slots in clear to a ciphertext in coefficient form. Where its c1 is zero, they stand in c0 for all to read. */
  addPlain(ciphertext: Ciphertext, slots: Slots): Ciphertext;
}

/** The backend of one set, and the way to those of the others. */
export interface HeBackend extends SetBackend {
  /** The backend of another set, from the same library. @throws {HeError} `unknown-set`. */
  forSet(id: string): HeBackend;
}
