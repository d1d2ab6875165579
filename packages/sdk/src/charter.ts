// SPDX-License-Identifier: Apache-2.0
import type { Charter, SignedBytes } from "@koplamp/covenant";
import { type Primitives, provePossession, publicKeyText, signDocument } from "@koplamp/crypto";
import type { NodeKeys } from "@koplamp/engine";
import { verifierKeyText } from "@koplamp/ledger";
import { nodePrimitives } from "@koplamp/pool";
import type { PartyId, Rng } from "@koplamp/protocol";
import type { CoordinatorKeys } from "@koplamp/store";
import {
  addPeriod,
  base64,
  type Card,
  type Covenant,
  type CovenantParty,
  documentBytes,
  documentHash,
  type Hash,
  hex,
  type Roster,
  readDocument,
  type SealKeys,
  timeText,
  utf8,
} from "@koplamp/wire";

/** A party as it joins; what is absent is a member that supervises under the general law. */
export interface CharterParty extends Partial<Pick<CovenantParty, "part" | "task" | "regimes">> {
  readonly id: PartyId;
  readonly name: string;
  /** Pins of its machine's certificate; absent where nothing is dialled. */
  readonly tlsPins?: readonly Hash[];
}

/** What the parties agree on. What is absent is as strict as it can be, or nothing. */
export type Terms = Pick<Covenant, "purposes" | "dataClasses" | "quotas" | "protocols"> &
  Partial<
    Pick<
      Covenant,
      "title" | "validFrom" | "validUntil" | "personLevel" | "floors" | "budgets" | "approval" | "retention"
    >
  >;

/** A federation to be founded, or to agree anew. */
export interface CharterRequest {
  /** The covenant's id; `lab/…` in a lab alone. */
  readonly id: string;
  readonly parties: readonly CharterParty[];
  readonly terms: Terms;
  /** Seeds of keys outside all parties that the terms name, by role: their holders show that they hold them. */
  readonly outside?: Readonly<Record<string, Uint8Array>>;
  readonly coordinator?: Partial<Pick<Roster["coordinator"], "name" | "operator" | "tlsPins">>;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The agreement before this one: same parties, same keys. */
  readonly before?: Founded;
}

/** The keys of a party and of all its people, which only a lab or trial has in one place. */
export interface FoundedKeys extends NodeKeys {
  readonly people: Required<NodeKeys["people"]>;
}

/** A federation's signed documents, with the secrets that a lab or demo holds for everybody. */
export interface Founded {
  readonly charter: Charter;
  readonly keys: Readonly<Record<PartyId, FoundedKeys>>;
  readonly coordinator: CoordinatorKeys;
}

const FLOORS: Covenant["floors"] = {
  minCount: 10,
  minContributors: 2,
  minSet: 20,
  dominanceN: 0,
  dominancePercent: 100,
  maxDomainPermille: 10,
};

/**
 * Founds a federation: keys for every party, its four people and the relay; a covenant that all sign; a card for each
 * party; a roster that all sign. For labs and demos: on real nodes every agency makes its own keys at home.
 */
export function createCharter(
  request: CharterRequest,
  rng: Rng,
  primitives: Primitives = nodePrimitives(),
): Founded {
  const keys = request.before?.keys ?? keysOf(request.parties, rng);
  const coordinator = request.before?.coordinator ?? machineKeys(rng);
  const signer = new Signer(primitives, keys);
  const covenant = covenantOf(request, signer);
  const signedCovenant = signer.byAll("covenant/v1", documentBytes(covenant));
  const covenantHash = signer.hash(signedCovenant.bytes);
  const cards = request.parties.map((party) => {
    const card = cardOf(party, covenant, covenantHash, signer);
    return { party: party.id, ...signer.by([party.id], "card/v1", documentBytes(card)) };
  });
  const roster = rosterOf(request, covenant, covenantHash, cards, signer, coordinator);
  return {
    charter: {
      covenant: signedCovenant,
      possession: [
        ...signer.possessionByAll(covenantHash),
        ...Object.entries(request.outside ?? {}).map(([role, seed]) =>
          signer.possession("external", role, seed, covenantHash),
        ),
      ],
      cards: cards.map(({ bytes, signatures }) => ({ bytes, signatures })),
      roster: signer.byAll("roster/v1", documentBytes(roster)),
      mlkem: Object.fromEntries(
        [...Object.entries(keys), ["coordinator", coordinator] as const].map(([party, { sealMlKem }]) => [
          party,
          primitives.mlKemKeyPair(sealMlKem).publicKey,
        ]),
      ),
    },
    keys,
    coordinator,
  };
}

/** Signs for everybody, as only a founder in one process can. */
class Signer {
  readonly primitives: Primitives;
  readonly #keys: Readonly<Record<PartyId, FoundedKeys>>;

  constructor(primitives: Primitives, keys: Readonly<Record<PartyId, FoundedKeys>>) {
    this.primitives = primitives;
    this.#keys = keys;
  }

  of(party: PartyId): FoundedKeys {
    const keys = this.#keys[party];
    if (keys === undefined) throw new Error(`expected keys for ${party}`);
    return keys;
  }

  hash(bytes: Uint8Array): Hash {
    return documentHash(this.primitives.sha256, bytes);
  }

  publicKey(seed: Uint8Array): string {
    return publicKeyText(this.primitives.ed25519PublicKey(seed));
  }

  by(parties: readonly PartyId[], type: string, bytes: Uint8Array): SignedBytes {
    const hash = this.hash(bytes);
    const signatures = parties.map((party) =>
      signDocument(this.primitives, this.of(party).covenant, type, hash),
    );
    return { bytes, signatures };
  }

