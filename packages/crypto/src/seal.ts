// SPDX-License-Identifier: Apache-2.0
// Sealing to one machine: X25519 and ML-KEM-768 together, secure while either holds (channel.md, section 2).
import type { Rng } from "@koplamp/protocol";
import { concat, lp, utf8 } from "@koplamp/wire/core";
import { equal, wipe } from "./bytes.ts";
import { CryptoError, type CryptoErrorCode } from "./errors.ts";
import type { KeyPair, Primitives } from "./primitives.ts";

/** Bytes of an X25519 key or of a shared secret. */
export const X25519_BYTES = 32;
/** Bytes of an ML-KEM-768 encapsulation key. */
export const ML_KEM_KEY_BYTES = 1184;
/** Bytes of an ML-KEM-768 ciphertext. */
export const ML_KEM_CIPHERTEXT_BYTES = 1088;
/** Bytes of the seed that stands for an ML-KEM-768 decapsulation key. */
export const ML_KEM_SEED_BYTES = 64;
/** By how much a sealed text is longer than the text: ephemeral key, ciphertext, tag. */
export const SEAL_BYTES: number = X25519_BYTES + ML_KEM_CIPHERTEXT_BYTES + 16;

/** The public keys of a machine that sealed bytes are for. */
export interface SealAddress {
  readonly x25519: Uint8Array;
  readonly mlkem768: Uint8Array;
}

/** The key pairs behind a `SealAddress`. */
export interface SealKeyPairs {
  readonly x25519: KeyPair;
  readonly mlkem768: KeyPair;
}

/** The two shared secrets of one exchange, and what they came from. */
export interface HybridShares {
  /** Of ML-KEM-768. */
  readonly s1: Uint8Array;
  /** Of X25519. */
  readonly s2: Uint8Array;
  readonly ciphertext: Uint8Array;
  /** The two X25519 public keys, in the order that both sides agree on. */
  readonly publicKeys: readonly [Uint8Array, Uint8Array];
}

const LABEL: Uint8Array = utf8("koplamp.seal/v1");
const KEY_AND_NONCE = 32 + 12;

/** The key pairs of a machine from what it keeps: 32 secret bytes and a 64-byte seed. */
export function sealKeyPairs(primitives: Primitives, x25519: Uint8Array, mlkem768: Uint8Array): SealKeyPairs {
  expectLength("an X25519 secret key", x25519, X25519_BYTES);
  expectLength("an ML-KEM-768 seed", mlkem768, ML_KEM_SEED_BYTES);
  return { x25519: primitives.x25519KeyPair(x25519), mlkem768: primitives.mlKemKeyPair(mlkem768) };
}

/**
 * Seals `plaintext` to one machine under a fresh key: ephemeral X25519 key, ML-KEM-768 ciphertext, AES-256-GCM.
 * Whoever opens it must name the same `context`. It says nothing about who sealed it: sign inside.
 * @throws {CryptoError} `invalid-key` for keys that cannot be those of a machine.
 */
export function sealFor(
  primitives: Primitives,
  rng: Rng,
  to: SealAddress,
  context: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const ephemeral = primitives.x25519KeyPair(rng(X25519_BYTES));
  try {
    const { ciphertext, shared: s1 } = encapsulateTo(primitives, to.mlkem768);
    const s2 = agree(primitives, ephemeral.secretKey, to.x25519);
    const publicKeys = [ephemeral.publicKey, to.x25519] as const;
    const key = sealKey(primitives, to, context, { s1, s2, ciphertext, publicKeys });
    const sealed = primitives.aesGcmSeal(key.subarray(0, 32), key.subarray(32), context, plaintext);
    wipe(key);
    return concat(ephemeral.publicKey, ciphertext, sealed);
  } finally {
    wipe(ephemeral.secretKey);
  }
}

