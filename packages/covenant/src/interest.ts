// SPDX-License-Identifier: Apache-2.0
// Somebody puts an interest in the register of their own agency, or takes one back: one signed word each.
import { type Primitives, publicKeyText, signDocument, verifyDocument } from "@koplamp/crypto";
import type { PartyId } from "@koplamp/protocol";
import { documentBytes, documentHash, type Hash, type InterestWord, readDocument } from "@koplamp/wire";
import { CovenantError } from "./errors.ts";
import type { Membership, SignedBytes } from "./membership.ts";
import type { SuspensionSigner } from "./suspension.ts";

/** What is said about an interest: `own` when it is added, `previous` (the hash of that word) when it is taken back. */
export type InterestSaid = Pick<InterestWord, "party" | "covenantHash" | "action" | "own" | "previous">;

/** Who may say it, by their role on the card. */
const ROLES: Readonly<Record<InterestWord["action"], readonly string[]>> = {
  add: ["analyst"],
  withdraw: ["analyst", "officer"],
};

/** The word, signed. */
export function signInterest(
  said: InterestSaid,
  { seed, salt, now, primitives }: SuspensionSigner,
): SignedBytes {
  const by = publicKeyText(primitives.ed25519PublicKey(seed));
  const bytes = documentBytes({ koplamp: "interest/v1", ...said, by, at: now, salt });
  const hash = documentHash(primitives.sha256, bytes);
  return { bytes, signatures: [signDocument(primitives, seed, "interest/v1", hash)] };
}

/**
 * Reads a word about the register of a party under our covenant: signed by somebody on its card who had the role.
 * @throws {CovenantError} naming the party; {@link WireError} for bytes that are no such document.
 */
export function admitInterest(
  signed: SignedBytes,
  party: PartyId,
  { covenantHash, cards }: Pick<Membership, "covenantHash" | "cards">,
  primitives: Primitives,
): InterestWord {
  const { said } = readInterest(signed, primitives);
  if (said.party !== party || said.covenantHash !== covenantHash) {
    throw new CovenantError(
      "membership",
      `expected a word about the register of ${party} under our covenant, got one about another`,
    );
  }
  const known = (cards.get(party)?.people ?? []).some(
    ({ key, roles, validUntil }) =>
      key === said.by && said.at < validUntil && roles.some((role) => ROLES[said.action].includes(role)),
  );
  if (known) return said;
  throw new CovenantError(
    "membership",
    `expected the key of an ${ROLES[said.action].join(" or ")} on the card of ${party}, got another`,
  );
}

/**
 * Reads a word whose signature holds, whoever gave it: an audit looks back at people who have left the card since.
 * @throws {CovenantError}, {@link WireError} as {@link admitInterest}.
 */
export function readInterest(
  { bytes, signatures }: SignedBytes,
  primitives: Primitives,
): { readonly said: InterestWord; readonly hash: Hash } {
  const said = readDocument("interest/v1", bytes); // attacker-controlled
  const hash = documentHash(primitives.sha256, bytes);
  const keys = [said.by];
  if (signatures.some((line) => verifyDocument(primitives, { type: "interest/v1", hash, line, keys })))
    return { said, hash };
  throw new CovenantError("membership", "expected a word under the signature of its own key, got none");
}
