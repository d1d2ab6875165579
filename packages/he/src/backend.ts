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

/**
 * What sums need of a BFV library, and nothing more: fresh keys and errors from its samplers, its transforms, encryption
 * and decryption. Adding and flooding are ours (`polynomial.ts`). Every input has passed `checkPolynomial` or was made
 * here. All failures are one opaque `HeError`.
 */
export interface HeBackend {
  readonly set: ParameterSet;
  /** A fresh secret, and the share of a public key that belongs to it under the given `a`. */
  keyShare(a: PackedPolynomial): KeyShare;
  encrypt(key: PublicKey, slots: Slots): Ciphertext;
  /** A fresh encryption of zero. */
  encryptZero(key: PublicKey): Ciphertext;
  /** c1·s over the data primes, in coefficient form: what a share of a decryption is made of. */
  timesSecret(c1: PackedPolynomial, secret: Uint8Array): PackedPolynomial;
  decrypt(secret: Uint8Array, ciphertext: Ciphertext): Slots;
}
