// SPDX-License-Identifier: Apache-2.0
import {
  bind,
  type Codec,
  compute,
  type Effect,
  type Job,
  type JobEntry,
  job,
  type PartyId,
  ProtocolError,
  receive,
  send,
} from "@koplamp/protocol";
import { concat, lp } from "@koplamp/wire/core";
import { equal } from "./bytes.ts";
import type { Primitives } from "./primitives.ts";

/**
 * One node's account of what it said and heard before its first release, so that `exchangeReady` can compare it with
 * everybody else's: the ready exchange of protocols.md, section 5.
 */
export interface Conversation {
  readonly me: PartyId;
  /** The other nodes of the session, in id order. The coordinator is none of them. */
  readonly others: readonly PartyId[];
  /** SHA-256 of each message's plaintext, in the order in which it was sent or came. */
  readonly hashes: SpokenHash[];
}

/** One message of a conversation. `toAll`: its sender sent the same to every node. */
export interface SpokenHash {
  readonly from: PartyId;
  readonly to: PartyId;
  readonly toAll: boolean;
  readonly hash: Uint8Array;
}

/** One message from each sender to each other node, in one go. */
export interface Round<Message> {
  readonly codec: Codec<Message>;
  /** What this node sends; absent at a node that only listens. */
  readonly mine?: Message;
  /** Who takes part, this node included. Absent: every node, and the message is one "sent to every node". */
  readonly among?: readonly PartyId[];
  /** Who sends. Absent: everybody who takes part. */
  readonly senders?: readonly PartyId[];
}

/** The hash of a message, made where the interpreter sees fit. */
export const sha256Of: Job<[bytes: Uint8Array], Uint8Array> = job("crypto.sha256");

/** The code behind `sha256Of`. */
export function readyJobs(primitives: Primitives): readonly JobEntry[] {
  return [bind(sha256Of, (_vault, bytes) => primitives.sha256(bytes))];
}

/** Begins a session's account at node `me`. `nodes`: everybody but the coordinator, `me` included. */
export function conversation(me: PartyId, nodes: readonly PartyId[]): Conversation {
  return { me, others: nodes.filter((node) => node !== me).sort(), hashes: [] };
}

/** `send`, and a line in the account. */
export function* tell<Message>(
  talk: Conversation,
  to: PartyId,
  codec: Codec<Message>,
  message: Message,
  toAll = false,
): Generator<Effect, void, unknown> {
  yield* tellHashed(talk, to, yield* hashed(codec, message), toAll);
}

/** A message as bytes, with their hash: made once, however many it goes to. */
interface Hashed {
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
}

function* hashed<Message>(codec: Codec<Message>, message: Message): Generator<Effect, Hashed, unknown> {
  const bytes = codec.encode(message);
  return { type: codec.type, bytes, hash: yield* compute(sha256Of, bytes) };
}

function* tellHashed(
  talk: Conversation,
  to: PartyId,
  { type, bytes, hash }: Hashed,
  toAll: boolean,
): Generator<Effect, void, unknown> {
  yield* send(to, asBytes(type), bytes);
  talk.hashes.push({ from: talk.me, to, toAll, hash });
}

/** `receive`, and a line in the account. @throws what `receive` throws. */
export function* hear<Message>(
  talk: Conversation,
  from: PartyId,
  codec: Codec<Message>,
  toAll = false,
): Generator<Effect, Message, unknown> {
  const bytes = yield* receive(from, asBytes(codec.type));
  const message = codec.decode(bytes); // attacker-controlled
  const hash = yield* compute(sha256Of, bytes);
  talk.hashes.push({ from, to: talk.me, toAll, hash });
  return message;
}

/**
 * Gives `mine` to all who take part and takes theirs. Pair by pair in id order, the lower id first: with no buffer at
 * all the smallest unfinished pair can always go on, so nobody waits for ever.
 */
