// SPDX-License-Identifier: Apache-2.0
// What machines say to each other outside a session: strict forms, parsed once, everything bounded.
import type { SignedBytes } from "@koplamp/covenant";
import type { PartyId } from "@koplamp/protocol";
import { MOST_LIST_ROWS } from "@koplamp/psi";
import { base64, canonicalBytes, fromBase64, type Hash, parseCanonical } from "@koplamp/wire";
import { z } from "zod";
import { EngineError } from "./errors.ts";

/** A proposal: the plan as its proposer signed it. Everybody computes the contract by itself. */
export interface Proposal {
  readonly plan: SignedBytes;
}

/** What a node is asked to offer: a dataset, the key columns of the question, and the columns whose values it needs. */
export interface OfferRequest {
  readonly dataset: string;
  readonly key: readonly string[];
  readonly groups: readonly string[];
  /** The keys that are counted together, where the question has several. */
  readonly anyKey?: readonly (readonly string[])[];
}

/** The catalogue entry that a node offers, as bytes with a reader of their own, or why it offers none. */
export type Offered =
  | { readonly kind: "entry"; readonly entry: Uint8Array }
  | { readonly kind: "none"; readonly code: string; readonly message: string; readonly hint: string };

/** One node's word on a proposal: allow, with the contract that it computed, or refuse, with the rule. */
export type Verdict =
  | { readonly kind: "allow"; readonly contractHash: Hash }
  | { readonly kind: "refuse"; readonly rule: string; readonly message: string; readonly hint: string };

/** What people decided about a question that waits, and how far its sender is. */
export interface PeopleMessage {
  readonly documents: readonly SignedBytes[];
  /** Whether the sender has every approval, each checked by itself. */
  readonly complete: boolean;
  /** Whether the sender wants what it has not: it starts again, or has waited for long. */
  readonly ask: boolean;
  /** The decisions that it has. */
  readonly have: readonly Hash[];
}

/** Who has left, as its sender knows it, and whether it wants to know what we know. */
export interface WithdrawalsMessage {
  readonly documents: readonly SignedBytes[];
  readonly ask: boolean;
}

/** The last word of its sender's officers, if there was one, and whether it wants to know ours. */
export interface SuspensionMessage {
  readonly documents: readonly SignedBytes[];
  readonly ask: boolean;
}

/** How far a party is with a question in several shards, between two legs of it. */
export interface LegWord {
  readonly planHash: Hash;
  /** The leg that its sender is ready for. It says one thing about each. */
  readonly leg: number;
  /** How many shards are finished there, from the first one on. */
  readonly at: number;
  /** The shard whose session it began last, and which repeat of it that was. */
  readonly begun: { readonly shard: number; readonly repeat: number } | null;
  /** Whether the sender lacks our word about this leg. */
  readonly ask: boolean;
  /** Whether the sender has its answer: it takes part in no leg any more. */
  readonly over: boolean;
}

/** Why a question stops, for every party that takes part. */
export interface Stop {
  readonly code: string;
  readonly party: PartyId;
  readonly message: string;
  readonly hint: string;
  /** What a refusal rests on; `null` for what is none. */
  readonly rule: string | null;
}

/** "We have logged": leaves and their proofs, for one release of one session. */
export interface Notice {
  readonly release: number;
  readonly leaves: readonly Uint8Array[];
  readonly proofs: readonly Uint8Array[];
}

/** An entry of a ledger with its proof. */
interface Page {
  readonly leaf: Uint8Array;
  readonly proof: Uint8Array;
}

/** What a party shows of its ledger once a question has ended, and the documents that it signed or was given. */
export interface Evidence {
  readonly entries: readonly Page[];
  readonly documents: readonly SignedBytes[];
}

/** What one row of a party may bring to a sum. */
export interface RowRange {
  readonly party: PartyId;
  readonly least: number;
  readonly most: number;
}

/** What the coordinator needs to play its role: hashes, roles, sizes. It names no column and no value. */
export interface Ticket {
  readonly planHash: Hash;
  readonly contractHash: Hash;
  readonly covenantHash: Hash;
  readonly rosterHash: Hash;
  readonly label: string;
  readonly protocol: string;
  /** The nodes of the session. */
  readonly parties: readonly PartyId[];
  readonly contributors: readonly PartyId[];
  readonly recipients: readonly PartyId[];
  /** In the order of the contributors. */
  readonly rowsPadded: readonly number[];
  readonly params: string;
  readonly shape: string;
  readonly atLeast: number;
  readonly minCount: number;
  readonly cells: number;
  readonly columns: number;
  /** Of sums over selected rows: whose rows carry the groups, or nothing. */
  readonly groupOwner: PartyId;
  /** Of sums over selected rows, column by column: who brings numbers, and what one row may bring at least and most. */
  readonly ranges: readonly (readonly RowRange[])[];
  /** Which run of a standing question it is, or which leg of one in several shards, from 1; 0 where it has one. */
  readonly turn: number;
  /** 32 hex digits: the sender's own. */
  readonly nonce: string;
}

