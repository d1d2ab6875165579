// SPDX-License-Identifier: Apache-2.0
import {
  type Conversation,
  conversation,
  exchangeMessages,
  exchangeReady,
  fresh,
  groupSecret,
  hear,
  type PackedInputs,
  tell,
} from "@koplamp/crypto";
import {
  compute,
  disclose,
  type Effect,
  type Party,
  type PartyId,
  type Rng,
  receive,
  send,
} from "@koplamp/protocol";
import { concat } from "@koplamp/wire/core";
import {
  BULK_USE,
  type BulkRun,
  bulkTokens,
  dealBulk,
  encodeBulk,
  joinBulk,
  listBulk,
  takeDealt,
} from "./bulk-jobs.ts";
import { bulkTokensCodec, type DealtParts, dealtBytes, dealtCodec, storeCodec } from "./bulk-messages.ts";
import { PsiError } from "./errors.ts";
import { meter } from "./evaluate-jobs.ts";
import { bitOf, type Matched } from "./match-tokens.ts";
import { ROOT } from "./messages.ts";
import { okvsLayout } from "./okvs-layout.ts";
import { checkQuery, inputCount, othersOf, type QuerySession, rowsOf } from "./session.ts";
import { makeCorrelation } from "./silent-pair.ts";

/** What every node of a bulk match knows of it. */
export interface BulkSession extends QuerySession {
  /** Who deals the correlation: the coordinator, or a node that is no party. Nobody: the two make it themselves. */
  readonly dealer: PartyId | undefined;
}

/** One party's view of a bulk match. */
export interface BulkSetup extends BulkSession {
  /** `in(x)` of every item, in the order in which the answer will speak of them. */
  readonly inputs: PackedInputs;
}

/**
 * `bulk-pair/1` at a party (protocols.md, section 11): which of its own items the other one holds, for long lists and
 * one question. An oblivious key-value store under a VOLE over GF(2^128) that a third node deals: no curve, no cache.
 *
 *   sender s                        dealer d                        recipient r
 *              R        <------------------------------------->     commitments to both lists
 *     delta, B <------  dealt                dealt  ------>  A, C   C = A·delta + B
 *              commit, echo, alpha  <------------------------->     a secret of s and r: seeds, and a coin
 *                                                                   P <- Encode{ (x, Hb(x)) }, the rest random
 *              V        <-------------------------------------      sums of A and C under the coin; A + P
 *     sums hold? F(y) = H(Decode(B + delta·V, y) - delta·Hb(y), y)
 *              ready    <------------------------------------->     both saw the same
 *              T        =====================================>      disclose: bulk.<s>.<r>; F(y), sorted, padded
 *                                                                   F(x) = H(Decode(C, x), x); merge join
 *
 * r learns which of its items s holds, and the bucket of s; V tells s nothing but the bucket of r; d learns the buckets.
 * d and r together test any item against the list of s, d and s any item against that of r: the plan names d.
 * Semi-honest: a dishonest r can store as many items as there are cells, 1.33 times its bucket, and no more.
 *
 * Vault: `salt`. The job `meter` is the host's.
 */
export function* bulkPairParty(setup: BulkSetup, rng: Rng): Party<Matched> {
  checkBulk(setup, { inputs: setup.inputs });
  const { me, parties, recipients, transcript, sid, inputs, dealer } = setup;
  const talk = conversation(me, parties);
  const runs = runsOf(setup);
  const list = yield* compute(listBulk, inputs, sid);
  const roots = yield* exchangeMessages(talk, { codec: ROOT, mine: list });
  if (dealer === undefined) {
    for (const run of runs) yield* makeCorrelation(talk, run, rng);
  } else {
    yield* takeShares(me, runs, yield* receive(dealer, dealtCodec(dealer, partsOf(me, runs))));
  }
  yield* groupSecret(talk, parties, transcript, BULK_USE, rng); // after whoever made the correlation is bound to it

  const tokens = new Map<BulkRun, Uint8Array>();
  for (const run of runs) {
    const made = yield* storeOrTokens(talk, run, dealer, rng);
    if (made !== undefined) tokens.set(run, made);
  }
  yield* exchangeReady(talk, transcript);
  for (const [run, list] of tokens) {
    yield* disclose(run.to, bulkLine(run), bulkTokensCodec(me, run.rowsFrom), list);
  }
  if (!recipients.includes(me)) return { parties, roots };
  return { parties, roots, holders: yield* holdersOf(setup, runs) };
}

