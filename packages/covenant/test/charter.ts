// SPDX-License-Identifier: Apache-2.0
// A federation of two that a test founds, and may found again with one thing changed.
import { randomBytes } from "node:crypto";
import { signDocument } from "@koplamp/crypto";
import { nodePrimitives } from "@koplamp/pool";
import { createCharter, type Founded, labTerms } from "@koplamp/sdk";
import { type Documents, documentBytes, documentHash, readDocument } from "@koplamp/wire";
import type { Charter, SignedBytes } from "../src/index.ts";

export const primitives = nodePrimitives();
export const rng = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

const PARTIES = ["anna", "bert"];

/** The federation whose charter every test begins with. */
export const founded: Founded = createCharter(
  {
    id: "lab/covenant",
    parties: PARTIES.map((id) => ({ id, name: id })),
    terms: labTerms(
      PARTIES.map((id) => ({ id, name: id, datasets: {} })),
      ["lab"],
    ),
    now: Date.UTC(2026, 10, 24),
  },
  rng,
);

export const charter: Charter = founded.charter;

/** A document of the charter, read. */
export function documentOf<Type extends "covenant/v1" | "card/v1" | "roster/v1">(
  type: Type,
  signed: SignedBytes,
): Documents[Type] {
  return readDocument(type, signed.bytes);
}

/** A document as all given parties would sign it with their covenant keys. */
export function signedBy(
  parties: readonly string[],
  document: Documents["covenant/v1" | "card/v1" | "roster/v1"],
): SignedBytes {
  const bytes = documentBytes(document);
  const hash = documentHash(primitives.sha256, bytes);
  const signatures = parties.map((party) => {
    const seed = founded.keys[party]?.covenant ?? new Uint8Array(32);
    return signDocument(primitives, seed, document.koplamp, hash);
  });
  return { bytes, signatures };
}

/** The charter with other cards, and a roster that names them; all signed as they should be. */
export function withCards(
  cards: readonly Documents["card/v1"][],
  change: Partial<Documents["roster/v1"]> = {},
): Charter {
  const signed = cards.map((card) => signedBy([card.party], card));
  const named = cards.map(({ party }, at) => ({
    party,
    cardHash: documentHash(primitives.sha256, signed[at]?.bytes ?? new Uint8Array()),
  }));
  const roster = { ...documentOf("roster/v1", charter.roster), cards: named, ...change };
  return { ...charter, cards: signed, roster: signedBy(PARTIES, roster) };
}
