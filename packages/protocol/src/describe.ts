// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "./effects.ts";

/**
 * What a party may come to know, from least to most. The rank is the position in this list: a query class allows
 * facts up to its own rank (evidence.md, section 3).
 */
export const FACTS = [
  "took-part",
  "timing",
  "ledger-growth",
  "size-padded",
  "vocabulary",
  "count",
  "pair-count",
  "cell",
  "alarm",
  "multiplicity-of-own",
  "holders-of-own",
  "test-evaluated",
  "hit-pattern",
  "pattern",
  "row",
] as const;

/** One fact of the closed list. */
export type Fact = (typeof FACTS)[number];

/** Something that can be learnt: the fact, whose data it is about, and how much of it at most. */
export interface Item {
  readonly fact: Fact;
  /** The parties whose data the fact is about. */
  readonly about: readonly PartyId[];
  /** A number in the fact's own unit (rows, elements, cells), or words where no number bounds it. */
  readonly bound: number | string;
  readonly because?: string;
}

/** One line of the disclosure contract: a message by which `to` becomes able to learn `output`. */
export interface DisclosureLine {
  /** Unique in the contract, e.g. `tokens.douane.kmar`; the `output` of the `disclose` effect. */
  readonly id: string;
  readonly from: PartyId;
  readonly to: PartyId;
  /** Set when the message goes to the coordinator, which passes the output on to `to`. */
  readonly via?: "coordinator";
  /** The number of the release in the session: what has one number opens together, at every node that discloses in it. */
  readonly release: number;
  /** The id of the output in `outputs`. */
  readonly output: string;
}

/** An answer, or a part of one, that somebody becomes able to learn. */
export interface Output {
  readonly id: string;
  readonly to: PartyId;
  readonly item: Item;
}

/** All messages of one type from one party to another, in a session of this protocol. */
export interface EgressRow {
  readonly from: PartyId;
  readonly to: PartyId;
  readonly channel: "send" | "disclose";
  /** The message type. */
  readonly what: string;
  readonly messages: number;
  /** Plaintext bytes of all these messages together; framing is added by whoever measures frames. */
  readonly bytes: number;
}

/** A charge that `holder` makes to `asker` before it answers. */
export interface Debit {
  readonly holder: PartyId;
  readonly asker: PartyId;
  readonly unit: "evaluations" | "lookups" | "exactCells" | "rhoMicro";
  readonly amount: number;
}

/** A statement without which the contract does not hold. */
export interface Assumption {
  readonly id: string;
  readonly text: string;
  readonly ifFalse: string;
}

/** What `who` learns by itself. */
export interface View {
  readonly who: PartyId;
  readonly learns: readonly Item[];
  /** What a party gains by leaving the protocol where nothing detects it, or by what it may do later. */
  readonly atMost: readonly Item[];
}

/** What the members of `who` learn when they put their views together, and none of them alone. */
export interface Together {
  readonly who: readonly PartyId[];
  readonly item: Item;
}

/** A protocol run described as data: the disclosure contract and the legal pages are generated from it. */
export interface Description {
  readonly disclosures: readonly DisclosureLine[];
  readonly outputs: readonly Output[];
  readonly egress: readonly EgressRow[];
  readonly debits: readonly Debit[];
  readonly views: readonly View[];
  readonly together: readonly Together[];
  readonly assumptions: readonly Assumption[];
}

/** A protocol: what is fixed about it, and how it describes one run. */
export interface Protocol<Parameters> {
  /** `name/number`; a change to what any party learns takes a new number. */
  readonly id: string;
  readonly roles: readonly string[];
  readonly model: "semi-honest" | "malicious senders detected";
  /** The page that explains it to a cryptographer. */
  readonly source: string;
  /** What one run with these parameters discloses, sends and costs. Pure: the same bytes at every node. */
  readonly describe: (parameters: Parameters) => Description;
}

/** Freezes a protocol's static part. */
export function defineProtocol<Parameters>(protocol: Protocol<Parameters>): Protocol<Parameters> {
  return Object.freeze(protocol);
}

/** One row for each ordered pair of `from` and `to`: `messages` of `bytes` each. */
export function sent(
  from: readonly PartyId[],
  to: readonly PartyId[],
  what: string,
  bytes: number,
  messages = 1,
): readonly EgressRow[] {
  return from.flatMap((sender) =>
    to
      .filter((recipient) => recipient !== sender)
      .map((recipient) => ({
        from: sender,
        to: recipient,
        channel: "send",
        what,
        messages,
        bytes: bytes * messages,
      })),
  );
}

/** The position of a fact in the order of intrusion. */
export function rankOf(fact: Fact): number {
  return FACTS.indexOf(fact);
}
