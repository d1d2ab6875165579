// SPDX-License-Identifier: Apache-2.0
import { conversation, exchangeMessages, exchangeReady } from "@koplamp/crypto";
import {
  type Assumption,
  compute,
  type Description,
  defineProtocol,
  disclose,
  type Effect,
  type EgressRow,
  type Item,
  type Party,
  type PartyId,
  type Protocol,
  type Rng,
  receive,
  sent,
  type View,
} from "@koplamp/protocol";
import { bulkPair } from "./bulk-description.ts";
import { presence, TOKEN_ASSUMPTIONS } from "./description-parts.ts";
import { evaluationDebit, matchPair, pairEgress } from "./match-pair.ts";
import { type Count, countsCodec, ROOT } from "./messages.ts";
import type { OverlapCounts } from "./overlap-cells.ts";
import { ADDITIVE, type Blinding, ONE_SCALAR } from "./pair-blinding.ts";
import { countOpened } from "./pair-jobs.ts";
import { openingCodec } from "./pair-messages.ts";
import { type PairReady, type PairSession, pairPeer, receiveOpening, upToReady } from "./pair-session.ts";
import { COORDINATOR, rowsOf } from "./session.ts";

/** One node's view of a count over two lists. `recipients` need hold no items. */
export interface PairCountSetup extends PairSession {
  /** A count below it is withheld by the node that counts. */
  readonly minCount: number;
}

/**
 * `match-pair/1` in mode `count.local`: how many items two parties share (protocols.md, section 7). The messages are
 * those of a match, with its proofs and its commitment; `r` is the party that counts, see `counterOf`.
 *
 *   sender s                                            r, the party that counts
 *              K, R, M, E, ready                        as in `match-pair/1`
 *              T        ======>                         disclose: count-local.<s>.<r>
 *   recipient  C        <======                         disclose: count-local.<r>.<recipient>
 *
 * The matching items of r are in the memory of its node, in the vault; its node gives the number only. Whoever does not
 * trust the software of r's node must take that for a match. s learns the bucket of r, other recipients the number.
 *
 * Vault and `meter` as in `matchPairParty`. Gives the count at a recipient, nothing elsewhere.
 */
export function countLocalNode(setup: PairCountSetup, rng: Rng): Party<OverlapCounts | undefined> {
  return countNode(setup, LOCAL, rng);
}

/**
 * `match-pair/1` in mode `count.blind`: the number, while r follows the protocol also nothing else.
 *
 *   sender s                                            r, the party that counts
 *     k <- scalars; T = { SHA-512("koplamp/cnt/1", k·H1(y))[0..16) }
 *              K, R                                     as in `match-pair/1`
 *                                                       b <- scalars, one for the whole list
 *              M        <------  b·H1(x)                sorted, padded to the bucket with dummies
 *              E        ------>  k·M                    sorted: r cannot tell whose answer is whose; no proof
 *              ready    <----->
 *              T        ======>                         disclose: count-blind.<s>.<r>
 *   recipient  C        <======                         disclose: count-blind.<r>.<recipient>
 *
 * Semi-honest only. An r that takes a scalar for each item and tries them all on each answer learns the whole
 * intersection, and nobody can notice; an s that answers with another key spoils the number unseen. The list of r rests
 * on the decisional Diffie-Hellman problem here, not on the blinds alone.
 *
 * Vault and `meter` as in `matchPairParty`. Gives the count at a recipient, nothing elsewhere.
 */
export function countBlindNode(setup: PairCountSetup, rng: Rng): Party<OverlapCounts | undefined> {
  return countNode(setup, BLIND, rng);
}

/** The party of a pair that counts: the last in id order that gets the count, or else the last. */
export function counterOf(parties: readonly PartyId[], recipients: readonly PartyId[]): PartyId {
  return parties.findLast((party) => recipients.includes(party)) ?? parties.at(-1) ?? "";
}

/** What tells the modes apart: names and blinding. */
interface CountMode {
  /** What its lines begin with. */
  readonly name: "count-local" | "count-blind";
  readonly blinding: Blinding;
}

const LOCAL: CountMode = { name: "count-local", blinding: ADDITIVE };
const BLIND: CountMode = { name: "count-blind", blinding: ONE_SCALAR };

function* countNode(setup: PairCountSetup, mode: CountMode, rng: Rng): Party<OverlapCounts | undefined> {
  const peer = pairPeer(setup);
  const { me, parties, recipients, inputs, rowsPadded } = setup;
  const counter = counterOf(parties, recipients);
  const nodes = [...new Set([...parties, ...recipients])];
  const talk = conversation(me, nodes);
  if (peer === undefined || inputs === undefined) {
    yield* exchangeMessages(talk, { codec: ROOT, senders: parties });
    yield* exchangeReady(talk, setup.transcript);
    return yield* told(setup, counter);
  }
  const role = { peer, inputs, sends: me !== counter, receives: me === counter };
  const ready = yield* upToReady(setup, talk, role, mode.blinding, rng);
  if (me === counter) return yield* counted(setup, mode, peer, ready);
  if (ready.opening !== undefined) {
    const codec = openingCodec(me, rowsOf(rowsPadded, me));
    yield* disclose(counter, `${mode.name}.${me}.${counter}`, codec, ready.opening);
  }
  return recipients.includes(me) ? yield* told(setup, counter) : undefined;
}

