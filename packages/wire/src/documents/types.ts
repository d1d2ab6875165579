// SPDX-License-Identifier: Apache-2.0
// The documents of evidence.md, section 2, as TypeScript sees them after a strict reader.
import type { Fact, PartyId } from "@koplamp/protocol";
import type { Interest } from "../interests/target.ts";
import type { Ask } from "./asks.ts";
import type { Hash, Period, PublicKey, QueryClass, Text, Time } from "./basic-types.ts";
import type { Card, Covenant, Roster } from "./covenant-types.ts";

/** A party leaves: from here on no node that has read it does anything with that party under this covenant. */
export interface Withdrawal {
  readonly koplamp: "withdrawal/v1";
  readonly covenantHash: Hash;
  readonly party: PartyId;
  readonly reason: Text;
  readonly at: Time;
  readonly salt: string;
}

/** An officer's word about the own party: until another such word its node contributes nothing, or goes on. */
export interface Suspension {
  readonly koplamp: "suspension/v1";
  readonly covenantHash: Hash;
  readonly party: PartyId;
  readonly action: "suspend" | "resume";
  readonly by: PublicKey;
  /** The officers' word before this one; null for the first. */
  readonly previous: Hash | null;
  /** Given for a suspension. */
  readonly reason: Text | null;
  readonly at: Time;
  readonly salt: string;
}

/** What a desk puts in its register, with what it needs itself to act on a hit. */
export interface OwnInterest {
  readonly interest: Interest;
  /** The own case: told to nobody else. */
  readonly reference: string;
  /** Whom to tell within the own agency. */
  readonly desk: string;
  readonly by: string;
  /** From then on nobody meets it any more. */
  readonly expires: Time;
}

/** The word of somebody who adds an interest, or takes one back. It stays at the own node; its hash is in the ledger. */
export interface InterestWord {
  readonly koplamp: "interest/v1";
  readonly covenantHash: Hash;
  readonly party: PartyId;
  readonly action: "add" | "withdraw";
  /** What is added. */
  readonly own: OwnInterest | null;
  /** The word that is taken back. */
  readonly previous: Hash | null;
  readonly by: PublicKey;
  readonly at: Time;
  readonly salt: string;
}

/** Of a sum, the `largest` largest records make at most `percent` of a hundred; and no party may stand out in it. */
export interface Dominance {
  readonly largest: number;
  readonly percent: number;
}

/** A total that everybody may know: of the cells whose values in these columns are among those named. */
export interface KnownTotal {
  readonly group: readonly { readonly column: string; readonly values: readonly string[] }[];
  /** `count` or `sum(column)`. */
  readonly measure: string;
  readonly value: number;
}

/** What one party contributes, by public bounds only. */
export interface Input {
  readonly party: PartyId;
  readonly dataset: string;
  readonly dataClass: string;
  readonly columns: readonly string[];
  /** The kinds of `columns`, in the same order. */
  readonly kinds: readonly string[];
  /** `bucket(rows)`: the true number never leaves the node. */
  readonly rowsPadded: number;
  /** Declared bounds of integer columns among `columns`. */
  readonly bounds: readonly { readonly column: string; readonly min: number; readonly max: number }[];
  readonly maxRowsPerCell: number;
  /** Salted commitment to the canonical rows. */
  readonly snapshot: Hash;
}

/** Noise that every contributor adds to what it puts in, before anybody else sees it (aggregation.md, section 8). */
export interface NoisePlan {
  readonly mechanism: "gaussian" | "laplace";
  /** What is hidden, and with it all that it changes: one row of one party, or one subject with its rows at every party. */
  readonly unit: "row" | "subject";
  /** How often one subject counts at each party, at most; empty where rows are hidden. */
  readonly most: readonly { readonly party: PartyId; readonly rows: number }[];
  /** ρ of the whole answer, in 10⁻⁶, and the δ of its reading as (ε, δ): 10^-deltaExponent. */
  readonly rhoMicro: number;
  readonly deltaExponent: number;
  /** Of how many contributors a recipient may know the noise, its own included, and the promise still holds. */
  readonly colluders: number;
}

