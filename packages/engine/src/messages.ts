// SPDX-License-Identifier: Apache-2.0
// What machines say to each other outside a session: strict forms, parsed once, everything bounded.
import { base64, canonicalBytes, fromBase64, parseCanonical } from "@koplamp/wire";
import { z } from "zod";
import { EngineError } from "./errors.ts";

const party = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/);
const hash = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const bytes = z
  .string()
  .max(2 ** 21)
  .transform((text) => fromBase64(text));
const sentence = z.string().max(2000);
const signed = z.strictObject({ bytes, signatures: z.array(z.string().max(200)).max(64) });

/** A proposal: the plan as its proposer signed it, and the contract hash that the proposer computed. */
export const proposalForm = z.strictObject({ plan: signed, contractHash: hash });

/** One node's word on a proposal: allow, with its people's approvals, or refuse, with the rule. */
export const verdictForm = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("allow"), contractHash: hash, approvals: z.array(signed).max(16) }),
  z.strictObject({
    kind: z.literal("refuse"),
    rule: z.string().max(200),
    message: sentence,
    hint: sentence,
  }),
]);

/** Whether a node's data are ready, or why not; and what it brings to the stage that follows. */
export const readyForm = z.strictObject({
  /** The hash of the key set it keeps under this name, if any. */
  keyset: hash.nullable(),
  /** Padded sizes of the batches that it needs evaluated. */
  batches: z.array(z.int().min(0).max(16_384)).max(1024),
});

/** Stops a question at every party that takes part. */
export const stopForm = z.strictObject({
  code: z.string().max(40),
  party,
  message: sentence,
  hint: sentence,
});

/** "We have logged": leaves and their proofs, for one release of one session. */
export const noticeForm = z.strictObject({
  release: z.int().min(0).max(1000),
  leaves: z.array(bytes).max(1024),
  proofs: z.array(bytes).max(1024),
});

/** What a party shows of its ledger once a question has ended. */
export const evidenceForm = z.strictObject({
  leaves: z.array(z.strictObject({ index: z.int().min(0), leaf: bytes, proof: bytes })).max(4096),
  documents: z.array(z.strictObject({ type: z.string().max(40), signed })).max(4096),
});

/** What the coordinator needs to play its role: hashes, roles, sizes. It names no column and no value. */
export const ticketForm = z.strictObject({
  planHash: hash,
  contractHash: hash,
  covenantHash: hash,
  rosterHash: hash,
  label: z.string().max(100),
  protocol: z.string().max(40),
  parties: z.array(party).max(64),
  contributors: z.array(party).max(64),
  recipients: z.array(party).max(64),
  rowsPadded: z.array(z.int().min(0)).max(64),
  params: z.string().max(64),
  shape: z.string().max(40),
  atLeast: z.int().min(0).max(64),
  minCount: z.int().min(0),
  cells: z.int().min(0),
  columns: z.int().min(0),
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
});

export type Proposal = z.infer<typeof proposalForm>;
export type Verdict = z.infer<typeof verdictForm>;
export type Ready = z.infer<typeof readyForm>;
export type Stop = z.infer<typeof stopForm>;
export type Notice = z.infer<typeof noticeForm>;
export type Evidence = z.infer<typeof evidenceForm>;
export type Ticket = z.infer<typeof ticketForm>;

/** A message as canonical JSON; byte strings become base64. */
export function encodeMessage(message: object): Uint8Array {
  return canonicalBytes(asJson(message));
}

/** @throws {EngineError} `garbage`, naming the sender and the form, never the content. */
export function decodeMessage<T>(form: z.ZodType<T>, from: string, body: Uint8Array): T {
  try {
    return form.parse(parseCanonical(body, { maxBytes: 2 ** 23, maxDepth: 8 })); // attacker-controlled
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
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, asJson(field)]));
}
