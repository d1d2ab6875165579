// SPDX-License-Identifier: Apache-2.0
import {
  type Conversation,
  commitEcho,
  conversation,
  equal,
  exchangeMessages,
  exchangeReady,
  fresh,
  groupSecret,
  hear,
  sha256Of,
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
import { concat, lp } from "@koplamp/wire";
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
import { withNoise } from "./own-noise.ts";
import {
  blockCount,
  COORDINATOR,
  cellsPerBlock,
  checkNode,
  checkSession,
  nodesOf,
  type SumNodeSetup,
  type SumSession,
  totalRange,
  within,
} from "./session.ts";
import {
  addKeyShare,
  addSeconds,
  CHECKS_USE,
  contribute,
  forgetShare,
  makeKeyShare,
  makeRecipientKey,
  openBlock,
  releaseShare,
  sumOfFirsts,
  takeCiphertext,
} from "./sum-jobs.ts";

/**
 * `sum-threshold/1` at a node, contributor or recipient or both (aggregation.md, section 5): masked threshold BFV.
 *
 *   contributor i                                        every other contributor
 *     s_i <- small,  b_i = -(a·s_i + e_i)                a = SHAKE256(transcript): nobody chose it
 *              commit, echo  <----->  (all pairs)        H(i, transcript, b_i, nonce): no key depends on another
 *              b         ------>                         opened; the collective key is (Σ b_j, a), under s = Σ s_j
 *
 *   recipient r                                          every other node
 *              pkr       ------>                         its own key for this session
 *
 *   node                                                 every other node
 *              commit, echo, alpha  <----->  (all pairs) the secret behind the check sums: C does not know it
 *
 *   contributor i                                        every other contributor
 *     y_i = numbers (+ noise) | 1 | check sums, and over all of it masks that cancel in the whole sum only
 *     ct_i = (c0_i, c1_i) = Enc(y_i)
 *              commit, echo  <----->  (all pairs)        H(H(c0_i), H(c1_i)): no ciphertext depends on another
 *
 *   node                                                 coordinator C
 *              ct, pkr   ------>                         ciphertexts; the hash of a recipient's key
 *              list      <------                         L: all hashes. They must be those committed to
 *              c1        <------                         of every other contributor: i adds them itself
 *              sum       <------                         at a recipient: Σ c0
 *
 *   node                                                 every other node
 *              ready     <----->  (all pairs)            everybody saw the same
 *
 *   contributor i                                        recipient r, for each r
 *     d_i = Σ c1 · s_i + noise                           noise of 2^91 drowns what d_i would say of s_i
 *              share     ======>                         disclose: share.<i>.<r>   Enc_pkr(d_i), once, then s_i is wiped
 *                                                        Σ c0 + Σ d_i opens under nobody's key but that of all
 *
 * The recipient learns the sums. Nobody learns what one party put in, but a coalition of all the others. Without one
 * share nothing can be read: it is that agency's veto. C sees sizes and who takes part.
 *
 * Why the parts are there: s_i never multiplies a c1 that somebody could choose, for c1 = floor(Q/t) would hand out the
 * key; hence commitments before any ciphertext is sent, and every node's own addition (`sumcheck: full`, whatever the
 * size). And should the lattice fall, the masks still stand on the channels' own secrets.
 *
 * A recipient's key is signed as every message of the channel is, under the session's transcript.
 *
 * Vault: `exporter/<party>`. Gives the numbers at a recipient, in the order of `values`, and nothing elsewhere.
 */
export function* sumNode(setup: SumNodeSetup, rng: Rng): Party<Float64Array | undefined> {
  checkNode(setup);
  const { me, recipients, transcript } = setup;
  const values = yield* withNoise(setup, rng); // drawn before anybody waits: how long that takes says what was drawn
  const talk = conversation(me, nodesOf(setup));
  if (values !== undefined) yield* collectiveKey(talk, setup, rng);
  const recipientKeys = yield* exchangeRecipientKeys(talk, setup);
  yield* groupSecret(talk, nodesOf(setup), transcript, CHECKS_USE, rng);
  const sealed = values === undefined ? undefined : yield* sealBlocks(talk, setup, values);

  const list = yield* handIn(talk, setup, recipientKeys, sealed);
  if (sealed !== undefined) yield* addAllSeconds(setup, list, sealed.commitments);
  const firsts = recipients.includes(me) ? yield* receiveFirsts(setup, list) : [];
  yield* exchangeReady(talk, transcript);

  const own = values === undefined ? undefined : yield* releaseShares(setup, recipientKeys, rng);
  return recipients.includes(me) ? yield* open(setup, firsts, yield* allShares(setup, own)) : undefined;
}

/** Commit, echo, open: the shares of the collective key, each chosen before any other was known. */
function* collectiveKey(talk: Conversation, setup: SumNodeSetup, rng: Rng): Generator<Effect, void, unknown> {
  const { me, contributors, transcript, set } = setup;
  const mine = concat(yield* compute(makeKeyShare, transcript), rng(NONCE_BYTES));
  const own = yield* compute(sha256Of, keyCommitment(me, transcript, mine));
  const commitments = yield* commitEcho(talk, { commit: COMMIT, echo: ECHO, among: contributors }, own);
  const opened = yield* exchangeMessages(talk, { codec: keyShareCodec(set), mine, among: contributors });
  for (const [party, share] of opened) {
    const hash = yield* compute(sha256Of, keyCommitment(party, transcript, share));
    if (!equal(hash, commitments.get(party) ?? NOTHING)) {
      throw new SumError("commitment", `${party} opened another key share than it had committed to`);
    }
    if (!(yield* compute(addKeyShare, share.slice(0, -NONCE_BYTES)))) {
      throw new SumError("key", `${party} sent a key share that is not of the agreed form`);
    }
  }
}

function keyCommitment(party: PartyId, transcript: Uint8Array, share: Uint8Array): Uint8Array {
  return concat(lp(party), transcript, share);
}

/** Every recipient's key for this session, the own one included. */
function* exchangeRecipientKeys(
  talk: Conversation,
  { me, recipients, transcript, set }: SumNodeSetup,
): Generator<Effect, ReadonlyMap<PartyId, Uint8Array>, unknown> {
  const own = recipients.includes(me) ? { mine: yield* compute(makeRecipientKey, transcript, me) } : {};
  return yield* exchangeMessages(talk, { codec: recipientKeyCodec(set), senders: recipients, ...own });
}

/** What this node will send to the coordinator, and what everybody committed to send. */
interface SealedBlocks {
  readonly frames: readonly Uint8Array[];
  readonly commitments: ReadonlyMap<PartyId, Uint8Array>;
}

function* sealBlocks(
  talk: Conversation,
  setup: SumNodeSetup,
  values: Float64Array,
): Generator<Effect, SealedBlocks, unknown> {
  const { me, contributors, transcript, set } = setup;
  const frames: Uint8Array[] = [];
  const hashes: Uint8Array[] = [];
  for (let block = 0; block < blockCount(setup); block += 1) {
    const cells = values.slice(block * cellsPerBlock(set), (block + 1) * cellsPerBlock(set));
    const sealed = yield* compute(contribute, { transcript, contributors, me, block }, cells);
    frames.push(sealed.frame);
    hashes.push(sealed.hashes);
  }
  const own = yield* compute(sha256Of, concat(...hashes));
  const commitments = yield* commitEcho(talk, { commit: COMMIT, echo: ECHO, among: contributors }, own);
  return { frames, commitments };
}

/** Gives the coordinator what this node brings, and takes its word on what everybody brought. */
function* handIn(
  talk: Conversation,
  setup: SumNodeSetup,
  recipientKeys: ReadonlyMap<PartyId, Uint8Array>,
  sealed: SealedBlocks | undefined,
): Generator<Effect, SumList, unknown> {
  const key = recipientKeys.get(setup.me);
  if (key !== undefined) yield* send(COORDINATOR, RECIPIENT_KEY_HASH, yield* compute(sha256Of, key));
  for (const frame of sealed?.frames ?? []) yield* send(COORDINATOR, ciphertextCodec(setup.set), frame);
  const list = yield* hear(talk, COORDINATOR, listCodec(setup), true);
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
function* addAllSeconds(
  setup: SumNodeSetup,
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

function* receiveFirsts(
  setup: SumNodeSetup,
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
function* releaseShares(
  setup: SumNodeSetup,
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
function* allShares(
  setup: SumNodeSetup,
  own: Uint8Array | undefined,
): Generator<Effect, readonly Uint8Array[], unknown> {
  const shares: Uint8Array[] = [];
  for (const from of setup.contributors) {
    shares.push(from === setup.me && own !== undefined ? own : yield* receive(from, sharesCodec(setup)));
  }
  return shares;
}

/** The numbers, if every check holds. @throws {SumError} `invalid-result`, the same for all reasons. */
function* open(
  setup: SumNodeSetup,
  firsts: readonly Uint8Array[],
  shares: readonly Uint8Array[],
): Generator<Effect, Float64Array, unknown> {
  const { contributors, transcript, set, numbers, ranges, noises = [] } = setup;
  const opened = new Float64Array(numbers);
  const perBlock = cellsPerBlock(set);
  for (const [block, c0] of firsts.entries()) {
    const length = (shares[0]?.length ?? 0) / firsts.length;
    const parts = shares.map((all) => all.slice(block * length, (block + 1) * length));
    const cells = Math.min(perBlock, numbers - block * perBlock);
    const found = yield* compute(openBlock, { transcript, contributors, block }, c0, parts, cells);
    if (found === undefined) throw invalidResult();
    opened.set(found, block * perBlock);
  }
  const cells = numbers / ranges.length;
  const plausible = ranges.every((column, at) =>
    within(opened.subarray(at * cells, (at + 1) * cells), totalRange(contributors, column, noises[at])),
  );
  if (plausible) return opened;
  throw invalidResult();
}

function invalidResult(): SumError {
  return new SumError(
    "invalid-result",
    "INVALID_RESULT: the sum does not fit its own check sums; nothing of it is shown",
    "ask again: a new session has new keys",
  );
}

const NOTHING: Uint8Array = new Uint8Array();

/**
 * The coordinator's side: it adds what it was sent, says what that was, and passes on what the nodes add themselves. It
 * holds no key and no data; whatever it alters is refused by a hash, or does not open.
 */
export function* sumCoordinator(session: SumSession): Party<undefined> {
  checkSession(session);
  const { list, seconds, firsts } = yield* takeAll(session);
  for (const node of nodesOf(session)) {
    yield* send(node, listCodec(session), list);
    if (session.contributors.includes(node)) yield* passOnSeconds(session, node, seconds);
    for (const c0 of session.recipients.includes(node) ? firsts : []) {
      yield* send(node, sumCodec(session.set), c0);
    }
  }
  return undefined;
}

/** What the coordinator holds when everybody has handed in. */
interface HandedIn {
  readonly list: SumList;
  /** By contributor, block by block: c1. */
  readonly seconds: ReadonlyMap<PartyId, readonly Uint8Array[]>;
  /** By block: Σ c0. */
  readonly firsts: readonly Uint8Array[];
}

function* takeAll(session: SumSession): Generator<Effect, HandedIn, unknown> {
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