/** The dealer's side: it holds no items, and forgets what it dealt. */
export function* bulkPairDealer(session: BulkSession, rng: Rng): Party<undefined> {
  checkBulk(session, undefined);
  const runs = runsOf(session);
  const dealt = new Map<PartyId, Uint8Array[]>(session.parties.map((party) => [party, []]));
  for (const run of runs) {
    const { sender, receiver } = yield* fresh(rng, (seed) => compute(dealBulk, run, seed));
    dealt.get(run.from)?.push(sender);
    dealt.get(run.to)?.push(receiver);
  }
  for (const [party, halves] of dealt) {
    yield* send(party, dealtCodec(session.me, partsOf(party, runs)), concat(...halves));
    for (const half of halves) half.fill(0);
  }
  return undefined;
}

/** The line of the contract by which a sender's tokens go to a recipient. */
export function bulkLine({ from, to }: Pick<BulkRun, "from" | "to">): string {
  return `bulk.${from}.${to}`;
}

/** Each recipient learns from the other party, in id order. */
export function runsOf({
  parties,
  recipients,
  rowsPadded,
  sid,
}: Pick<BulkSession, "parties" | "recipients" | "rowsPadded" | "sid">): readonly BulkRun[] {
  return parties
    .filter((to) => recipients.includes(to))
    .map((to) => {
      const from = parties.find((party) => party !== to) ?? "";
      return { sid, from, to, rowsFrom: rowsOf(rowsPadded, from), rowsTo: rowsOf(rowsPadded, to) };
    });
}

/** Which halves the dealer gives a party. */
export function partsOf(party: PartyId, runs: readonly BulkRun[]): DealtParts {
  return {
    receives: runs.filter(({ to }) => to === party).map(({ rowsTo }) => okvsLayout(rowsTo)),
    sends: runs.filter(({ from }) => from === party).length,
  };
}

/** The checks before anything leaves. @throws {PsiError} `setup` or `too-large`. */
function checkBulk(session: BulkSession, items: { readonly inputs: PackedInputs } | undefined): void {
  const { parties, recipients, dealer, me } = session;
  checkQuery(session, items);
  if (parties.length !== 2 || !recipients.every((recipient) => parties.includes(recipient))) {
    throw new PsiError("setup", "expected two parties, and recipients that are parties");
  }
  const deals = items === undefined;
  if (deals ? me !== dealer : dealer !== undefined && parties.includes(dealer)) {
    throw new PsiError(
      "setup",
      "expected a dealer that is no party: together with one it breaks the other's list",
    );
  }
}

/** What was dealt for each run in order, as `partsOf` puts it together. */
function* takeShares(
  me: PartyId,
  runs: readonly BulkRun[],
  dealt: Uint8Array,
): Generator<Effect, void, unknown> {
  let from = 0;
  for (const run of runs) {
    const end = from + dealtBytes(partsOf(me, [run]));
    yield* compute(takeDealt, run, me, dealt.slice(from, end));
    from = end;
  }
  dealt.fill(0);
}

/** One run up to the ready exchange: the store at its receiver, and the tokens, which the sender has then. */
function* storeOrTokens(
  talk: Conversation,
  run: BulkRun,
  dealer: PartyId | undefined,
  rng: Rng,
): Generator<Effect, Uint8Array | undefined, unknown> {
  const codec = storeCodec(run.to, okvsLayout(run.rowsTo));
  if (talk.me === run.to) {
    yield* tell(talk, run.from, codec, yield* fresh(rng, (seed) => compute(encodeBulk, run, seed)));
    return undefined;
  }
  const store = yield* hear(talk, run.to, codec);
  yield* compute(meter, { asker: run.to, elements: run.rowsTo, block: 0 });
  return yield* fresh(rng, (seed) => compute(bulkTokens, run, dealer, store, seed));
}

/** Who holds each own item: this party, and the other one where their tokens meet. */
function* holdersOf(setup: BulkSetup, runs: readonly BulkRun[]): Generator<Effect, Uint32Array, unknown> {
  const { me, parties, inputs } = setup;
  const holders = new Uint32Array(inputCount(inputs)).fill(bitOf(parties, me));
  const [peer = ""] = othersOf(setup);
  for (const run of runs.filter(({ to }) => to === me)) {
    const list = yield* receive(peer, bulkTokensCodec(peer, run.rowsFrom));
    for (const at of yield* compute(joinBulk, run, list)) {
      holders[at] = (holders[at] ?? 0) | bitOf(parties, peer);
    }
  }
  return holders;
}
