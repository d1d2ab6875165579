// SPDX-License-Identifier: Apache-2.0
import { admitPublicKey, type Primitives, verifyDocument } from "@koplamp/crypto";
import type { PartyId } from "@koplamp/protocol";
import {
  type Card,
  type Covenant,
  documentHash,
  fromBase64,
  type Hash,
  hex,
  type Roster,
  readDocument,
  type SealKeys,
} from "@koplamp/wire";
import { CovenantError } from "./errors.ts";

/** A document as it is kept and sent: canonical bytes, and the signature lines that stand beside them. */
export interface SignedBytes {
  readonly bytes: Uint8Array;
  readonly signatures: readonly string[];
}

/** The signed documents that found a federation, and the encapsulation keys that its cards name by hash. */
export interface Charter {
  readonly covenant: SignedBytes;
  readonly cards: readonly SignedBytes[];
  readonly roster: SignedBytes;
  /** Party id, or `coordinator`, to its 1,184-byte ML-KEM-768 encapsulation key. */
  readonly mlkem: Readonly<Record<PartyId, Uint8Array>>;
}

/** Where a sealed envelope for a machine goes, and whose signature it answers with. Raw public keys. */
export interface Address {
  readonly identity: Uint8Array;
  readonly x25519: Uint8Array;
  readonly mlkem768: Uint8Array;
}

/** A federation whose documents were all checked: who belongs to it, under which agreement, with which keys. */
export interface Membership {
  readonly covenant: Covenant;
  readonly covenantHash: Hash;
  readonly roster: Roster;
  readonly rosterHash: Hash;
  readonly cards: ReadonlyMap<PartyId, Card>;
  /** Every party of the roster and `coordinator`. */
  readonly addresses: ReadonlyMap<PartyId, Address>;
  readonly charter: Charter;
}

/** The documents of a charter that were signed: what a bundle holds of it. */
type FoundingDocuments = Pick<Charter, "covenant" | "cards" | "roster">;

/** What the signed documents alone say: who belongs to a federation, under which agreement. */
type Founding = Omit<Membership, "addresses" | "charter">;

/**
 * Reads and checks a charter: the covenant is signed by every party, each card by its own agency, the roster by all,
 * hashes link, and every key is admitted and used once.
 * @throws {CovenantError} naming the document and the party; {@link WireError} for bytes that are no such document.
 */
export function admitCharter(charter: Charter, primitives: Primitives): Membership {
  const founding = admitFounding(charter, primitives);
  return {
    ...founding,
    addresses: addressesOf(charter, founding.roster, founding.cards, primitives),
    charter,
  };
}

/** Checks the signed documents of a charter, as a verifier has them. @throws as {@link admitCharter}. */
export function admitFounding(charter: FoundingDocuments, primitives: Primitives): Founding {
  const covenant = readDocument("covenant/v1", charter.covenant.bytes);
  const covenantHash = documentHash(primitives.sha256, charter.covenant.bytes);
  for (const party of covenant.parties) {
    signedBy(
      charter.covenant,
      "covenant/v1",
      covenantHash,
      party.covenantKeys,
      `covenant by ${party.id}`,
      primitives,
    );
  }
  const cards = admitCards(charter, covenant, covenantHash, primitives);
  const roster = admitRoster(charter, covenant, covenantHash, cards, primitives);
  const rosterHash = documentHash(primitives.sha256, charter.roster.bytes);
  return { covenant, covenantHash, roster, rosterHash, cards };
}

function admitCards(
  charter: FoundingDocuments,
  covenant: Covenant,
  covenantHash: Hash,
  primitives: Primitives,
): ReadonlyMap<PartyId, Card> {
  const cards = new Map<PartyId, Card>();
  for (const signed of charter.cards) {
    const card = readDocument("card/v1", signed.bytes);
    const owner = covenant.parties.find(({ id }) => id === card.party);
    if (owner === undefined || card.covenantHash !== covenantHash || cards.has(card.party)) {
      throw new CovenantError(
        "membership",
        `expected one card a party under this covenant, got another for ${card.party}`,
      );
    }
    const hash = documentHash(primitives.sha256, signed.bytes);
    signedBy(signed, "card/v1", hash, owner.covenantKeys, `card of ${card.party}`, primitives);
    cards.set(card.party, card);
  }
  return cards;
}

function admitRoster(
  charter: FoundingDocuments,
  covenant: Covenant,
  covenantHash: Hash,
  cards: ReadonlyMap<PartyId, Card>,
  primitives: Primitives,
): Roster {
  const roster = readDocument("roster/v1", charter.roster.bytes);
  const hash = documentHash(primitives.sha256, charter.roster.bytes);
  const cardHashes = new Set(charter.cards.map(({ bytes }) => documentHash(primitives.sha256, bytes)));
  const linked = roster.cards.every(({ party, cardHash }) => cards.has(party) && cardHashes.has(cardHash));
  if (roster.covenantHash !== covenantHash || !linked || roster.cards.length !== cards.size) {
    throw new CovenantError("membership", "expected a roster of exactly the cards under this covenant");
  }
  for (const party of covenant.parties) {
    signedBy(charter.roster, "roster/v1", hash, party.covenantKeys, `roster by ${party.id}`, primitives);
  }
  return roster;
}

function signedBy(
  signed: SignedBytes,
  type: string,
  hash: Hash,
  keys: readonly string[],
  what: string,
  primitives: Primitives,
): void {
  if (!signed.signatures.some((line) => verifyDocument(primitives, { type, hash, line, keys }))) {
    throw new CovenantError("signature", `expected the signature on the ${what}, got none that verifies`);
  }
}

function addressesOf(
  charter: Charter,
  roster: Roster,
  cards: ReadonlyMap<PartyId, Card>,
  primitives: Primitives,
): ReadonlyMap<PartyId, Address> {
  const seen = new Set<string>();
  const address = (party: PartyId, identity: string, seal: SealKeys): readonly [PartyId, Address] => {
    const mlkem768 = charter.mlkem[party] ?? new Uint8Array();
    if (`sha256:${hex(primitives.sha256(mlkem768))}` !== seal.mlkem768Hash) {
      throw new CovenantError("membership", `expected the encapsulation key that the card of ${party} names`);
    }
    if (seen.has(identity))
      throw new CovenantError("membership", `the identity key of ${party} is used twice`);
    seen.add(identity);
    return [
      party,
      { identity: admitPublicKey(primitives, identity), x25519: fromBase64(seal.x25519), mlkem768 },
    ];
  };
  return new Map([
    ...[...cards.values()].map((card) => address(card.party, card.identity, card.seal)),
    address("coordinator", roster.coordinator.identity, roster.coordinator.seal),
  ]);
}