const party = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/);
const parties = z.array(party).max(64);
const hash = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const whole = z.int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);
const name = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/);
const bytes = z
  .string()
  .max(2 ** 21)
  .transform((text) => fromBase64(text));
const sentence = z.string().max(2000);
const count = z.int().min(0);
const signed = z.strictObject({ bytes, signatures: z.array(z.string().max(200)).max(64) });

export const proposalForm: z.ZodType<Proposal> = z.strictObject({ plan: signed });

export const offerRequestForm: z.ZodType<OfferRequest> = z.strictObject({
  dataset: name,
  key: z.array(name).max(16),
  groups: z.array(name).max(16),
  anyKey: z.array(z.array(name).min(1).max(8)).max(8).exactOptional(),
});

export const offerForm: z.ZodType<Offered> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("entry"), entry: bytes }),
  z.strictObject({ kind: z.literal("none"), code: z.string().max(40), message: sentence, hint: sentence }),
]);

export const verdictForm: z.ZodType<Verdict> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("allow"), contractHash: hash }),
  z.strictObject({
    kind: z.literal("refuse"),
    rule: z.string().max(200),
    message: sentence,
    hint: sentence,
  }),
]);

export const peopleForm: z.ZodType<PeopleMessage> = z.strictObject({
  documents: z.array(signed).max(1024),
  complete: z.boolean(),
  ask: z.boolean(),
  have: z.array(hash).max(4096),
});

export const withdrawalsForm: z.ZodType<WithdrawalsMessage> = z.strictObject({
  documents: z.array(signed).max(64),
  ask: z.boolean(),
});

export const suspensionForm: z.ZodType<SuspensionMessage> = z.strictObject({
  documents: z.array(signed).max(1),
  ask: z.boolean(),
});

/** The hash of the key set that a node keeps under the name of this question's, if any. */
export const keySetForm: z.ZodType<{ readonly keyset: Hash | null }> = z.strictObject({
  keyset: hash.nullable(),
});

/** How many elements a node wants evaluated, padded to a bucket; 0: none. */
export const wantedForm: z.ZodType<{ readonly elements: number }> = z.strictObject({
  elements: count.max(MOST_LIST_ROWS),
});

/** Whether a session that may be repeated came to its end at a node. */
export const doneForm: z.ZodType<{ readonly done: boolean }> = z.strictObject({ done: z.boolean() });

/** A question that is interrupted more often than this is not one that anybody finishes. */
export const MOST_LEGS = 100_000;

export const legForm: z.ZodType<LegWord> = z.strictObject({
  planHash: hash,
  leg: z.int().min(1).max(MOST_LEGS),
  at: count.max(2 ** 12),
  begun: z.strictObject({ shard: count.max(2 ** 12), repeat: count.max(100) }).nullable(),
  ask: z.boolean(),
  over: z.boolean(),
});

export const stopForm: z.ZodType<Stop> = z.strictObject({
  code: z.string().max(40),
  party,
  message: sentence,
  hint: sentence,
  rule: z.string().max(200).nullable(),
});

export const noticeForm: z.ZodType<Notice> = z.strictObject({
  release: count.max(1000),
  leaves: z.array(bytes).max(1024),
  proofs: z.array(bytes).max(1024),
});

/** A signed document as it travels by itself: a receipt. */
export const signedForm: z.ZodType<SignedBytes> = signed;

export const erasedForm: z.ZodType<{ readonly planHash: Hash }> = z.strictObject({ planHash: hash });

export const evidenceForm: z.ZodType<Evidence> = z.strictObject({
  entries: z.array(z.strictObject({ leaf: bytes, proof: bytes })).max(4096),
  documents: z.array(signed).max(4096),
});

export const ticketForm: z.ZodType<Ticket> = z.strictObject({
  planHash: hash,
  contractHash: hash,
  covenantHash: hash,
  rosterHash: hash,
  label: z.string().max(100),
  protocol: z.string().max(40),
  parties,
  contributors: parties,
  recipients: parties,
  rowsPadded: z.array(count).max(64),
  params: z.string().max(64),
  shape: z.string().max(40),
  atLeast: count.max(64),
  minCount: count,
  cells: count,
  columns: count,
  groupOwner: z.union([party, z.literal("")]),
  ranges: z.array(z.array(z.strictObject({ party, least: whole, most: whole })).max(64)).max(64),
  turn: count,
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
});

/** A message as canonical JSON; byte strings become base64. */
export function encodeMessage(message: object): Uint8Array {
  return canonicalBytes(asJson(message));
}

/** @throws {EngineError} `garbage`, naming the sender and the form, never the content. */
export function decodeMessage<T>(form: z.ZodType<T>, from: PartyId, body: Uint8Array): T {
  try {
    return form.parse(parseCanonical(body, { maxBytes: 2 ** 24, maxDepth: 8 })); // attacker-controlled
  } catch {
    throw new EngineError(
      "garbage",
      from,
      `${from} sent a message that is not of the agreed form`,
      "its node may run another version, or somebody else holds its keys",
    );
  }
}

function asJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return base64(value);
  if (Array.isArray(value)) return value.map(asJson);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, asJson(inner)]));
}
