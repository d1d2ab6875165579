// SPDX-License-Identifier: Apache-2.0
// `.tlog-proof` files (C2SP tlog-proof): index, inclusion hashes, and the checkpoint with its cosignatures, verbatim.
import { equal, type Primitives } from "@koplamp/crypto";
import { base64, concat, fromUtf8, utf8 } from "@koplamp/wire";
import { type Checkpoint, readCheckpoint, readHash } from "./checkpoint.ts";
import { LedgerError } from "./errors.ts";
import { leafHash, verifyInclusion } from "./merkle.ts";
import { openNote, readNote, type Verified, type VerifierKey } from "./note.ts";

/** A proof as it was read; nothing is verified. */
export interface LedgerProof {
  readonly index: number;
  readonly hashes: readonly Uint8Array[];
  /** The signed note, byte for byte. */
  readonly checkpoint: Uint8Array;
}

/** Whose word counts for one ledger. */
export interface LedgerTrust {
  readonly origin: string;
  /** The ledger's own key, type 1. */
  readonly ledger: VerifierKey;
  /** Keys of type 4; that of the ledger's owner is not among them. */
  readonly witnesses: readonly VerifierKey[];
  readonly quorum: number;
}

/** What a proof shows when it holds. */
export interface Logged {
  readonly index: number;
  readonly checkpoint: Checkpoint;
  /** Cosignatures of distinct witnesses. */
  readonly cosignatures: readonly (Verified & { readonly time: number })[];
}

const FIRST_LINE = "c2sp.org/tlog-proof@v1";
const MOST_HASHES = 63;
const MOST_BYTES = 80 * 1024;

/** The bytes of a proof. No `extra` line is written. */
export function proofBytes({ index, hashes, checkpoint }: LedgerProof): Uint8Array {
  const lines = [FIRST_LINE, `index ${index}`, ...hashes.map(base64), ""];
  return concat(utf8(lines.map((line) => `${line}\n`).join("")), checkpoint);
}

/** Reads a proof. An `extra` line is refused: nothing of ours needs one. @throws {LedgerError} `malformed` */
export function readProof(bytes: Uint8Array): LedgerProof {
  // attacker-controlled
  if (bytes.length > MOST_BYTES) throw malformed();
  const text = textOf(bytes);
  const split = text.indexOf("\n\n");
  const [first, second = "", ...hashes] = text.slice(0, Math.max(split, 0)).split("\n");
  const [, digits] = /^index (0|[1-9][0-9]{0,15})$/.exec(second) ?? [];
  const index = Number(digits);
  if (first !== FIRST_LINE || !Number.isSafeInteger(index) || hashes.length > MOST_HASHES) throw malformed();
  return { index, hashes: hashes.map(readHash), checkpoint: utf8(text.slice(split + 2)) };
}

/**
 * Checks that `leaf` stands in the ledger and that the quorum has cosigned that state of it.
 * @throws {LedgerError} naming what does not hold.
 */
export function verifyLogged(
  primitives: Primitives,
  leaf: Uint8Array,
  bytes: Uint8Array,
  trust: LedgerTrust,
): Logged {
  const { index, hashes, checkpoint: signed } = readProof(bytes);
  const { checkpoint, cosignatures } = verifyCosigned(primitives, signed, trust);
  const { size, root } = checkpoint;
  const hash = leafHash(primitives.sha256, leaf);
  if (!verifyInclusion(primitives.sha256, { index, size, leafHash: hash, root, proof: hashes }))
    throw new LedgerError(
      "proof",
      `expected the entry in the ledger ${trust.origin}, got a proof that does not lead there`,
    );
  return { index, checkpoint, cosignatures };
}

/** Checks a checkpoint's origin, its own signature and its quorum. @throws {LedgerError} naming what does not hold. */
export function verifyCosigned(
  primitives: Primitives,
  signed: Uint8Array,
  { origin, ledger, witnesses, quorum }: LedgerTrust,
): Omit<Logged, "index"> {
  const note = readNote(signed);
  const checkpoint = readCheckpoint(note.text);
  if (checkpoint.origin !== origin)
    throw new LedgerError("proof", `expected a checkpoint of ${origin}, got one of another ledger`);
  const verified = openNote(primitives, note, [ledger, ...witnesses]);
  if (!verified.some(({ key }) => key === ledger))
    throw new LedgerError("signature", `expected a checkpoint that ${origin} has signed itself`);
  const cosignatures = cosigned(verified);
  if (cosignatures.length < quorum)
    throw new LedgerError("quorum", `expected ${quorum} witnesses of ${origin}, got ${cosignatures.length}`);
  return { checkpoint, cosignatures };
}

/** Cosignatures by distinct keys: two names over one key are one witness. */
function cosigned(verified: readonly Verified[]): readonly (Verified & { readonly time: number })[] {
  const timed = verified.flatMap(({ key, time }) => (time === undefined ? [] : [{ key, time }]));
  return timed.filter(
    ({ key }, at) => timed.findIndex((other) => equal(other.key.publicKey, key.publicKey)) === at,
  );
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    throw malformed();
  }
}

function malformed(): LedgerError {
  return new LedgerError("malformed", "expected a tlog-proof: index, hashes and checkpoint");
}
