// SPDX-License-Identifier: Apache-2.0
// Checkpoints (C2SP tlog-checkpoint): origin, size and root of a ledger, one line each. No extension lines.
import type { Primitives } from "@koplamp/crypto";
import { base64, fromBase64, utf8 } from "@koplamp/wire";
import { LedgerError } from "./errors.ts";
import { HASH_BYTES } from "./merkle.ts";
import { noteBytes, signatureLine } from "./note.ts";

/** The state of a ledger at one size. */
export interface Checkpoint {
  readonly origin: string;
  /** At most 2^53 - 1: no ledger of ours comes near it, and a witness refuses a larger one. */
  readonly size: number;
  readonly root: Uint8Array;
}

/** The three lines that get signed. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${base64(root)}\n`;
}

/** Reads the text of a note as a checkpoint. @throws {LedgerError} `malformed` */
export function readCheckpoint(text: string): Checkpoint {
  // attacker-controlled
  const found = /^([^\n]{1,255})\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n$/u.exec(text);
  const [, origin = "", digits = "", encoded = ""] = found ?? [];
  const size = Number(digits);
  if (found === null || !Number.isSafeInteger(size)) throw malformed();
  return { origin, size, root: readHash(encoded) };
}

/** A signed checkpoint under the ledger's key (type 0x01), whose name is the origin. */
export function signCheckpoint(primitives: Primitives, seed: Uint8Array, checkpoint: Checkpoint): Uint8Array {
  const text = checkpointText(checkpoint);
  const publicKey = primitives.ed25519PublicKey(seed);
  const key = { name: checkpoint.origin, type: 1, publicKey } as const;
  return noteBytes(text, [signatureLine(primitives.sha256, key, primitives.ed25519Sign(seed, utf8(text)))]);
}

/** Reads one hash as base64. @throws {LedgerError} `malformed` */
export function readHash(encoded: string): Uint8Array {
  try {
    const hash = fromBase64(encoded);
    if (hash.length === HASH_BYTES) return hash;
  } catch {
    // refused below
  }
  throw malformed();
}

function malformed(): LedgerError {
  return new LedgerError("malformed", "expected a checkpoint: origin, size and root, one line each");
}
