// SPDX-License-Identifier: Apache-2.0
import { conversation, exchangeMessages, exchangeReady } from "@koplamp/crypto";
import { disclose, type Effect, type Party, type PartyId, type Rng, receive } from "@koplamp/protocol";
import { type Count, countsCodec, ROOT } from "./messages.ts";
import { cellNames, type OverlapCounts, type OverlapShape, shownFrom } from "./overlap-cells.ts";
import { BLIND, type CountMode, cellsOf, counterOf, countLine, LOCAL } from "./pair-count-description.ts";
import { cutOf } from "./pair-cut.ts";
import { countOpened } from "./pair-jobs.ts";
import { overShards, type PartRole, partsCodec, partsUpToReady } from "./pair-parts.ts";
import { checkPairs, type PairSession } from "./pair-session.ts";
import { othersOf } from "./session.ts";

/** One node's view of a count over the lists of pairs. `recipients` need hold no items. */
export interface PairCountSetup extends PairSession {
  /** A count below it is withheld by the node that counts. */
  readonly minCount: number;
}

/**
 * `match-pair/1` in mode `count.local`: how many items two parties share (protocols.md, section 7), for each pair of any
 * number of parties. The messages are those of a match, with its proofs and its commitment; `r` is the party of a pair
 * that counts, see `counterOf`. Keys, blinds and proofs of a pair serve no other.
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

function* countNode(setup: PairCountSetup, mode: CountMode, rng: Rng): Party<OverlapCounts | undefined> {
  checkPairs(setup);
  const { me, parties, recipients, inputs, transcript } = setup;
  const talk = conversation(me, [...new Set([...parties, ...recipients])]);
  if (inputs === undefined) {
    yield* exchangeMessages(talk, { codec: ROOT, senders: parties });
    yield* exchangeReady(talk, transcript);
    return yield* told(setup, new Map());
  }
  const counts = (peer: PartyId): boolean => counterOf([me, peer].sort(), recipients) === me;
  const roleOf = (peer: PartyId): PartRole => ({ sends: !counts(peer), receives: counts(peer) });
  const session = { ...setup, inputs, cut: cutOf(setup), roleOf, blinding: mode.blinding };
  const ready = yield* partsUpToReady(session, talk, rng);
  for (const [to, opening] of ready.openings) {
    yield* disclose(to, `${mode.name}.${me}.${to}`, partsCodec(session, me), opening);
  }
  const counted = new Map<string, Count>();
  for (const peer of othersOf(setup).filter(counts)) {
    const shared = (yield* overShards(session, ready, peer, countOpened)).reduce(
      (sum, more) => sum + more,
      0,
    );
    counted.set([me, peer].sort().join("&"), shownFrom(shared, setup.minCount));
  }
  yield* tellCounts(setup, mode, counted);
  return recipients.includes(me) ? yield* told(setup, counted) : undefined;
}

/** Whoever counts discloses its numbers to the recipients, in the order of the cells. */
function* tellCounts(
  setup: PairCountSetup,
  { name }: CountMode,
  counted: ReadonlyMap<string, Count>,
): Generator<Effect, void, unknown> {
  const { me, recipients } = setup;
  const cells = cellsOf(setup, me);
  const counts = cells.map((cell) => counted.get(cell) ?? null);
  for (const to of cells.length === 0 ? [] : recipients.filter((recipient) => recipient !== me)) {
    yield* disclose(to, countLine(name, me, to), countsCodec(cells.length), counts);
  }
}

/** A recipient's answer: what it counted itself, and what the others tell it. */
function* told(
  setup: PairCountSetup,
  own: ReadonlyMap<string, Count>,
): Generator<Effect, OverlapCounts, unknown> {
  const { me, parties } = setup;
  const all = new Map(own);
  for (const counter of parties.filter((party) => party !== me)) {
    const cells = cellsOf(setup, counter);
    if (cells.length === 0) continue;
    const counts = yield* receive(counter, countsCodec(cells.length));
    cells.forEach((cell, at) => void all.set(cell, counts[at] ?? null));
  }
  const cells = cellNames(PAIRS, parties);
  return { cells, counts: cells.map((cell) => all.get(cell) ?? null) };
}

const PAIRS: OverlapShape = { shape: "pairs", atLeast: null };
