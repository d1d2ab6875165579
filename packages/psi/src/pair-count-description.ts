// SPDX-License-Identifier: Apache-2.0
// The modes of match-pair/1 that count, as data: who counts which pair, what that shows, and on what it rests.
import {
  type Assumption,
  type Description,
  defineProtocol,
  type EgressRow,
  type Item,
  type PartyId,
  type Protocol,
  sent,
  type View,
} from "@koplamp/protocol";
import { bulkPair } from "./bulk-description.ts";
import { presence, TOKEN_ASSUMPTIONS } from "./description-parts.ts";
import { cutDebit, cutPairEgress, matchPair } from "./match-pair.ts";
import { ADDITIVE, type Blinding, ONE_SCALAR } from "./pair-blinding.ts";
import { type CutTerms, cutEgress, cutOf } from "./pair-cut.ts";
import { COORDINATOR, rowsOf } from "./session.ts";

/** What a description of a count over pairs needs. */
export interface PairCountParameters extends CutTerms {
  readonly recipients: readonly PartyId[];
}

/** The party of a pair that counts: the last in id order that gets the count, or else the last. */
export function counterOf(parties: readonly PartyId[], recipients: readonly PartyId[]): PartyId {
  return parties.findLast((party) => recipients.includes(party)) ?? parties.at(-1) ?? "";
}

/** The pairs that a party counts, as their cells are called. */
export function cellsOf({ parties, recipients }: PairCountParameters, counter: PartyId): readonly string[] {
  return pairsOf(parties).flatMap((pair) =>
    counterOf(pair, recipients) === counter ? [pair.join("&")] : [],
  );
}

/** All pairs in id order. */
function pairsOf(parties: readonly PartyId[]): readonly (readonly [PartyId, PartyId])[] {
  return parties.flatMap((left, at) => parties.slice(at + 1).map((right) => [left, right] as const));
}

/** The line by which a counting party tells its numbers: another one than that of its list, where it sends that too. */
export function countLine(name: string, counter: PartyId, to: PartyId): string {
  return `${name}.${counter}.${to}.count`;
}

/** What tells the modes apart: names and blinding. */
export interface CountMode {
  /** What its lines begin with. */
  readonly name: "count-local" | "count-blind";
  readonly blinding: Blinding;
}

/** Mode `count.local`. */
export const LOCAL: CountMode = { name: "count-local", blinding: ADDITIVE };
/** Mode `count.blind`. */
export const BLIND: CountMode = { name: "count-blind", blinding: ONE_SCALAR };

/** Mode `count.local` as data. */
export const pairCountLocal: Protocol<PairCountParameters> = defineProtocol({
  id: "match-pair-count-local/1",
  roles: ["sender", "counter", "recipient"],
  model: "malicious senders detected",
  source: "docs/protocols/match-pair.md",
  describe: (parameters) =>
    describeCount(parameters, LOCAL, {
      learns: (counter, senders) => ({
        fact: "holders-of-own",
        about: senders,
        bound: rowsOf(parameters.rowsPadded, counter),
        because: "its node sees which of its own items the other one holds, and gives their number only",
      }),
      assumptions: [COUNTING_SOFTWARE],
    }),
});

/** Mode `count.blind` as data. */
export const pairCountBlind: Protocol<PairCountParameters> = defineProtocol({
  id: "match-pair-count-blind/1",
  roles: ["sender", "counter", "recipient"],
  model: "semi-honest",
  source: "docs/protocols/match-pair.md",
  describe: (parameters) =>
    describeCount(parameters, BLIND, {
      atMost: (counter, senders) => ({
        fact: "test-evaluated",
        about: senders,
        bound: rowsOf(parameters.rowsPadded, counter),
        because:
          "with a scalar for each item, tried on each answer, it learns which of its items the other one holds; nobody can notice",
      }),
      assumptions: [COUNTER_FOLLOWS, ANSWERS_UNPROVEN, DECISIONAL],
    }),
});

/** Whether a protocol is one between pairs with secrets for one session, and nothing to compare later. */
export function isPairProtocol(id: string): boolean {
  return [matchPair, bulkPair, pairCountLocal, pairCountBlind].some((mode) => mode.id === id);
}

/** What a counting party sees of those that send to it, beside the number, and on what a mode rests. */
interface CountModeFacts {
  readonly learns?: (counter: PartyId, senders: readonly PartyId[]) => Item;
  readonly atMost?: (counter: PartyId, senders: readonly PartyId[]) => Item;
  readonly assumptions: readonly Assumption[];
}