export interface Plan {
  readonly koplamp: "plan/v1";
  readonly id: string;
  readonly covenantHash: Hash;
  readonly rosterHash: Hash;
  readonly proposer: { readonly party: PartyId; readonly by: PublicKey };
  readonly class: QueryClass;
  readonly purpose: string;
  readonly bases: readonly { readonly party: PartyId; readonly basis: string }[];
  readonly indication: { readonly text: Text; readonly reference: string };
  readonly necessity: Text;
  readonly subsidiarity: Text;
  readonly intendedEffect: { readonly text: Text; readonly measure: Text };
  readonly ask: Ask;
  readonly inputs: readonly Input[];
  readonly protocol: {
    readonly id: string;
    readonly params: string;
    /** The period for which an OPRF key lives; null where no key set is used. */
    readonly epoch: string | null;
    readonly roles: Readonly<Record<string, readonly PartyId[]>>;
    readonly shards: number;
  };
  readonly release: {
    readonly minCount: number;
    readonly minContributors: number;
    readonly noise: NoisePlan | null;
    /** Absent where no dominance is tested. */
    readonly dominance?: Dominance;
    /** Every number is told as a multiple of this; absent where it is told as it is. */
    readonly rounding?: number;
    /** Totals that are public without this question. */
    readonly known?: readonly KnownTotal[];
  };
  readonly recipients: readonly { readonly party: PartyId; readonly roles: readonly string[] }[];
  /** Set where the question runs several times on one approval. */
  readonly schedule: Schedule | null;
  readonly notBefore: Time;
  readonly expires: Time;
  readonly salt: string;
}

/** A standing question: the same again and again, on the data as they are then, so many times and no more. */
export interface Schedule {
  /** From one run to the next. */
  readonly every: Period;
  /** How many runs there are in all. */
  readonly runs: number;
  /** When the first one is due. */
  readonly from: Time;
}

/** An item of what a view or a coalition learns. */
export interface ContractItem {
  readonly fact: Fact;
  readonly about: readonly PartyId[];
  readonly bound: number | string;
  readonly because?: string;
}

export interface Contract {
  readonly koplamp: "contract/v1";
  readonly planHash: Hash;
  readonly covenantHash: Hash;
  readonly rosterHash: Hash;
  readonly protocol: string;
  readonly descriptionHash: Hash;
  readonly disclosures: readonly {
    readonly id: string;
    readonly from: PartyId;
    readonly to: PartyId;
    readonly via: "coordinator" | null;
    readonly release: number;
    readonly output: string;
    readonly perShard: number;
    readonly shards: number;
  }[];
  readonly outputs: readonly {
    readonly id: string;
    readonly to: PartyId;
    readonly fact: Fact;
    readonly about: readonly PartyId[];
    readonly columns: readonly string[];
    readonly bound: number | string;
  }[];
  readonly views: readonly {
    readonly who: readonly PartyId[];
    readonly learns: readonly ContractItem[];
    readonly atMost: readonly ContractItem[];
  }[];
  readonly coalitions: readonly {
    readonly who: readonly PartyId[];
    readonly about: readonly PartyId[];
    readonly learns: readonly ContractItem[];
  }[];
  readonly egress: readonly EgressLine[];
  readonly debits: readonly {
    readonly holder: PartyId;
    readonly asker: PartyId;
    readonly unit: string;
    readonly amount: number;
  }[];
  readonly assumptions: readonly { readonly id: string; readonly text: Text; readonly ifFalse: string }[];
  readonly warnings: readonly string[];
  readonly text: Text;
}

/** Messages of one type between two parties: how many, and how many plaintext bytes in all. */
export interface EgressLine {
  readonly from: PartyId;
  readonly to: PartyId;
  readonly channel: "send" | "disclose";
  readonly what: string;
  readonly messages: number;
  readonly bytes: number;
}

