// SPDX-License-Identifier: Apache-2.0
// Witnessing (C2SP tlog-witness, add-checkpoint). The bytes are those of the specification, whatever carries them.
import { equal, type Primitives } from "@koplamp/crypto";
import { base64, concat, fromUtf8, utf8 } from "@koplamp/wire";
import { type Checkpoint, readCheckpoint, readHash } from "./checkpoint.ts";
import { cosign } from "./cosign.ts";
import { LedgerError } from "./errors.ts";
import { verifyConsistency } from "./merkle.ts";
import { type Note, openNote, readNote, signatureLine, type VerifierKey } from "./note.ts";

/** A witness's last view of one ledger. */
export interface Seen {
  readonly size: number;
  readonly root: Uint8Array;
}

/** Where a witness keeps its views. Durable before it returns. */
export interface SeenStore {
  witnessState(origin: string): Seen | undefined;
  /** Stores `next` only if the stored size is still `oldSize` (0: nothing stored). Says whether it did. */
  replaceWitnessState(origin: string, oldSize: number, next: Seen): boolean;
}

/** What a witness is made of. */
export interface WitnessParts {
  readonly primitives: Primitives;
  readonly store: SeenStore;
  /** The keys trusted for each origin. */
  readonly ledgers: ReadonlyMap<string, readonly VerifierKey[]>;
  readonly name: string;
  readonly seed: Uint8Array;
  /** Seconds since 1970. */
  readonly now: () => number;
}

/** 200 with a cosignature; 400, 403, 404, 409 with the stored size, 422 as the specification says. */
export interface WitnessAnswer {
  readonly status: number;
  readonly body: string;
}

/** A request for a cosignature, as it was read. */
interface WitnessRequest {
  readonly oldSize: number;
  readonly proof: readonly Uint8Array[];
  readonly note: Note;
  readonly checkpoint: Checkpoint;
}

const MOST_BYTES = 80 * 1024;
const MOST_HASHES = 63;

/** The bytes of a request: the size the witness is thought to have, a proof from there, the signed checkpoint. */
export function witnessRequest(
  oldSize: number,
  proof: readonly Uint8Array[],
  checkpoint: Uint8Array,
): Uint8Array {
  const lines = [`old ${oldSize}`, ...proof.map(base64), ""];
  return concat(utf8(lines.map((line) => `${line}\n`).join("")), checkpoint);
}

/**
 * Answers a request for a cosignature. What is cosigned is stored before the answer exists; a witness that stores
 * nothing for an unknown ledger starts from size 0. Total: hostile bytes get a status.
 */
export function answerWitness(parts: WitnessParts, bytes: Uint8Array): WitnessAnswer {
  try {
    return decide(parts, readRequest(bytes));
  } catch (error) {
    if (error instanceof LedgerError) return { status: error.code === "signature" ? 403 : 400, body: "" };
    throw error;
  }
}

function decide(parts: WitnessParts, request: WitnessRequest): WitnessAnswer {
  const { oldSize, note, checkpoint } = request;
  const keys = parts.ledgers.get(checkpoint.origin);
  if (keys === undefined) return { status: 404, body: "" };
  openNote(parts.primitives, note, keys);
  if (oldSize > checkpoint.size) return { status: 400, body: "" };
  const stored = parts.store.witnessState(checkpoint.origin);
  if (oldSize !== (stored?.size ?? 0)) return conflict(stored);
  if (
    oldSize === checkpoint.size &&
    !equal(checkpoint.root, stored?.root ?? parts.primitives.sha256(new Uint8Array()))
  )
    return conflict(stored); // two roots for one size: the ledger shows two faces
  if (!extendsSeen(parts.primitives, request, stored)) return { status: 422, body: "" };
  const { size, root } = checkpoint;
  if (!parts.store.replaceWitnessState(checkpoint.origin, oldSize, { size, root }))
    return conflict(parts.store.witnessState(checkpoint.origin)); // another request was first
  return { status: 200, body: cosignatureLine(parts, note.text) };
}

function extendsSeen(primitives: Primitives, request: WitnessRequest, stored: Seen | undefined): boolean {
  const { oldSize, proof, checkpoint } = request;
  if (oldSize === 0 || stored === undefined) return proof.length === 0; // decided here: the proof function refuses 0
  const { size, root } = checkpoint;
  return verifyConsistency(primitives.sha256, { oldSize, size, oldRoot: stored.root, root, proof });
}

function cosignatureLine({ primitives, seed, name, now }: WitnessParts, text: string): string {
  const key = { name, type: 4, publicKey: primitives.ed25519PublicKey(seed) } as const;
  return signatureLine(primitives.sha256, key, cosign(primitives, seed, text, now()));
}

function conflict(stored: Seen | undefined): WitnessAnswer {
  return { status: 409, body: `${stored?.size ?? 0}\n` };
}

function readRequest(bytes: Uint8Array): WitnessRequest {
  // attacker-controlled
  if (bytes.length > MOST_BYTES) throw malformed();
  const text = textOf(bytes);
  const split = text.indexOf("\n\n");
  const [first = "", ...hashes] = text.slice(0, Math.max(split, 0)).split("\n");
  const [, digits] = /^old (0|[1-9][0-9]{0,15})$/.exec(first) ?? [];
  const oldSize = Number(digits);
  if (!Number.isSafeInteger(oldSize) || hashes.length > MOST_HASHES) throw malformed();
  const note = readNote(utf8(text.slice(split + 2)));
  return { oldSize, proof: hashes.map(readHash), note, checkpoint: readCheckpoint(note.text) };
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    throw malformed();
  }
}

function malformed(): LedgerError {
  return new LedgerError("malformed", "expected a request for a cosignature");
}
