// SPDX-License-Identifier: Apache-2.0
// The agreement of evidence.md, section 2, and its members, as TypeScript sees them after a strict reader.
import type { Fact, PartyId } from "@koplamp/protocol";
import type { Hash, Period, PublicKey, QueryClass, Text, Time } from "./basic-types.ts";

export interface Covenant {
  readonly koplamp: "covenant/v1";
  readonly id: string;
  readonly version: number;
  readonly previous: Hash | null;
  readonly title: Text;
  readonly validFrom: Time;
  readonly validUntil: Time;
  readonly parties: readonly CovenantParty[];
  readonly purposes: readonly Purpose[];
  readonly dataClasses: readonly DataClass[];
  readonly personLevel: {
    readonly allowed: boolean;
    readonly ground: Text | null;
    readonly external: readonly string[];
  };
  readonly floors: Floors;
  readonly quotas: readonly Quota[];
  readonly budgets: readonly Budget[];
  readonly approval: {
    readonly validFor: Period;
    readonly external: readonly {
      readonly role: string;
      readonly classes: readonly QueryClass[];
      readonly keys: readonly PublicKey[];
    }[];
  };
  readonly witnesses: {
    readonly quorum: number;
    readonly external: readonly { readonly name: string; readonly vkey: string }[];
  };
  readonly protocols: readonly {
    readonly id: string;
    readonly paramSets: readonly string[];
    readonly coordinatorLearns: readonly Fact[];
    /** Parties that may deal in it, for others, in place of the coordinator; absent: none. */
    readonly dealers?: readonly PartyId[];
  }[];
  readonly retention: {
    readonly results: Period;
    readonly salts: Period;
    readonly ledger: Period;
    readonly extensions: number;
  };
  readonly supervision: { readonly body: string; readonly keys: readonly PublicKey[] };
  readonly dpia: { readonly reference: string; readonly hash: Hash };
  readonly ethics: { readonly framework: string; readonly reference: string; readonly hash: Hash };
}

export interface CovenantParty {
  readonly id: PartyId;
  readonly name: string;
  readonly part: "member" | "input-only" | "result-only";
  readonly task: "supervision" | "enforcement" | "investigation" | "other";
  readonly regimes: readonly ("avg" | "wpg" | "awr" | "wwft" | "wgs" | "other")[];
  readonly bases: readonly { readonly id: string; readonly law: string; readonly article: string }[];
  readonly covenantKeys: readonly PublicKey[];
}

export interface Purpose {
  readonly id: string;
  readonly text: Text;
  readonly classes: readonly QueryClass[];
  readonly until: Time;
  readonly bases: readonly { readonly party: PartyId; readonly basis: string }[];
}

export interface DataClass {
  readonly id: string;
  readonly party: PartyId;
  readonly dataset: string;
  readonly columns: readonly string[];
  readonly registerSize: number;
  readonly sensitivity: "ordinary" | "special" | "criminal" | "secret";
  readonly allow: readonly {
    readonly purpose: string;
    readonly classes: readonly QueryClass[];
    readonly recipients: readonly PartyId[];
  }[];
}

export interface Floors {
  readonly minCount: number;
  readonly minContributors: number;
  readonly minSet: number;
  readonly dominanceN: number;
  readonly dominancePercent: number;
  readonly maxDomainPermille: number;
}

export interface Quota {
  /** `*` stands for every party. */
  readonly asker: PartyId;
  readonly holder: PartyId;
  readonly purpose: string;
  readonly epoch: Period | "once";
  /** Padded elements in one epoch, per key set. */
  readonly evaluations: number;
  readonly lookupsPerDay: number;
}

export interface Budget {
  readonly party: PartyId;
  readonly dataset: string;
  readonly unit: "subject" | "row";
  readonly period: Period;
  readonly rhoMicro: number;
  readonly exactCells: number;
  readonly repeats: number;
}

/** Keys by which sealed envelopes reach a machine. */
export interface SealKeys {
  /** base64 of 32 bytes. */
  readonly x25519: string;
  /** Hash of the 1,184-byte encapsulation key, which travels beside the card. */
  readonly mlkem768Hash: Hash;
}

export interface Card {
  readonly koplamp: "card/v1";
  readonly party: PartyId;
  readonly serial: number;
  readonly covenantHash: Hash;
  readonly identity: PublicKey;
  readonly seal: SealKeys;
  /** C2SP verifier key of the ledger (type 0x01) and of the witness (type 0x04). */
  readonly ledger: string;
  readonly witness: string;
  readonly tlsPins: readonly Hash[];
  readonly people: readonly Person[];
}

export interface Person {
  readonly person: string;
  readonly roles: readonly ("analyst" | "lawful" | "ethical" | "officer" | "operator")[];
  readonly key: PublicKey;
  readonly validUntil: Time;
}

export interface Roster {
  readonly koplamp: "roster/v1";
  readonly id: string;
  readonly epoch: number;
  readonly previous: Hash | null;
  readonly covenantHash: Hash;
  readonly cards: readonly { readonly party: PartyId; readonly cardHash: Hash }[];
  readonly witnessQuorum: number;
  readonly coordinator: {
    readonly name: string;
    /** Who runs it: a party's id, or a name that is none. */
    readonly operator: string;
    readonly identity: PublicKey;
    readonly seal: SealKeys;
    readonly tlsPins: readonly Hash[];
  };
}
