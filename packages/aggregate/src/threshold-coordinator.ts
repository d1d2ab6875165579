// SPDX-License-Identifier: Apache-2.0
// The coordinator's part in every protocol over a collective key: it takes, lists, adds and passes on.
import { compute, type Effect, type PartyId, receive, send } from "@koplamp/protocol";
import { concat } from "@koplamp/wire";
import { SumError } from "./errors.ts";
import {
  ciphertextCodec,
  listCodec,
  RECIPIENT_KEY_HASH,
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

/** Takes what everybody hands in, and adds the first polynomials block by block. */
export function* takeAll(session: SumSession): Generator<Effect, HandedIn, unknown> {
  const seconds = new Map<PartyId, readonly Uint8Array[]>();
  const ciphertexts: Uint8Array[] = [];
  const recipientKeys: Uint8Array[] = [];
  for (const node of nodesOf(session)) {
    if (session.recipients.includes(node)) recipientKeys.push(yield* receive(node, RECIPIENT_KEY_HASH));
    if (!session.contributors.includes(node)) continue;
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
