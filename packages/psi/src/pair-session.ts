// SPDX-License-Identifier: Apache-2.0
// What the modes of match-pair/1 share: the checks, and the steps of sender and receiver up to the ready exchange.
import { type Conversation, exchangeMessages, fresh, hear, type PackedInputs, tell } from "@koplamp/crypto";
import { type Codec, compute, type Effect, type PartyId, type Rng, receive } from "@koplamp/protocol";
import { inputRoot } from "./input-root.ts";
import { ROOT } from "./messages.ts";
import type { Blinding } from "./pair-blinding.ts";
import { type Committed, commitTokens, type Opening } from "./pair-jobs.ts";
import { type PairKey, pairKeyCodec, slotsCodec } from "./pair-messages.ts";
import { commitSlots } from "./pair-slots.ts";
import { checkQuery, type QuerySession, rowsOf } from "./session.ts";

/** A session of pairs. No key of an earlier session and no cache plays a part. */
export interface PairSession extends QuerySession {
  /** Most rows of a shard; absent: `MOST_PAIR_ROWS`. */
  readonly mostRows?: number;
  /** `in(x)` of every item, at the parties, in the order in which the answer will speak of them. */
  readonly inputs?: PackedInputs;
}

/** What one of the two is in a session; where both learn something, each is both. */
export interface PairRole {
  readonly peer: PartyId;
  readonly inputs: PackedInputs;
  /** It holds a key of this session and discloses tokens. */
  readonly sends: boolean;
  /** It has its own items evaluated and compares. */
  readonly receives: boolean;
  /** Where the sender's tokens stand in slots, in an order of its own. */
  readonly inSlots?: boolean;
}

/** What a party has once everybody has seen the same. */
export interface PairReady {
  readonly roots: ReadonlyMap<PartyId, Uint8Array>;
  /** What this party will disclose, where it sends. */
  readonly opening?: Uint8Array;
  /** What the other party is bound to, where this one receives. */
  readonly promised?: PairKey;
}

/** What a party has of a part before the ready exchange. */
export interface PairCommitments {
  readonly own: Committed | undefined;
  readonly promised: PairKey | undefined;
}

/** The checks before anything leaves. @throws {PsiError} `setup` or `too-large`. */
export function checkPairs(session: PairSession): void {
  const { inputs } = session;
  checkQuery(session, inputs === undefined ? undefined : { inputs });
}

/** What these steps take from a session. */
export type PairFrame = Pick<PairSession, "me" | "parties" | "transcript" | "rowsPadded">;

/**
 * Everything before the ready exchange. The sender's commitment goes first, so that its list is fixed before it sees
 * anything of the other; then the roots of both, the request, and its evaluation.
 */
export function* upToEvaluated(
  session: PairFrame,
  talk: Conversation,
  role: PairRole,
  blinding: Blinding,
  rng: Rng,
): Generator<Effect, PairReady, unknown> {
  const { own, promised } = yield* commitPart(session, talk, role, blinding, rng);
  const root = yield* compute(inputRoot, role.inputs);
  const roots = yield* exchangeMessages(talk, { codec: ROOT, senders: session.parties, mine: root });
  yield* evaluatePart(session, talk, role, blinding, { own, promised }, rng);
  return {
    roots,
    ...(own === undefined ? {} : { opening: own.opening }),
    ...(promised === undefined ? {} : { promised }),
  };
}

/** The sender commits to its list. */
export function* commitPart(
  { me, rowsPadded }: PairFrame,
  talk: Conversation,
  role: PairRole,
  blinding: Blinding,
  rng: Rng,
): Generator<Effect, PairCommitments, unknown> {
  const [mine, theirs] = [rowsOf(rowsPadded, me), rowsOf(rowsPadded, role.peer)];
  const own = role.sends ? yield* commit(blinding, role, mine, rng) : undefined;
  const keys = { mine: pairKeyCodec(me, mine), theirs: pairKeyCodec(role.peer, theirs) };
  return { own, promised: yield* swap(talk, role, keys, own) };
}

/** The receiver has its list evaluated, and makes its tokens of the answers. */
export function* evaluatePart(
  { me, transcript, rowsPadded }: PairFrame,
  talk: Conversation,
  role: PairRole,
  blinding: Blinding,
  { own, promised }: PairCommitments,
  rng: Rng,
): Generator<Effect, void, unknown> {
  const { peer, inputs, receives } = role;
  const [mine, theirs] = [rowsOf(rowsPadded, me), rowsOf(rowsPadded, peer)];
  const asked = receives ? yield* blinding.ask(inputs, mine, transcript) : undefined;
  const requests = { mine: blinding.request(me, mine), theirs: blinding.request(peer, theirs) };
  const request = yield* swap(talk, turned(role), requests, asked);
  const prover = { prover: me, key: own?.key ?? NO_KEY, transcript };
  const answer = request === undefined ? undefined : yield* blinding.answer(peer, prover, request, rng);
  const replies = { mine: blinding.reply(me, theirs), theirs: blinding.reply(peer, mine) };
  const reply = yield* swap(talk, role, replies, answer);
  if (promised !== undefined && asked !== undefined && reply !== undefined) {
    yield* blinding.unblind({ prover: peer, key: promised.key, transcript }, inputs, asked, reply);
  }
}

const NO_KEY = new Uint8Array();

function commit(
  { form }: Blinding,
  { inputs, inSlots = false }: PairRole,
  rows: number,
  rng: Rng,
): Generator<Effect, Committed, unknown> {
  return fresh(rng, (seed) => compute(inSlots ? commitSlots : commitTokens, form, inputs, rows, seed));
}

/** Requests go from the receiver to the sender. */
function turned({ sends, receives, ...rest }: PairRole): PairRole {
  return { ...rest, sends: receives, receives: sends };
}

/** One message each way, where there is one; the lower id first, so that nobody waits for ever without a buffer. */
function* swap<Message>(
  talk: Conversation,
  { peer, receives }: PairRole,
  codecs: { readonly mine: Codec<Message>; readonly theirs: Codec<Message> },
  own: Message | undefined,
): Generator<Effect, Message | undefined, unknown> {
  if (own !== undefined && talk.me < peer) yield* tell(talk, peer, codecs.mine, own);
  const got = receives ? yield* hear(talk, peer, codecs.theirs) : undefined;
  if (own !== undefined && talk.me > peer) yield* tell(talk, peer, codecs.mine, own);
  return got;
}

/** The sender's tokens in slots; whether they fit what it promised is checked by the job that uses them. */
export function* receiveSlots(
  { rowsPadded }: PairFrame,
  from: PartyId,
  { commitment }: PairKey,
): Generator<Effect, Opening, unknown> {
  const opening = yield* receive(from, slotsCodec(from, rowsOf(rowsPadded, from)));
  return { from, commitment, opening };
}