/** The counting party's last steps: the number for itself, and for the others. */
function* counted(
  setup: PairCountSetup,
  { name }: CountMode,
  peer: PartyId,
  { promised }: PairReady,
): Generator<Effect, OverlapCounts | undefined, unknown> {
  const { me, recipients, minCount } = setup;
  if (promised === undefined) return undefined;
  const shared = yield* compute(countOpened, yield* receiveOpening(setup, peer, promised));
  const count = shared < minCount ? null : shared;
  for (const to of recipients.filter((recipient) => recipient !== me)) {
    yield* disclose(to, `${name}.${me}.${to}`, countsCodec(1), [count]);
  }
  return recipients.includes(me) ? answer(setup, [count]) : undefined;
}

function* told(
  setup: PairCountSetup,
  counter: PartyId,
): Generator<Effect, OverlapCounts | undefined, unknown> {
  return answer(setup, yield* receive(counter, countsCodec(1)));
}

function answer({ parties }: PairCountSetup, counts: readonly Count[]): OverlapCounts {
  return { cells: [parties.join("&")], counts };
}

/** What a description of a count over two lists needs. */
export interface PairCountParameters {
  readonly parties: readonly PartyId[];
  readonly recipients: readonly PartyId[];
  readonly rowsPadded: Readonly<Record<PartyId, number>>;
}

/** Mode `count.local` as data. */
export const pairCountLocal: Protocol<PairCountParameters> = defineProtocol({
  id: "match-pair-count-local/1",
  roles: ["sender", "counter", "recipient"],
  model: "malicious senders detected",
  source: "docs/protocols/match-pair.md",
  describe: (parameters) => {
    const { parties, rowsPadded } = parameters;
    const counter = counterOf(parties, parameters.recipients);
    const holders: Item = {
      fact: "holders-of-own",
      about: parties.filter((party) => party !== counter),
      bound: rowsOf(rowsPadded, counter),
      because: "its node sees which of its own items the other one holds, and gives their number only",
    };
    return describeCount(parameters, LOCAL, {
      learns: [holders],
      atMost: [],
      assumptions: [COUNTING_SOFTWARE],
    });
  },
});

/** Mode `count.blind` as data. */
export const pairCountBlind: Protocol<PairCountParameters> = defineProtocol({
  id: "match-pair-count-blind/1",
  roles: ["sender", "counter", "recipient"],
  model: "semi-honest",
  source: "docs/protocols/match-pair.md",
  describe: (parameters) => {
    const { parties, rowsPadded } = parameters;
    const counter = counterOf(parties, parameters.recipients);
    const tested: Item = {
      fact: "test-evaluated",
      about: parties.filter((party) => party !== counter),
      bound: rowsOf(rowsPadded, counter),
      because:
        "with a scalar for each item, tried on each answer, it learns which of its items the other one holds; nobody can notice",
    };
    return describeCount(parameters, BLIND, {
      learns: [],
      atMost: [tested],
      assumptions: [COUNTER_FOLLOWS, ANSWERS_UNPROVEN, DECISIONAL],
    });
  },
});

/** Whether a protocol is one of two parties with secrets for one session, and nothing to compare later. */
export function isPairProtocol(id: string): boolean {
  return [matchPair, bulkPair, pairCountLocal, pairCountBlind].some((mode) => mode.id === id);
}

/** What the counting party sees beside the number, and on what a mode rests. */
interface CountModeFacts {
  readonly learns: readonly Item[];
  readonly atMost: readonly Item[];
  readonly assumptions: readonly Assumption[];
}

function describeCount(
  { parties, recipients, rowsPadded }: PairCountParameters,
  { name, blinding }: CountMode,
  { learns, atMost, assumptions }: CountModeFacts,
): Description {
  const to = counterOf(parties, recipients);
  const from = parties.find((party) => party !== to) ?? "";
  const nodes = [...new Set([...parties, ...recipients])].sort();
  const others = recipients.filter((recipient) => recipient !== to);
  const item = (who: PartyId): Item => ({
    fact: "pair-count",
    about: parties.filter((party) => party !== who),
    bound: 1,
  });
  const line = { output: "overlap", release: 0 } as const;
  return {
    disclosures: [
      { id: `${name}.${from}.${to}`, from, to, ...line },
      ...others.map((other) => ({
        id: `${name}.${to}.${other}`,
        from: to,
        to: other,
        ...line,
        release: 1,
      })),
    ],
    outputs: [...new Set([to, ...recipients])]
      .sort()
      .map((who) => ({ id: "overlap", to: who, item: item(who) })),
    egress: [
      ...sent(parties, nodes, "R", 32),
      ...sent(nodes, nodes, "ready", 32),
      ...pairEgress({ from, to }, rowsPadded, blinding.replyBytes),
      ...others.map((other): EgressRow => {
        return { from: to, to: other, channel: "disclose", what: "C", messages: 1, bytes: 8 };
      }),
    ],
    debits: [evaluationDebit(from, to, rowsPadded)],
    views: [...nodes, COORDINATOR].map((who): View => {
      const sizes = presence(who, parties, rowsPadded);
      if (who === to) return { who, learns: [...sizes, item(who), ...learns], atMost };
      return { who, learns: recipients.includes(who) ? [...sizes, item(who)] : sizes, atMost: [] };
    }),
    together: [],
    assumptions: [...TOKEN_ASSUMPTIONS, ...assumptions],
  };
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
