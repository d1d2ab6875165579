// SPDX-License-Identifier: Apache-2.0
// What every protocol over a collective key does the same way (aggregation.md, section 5), phase by phase.
import {
  type Conversation,
  commitEcho,
  equal,
  exchangeMessages,
  fresh,
  hear,
  sha256Of,
} from "@koplamp/crypto";
import { compute, disclose, type Effect, type PartyId, type Rng, receive, send } from "@koplamp/protocol";
import { concat, lp } from "@koplamp/wire/core";
import { SumError } from "./errors.ts";
import {
  COMMIT,
  ciphertextCodec,
  ECHO,
  keyShareCodec,
  listCodec,
  NONCE_BYTES,
  PAIR_BYTES,
  RECIPIENT_KEY_HASH,
  recipientKeyCodec,
  type SumList,
  secondCodec,
  sharesCodec,
  sumCodec,
} from "./messages.ts";
import { blockCount, COORDINATOR, type SumSession } from "./session.ts";
import {
  addKeyShare,
  addSeconds,
  forgetShare,
  makeKeyShare,
  makeRecipientKey,
  releaseShare,
  type Sealed,
} from "./sum-jobs.ts";

/** One node's view of a session under a collective key. */
export interface ThresholdSession extends SumSession {
  readonly me: PartyId;
}

/** What this node will send to the coordinator, and what everybody committed to send. */
export interface SealedBlocks {
  readonly frames: readonly Uint8Array[];
  readonly commitments: ReadonlyMap<PartyId, Uint8Array>;
}

/**
 * Commit, echo, open: the shares of the collective key, each chosen before any other was known. They are public, and go to
 * the coordinator once, which hands them on: it can change none, for everybody has the commitments.
 */
export function* collectiveKey(
  talk: Conversation,
  setup: ThresholdSession,
  rng: Rng,
): Generator<Effect, void, unknown> {
  const { me, contributors, transcript, set } = setup;
  const mine = concat(yield* compute(makeKeyShare, transcript), rng(NONCE_BYTES));
  const own = yield* compute(sha256Of, keyCommitment(me, transcript, mine));
  const commitments = yield* commitEcho(talk, { commit: COMMIT, echo: ECHO, among: contributors }, own);
  yield* send(COORDINATOR, keyShareCodec(set), mine);
  for (const party of contributors) {
    const share = party === me ? mine : yield* receive(COORDINATOR, keyShareCodec(set));
    const hash = yield* compute(sha256Of, keyCommitment(party, transcript, share));
    if (!equal(hash, commitments.get(party) ?? NOTHING)) {
      throw new SumError("commitment", `the key share that came of ${party} is not what it had committed to`);
    }
    if (!(yield* compute(addKeyShare, share.slice(0, -NONCE_BYTES)))) {
      throw new SumError("key", `${party} sent a key share that is not of the agreed form`);
    }
  }
}

function keyCommitment(party: PartyId, transcript: Uint8Array, share: Uint8Array): Uint8Array {
  return concat(lp(party), transcript, share);
}

/**
 * Every recipient's key for this session, the own one included. Its hash goes from node to node, the key itself by way of
 * the coordinator.
 */
export function* exchangeRecipientKeys(
  talk: Conversation,
  { me, recipients, transcript, set }: ThresholdSession,
): Generator<Effect, ReadonlyMap<PartyId, Uint8Array>, unknown> {
  const own = recipients.includes(me) ? yield* compute(makeRecipientKey, transcript, me) : undefined;
  const mine = own === undefined ? {} : { mine: yield* compute(sha256Of, own) };
  const hashes = yield* exchangeMessages(talk, {
    codec: RECIPIENT_KEY_HASH,
    senders: recipients,
    ...mine,
  });
  if (own !== undefined) yield* send(COORDINATOR, recipientKeyCodec(set), own);
  const keys = new Map<PartyId, Uint8Array>();
  for (const recipient of recipients) {
    const ours = recipient === me ? own : undefined;
    const key = ours ?? (yield* receive(COORDINATOR, recipientKeyCodec(set)));
    if (!equal(yield* compute(sha256Of, key), hashes.get(recipient) ?? NOTHING)) {
      throw new SumError("list", `the key that came of ${recipient} is not the one that it announced`);
    }
    keys.set(recipient, key);
  }
  return keys;
}

/** Commits to all own blocks, and learns what everybody committed to: no ciphertext depends on another. */
export function* commitBlocks(
  talk: Conversation,
  { contributors }: SumSession,
  blocks: readonly Sealed[],
): Generator<Effect, SealedBlocks, unknown> {
  const own = yield* compute(sha256Of, concat(...blocks.map(({ hashes }) => hashes)));
  const commitments = yield* commitEcho(talk, { commit: COMMIT, echo: ECHO, among: contributors }, own);
  return { frames: blocks.map(({ frame }) => frame), commitments };
}