function describeCount(
  parameters: PairCountParameters,
  mode: CountMode,
  { assumptions, ...facts }: CountModeFacts,
): Description {
  const { parties, recipients } = parameters;
  const runs = runsOf(parameters);
  const nodes = [...new Set([...parties, ...recipients])].sort();
  const told = tellings(parameters);
  const line = { output: "overlap", release: 0 } as const;
  const learners = nodes.filter((who) => recipients.includes(who) || runs.some(({ to }) => to === who));
  return {
    disclosures: [
      ...runs.map(({ from, to }) => ({ id: `${mode.name}.${from}.${to}`, from, to, ...line })),
      ...told.map(({ from, to }) => ({
        ...{ id: countLine(mode.name, from, to), from, to },
        ...line,
        release: 1,
      })),
    ],
    outputs: learners.map((to) => ({ id: "overlap", to, item: numbersAt(parameters, to) })),
    egress: egressOf(parameters, mode),
    debits: runs.map(({ from, to }) => cutDebit(from, to, parameters)),
    views: [...nodes, COORDINATOR].map((who) => viewOf(parameters, facts, who)),
    together: [],
    assumptions: [...TOKEN_ASSUMPTIONS, ...assumptions],
  };
}

function egressOf(parameters: PairCountParameters, { blinding }: CountMode): readonly EgressRow[] {
  const { parties, recipients } = parameters;
  const nodes = [...new Set([...parties, ...recipients])].sort();
  const cut = cutOf(parameters);
  return [
    ...sent(parties, nodes, "R", 32),
    ...sent(nodes, nodes, "ready", 32),
    ...cutEgress(parties, cut),
    ...runsOf(parameters).flatMap((run) => cutPairEgress(run, cut, blinding.replyBytes)),
    ...tellings(parameters).map(({ from, to }): EgressRow => {
      const bytes = 8 * cellsOf(parameters, from).length;
      return { from, to, channel: "disclose", what: "C", messages: 1, bytes };
    }),
  ];
}

function viewOf(
  parameters: PairCountParameters,
  { learns, atMost }: Omit<CountModeFacts, "assumptions">,
  who: PartyId,
): View {
  const { parties, recipients, rowsPadded } = parameters;
  const sizes = presence(who, parties, rowsPadded);
  const senders = runsOf(parameters).flatMap(({ from, to }) => (to === who ? [from] : []));
  const counts = senders.length > 0;
  const numbers = counts || recipients.includes(who) ? [numbersAt(parameters, who)] : [];
  const of = (items: CountModeFacts["learns"]): readonly Item[] =>
    counts && items !== undefined ? [items(who, senders)] : [];
  return { who, learns: [...sizes, ...numbers, ...of(learns)], atMost: of(atMost) };
}

/** Who sends its list to whom: in each pair one party counts. */
function runsOf({ parties, recipients }: PairCountParameters): readonly Way[] {
  return pairsOf(parties).map(([left, right]) => {
    const to = counterOf([left, right], recipients);
    return { from: to === left ? right : left, to };
  });
}

/** Who tells its numbers to whom. */
function tellings(parameters: PairCountParameters): readonly Way[] {
  const counters = parameters.parties.filter((party) => cellsOf(parameters, party).length > 0);
  return counters.flatMap((from) =>
    parameters.recipients.filter((to) => to !== from).map((to) => ({ from, to })),
  );
}

interface Way {
  readonly from: PartyId;
  readonly to: PartyId;
}

/** A recipient learns the number of each pair; who counts without being one, those of the pairs that it counts. */
function numbersAt(parameters: PairCountParameters, who: PartyId): Item {
  const { parties, recipients } = parameters;
  if (recipients.includes(who)) {
    const about = parties.filter((party) => party !== who);
    return { fact: "pair-count", about, bound: pairsOf(parties).length };
  }
  const about = runsOf(parameters).flatMap(({ from, to }) => (to === who ? [from] : []));
  return { fact: "pair-count", about, bound: cellsOf(parameters, who).length };
}

const COUNTING_SOFTWARE: Assumption = {
  id: "counting-software",
  text: "The node that counts runs the software that it says it runs.",
  ifFalse: "It can read which of its own items the other party holds: for it the count is a match.",
};

const COUNTER_FOLLOWS: Assumption = {
  id: "counter-follows",
  text: "The node that counts follows the protocol.",
  ifFalse: "It learns which of its own items the other party holds, and nobody can notice.",
};

const ANSWERS_UNPROVEN: Assumption = {
  id: "answers-unproven",
  text: "The other node evaluates every element with the key of this session: no proof is possible for sorted answers.",
  ifFalse: "The number is wrong, and nobody can notice.",
};

const DECISIONAL: Assumption = {
  id: "decisional-diffie-hellman",
  text: "Nobody tells related elements from random ones in ristretto255 (decisional Diffie-Hellman).",
  ifFalse: "The other party recognises items in the list of the node that counts, which one scalar hides.",
};