/** What `sealFor` sealed to the holder of these keys. @throws {CryptoError} `invalid-seal` for anything else. */
export function openSealed(
  primitives: Primitives,
  { x25519, mlkem768 }: SealKeyPairs,
  context: Uint8Array,
  sealed: Uint8Array,
): Uint8Array {
  if (sealed.length < SEAL_BYTES) throw invalidSeal(); // attacker-controlled
  const peer = sealed.subarray(0, X25519_BYTES);
  const ciphertext = sealed.subarray(X25519_BYTES, X25519_BYTES + ML_KEM_CIPHERTEXT_BYTES);
  const s1 = primitives.mlKemDecapsulate(mlkem768.secretKey, ciphertext);
  const s2 = agree(primitives, x25519.secretKey, peer);
  const address = { x25519: x25519.publicKey, mlkem768: mlkem768.publicKey };
  const key = sealKey(primitives, address, context, {
    s1,
    s2,
    ciphertext,
    publicKeys: [peer, x25519.publicKey],
  });
  const body = sealed.subarray(X25519_BYTES + ML_KEM_CIPHERTEXT_BYTES);
  const plaintext = primitives.aesGcmOpen(key.subarray(0, 32), key.subarray(32), context, body);
  wipe(key);
  if (plaintext === undefined) throw invalidSeal();
  return plaintext;
}

/** HKDF-Extract over both secrets, both public shares and the ciphertext; wipes the secrets. */
export function combine(primitives: Primitives, salt: Uint8Array, shares: HybridShares): Uint8Array {
  const { s1, s2, publicKeys, ciphertext } = shares;
  const ikm = concat(s1, s2, ...publicKeys, ciphertext);
  try {
    return primitives.hkdfExtract(salt, ikm);
  } finally {
    wipe(ikm, s1, s2);
  }
}

/**
 * The X25519 secret between two keys.
 * @throws {CryptoError} `invalid-key` for a key of another length or of low order: RFC 7748, section 6.1 lets a caller
 * check for the all-zero value; here it is never used.
 */
export function agree(primitives: Primitives, secret: Uint8Array, peer: Uint8Array): Uint8Array {
  expectLength("an X25519 public key", peer, X25519_BYTES);
  const shared = importing("an X25519 public key of high order", () => primitives.x25519(secret, peer));
  if (equal(shared, new Uint8Array(X25519_BYTES))) {
    throw new CryptoError("invalid-key", "expected an X25519 public key of high order");
  }
  return shared;
}

/** A fresh ML-KEM-768 secret for the holder of a key. @throws {CryptoError} `invalid-key`. */
export function encapsulateTo(
  primitives: Primitives,
  key: Uint8Array,
): { readonly ciphertext: Uint8Array; readonly shared: Uint8Array } {
  expectLength("an ML-KEM-768 encapsulation key", key, ML_KEM_KEY_BYTES);
  return importing("an ML-KEM-768 encapsulation key", () => primitives.mlKemEncapsulate(key));
}

/** Libraries ignore bytes after a key, so every length is checked here. @throws {CryptoError} `code`. */
export function expectLength(
  what: string,
  bytes: Uint8Array,
  length: number,
  code: CryptoErrorCode = "invalid-key",
): void {
  if (bytes.length === length) return;
  throw new CryptoError(code, `expected ${what} of ${length} bytes, got ${bytes.length}`);
}

function sealKey(
  primitives: Primitives,
  to: SealAddress,
  context: Uint8Array,
  shares: HybridShares,
): Uint8Array {
  const salt = primitives.sha256(
    concat(LABEL, primitives.sha256(context), lp(to.x25519), lp(to.mlkem768), lp(shares.ciphertext)),
  );
  const prk = combine(primitives, salt, shares);
  const key = primitives.hkdfExpand(prk, LABEL, KEY_AND_NONCE);
  wipe(prk);
  return key;
}

/** A library's own error may quote the bytes: ours never does. */
function importing<Value>(what: string, use: () => Value): Value {
  try {
    return use();
  } catch {
    throw new CryptoError("invalid-key", `expected ${what}, got none`);
  }
}

function invalidSeal(): CryptoError {
  return new CryptoError("invalid-seal", "expected bytes sealed to this machine and context, got others");
}
