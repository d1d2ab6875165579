// SPDX-License-Identifier: Apache-2.0
// What is signed around a run: approvals before, receipts, egress, results and the bundle after.
import { z } from "zod";
import { egressRows } from "./contract.ts";
import {
  bytes32,
  count,
  flag,
  hash,
  id,
  label,
  line,
  party,
  partyOrCoordinator,
  publicKey,
  session,
  sortedList,
  text,
  time,
  uniqueList,
} from "./fields.ts";
import type { Approval, Bundle, Egress, Receipt, Result } from "./types.ts";

/** `approval/v1`. A refusal or a withdrawal says why. */
export const approvalForm: z.ZodType<Approval> = z
  .strictObject({
    koplamp: z.literal("approval/v1"),
    covenantHash: hash,
    planHash: hash,
    contractHash: hash,
    party,
    role: id,
    decision: z.enum(["approve", "refuse", "withdraw"], "expected approve, refuse or withdraw"),
    by: publicKey,
    considered: uniqueList(z.strictObject({ question: line(200), answer: text }), (row) => row.question, 64),
    reason: text.nullable(),
    at: time,
    validUntil: time,
    salt: bytes32,
  })
  .refine(({ decision, reason }) => decision === "approve" || reason !== null, {
    message: "expected a reason for a refusal or a withdrawal",
    path: ["reason"],
  })
  .refine(({ at, validUntil }) => at < validUntil, {
    message: "expected a time after at",
    path: ["validUntil"],
  });

/** `receipt/v1`: a recipient's word that one disclosure has come. */
export const receiptForm: z.ZodType<Receipt> = z
  .strictObject({
    koplamp: z.literal("receipt/v1"),
    planHash: hash,
    session,
    disclosure: label,
    from: party,
    to: partyOrCoordinator,
    frame: hash,
    bytes: count,
    at: time,
  })
  .refine(({ from, to }) => from !== to, { message: "expected another party than from", path: ["to"] });

/** `egress/v1`: what left a node in one session, as the node itself counted. */
export const egressForm: z.ZodType<Egress> = z.strictObject({
  koplamp: z.literal("egress/v1"),
  planHash: hash,
  contractHash: hash,
  session,
  from: party,
  rows: egressRows,
  equalsContract: flag,
});

/** `result/v1`. It never travels. */
export const resultForm: z.ZodType<Result> = z.strictObject({
  koplamp: z.literal("result/v1"),
  planHash: hash,
  contractHash: hash,
  answer: z.string().min(2, "expected an answer document"),
  withheld: uniqueList(z.strictObject({ rule: label, cells: count }), (row) => row.rule, 64),
  salt: bytes32,
});

const bundled = z.enum(
  [
    "covenant/v1",
    "card/v1",
    "roster/v1",
    "plan/v1",
    "contract/v1",
    "approval/v1",
    "receipt/v1",
    "egress/v1",
    "result/v1",
  ],
  "expected a type of document",
);

/** `bundle/v1`: documents in order of their hashes. */
export const bundleForm: z.ZodType<Bundle> = z.strictObject({
  koplamp: z.literal("bundle/v1"),
  covenantHash: hash,
  rosterHash: hash,
  planHash: hash,
  contractHash: hash,
  made: time,
  by: party,
  documents: sortedList(z.strictObject({ hash, type: bundled, included: flag }), (row) => row.hash, 65_536),
  proofs: uniqueList(
    z.strictObject({ party, index: count, type: label }),
    (row) => `${row.party} ${row.index}`,
    65_536,
  ),
});
