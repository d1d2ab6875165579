// SPDX-License-Identifier: Apache-2.0
// An agency rules over its own people: it changes its card, and all parties sign the roster that names the new card.
import { existsSync } from "node:fs";
import { admitCharter, type Charter, type Membership, type SignedBytes } from "@koplamp/covenant";
import { admitPublicKey, publicKeyText, signDocument, verifyDocument, wipe } from "@koplamp/crypto";
import { nodePrimitives } from "@koplamp/pool";
import type { PartyId } from "@koplamp/protocol";
import { readCharter, readCovenantSeed, writeCharter } from "@koplamp/store";
import {
  type Card,
  canonicalText,
  documentBytes,
  documentHash,
  type Hash,
  type Roster,
  readDocument,
} from "@koplamp/wire";
import { SdkError } from "./errors.ts";

type Person = Card["people"][number];

/** What an agency changes on its card. */
export interface CardChange {
  /** The folder of the charter in force; it is not touched. */
  readonly charter: string;
  /** The folder for the new one. */
  readonly out: string;
  /** Whose covenant key it is says whose card. */
  readonly keyFile: string;
  /** In the place of whoever has the same `person`. */
  readonly add?: Omit<Person, "validUntil"> & { readonly validUntil?: string };
  /** A `person`. */
  readonly remove?: string;
}

/** A charter that is on its way from one roster to the next. */
export interface CardView {
  /** Whose signature was given. */
  readonly party: PartyId;
  readonly rosterHash: Hash;
  /** The people of each party whose card is another. */
  readonly changed: readonly {
    readonly party: PartyId;
    readonly people: Card["people"];
    readonly machine: boolean;
  }[];
  /** Parties that have not signed the new roster. It counts when nobody is missing. */
  readonly missing: readonly PartyId[];
}

const primitives = nodePrimitives();
const hashOf = ({ bytes }: Pick<SignedBytes, "bytes">): Hash => documentHash(primitives.sha256, bytes);

/**
 * Writes a new charter: our card with other people, and a roster that names it, both signed by us.
 * @throws {SdkError} `refused`, `party`; {@link CovenantError} for a charter that does not hold; {@link StoreError}.
 */
export function changeCard({ charter: folder, out, keyFile, add, remove }: CardChange): CardView {
  if (existsSync(out)) throw refused(`there is something at ${out} already`, "name another folder");
  const charter = readCharter(folder);
  const membership = admitCharter(charter, primitives);
  const seed = readCovenantSeed(keyFile);
  try {
    const party = ownerOf(membership, seed);
    const card = membership.cards.get(party);
    if (card === undefined)
      throw refused(`${party} has no card`, "compare the charter with the other agencies'");
    const people = changedPeople(card, membership, { ...(add && { add }), ...(remove && { remove }) });
    const bytes = documentBytes({ ...card, serial: card.serial + 1, people });
    const next: SignedBytes = { bytes, signatures: [signed(seed, "card/v1", bytes)] };
    const cards = charter.cards.map((one) => (partyOf(one) === party ? next : one));
    const roster = rosterOf(membership, party, hashOf(next), seed);
    writeCharter(out, { ...charter, cards, roster });
    return viewOf(membership, { ...charter, cards, roster }, party);
  } finally {
    wipe(seed);
  }
}

/**
 * Signs the roster of a new charter, after showing what it changes against the one in force.
 * @throws {SdkError} `refused` for a charter that does not follow on ours, or whose cards their owners did not sign.
 */
export function signRoster(folder: string, current: string, keyFile: string): CardView {
  const charter = readCharter(folder);
  const membership = admitCharter(readCharter(current), primitives);
  expectFollowing(membership, charter);
  const seed = readCovenantSeed(keyFile);
  try {
    const party = ownerOf(membership, seed);
    const line = signed(seed, "roster/v1", charter.roster.bytes);
    const { bytes, signatures } = charter.roster;
    const roster = { bytes, signatures: [...new Set([...signatures, line])] };
    const view = viewOf(membership, { ...charter, roster }, party);
    if (view.missing.length === 0) admitCharter({ ...charter, roster }, primitives); // every key once, every hash linked
    writeCharter(folder, { ...charter, roster });
    return view;
  } finally {
    wipe(seed);
  }
}

function ownerOf({ covenant }: Membership, seed: Uint8Array): PartyId {
  const key = publicKeyText(primitives.ed25519PublicKey(seed));
  const owner = covenant.parties.find(({ covenantKeys }) => covenantKeys.includes(key));
  if (owner !== undefined) return owner.id;
  const parties = covenant.parties.map(({ id }) => id).join(", ");
  throw refused(`this key is no party's of covenant "${covenant.id}": ${key}`, `its parties: ${parties}`);
}