/**
 * Gives the coordinator what this node brings, and takes its word on what everybody brought, in a list with `more` bytes
 * of the protocol's own.
 */
export function* handIn(
  talk: Conversation,
  setup: ThresholdSession,
  recipientKeys: ReadonlyMap<PartyId, Uint8Array>,
  sealed: SealedBlocks | undefined,
  more = 0,
): Generator<Effect, SumList, unknown> {
  for (const frame of sealed?.frames ?? []) yield* send(COORDINATOR, ciphertextCodec(setup.set), frame);
  const list = yield* hear(talk, COORDINATOR, listCodec(setup, more), true);
  yield* checkRecipientKeys(list, recipientKeys);
  return list;
}

/** Every recipient's key is the one that it showed the coordinator, so that all contributors release under the same. */
function* checkRecipientKeys(
  list: SumList,
  keys: ReadonlyMap<PartyId, Uint8Array>,
): Generator<Effect, void, unknown> {
  for (const [at, [recipient, key]] of [...keys].entries()) {
    const hash = yield* compute(sha256Of, key);
    if (equal(hash, list.recipientKeys[at] ?? NOTHING)) continue;
    throw new SumError("list", `the coordinator lists another key of ${recipient} than it sent`);
  }
}

/** Checks the list against the commitments, then adds every c1 of it to the own one. */
export function* addAllSeconds(
  setup: ThresholdSession,
  list: SumList,
  commitments: ReadonlyMap<PartyId, Uint8Array>,
): Generator<Effect, void, unknown> {
  const { me, contributors, set } = setup;
  for (const [at, party] of contributors.entries()) {
    const hash = yield* compute(sha256Of, list.ciphertexts[at] ?? NOTHING);
    if (equal(hash, commitments.get(party) ?? NOTHING)) continue;
    throw new SumError("list", `the coordinator lists another ciphertext of ${party} than it committed to`);
  }
  const others = contributors.flatMap((party, at) => (party === me ? [] : [list.ciphertexts[at] ?? NOTHING]));
  for (let block = 0; block < blockCount(setup); block += 1) {
    const seconds: Uint8Array[] = [];
    for (const _ of others) seconds.push(yield* receive(COORDINATOR, secondCodec(set)));
    const hashes = others.map((pairs) => pairs.slice(block * PAIR_BYTES + 32, (block + 1) * PAIR_BYTES));
    if (yield* compute(addSeconds, block, seconds, hashes)) continue;
    throw new SumError("ciphertext", "the coordinator passed on other ciphertexts than it listed");
  }
}

export function* receiveFirsts(
  setup: ThresholdSession,
  list: SumList,
): Generator<Effect, readonly Uint8Array[], unknown> {
  const firsts: Uint8Array[] = [];
  for (const expected of list.sums) {
    const c0 = yield* receive(COORDINATOR, sumCodec(setup.set));
    if (!equal(yield* compute(sha256Of, c0), expected)) {
      throw new SumError("list", "the coordinator sent another sum than it listed");
    }
    firsts.push(c0);
  }
  return firsts;
}

/** One share for each recipient and block. Gives the own one, which does not leave, where this node is a recipient. */
export function* releaseShares(
  setup: ThresholdSession,
  keys: ReadonlyMap<PartyId, Uint8Array>,
  rng: Rng,
): Generator<Effect, Uint8Array | undefined, unknown> {
  const { me, recipients, transcript } = setup;
  let own: Uint8Array | undefined;
  for (const to of recipients) {
    const key = keys.get(to) ?? NOTHING;
    const frames: Uint8Array[] = [];
    for (let block = 0; block < blockCount(setup); block += 1) {
      frames.push(yield* fresh(rng, (seed) => compute(releaseShare, block, transcript, to, key, seed)));
    }
    const shares = concat(...frames);
    if (to === me) own = shares;
    else yield* disclose(to, `share.${me}.${to}`, sharesCodec(setup), shares);
  }
  yield* compute(forgetShare);
  return own;
}

/** The shares of all contributors in id order; the own one never left. */
export function* allShares(
  setup: ThresholdSession,
  own: Uint8Array | undefined,
): Generator<Effect, readonly Uint8Array[], unknown> {
  const shares: Uint8Array[] = [];
  for (const from of setup.contributors) {
    shares.push(from === setup.me && own !== undefined ? own : yield* receive(from, sharesCodec(setup)));
  }
  return shares;
}

/** One answer for every check that fails: which it was would be an oracle. */
export function invalidResult(): SumError {
  return new SumError(
    "invalid-result",
    "INVALID_RESULT: the sum does not fit its own check sums; nothing of it is shown",
    "ask again: a new session has new keys",
  );
}

const NOTHING: Uint8Array = new Uint8Array();