export interface Approval {
  readonly koplamp: "approval/v1";
  readonly covenantHash: Hash;
  readonly planHash: Hash;
  readonly contractHash: Hash;
  readonly party: PartyId;
  readonly role: string;
  readonly decision: "approve" | "refuse" | "withdraw";
  readonly by: PublicKey;
  readonly considered: readonly { readonly question: string; readonly answer: Text }[];
  readonly reason: Text | null;
  readonly at: Time;
  readonly validUntil: Time;
  readonly salt: string;
}

export interface Receipt {
  readonly koplamp: "receipt/v1";
  readonly planHash: Hash;
  readonly session: string;
  readonly disclosure: string;
  readonly from: PartyId;
  readonly to: PartyId;
  readonly frame: Hash;
  readonly bytes: number;
  readonly at: Time;
}

export interface Egress {
  readonly koplamp: "egress/v1";
  readonly planHash: Hash;
  readonly contractHash: Hash;
  readonly session: string;
  readonly from: PartyId;
  readonly rows: readonly Omit<EgressLine, "from">[];
  readonly equalsContract: boolean;
}

export interface Result {
  readonly koplamp: "result/v1";
  readonly planHash: Hash;
  readonly contractHash: Hash;
  /** The answer document as one JSON string. */
  readonly answer: string;
  readonly withheld: readonly { readonly rule: string; readonly cells: number }[];
  readonly salt: string;
}

export interface Bundle {
  readonly koplamp: "bundle/v1";
  readonly covenantHash: Hash;
  readonly rosterHash: Hash;
  readonly planHash: Hash;
  readonly contractHash: Hash;
  readonly made: Time;
  readonly by: PartyId;
  readonly documents: readonly { readonly hash: Hash; readonly type: string; readonly included: boolean }[];
  readonly proofs: readonly { readonly party: PartyId; readonly index: number; readonly type: string }[];
}

/** The logging duty that an entry answers. */
export type Verb =
  | "collection"
  | "alteration"
  | "consultation"
  | "disclosure"
  | "combination"
  | "erasure"
  | "none";

/** One leaf of a node's ledger. It holds no identifier, no name, no free text and no exact count of hits. */
export interface Entry {
  readonly koplamp: "entry/v1";
  /** The log's origin, `<federation>/<party>`. */
  readonly ledger: string;
  readonly at: Time;
  readonly by: PublicKey | "node";
  readonly planHash: Hash | null;
  readonly verb: Verb;
  readonly type: EntryType;
  readonly body: EntryBody;
}

export type EntryType =
  | "covenant"
  | "roster"
  | "card"
  | "plan"
  | "approval"
  | "inputs"
  | "keyset"
  | "begin"
  | "allow"
  | "spent"
  | "disclose"
  | "receive"
  | "deliver"
  | "undelivered"
  | "release"
  | "consult"
  | "abort"
  | "end"
  | "outcome"
  | "erase"
  | "extend"
  | "read-log"
  | "suspend"
  | "resume"
  | "continuation"
  | "register"
  | "heartbeat";

/** The body of an entry; its fields by type stand in `EntryBodies`. */
export type EntryBody = Readonly<Record<string, unknown>>;

/** Every document type by the name in its first field. */
export interface Documents {
  readonly "covenant/v1": Covenant;
  readonly "card/v1": Card;
  readonly "roster/v1": Roster;
  readonly "withdrawal/v1": Withdrawal;
  readonly "suspension/v1": Suspension;
  readonly "interest/v1": InterestWord;
  readonly "plan/v1": Plan;
  readonly "contract/v1": Contract;
  readonly "approval/v1": Approval;
  readonly "receipt/v1": Receipt;
  readonly "egress/v1": Egress;
  readonly "result/v1": Result;
  readonly "bundle/v1": Bundle;
  readonly "entry/v1": Entry;
}

export type DocumentType = keyof Documents;
