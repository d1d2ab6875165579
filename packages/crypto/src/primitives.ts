// SPDX-License-Identifier: Apache-2.0
import type { PickSums } from "./pick-sums.ts";

/** A key pair of X25519, Ed25519 or ML-KEM-768. */
export interface KeyPair {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

/**
 * Vectors over GF(2^128), polynomials modulo x^128 + x^7 + x^2 + x + 1. An element is four words: bit i of word j is the
 * coefficient of x^(32j + i). No branch and no address depends on a factor or on an element.
 */
export interface Gf128 {
  /** Each element times one factor, in place. */
  scale(factor: Uint32Array, elements: Uint32Array): void;
  /** Horner's rule: the value at `point` of the polynomial whose last coefficient, that of the power 0, is the last element. */
  evaluate(point: Uint32Array, elements: Uint32Array): Uint32Array;
}

/**
 * What pure packages take from a cryptographic library. Production binds it to `node:crypto`, the tests' oracle to
 * noble; both pass the same published vectors. Lengths of keys are checked here, before any library sees them.
 */
export interface Primitives {
  sha256(data: Uint8Array): Uint8Array;
  sha512(data: Uint8Array): Uint8Array;
  shake256(data: Uint8Array, length: number): Uint8Array;
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array;
  /**
   * SHA-256 of a byte and a row, for each row of `width` bytes, in order: the leaves and nodes of a Merkle tree. They go to
   * the beginning of `into`; that may be `rows` itself, where a row has 32 bytes or more.
   */
  sha256Rows(prefix: number, rows: Uint8Array, width: number, into?: Uint8Array): Uint8Array;
  /**
   * SHA-256 of a prefix and an input, for each of many inputs, in order: of each the first `taken` bytes, 32 where it is not
   * said, a multiple of four. Input i ends at `ends[i]`. The first `head` bytes of each input are public (none where it is not
   * said): where they stay the same they are worked once.
   */
  sha256Each(
    prefix: Uint8Array,
    bytes: Uint8Array,
    ends: Uint32Array,
    head?: number,
    taken?: number,
  ): Uint8Array;
  /** HMAC-SHA256 under one key of many inputs, in order; inputs, and what is taken of each, as with `sha256Each`. */
  hmacSha256Each(
    key: Uint8Array,
    bytes: Uint8Array,
    ends: Uint32Array,
    head?: number,
    taken?: number,
  ): Uint8Array;
  /** HMAC-SHA256 of one message under each of many keys of 32 bytes, in order: of each the first `taken` bytes, as above. */
  hmacSha256Under(keys: Uint8Array, message: Uint8Array, taken?: number): Uint8Array;
  /** RFC 5869. `hkdfExtract` gives 32 bytes; `hkdfExpand` at most 255 · 32. */
  hkdfExtract(salt: Uint8Array, ikm: Uint8Array): Uint8Array;
  hkdfExpand(prk: Uint8Array, info: Uint8Array, length: number): Uint8Array;
  /** `length` bytes of key stream under a 32-byte key, IV 0. */
  aes256Ctr(key: Uint8Array, length: number): Uint8Array;
  /** AES-256 under a 32-byte key of each block of 16 bytes by itself: a permutation for hashing, not a way to encrypt. */
  aes256Blocks(key: Uint8Array, blocks: Uint8Array): Uint8Array;
  /** Vectors over GF(2^128). */
  readonly gf128: Gf128;
  /** Sums of elements of such vectors at public places. */
  readonly pickSums: PickSums;
  /** AES-256-GCM with a 12-byte nonce; the 16-byte tag follows the ciphertext. */
  aesGcmSeal(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** The plaintext, or undefined when the tag does not fit. */
  aesGcmOpen(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
  /** X25519 (RFC 7748); both keys are 32 bytes. `x25519` throws on an all-zero result. */
  x25519KeyPair(secret: Uint8Array): KeyPair;
  x25519(secret: Uint8Array, peer: Uint8Array): Uint8Array;
  /** ML-KEM-768 (FIPS 203): 64-byte seed, 1,184-byte encapsulation key, 1,088-byte ciphertext, 32-byte secret. */
  mlKemKeyPair(seed: Uint8Array): KeyPair;
  mlKemEncapsulate(publicKey: Uint8Array): { readonly ciphertext: Uint8Array; readonly shared: Uint8Array };
  /** `secretKey` is what `mlKemKeyPair` gave: the 64-byte seed. */
  mlKemDecapsulate(secretKey: Uint8Array, ciphertext: Uint8Array): Uint8Array;
  /** Ed25519 (RFC 8032); the secret key is the 32-byte seed. Admit a public key before you trust `verify` with it. */
  ed25519PublicKey(seed: Uint8Array): Uint8Array;
  ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array;
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}