export function* exchangeMessages<Message>(
  talk: Conversation,
  round: Round<Message>,
): Generator<Effect, ReadonlyMap<PartyId, Message>, unknown> {
  const { codec, mine, among = [talk.me, ...talk.others], senders = among } = round;
  const toAll = round.among === undefined;
  const all = new Map<PartyId, Message>();
  if (mine !== undefined) all.set(talk.me, mine);
  const own = mine === undefined ? undefined : yield* hashed(codec, mine);
  for (const peer of talk.others.filter((other) => among.includes(other))) {
    if (own !== undefined && talk.me < peer) yield* tellHashed(talk, peer, own, toAll);
    if (senders.includes(peer)) all.set(peer, yield* hear(talk, peer, codec, toAll));
    if (own !== undefined && talk.me > peer) yield* tellHashed(talk, peer, own, toAll);
  }
  return new Map([...all].sort(([left], [right]) => (left < right ? -1 : 1)));
}

/**
 * The ready exchange: whoever goes on has seen, with every other node, the same messages between the two and the same
 * messages to everybody. Called by every node after its last message before the session's first release.
 * @throws {ProtocolError} `invalid-message` when another node's account differs.
 */
export function* exchangeReady(talk: Conversation, transcript: Uint8Array): Generator<Effect, void, unknown> {
  const common = yield* compute(sha256Of, commonAccount(talk));
  const mine = new Map<PartyId, Uint8Array>();
  for (const peer of talk.others) mine.set(peer, yield* readyHash(talk, peer, transcript, common));
  for (const peer of talk.others) {
    const hash = mine.get(peer) ?? common;
    if (talk.me < peer) yield* send(peer, READY, hash);
    const theirs = yield* receive(peer, READY);
    if (talk.me > peer) yield* send(peer, READY, hash);
    if (!equal(theirs, hash)) {
      throw new ProtocolError(
        "invalid-message",
        `${peer} saw other messages in this session than ${talk.me}`,
      );
    }
  }
}

/** ready(i,j) of protocols.md, section 5. */
function* readyHash(
  { me, hashes }: Conversation,
  peer: PartyId,
  transcript: Uint8Array,
  common: Uint8Array,
): Generator<Effect, Uint8Array, unknown> {
  const lower = me < peer ? me : peer;
  const higher = me < peer ? peer : me;
  const between = [lower, higher].flatMap((from) =>
    hashes.filter((line) => line.from === from && (line.to === peer || line.from === peer)),
  );
  const pair = yield* compute(sha256Of, concat(...between.map(({ hash }) => hash)));
  const parts = [lp("koplamp/ready/1"), transcript, lp(lower), lp(higher), pair, common];
  return yield* compute(sha256Of, concat(...parts));
}

/** What was sent to every node, by sender (the coordinator may be one) and message. */
function commonAccount({ me, others, hashes }: Conversation): Uint8Array {
  // Of our own, which went to each of the others in turn, one copy stands for all.
  const once = hashes.filter(({ toAll, from, to }) => toAll && to === (from === me ? others[0] : me));
  const senders = [...new Set(once.map(({ from }) => from))].sort();
  return concat(
    ...senders.flatMap((from) => once.filter((line) => line.from === from).map(({ hash }) => hash)),
  );
}

/** A codec of exactly 32 bytes: hashes, commitments, roots. */
export function hashCodec(type: string): Codec<Uint8Array> {
  return { type, encode: exactly(type, 32), decode: exactly(type, 32) };
}

const READY: Codec<Uint8Array> = hashCodec("ready");

function exactly(type: string, length: number): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => {
    if (bytes.length === length) return bytes;
    throw new ProtocolError("invalid-message", `expected ${length} bytes of ${type}, got ${bytes.length}`);
  };
}

function asBytes(type: string): Codec<Uint8Array> {
  return { type, encode: (bytes) => bytes, decode: (bytes) => bytes };
}
