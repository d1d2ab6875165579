// SPDX-License-Identifier: Apache-2.0
// What the modes of match-pair/1 share: the checks, and the steps of sender and receiver up to the ready exchange.
import {
  type Conversation,
  exchangeMessages,
  exchangeReady,
  fresh,
  hear,
  type PackedInputs,
  tell,
} from "@koplamp/crypto";
import { type Codec, compute, type Effect, type PartyId, type Rng, receive } from "@koplamp/protocol";
import { PsiError } from "./errors.ts";
import { inputRoot } from "./input-root.ts";
import { ROOT } from "./messages.ts";
import type { Blinding } from "./pair-blinding.ts";
import { type Committed, commitTokens, type Opening } from "./pair-jobs.ts";
import { openingCodec, type PairKey, pairKeyCodec, slotsCodec } from "./pair-messages.ts";
import { commitSlots } from "./pair-slots.ts";
import { checkQuery, othersOf, type QuerySession, rowsOf } from "./session.ts";

/** Most items of one party in one session of a pair; longer lists take `match-tokens/1` until shards are built. */
export const MOST_PAIR_ROWS: number = 2 ** 17;

/** A session of two parties. No key of an earlier session and no cache plays a part. */
export interface PairSession extends QuerySession {
  /** `in(x)` of every item, at the two parties, in the order in which the answer will speak of them. */
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

/**
 * The checks before anything leaves, and who the other party is; undefined at a node that brings no items.
 * @throws {PsiError} `setup` or `too-large`.
 */
export function pairPeer(session: PairSession): PartyId | undefined {
  const { me, parties, rowsPadded, inputs } = session;
  checkQuery(session, inputs === undefined ? undefined : { inputs });
  if (parties.length !== 2) throw new PsiError("setup", `expected two parties, got ${parties.length}`);
  const large = parties.find((party) => rowsOf(rowsPadded, party) > MOST_PAIR_ROWS);
  if (large !== undefined) {
    throw new PsiError(
      "too-large",
      `${large} brings up to ${rowsOf(rowsPadded, large)} items; a pair takes at most ${MOST_PAIR_ROWS} in a session, and shards are not built yet`,
    );
  }
  return parties.includes(me) ? othersOf(session)[0] : undefined;
}

/** What these steps take from a session. */
export type PairFrame = Pick<PairSession, "me" | "parties" | "transcript" | "rowsPadded">;

/** Everything up to and with the ready exchange. */
export function* upToReady(
  session: PairFrame,
  talk: Conversation,
  role: PairRole,
  blinding: Blinding,
  rng: Rng,
): Generator<Effect, PairReady, unknown> {
  const ready = yield* upToEvaluated(session, talk, role, blinding, rng);
  yield* exchangeReady(talk, session.transcript);
  return ready;
}

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
  const { me, transcript, rowsPadded, parties } = session;
  const { peer, inputs, sends, receives } = role;
  const [mine, theirs] = [rowsOf(rowsPadded, me), rowsOf(rowsPadded, peer)];

  const own = sends ? yield* commit(blinding, role, mine, rng) : undefined;
  const keys = { mine: pairKeyCodec(me, mine), theirs: pairKeyCodec(peer, theirs) };
  const promised = yield* swap(talk, role, keys, own);
  const root = yield* compute(inputRoot, inputs);
  const roots = yield* exchangeMessages(talk, { codec: ROOT, senders: parties, mine: root });

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
  return {
    roots,
    ...(own === undefined ? {} : { opening: own.opening }),
    ...(promised === undefined ? {} : { promised }),
  };
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

/** As `receiveOpening`, of tokens in slots. */
export function* receiveSlots(
  { rowsPadded }: PairFrame,
  from: PartyId,
  { commitment }: PairKey,
): Generator<Effect, Opening, unknown> {
  const opening = yield* receive(from, slotsCodec(from, rowsOf(rowsPadded, from)));
  return { from, commitment, opening };
}

/** The sender's tokens, as they have to fit what it promised; whether they do is checked by the job that uses them. */
export function* receiveOpening(
  { rowsPadded }: PairSession,
  from: PartyId,
  { commitment }: PairKey,
): Generator<Effect, Opening, unknown> {
  const opening = yield* receive(from, openingCodec(from, rowsOf(rowsPadded, from)));
  return { from, commitment, opening };
}
