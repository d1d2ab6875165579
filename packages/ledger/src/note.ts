// SPDX-License-Identifier: Apache-2.0
// Signed notes (C2SP signed-note): a text, an empty line, and signature lines that name their keys.
import type { Primitives } from "@koplamp/crypto";
import { base64, concat, fromBase64, fromUtf8, hex, utf8 } from "@koplamp/wire";
import { cosignatureTime } from "./cosign.ts";
import { LedgerError } from "./errors.ts";
import type { Sha256 } from "./merkle.ts";

/** What a key signs: 1 a note as its owner, 4 a cosignature as a witness. */
export type KeyType = 1 | 4;

/** A key that notes are checked with. */
export interface VerifierKey {
  readonly name: string;
  /** 8 hex digits. */
  readonly id: string;
  readonly type: KeyType;
  readonly publicKey: Uint8Array;
}

/** One signature line of a note, not checked yet. */
export interface NoteSignature {
  readonly name: string;
  readonly id: string;
  readonly signature: Uint8Array;
}

/** A note as it was read. `text` ends with a newline. */
export interface Note {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** A signature that holds; `time` in seconds since 1970 where it is a cosignature. */
export interface Verified {
  readonly key: VerifierKey;
  readonly time?: number;
}

const MOST_BYTES = 64 * 1024;
/** The specification asks for at least 16; what is longer is an attack. */
const MOST_SIGNATURES = 100;
const KEY_BYTES = 32;
/** No space of any alphabet and no plus sign. */
const NAME = /^[^\s\u0085+]+$/u;

/** The C2SP verifier key of a public key: `<name>+<id>+<base64 of type and key>`. @throws {LedgerError} `malformed` */
export function verifierKeyText(sha256: Sha256, name: string, type: KeyType, publicKey: Uint8Array): string {
  if (!isName(name) || publicKey.length !== KEY_BYTES)
    throw malformed("expected a key name without spaces and 32 bytes of key");
  return `${name}+${keyId(sha256, name, type, publicKey)}+${base64(concat(Uint8Array.of(type), publicKey))}`;
}

/**
 * Reads a verifier key. Its point on the curve is not checked here: admit it before you trust it.
 * @throws {LedgerError} `malformed`
 */
export function readVerifierKey(sha256: Sha256, text: string): VerifierKey {
  // attacker-controlled
  const [, name = "", id = "", encoded = ""] =
    /^([^+]{1,255})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/u.exec(text) ?? [];
  const bytes = isName(name) ? bytesOf(encoded) : new Uint8Array();
  const [type, publicKey] = [bytes[0], bytes.subarray(1)];
  if (
    (type !== 1 && type !== 4) ||
    publicKey.length !== KEY_BYTES ||
    keyId(sha256, name, type, publicKey) !== id
  )
    throw malformed("expected a verifier key as <name>+<id>+<key> of type 1 or 4");
  return { name, id, type, publicKey };
}

/** The line by which a key signs a note, newline included. */
export function signatureLine(sha256: Sha256, key: Omit<VerifierKey, "id">, signature: Uint8Array): string {
  const id = keyHash(sha256, key.name, key.type, key.publicKey);
  return `— ${key.name} ${base64(concat(id, signature))}\n`;
}

/** Puts signature lines under a text. */
export function noteBytes(text: string, lines: readonly string[]): Uint8Array {
  return utf8(`${text}\n${lines.join("")}`);
}

/**
 * Reads a note of at most 64 KiB and 100 signatures. Nothing is verified.
 * @throws {LedgerError} `malformed`, or `signature` where only the base64 of one is not canonical.
 */
export function readNote(bytes: Uint8Array): Note {
  // attacker-controlled
  if (bytes.length > MOST_BYTES) throw malformed(`expected a note of at most ${MOST_BYTES} bytes`);
  const all = plainText(bytes);
  const split = all.lastIndexOf("\n\n");
  if (split < 1 || !all.endsWith("\n")) throw malformed("expected a text, an empty line and signatures");
  const lines = all.slice(split + 2, -1).split("\n");
  if (lines.length > MOST_SIGNATURES) throw malformed(`expected at most ${MOST_SIGNATURES} signatures`);
  return { text: all.slice(0, split + 1), signatures: lines.map(readSignature) };
}

/**
 * The keys, of those given, that signed the note, each once. Signatures of other keys are passed over; a damaged one of
 * a given key refuses the whole note.
 * @throws {LedgerError} `signature` also when no given key signed, or two given keys share a name and id.
 */
export function openNote(
  primitives: Primitives,
  note: Note,
  keys: readonly VerifierKey[],
): readonly Verified[] {
  const verified = new Map<string, Verified>();
  for (const { name, id, signature } of note.signatures) {
    const known = keys.filter((key) => key.name === name && key.id === id);
    const [key] = known;
    if (key === undefined) continue;
    if (known.length > 1)
      throw new LedgerError("signature", `expected one key ${name} with this id, got several`);
    verified.set(`${name} ${id}`, verifyOne(primitives, note.text, key, signature));
  }
  if (verified.size === 0)
    throw new LedgerError("signature", "expected a signature of a known key, got none");
  return [...verified.values()];
}

function verifyOne(primitives: Primitives, text: string, key: VerifierKey, signature: Uint8Array): Verified {
  if (key.type === 1) {
    const holds = signature.length === 64 && primitives.ed25519Verify(key.publicKey, utf8(text), signature);
    if (holds) return { key };
  } else {
    const time = cosignatureTime(primitives, key.publicKey, text, signature);
    if (time !== undefined) return { key, time };
  }
  throw new LedgerError("signature", `the signature of ${key.name} does not hold`);
}

function readSignature(line: string): NoteSignature {
  const [, name = "", encoded = ""] = /^— ([^ ]{1,255}) ([A-Za-z0-9+/=]{8,4096})$/u.exec(line) ?? [];
  if (!isName(name)) throw malformed("expected a signature as — <name> <base64>");
  const bytes = bytesOf(encoded);
  // Stray bits in base64 are a signature that does not hold, not a malformed note: the vectors of tlog-witness say so.
  if (bytes.length < 5) throw new LedgerError("signature", "expected a signature in canonical base64");
  return { name, id: hex(bytes.subarray(0, 4)), signature: bytes.subarray(4) };
}

function plainText(bytes: Uint8Array): string {
  let text = "";
  try {
    text = fromUtf8(bytes);
  } catch {
    throw malformed("expected well-formed UTF-8");
  }
  if (/[^\P{Cc}\n\u007f-\u009f]/u.test(text)) throw malformed("expected text without control characters");
  return text;
}

function bytesOf(encoded: string): Uint8Array {
  try {
    return fromBase64(encoded);
  } catch {
    return new Uint8Array(); // refused by its length
  }
}

function isName(name: string): boolean {
  return NAME.test(name);
}

function keyId(sha256: Sha256, name: string, type: KeyType, publicKey: Uint8Array): string {
  return hex(keyHash(sha256, name, type, publicKey));
}

function keyHash(sha256: Sha256, name: string, type: KeyType, publicKey: Uint8Array): Uint8Array {
  return sha256(concat(utf8(`${name}\n`), Uint8Array.of(type), publicKey)).subarray(0, 4);
}

function malformed(message: string): LedgerError {
  return new LedgerError("malformed", message);
}
