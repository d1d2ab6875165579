// SPDX-License-Identifier: Apache-2.0
// An officer halts the own node, and lets it go on: one signed word each, and no vote of others (threats.md, section 5).
import { type Primitives, publicKeyText, signDocument, verifyDocument } from "@koplamp/crypto";
import type { PartyId } from "@koplamp/protocol";
import {
  documentBytes,
  documentHash,
  type Hash,
  readDocument,
  type Suspension,
  type Text,
  type Time,
} from "@koplamp/wire";
import { CovenantError } from "./errors.ts";
import type { Membership, SignedBytes } from "./membership.ts";

/** What an officer says about the own party. */
export interface Suspending {
  readonly party: PartyId;
  readonly covenantHash: Hash;
  readonly action: Suspension["action"];
  /** The officer's word before this one, of this party; null for the first. */
  readonly previous: Hash | null;
  /** Why; a suspension gives one. */
  readonly reason: Text | null;
}

/** The seed of the officer's key, and what a signature is made with. */
export interface SuspensionSigner {
  readonly seed: Uint8Array;
  /** base64 of 32 bytes. */
  readonly salt: string;
  readonly now: Time;
  readonly primitives: Primitives;
}

/** An officer's word, signed. */
export function signSuspension(
  said: Suspending,
  { seed, salt, now, primitives }: SuspensionSigner,
): SignedBytes {
  const by = publicKeyText(primitives.ed25519PublicKey(seed));
  const bytes = documentBytes({ koplamp: "suspension/v1", ...said, by, at: now, salt });
  const hash = documentHash(primitives.sha256, bytes);
  return { bytes, signatures: [signDocument(primitives, seed, "suspension/v1", hash)] };
}

/**
 * Reads an officer's word under our covenant: signed by somebody who was an officer on the party's card when it was said.
 * @throws {CovenantError} naming the party; {@link WireError} for bytes that are no such document.
 */
export function admitSuspension(
  { bytes, signatures }: SignedBytes,
  { covenantHash, cards }: Pick<Membership, "covenantHash" | "cards">,
  primitives: Primitives,
): Suspension {
  const said = readDocument("suspension/v1", bytes); // attacker-controlled
  const { party, by, at } = said;
  if (said.covenantHash !== covenantHash) {
    throw new CovenantError(
      "membership",
      `expected an officer's word of ${party} under our covenant, got one under another`,
    );
  }
  const people = cards.get(party)?.people ?? [];
  const officers = people.filter(({ roles, validUntil }) => roles.includes("officer") && at < validUntil);
  const keys = officers.flatMap(({ key }) => (key === by ? [key] : []));
  const hash = documentHash(primitives.sha256, bytes);
  const valid = signatures.some((line) =>
    verifyDocument(primitives, { type: "suspension/v1", hash, line, keys }),
  );
  if (valid) return said;
  throw new CovenantError(
    "membership",
    `expected the signature of an officer on the card of ${party}, got none that holds`,
  );
}