  byAll(type: string, bytes: Uint8Array): SignedBytes {
    return this.by(Object.keys(this.#keys), type, bytes);
  }

  possession(party: string, role: string, seed: Uint8Array, covenantHash: Hash): string {
    return `${party} ${role} ${provePossession(this.primitives, seed, { party, role, covenantHash })}`;
  }

  possessionByAll(covenantHash: Hash): readonly string[] {
    return Object.entries(this.#keys).map(([party, { covenant }]) =>
      this.possession(party, "covenant", covenant, covenantHash),
    );
  }

  seal({ sealX25519, sealMlKem }: CoordinatorKeys): SealKeys {
    return {
      x25519: base64(this.primitives.x25519KeyPair(sealX25519).publicKey),
      mlkem768Hash: `sha256:${hex(this.primitives.sha256(this.primitives.mlKemKeyPair(sealMlKem).publicKey))}`,
    };
  }
}

function keysOf(parties: readonly CharterParty[], rng: Rng): Readonly<Record<PartyId, FoundedKeys>> {
  return Object.fromEntries(
    parties.map(({ id }) => [
      id,
      {
        ...machineKeys(rng),
        ledger: rng(32),
        witness: rng(32),
        covenant: rng(32),
        storage: rng(32),
        people: { analyst: rng(32), lawful: rng(32), ethical: rng(32), officer: rng(32) },
      },
    ]),
  );
}

function machineKeys(rng: Rng): CoordinatorKeys {
  return { identity: rng(32), sealX25519: rng(32), sealMlKem: rng(64) };
}

function covenantOf({ id, parties, terms, now, before }: CharterRequest, signer: Signer): Covenant {
  const validFrom = terms.validFrom ?? timeText(now - 86_400_000);
  const known = before === undefined ? undefined : signer.hash(before.charter.covenant.bytes);
  return {
    koplamp: "covenant/v1",
    id,
    version: before === undefined ? 1 : versionOf(before) + 1,
    previous: known ?? null,
    title: { en: `Agreement of ${parties.length} parties`, nl: `Afspraken van ${parties.length} partijen` },
    validFrom,
    validUntil: addPeriod(validFrom, "P5Y"),
    parties: parties.map((party) => ({
      id: party.id,
      name: party.name,
      part: party.part ?? "member",
      task: party.task ?? "supervision",
      regimes: party.regimes ?? ["avg"],
      bases: [],
      covenantKeys: [signer.publicKey(signer.of(party.id).covenant)],
    })),
    personLevel: { allowed: false, ground: null, external: [] },
    floors: FLOORS,
    budgets: [],
    approval: { validFor: "P30D", external: [] },
    witnesses: { quorum: quorumOf(parties.length), external: [] },
    retention: { results: "P90D", salts: "P1Y", ledger: "P5Y", extensions: 1 },
    supervision: { body: "none: generated keys", keys: [] },
    dpia: { reference: "none", hash: signer.hash(utf8("none")) },
    ethics: { framework: "none", reference: "none", hash: signer.hash(utf8("none")) },
    ...terms,
  };
}

function versionOf({ charter }: Founded): number {
  return readDocument("covenant/v1", charter.covenant.bytes).version;
}

/** More than half of the other nodes, and one more where there are enough (evidence.md, section 6). */
function quorumOf(parties: number): number {
  return Math.min(parties - 1, Math.floor(parties / 2) + 1);
}

function cardOf(
  { id, tlsPins = [] }: CharterParty,
  covenant: Covenant,
  covenantHash: Hash,
  signer: Signer,
): Card {
  const { sha256, ed25519PublicKey } = signer.primitives;
  const keys = signer.of(id);
  const origin = `${covenant.id}/${id}`;
  return {
    koplamp: "card/v1",
    party: id,
    serial: covenant.version,
    covenantHash,
    identity: signer.publicKey(keys.identity),
    seal: signer.seal(keys),
    ledger: verifierKeyText(sha256, origin, 1, ed25519PublicKey(keys.ledger)),
    witness: verifierKeyText(sha256, `${origin}/witness`, 4, ed25519PublicKey(keys.witness)),
    tlsPins,
    people: (["analyst", "lawful", "ethical", "officer"] as const).map((role, at) => ({
      person: `${id}-p${at + 1}`,
      roles: [role],
      key: signer.publicKey(keys.people[role]),
      validUntil: covenant.validUntil,
    })),
  };
}

function rosterOf(
  request: CharterRequest,
  covenant: Covenant,
  covenantHash: Hash,
  cards: readonly { readonly party: PartyId; readonly bytes: Uint8Array }[],
  signer: Signer,
  coordinator: CoordinatorKeys,
): Roster {
  const { before } = request;
  const { name = "relay", operator = "none of the parties", tlsPins = [] } = request.coordinator ?? {};
  return {
    koplamp: "roster/v1",
    id: covenant.id,
    epoch: covenant.version,
    previous: before === undefined ? null : signer.hash(before.charter.roster.bytes),
    covenantHash,
    cards: cards
      .map(({ party, bytes }) => ({ party, cardHash: signer.hash(bytes) }))
      .sort((a, b) => (a.party < b.party ? -1 : 1)),
    witnessQuorum: covenant.witnesses.quorum,
    coordinator: {
      name,
      operator,
      identity: signer.publicKey(coordinator.identity),
      seal: signer.seal(coordinator),
      tlsPins,
    },
  };
}
