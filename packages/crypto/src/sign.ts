// SPDX-License-Identifier: Apache-2.0
// Ed25519 over documents, and which public keys may count at all (evidence.md, section 1).
import type { Hash, PublicKey } from "@koplamp/wire";
import { base64, fromBase64, utf8 } from "@koplamp/wire/core";
import { CryptoError } from "./errors.ts";
import { isPrimeOrderPoint } from "./noble.ts";
import type { Primitives } from "./primitives.ts";

/** Bytes of an Ed25519 public key. */
const PUBLIC_KEY_BYTES = 32;
/** Bytes of an Ed25519 signature. */
export const SIGNATURE_BYTES = 64;

/** A signature line as it is checked. `keys`: the public keys whose signature counts here. */
export interface SignedLine {
  /** The document's type, e.g. `approval/v1`. */
  readonly type: string;
  readonly hash: Hash;
  /** `<PublicKey> <base64 signature>`. */
  readonly line: string;
  readonly keys: readonly PublicKey[];
}

/** What the holder of a key signs to show that it holds it. */
export interface Possession {
  readonly party: string;
  /** What the key is for: `covenant`, `identity`, `analyst`, ... */
  readonly role: string;
  readonly covenantHash: Hash;
}

/** `ed25519:` and base64 of the 32 bytes. */
export function publicKeyText(raw: Uint8Array): PublicKey {
  if (raw.length !== PUBLIC_KEY_BYTES) throw invalidKey();
  return `ed25519:${base64(raw)}`;
}

/**
 * The 32 bytes of a public key that may be trusted: canonical, on the curve, of prime order. A key with a low-order
 * part lets one signature fit several messages in some libraries and none in others (CCTV `ed25519vectors`), so the
 * rule is ours and not the library's.
 * @throws {CryptoError} `invalid-key`.
 */
export function admitPublicKey(_primitives: Primitives, text: string): Uint8Array {
  const raw = keyBytes(text); // attacker-controlled
  if (raw === undefined || !isPrimeOrderPoint(raw)) throw invalidKey();
  return raw;
}

/** The line `<PublicKey> <base64 signature>` that vouches for a document. `seed`: 32 bytes. */
export function signDocument(primitives: Primitives, seed: Uint8Array, type: string, hash: Hash): string {
  return signedLine(primitives, seed, documentLines(type, hash));
}

/** Whether the line is a signature over this document by one of these keys, and that key may be trusted. */
export function verifyDocument(primitives: Primitives, { type, hash, line, keys }: SignedLine): boolean {
  return verifiedLine(primitives, documentLines(type, hash), line, keys);
}

/** The line by which a key's holder shows that it holds it, for one party, role and covenant. */
export function provePossession(primitives: Primitives, seed: Uint8Array, about: Possession): string {
  return signedLine(primitives, seed, possessionLines(about));
}

/** Whether the line proves possession of exactly this key for this party, role and covenant. */
export function verifyPossession(
  primitives: Primitives,
  key: PublicKey,
  about: Possession,
  line: string,
): boolean {
  return verifiedLine(primitives, possessionLines(about), line, [key]);
}

/** Three lines, so that a shell can rebuild them and no signature fits two kinds of thing. */
function documentLines(type: string, hash: Hash): Uint8Array {
  return lines("koplamp.sig/v1", type, hash);
}

function possessionLines({ party, role, covenantHash }: Possession): Uint8Array {
  return lines("koplamp.pop/v1", party, role, covenantHash);
}

/** @throws {CryptoError} `invalid-signature` for a part with a line break, which would move the others. */
function lines(...parts: readonly string[]): Uint8Array {
  if (parts.some((part) => part.includes("\n"))) {
    throw new CryptoError("invalid-signature", "expected single lines to sign, got a line break");
  }
  return utf8(parts.map((part) => `${part}\n`).join(""));
}

function signedLine(primitives: Primitives, seed: Uint8Array, message: Uint8Array): string {
  const key = publicKeyText(primitives.ed25519PublicKey(seed));
  return `${key} ${base64(primitives.ed25519Sign(seed, message))}`;
}

function verifiedLine(
  primitives: Primitives,
  message: Uint8Array,
  line: string,
  keys: readonly PublicKey[],
): boolean {
  const [key = "", text = "", ...rest] = line.split(" "); // attacker-controlled
  const signature = bytesOf(text, SIGNATURE_BYTES);
  const raw = keyBytes(key);
  if (rest.length > 0 || !keys.includes(key) || signature === undefined || raw === undefined) return false;
  return isPrimeOrderPoint(raw) && primitives.ed25519Verify(raw, message, signature);
}

function keyBytes(text: string): Uint8Array | undefined {
  return text.startsWith("ed25519:") ? bytesOf(text.slice(8), PUBLIC_KEY_BYTES) : undefined;
}

/** The bytes of canonical base64, if there are exactly so many. */
function bytesOf(text: string, length: number): Uint8Array | undefined {
  if (text.length !== 4 * Math.ceil(length / 3)) return undefined;
  try {
    const bytes = fromBase64(text);
    return bytes.length === length ? bytes : undefined;
  } catch {
    return undefined; // not base64: the caller refuses
  }
}

function invalidKey(): CryptoError {
  return new CryptoError(
    "invalid-key",
    "expected an Ed25519 public key: 32 bytes, canonical, of prime order",
  );
}
