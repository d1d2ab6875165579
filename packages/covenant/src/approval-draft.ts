// SPDX-License-Identifier: Apache-2.0
import { type Primitives, publicKeyText, signDocument } from "@koplamp/crypto";
import type { PartyId } from "@koplamp/protocol";
import {
  type Approval,
  addPeriod,
  base64,
  type Covenant,
  documentBytes,
  documentHash,
  type Hash,
  type Plan,
  type Time,
} from "@koplamp/wire";
import type { SignedBytes } from "./membership.ts";

/** What a person decides about a question. */
export interface Decided extends Pick<Approval, "role" | "decision" | "considered" | "reason"> {
  /** The agency; {@link EXTERNAL} for somebody outside. */
  readonly party: PartyId;
}

/** What a decision is about. */
export interface Decidable {
  readonly plan: Plan;
  readonly planHash: Hash;
  readonly contractHash: Hash;
  readonly validFor: Covenant["approval"]["validFor"];
}

/** The person's key, and what a fresh document needs. */
export interface DecisionSigner {
  /** 32 bytes; the caller wipes it. */
  readonly seed: Uint8Array;
  /** 32 random bytes: without them the hash in a ledger would tell the text. */
  readonly salt: Uint8Array;
  readonly now: Time;
  readonly primitives: Primitives;
}

/** A decision as its person signs it. It holds as long as the question does, and no longer than the covenant allows. */
export function signDecision(
  decided: Decided,
  { plan, planHash, contractHash, validFor }: Decidable,
  { seed, salt, now, primitives }: DecisionSigner,
): SignedBytes {
  const [validUntil = now] = [plan.expires, addPeriod(now, validFor)].sort();
  const bytes = documentBytes({
    koplamp: "approval/v1",
    ...decided,
    covenantHash: plan.covenantHash,
    planHash,
    contractHash,
    by: publicKeyText(primitives.ed25519PublicKey(seed)),
    at: now,
    validUntil,
    salt: base64(salt),
  });
  const hash = documentHash(primitives.sha256, bytes);
  return { bytes, signatures: [signDocument(primitives, seed, "approval/v1", hash)] };
}
