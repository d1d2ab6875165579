// SPDX-License-Identifier: Apache-2.0
// The coordinator's part in every protocol over a collective key: it takes, lists, adds and passes on.
import { sha256Of } from "@koplamp/crypto";
import { type Codec, compute, type Effect, type PartyId, receive, send } from "@koplamp/protocol";
import { concat } from "@koplamp/wire/core";
import { SumError } from "./errors.ts";
import {
  ciphertextCodec,
  keyShareCodec,
  listCodec,
  recipientKeyCodec,
  type SumList,
  secondCodec,
  sumCodec,
} from "./messages.ts";
import { blockCount, nodesOf, type SumSession } from "./session.ts";
import { sumOfFirsts, takeCiphertext } from "./sum-jobs.ts";

/** What the coordinator holds when everybody has handed in. */
export interface HandedIn {
  readonly list: SumList;
  /** By contributor, block by block: c1. */
  readonly seconds: ReadonlyMap<PartyId, readonly Uint8Array[]>;
  /** By block: Σ c0. */
  readonly firsts: readonly Uint8Array[];
}

/**
 * Hands on the shares of the collective key among the contributors, and recipients' keys to all nodes: each is sent once
 * and not to every other. Gives the hashes of the recipients' keys.
 */
export function* passOnKeys(session: SumSession): Generator<Effect, readonly Uint8Array[], unknown> {
  const { contributors, recipients, set } = session;
  yield* passOn(keyShareCodec(set), contributors, contributors);
  const keys = yield* passOn(recipientKeyCodec(set), recipients, nodesOf(session));
  const hashes: Uint8Array[] = [];
  for (const key of keys) hashes.push(yield* compute(sha256Of, key));
  return hashes;
}

/** One message from each sender, to each node but its own sender. */
function* passOn(
  codec: Codec<Uint8Array>,
  senders: readonly PartyId[],
  nodes: readonly PartyId[],
): Generator<Effect, readonly Uint8Array[], unknown> {
  const messages: Uint8Array[] = [];
  for (const from of senders) messages.push(yield* receive(from, codec));
  for (const to of nodes) {
    for (const [at, message] of messages.entries()) {
      if (senders[at] !== to) yield* send(to, codec, message);
    }
  }
  return messages;
}

/** Takes what everybody hands in, and adds the first polynomials block by block. `recipientKeys`: their hashes. */
export function* takeAll(
  session: SumSession,
  recipientKeys: readonly Uint8Array[],
): Generator<Effect, HandedIn, unknown> {
  const seconds = new Map<PartyId, readonly Uint8Array[]>();
  const ciphertexts: Uint8Array[] = [];
  for (const node of session.contributors) {
    const taken = yield* takeBlocks(session, node);
    seconds.set(node, taken.seconds);
    ciphertexts.push(taken.hashes);
  }
  const firsts: Uint8Array[] = [];
  const sums: Uint8Array[] = [];
  for (let block = 0; block < blockCount(session); block += 1) {
    const { c0, hash } = yield* compute(sumOfFirsts, block);
    firsts.push(c0);
    sums.push(hash);
  }
  return { list: { ciphertexts, recipientKeys, sums }, seconds, firsts };
}

function* takeBlocks(
  session: SumSession,
  from: PartyId,
): Generator<Effect, { readonly seconds: readonly Uint8Array[]; readonly hashes: Uint8Array }, unknown> {
  const { set } = session;
  const seconds: Uint8Array[] = [];
  const hashes: Uint8Array[] = [];
  for (let block = 0; block < blockCount(session); block += 1) {
    const taken = yield* compute(takeCiphertext, block, yield* receive(from, ciphertextCodec(set)));
    if (taken === undefined) {
      throw new SumError("ciphertext", `${from} sent something that is no ciphertext of ${set.id}`);
    }
    seconds.push(taken.c1);
    hashes.push(taken.hashes);
  }
  return { seconds, hashes: concat(...hashes) };
}

/** Every c1 but the node's own, block by block, in id order. */
function* passOnSeconds(
  session: SumSession,
  to: PartyId,
  seconds: ReadonlyMap<PartyId, readonly Uint8Array[]>,
): Generator<Effect, void, unknown> {
  const others = session.contributors.filter((party) => party !== to);
  for (let block = 0; block < blockCount(session); block += 1) {
    for (const party of others) {
      yield* send(to, secondCodec(session.set), seconds.get(party)?.[block] ?? NOTHING);
    }
  }
}

/** Tells everybody what everybody sent, and gives each what it adds or opens itself. */
export function* handOut(
  session: SumSession,
  { list, seconds, firsts }: HandedIn,
): Generator<Effect, void, unknown> {
  for (const node of nodesOf(session)) {
    yield* send(node, listCodec(session, list.more?.length), list);
    if (session.contributors.includes(node)) yield* passOnSeconds(session, node, seconds);
    for (const c0 of session.recipients.includes(node) ? firsts : []) {
      yield* send(node, sumCodec(session.set), c0);
    }
  }
}

const NOTHING: Uint8Array = new Uint8Array();