function changedPeople(
  { party, people }: Card,
  { covenant, cards }: Membership,
  { add, remove }: Pick<CardChange, "add" | "remove">,
): Card["people"] {
  const gone = remove ?? add?.person;
  const left = people.filter(({ person }) => person !== gone);
  if (remove !== undefined && left.length === people.length) {
    const names = people.map(({ person }) => person).join(", ");
    throw new SdkError("party", `nobody on the card of ${party} is "${remove}"`, `its people: ${names}`);
  }
  if (add === undefined) return left;
  const { person, roles, key, validUntil = covenant.validUntil } = add;
  admitPublicKey(primitives, key); // a key of small order would fit several texts
  const others = [...cards.values()].flatMap((card) =>
    card.people.map((one) => ({ ...one, party: card.party })),
  );
  const owner = others.find((one) => one.key === key && !(one.party === party && one.person === gone));
  if (owner !== undefined)
    throw refused(
      `this key is that of ${owner.person} of ${owner.party}`,
      "each person has a key of their own",
    );
  return [...left, { person, roles, key, validUntil }];
}

function rosterOf(
  { roster, rosterHash }: Membership,
  party: PartyId,
  cardHash: Hash,
  seed: Uint8Array,
): SignedBytes {
  const cards = roster.cards.map((row) => (row.party === party ? { party, cardHash } : row));
  const next: Roster = { ...roster, epoch: roster.epoch + 1, previous: rosterHash, cards };
  const bytes = documentBytes(next);
  return { bytes, signatures: [signed(seed, "roster/v1", bytes)] };
}

/** Nothing but cards may differ, each signed by its owner, and the roster must follow on ours. */
function expectFollowing(
  { roster, rosterHash, covenant, cards, charter: ours }: Membership,
  charter: Charter,
): void {
  const next = readDocument("roster/v1", charter.roster.bytes);
  const named = next.cards.map(({ party, cardHash }) => `${party} ${cardHash}`).join("\n");
  const there = charter.cards
    .map((card) => `${partyOf(card)} ${hashOf(card)}`)
    .sort()
    .join("\n");
  const expected: Roster = { ...roster, epoch: roster.epoch + 1, previous: rosterHash, cards: next.cards };
  const same = hashOf(charter.covenant) === hashOf(ours.covenant) && named === there;
  if (!same || canonicalText(next) !== canonicalText(expected) || charter.cards.length !== cards.size)
    throw refused(
      "expected a roster that follows on ours and changes cards only, got another",
      "ask who made it",
    );
  for (const card of charter.cards) {
    const party = partyOf(card);
    const keys = covenant.parties.find(({ id }) => id === party)?.covenantKeys ?? [];
    const about = { type: "card/v1", hash: hashOf(card), keys } as const;
    if (!card.signatures.some((line) => verifyDocument(primitives, { ...about, line })))
      throw refused(`expected a card of ${party} that ${party} signed, got another`, `ask ${party}`);
  }
}

function viewOf({ covenant, cards }: Membership, charter: Charter, party: PartyId): CardView {
  const rosterHash = hashOf(charter.roster);
  const changed = charter.cards.flatMap((signed) => {
    const card = readDocument("card/v1", signed.bytes);
    const old = cards.get(card.party);
    if (old === undefined || canonicalText(old) === canonicalText(card)) return [];
    const machine =
      canonicalText({ ...old, serial: 0, people: [] }) !== canonicalText({ ...card, serial: 0, people: [] });
    return [{ party: card.party, people: card.people, machine }];
  });
  const unsigned = covenant.parties.filter(
    ({ covenantKeys: keys }) =>
      !charter.roster.signatures.some((line) =>
        verifyDocument(primitives, { type: "roster/v1", hash: rosterHash, line, keys }),
      ),
  );
  return { party, rosterHash, changed, missing: unsigned.map(({ id }) => id) };
}

function signed(seed: Uint8Array, type: "card/v1" | "roster/v1", bytes: Uint8Array): string {
  return signDocument(primitives, seed, type, documentHash(primitives.sha256, bytes));
}

function partyOf({ bytes }: SignedBytes): PartyId {
  return readDocument("card/v1", bytes).party;
}

function refused(message: string, hint: string): SdkError {
  return new SdkError("refused", message, hint);
}
