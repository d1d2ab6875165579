// SPDX-License-Identifier: Apache-2.0
import { admitPublicKey, type Primitives, publicKeyText, verifyDocument } from "@koplamp/crypto";
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
import { possessionFindings } from "./possession.ts";

/** A document as it is kept and sent: canonical bytes, and the signature lines that stand beside them. */
export interface SignedBytes {
  readonly bytes: Uint8Array;
  readonly signatures: readonly string[];
}

/** The signed documents that found a federation, and the encapsulation keys that its cards name by hash. */
export interface Charter {
  readonly covenant: SignedBytes;
  /** Proofs that each key in the covenant is held: `<party> <role> <PublicKey> <signature>`, a line each. */
  readonly possession: readonly string[];
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
 * hashes link, every key is admitted and used once, and whoever holds a key of the covenant has shown it.
 * @throws {CovenantError} naming the document and the party; {@link WireError} for bytes that are no such document.
 */
export function admitCharter(charter: Charter, primitives: Primitives): Membership {
  const founding = admitFounding(charter, primitives);
  const { covenant, covenantHash } = founding;
  const [unheld] = possessionFindings(covenant, covenantHash, charter.possession, primitives);
  if (unheld !== undefined)
    throw new CovenantError("possession", `${unheld.clause}: expected ${unheld.expected}, got ${unheld.got}`);
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
  admitKeys(covenant, roster, [...cards.values()], primitives);
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
  if (roster.witnessQuorum < covenant.witnesses.quorum) {
    const { quorum } = covenant.witnesses;
    throw new CovenantError(
      "membership",
      `expected a quorum of at least ${quorum}, got ${roster.witnessQuorum}`,
    );
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

/**
 * Every Ed25519 key of the federation may be trusted, and stands for one party, role and purpose only: a key in two
 * places would be one hand that agrees with itself.
 */
function admitKeys(covenant: Covenant, roster: Roster, cards: readonly Card[], primitives: Primitives): void {
  const keys: readonly (readonly [owner: string, key: string])[] = [
    ...covenant.parties.flatMap(({ id, covenantKeys }) => covenantKeys.map((key) => [id, key] as const)),
    ...cards.flatMap(({ party, identity, ledger, witness, people }) =>
      [identity, rawKeyOf(ledger), rawKeyOf(witness), ...people.map(({ key }) => key)].map(
        (key) => [party, key] as const,
      ),
    ),
    ...covenant.approval.external.flatMap(({ role, keys }) => keys.map((key) => [role, key] as const)),
    ...covenant.supervision.keys.map((key) => ["supervision", key] as const),
    [COORDINATOR, roster.coordinator.identity],
  ];
  const seen = new Set<string>();
  for (const [owner, key] of keys) {
    if (seen.has(key)) throw new CovenantError("membership", `a key of ${owner} is used twice`);
    seen.add(key);
    admitted(owner, key, primitives);
  }
}

function admitted(owner: string, key: string, primitives: Primitives): Uint8Array {
  try {
    return admitPublicKey(primitives, key);
  } catch {
    throw new CovenantError("membership", `a key of ${owner} is none that may be trusted`);
  }
}

/** The key in a C2SP verifier key: the reader of cards has checked its form. */
function rawKeyOf(verifierKey: string): string {
  return publicKeyText(fromBase64(verifierKey.slice(-VKEY_CHARACTERS)).subarray(1));
}

/** Of the base64 at the end of a verifier key: an algorithm byte and 32 bytes. */
const VKEY_CHARACTERS = 44;
const COORDINATOR = "coordinator";
const MLKEM_BYTES = 1184;

function addressesOf(
  charter: Charter,
  roster: Roster,
  cards: ReadonlyMap<PartyId, Card>,
  primitives: Primitives,
): ReadonlyMap<PartyId, Address> {
  const address = (party: PartyId, identity: string, seal: SealKeys): readonly [PartyId, Address] => {
    const mlkem768 = charter.mlkem[party] ?? new Uint8Array();
    const hash = `sha256:${hex(primitives.sha256(mlkem768))}`;
    if (mlkem768.length !== MLKEM_BYTES || hash !== seal.mlkem768Hash) {
      throw new CovenantError("membership", `expected the encapsulation key that the card of ${party} names`);
    }
    return [
      party,
      { identity: admitted(party, identity, primitives), x25519: fromBase64(seal.x25519), mlkem768 },
    ];
  };
  return new Map([
    ...[...cards.values()].map((card) => address(card.party, card.identity, card.seal)),
    address(COORDINATOR, roster.coordinator.identity, roster.coordinator.seal),
  ]);
}
