// SPDX-License-Identifier: Apache-2.0
// One session of several pairs, or of long lists in shards: every part is a session of two of its own, with a key, blinds
// and proofs of its own, and all of them stand behind one ready exchange.
import { type Conversation, exchangeMessages, exchangeReady, type PackedInputs } from "@koplamp/crypto";
import {
  bind,
  type Codec,
  compute,
  type Effect,
  type Job,
  type JobEntry,
  job,
  type PartyId,
  type Rng,
  receive,
} from "@koplamp/protocol";
import { concat, i2osp, lp } from "@koplamp/wire/core";
import type { PsiBackend } from "./backend.ts";
import { inputRoot } from "./input-root.ts";
import { ROOT } from "./messages.ts";
import type { Blinding } from "./pair-blinding.ts";
import { type Cut, cutShards, type Shard } from "./pair-cut.ts";
import { type Committed, type Opening, TOKENS } from "./pair-jobs.ts";
import { openingBytes, openingsCodec, type PairKey } from "./pair-messages.ts";
import { commitPart, evaluatePart, type PairFrame, type PairRole } from "./pair-session.ts";
import { rowsOf } from "./session.ts";

/** Which way lists go between this party and another one. */
export type PartRole = Pick<PairRole, "sends" | "receives">;

/** What a party has once everybody has seen the same. */
export interface PartsReady {
  readonly roots: ReadonlyMap<PartyId, Uint8Array>;
  /** What this party will disclose to each of those it sends to: the openings of all shards, one after the other. */
  readonly openings: ReadonlyMap<PartyId, Uint8Array>;
  /** What each party that sends to this one is bound to, shard by shard. */
  readonly promised: ReadonlyMap<PartyId, readonly PairKey[]>;
  /** The own list as it was cut. */
  readonly shards: readonly Shard[];
}

/** One shard of a list between this party and another one. */
interface Part extends PartRole {
  readonly peer: PartyId;
  readonly shard: number;
}

/** A part as its steps see it: under a name in the vault, and bound to what tells it from the others. */
interface Begun {
  readonly part: Part;
  readonly name: string | undefined;
  readonly frame: PairFrame;
  readonly role: PairRole;
  readonly own: Committed | undefined;
  readonly promised: PairKey | undefined;
}

/** What a session of parts knows. */
export interface PartsSession extends PairFrame {
  readonly inputs: PackedInputs;
  readonly cut: Cut;
  readonly roleOf: (peer: PartyId) => PartRole;
  readonly blinding: Blinding;
}

/**
 * Everything up to and with the ready exchange. All lists are committed to before anybody's root or request leaves, so
 * that each is fixed before its owner has seen anything of another one.
 */
export function* partsUpToReady(
  session: PartsSession,
  talk: Conversation,
  rng: Rng,
): Generator<Effect, PartsReady, unknown> {
  const { me, parties, transcript, inputs, cut, blinding } = session;
  const shards = yield* cutShards({ me, parties, transcript }, talk, inputs, cut, rng);
  const begun: Begun[] = [];
  for (const part of partsOf(session)) begun.push(yield* begin(session, talk, part, shards, rng));
  const root = yield* compute(inputRoot, inputs);
  const roots = yield* exchangeMessages(talk, { codec: ROOT, senders: parties, mine: root });
  for (const { name, frame, role, own, promised } of begun) {
    yield* entering(name);
    yield* evaluatePart(frame, talk, role, blinding, { own, promised }, rng);
    yield* leaving(name);
  }
  yield* exchangeReady(talk, transcript);
  return { roots, openings: openingsOf(begun), promised: promisedBy(begun), shards };
}

function* begin(
  session: PartsSession,
  talk: Conversation,
  part: Part,
  shards: readonly Shard[],
  rng: Rng,
): Generator<Effect, Begun, unknown> {
  const { me, transcript, cut, blinding } = session;
  const { peer, shard, sends, receives } = part;
  const pair = [me, peer].sort();
  const name = nameOf(session, part);
  const bound = name === undefined ? transcript : yield* compute(partTranscript, transcript, pair, shard);
  const frame = { me, parties: pair, transcript: bound, rowsPadded: cut.rowsPadded };
  const { inputs } = shards[shard] ?? { inputs: NO_INPUTS };
  const role = { peer, inputs, sends, receives };
  const { own, promised } = yield* commitPart(frame, talk, role, blinding, rng);
  yield* leaving(name);
  return { part, name, frame, role, own, promised };
}

const NO_INPUTS: PackedInputs = { bytes: new Uint8Array(), ends: new Uint32Array() };

function openingsOf(begun: readonly Begun[]): ReadonlyMap<PartyId, Uint8Array> {
  const openings = new Map<PartyId, Uint8Array>();
  for (const { part, own } of begun) {
    if (own !== undefined)
      openings.set(part.peer, concat(openings.get(part.peer) ?? NO_INPUTS.bytes, own.opening));
  }
  return openings;
}

function promisedBy(begun: readonly Begun[]): ReadonlyMap<PartyId, readonly PairKey[]> {
  const keys = new Map<PartyId, readonly PairKey[]>();
  for (const { part, promised } of begun) {
    if (promised !== undefined) keys.set(part.peer, [...(keys.get(part.peer) ?? []), promised]);
  }
  return keys;
}

/**
 * The parts of one party, round by round as in a tournament: in each round every party meets one other at most, so that
 * all work at once, and all take the rounds in the same order, so that nobody waits for ever.
 */
function partsOf({ me, parties, cut, roleOf }: PartsSession): readonly Part[] {
  const peers = roundsOf(parties).flatMap((pairs) => pairs.find((pair) => pair.includes(me)) ?? []);
  return peers
    .filter((peer) => peer !== me)
    .flatMap((peer) => Array.from({ length: cut.shards }, (_, shard) => ({ ...roleOf(peer), peer, shard })));
}

/** Rounds in which all parties meet all others: the first stands still, the rest go round it. */
function roundsOf(parties: readonly PartyId[]): readonly (readonly (readonly PartyId[])[])[] {
  const seats = parties.length % 2 === 0 ? parties : [...parties, NOBODY];
  const [first = NOBODY, ...ring] = seats;
  return ring.map((_, round) => {
    const turned = [first, ...ring.slice(round), ...ring.slice(0, round)];
    const half = turned.slice(0, seats.length / 2);
    const pairs = half.map((seat, at) => [seat, turned[seats.length - 1 - at] ?? NOBODY].sort());
    return pairs.filter((pair) => !pair.includes(NOBODY));
  });
}

const NOBODY = "";

/** The codec of what `from` discloses. */
export function partsCodec({ cut }: Pick<PartsSession, "cut">, from: PartyId): Codec<Uint8Array> {
  return openingsCodec(from, rowsOf(cut.rowsPadded, from), cut.shards);
}

/** Waits for what `from` discloses, and compares it with its promises and the own tokens, shard by shard. */
export function* overShards<Value>(
  session: Pick<PartsSession, "parties" | "cut">,
  { promised }: PartsReady,
  from: PartyId,
  work: Job<[opened: Opening], Value>,
): Generator<Effect, readonly Value[], unknown> {
  const openings = yield* receive(from, partsCodec(session, from));
  const bytes = openingBytes(rowsOf(session.cut.rowsPadded, from));
  const values: Value[] = [];
  for (const [shard, { commitment }] of (promised.get(from) ?? []).entries()) {
    yield* entering(nameOf(session, { peer: from, shard }));
    const opening = openings.subarray(shard * bytes, (shard + 1) * bytes);
    values.push(yield* compute(work, { from, commitment, opening }));
  }
  return values;
}

/** Under which name a part waits in the vault; none where there is only one. */
function nameOf(
  { parties, cut }: Pick<PartsSession, "parties" | "cut">,
  { peer, shard }: Pick<Part, "peer" | "shard">,
): string | undefined {
  return parties.length === 2 && cut.shards === 1 ? undefined : `${peer}/${shard}`;
}

function* entering(name: string | undefined): Generator<Effect, void, unknown> {
  if (name !== undefined) yield* compute(enterPart, name);
}

function* leaving(name: string | undefined): Generator<Effect, void, unknown> {
  if (name !== undefined) yield* compute(leavePart, name);
}

/** SHA-256 over transcript, pair and shard: what blinds, proofs and dummies of a part are bound to. */
const partTranscript: Job<[transcript: Uint8Array, pair: readonly PartyId[], shard: number], Uint8Array> =
  job("psi.pair.part-transcript");

/** Keeps key and tokens of a part under its name, for later. */
const leavePart: Job<[name: string], void> = job("psi.pair.leave-part");

/** Puts back what was kept under a name; what stood there is wiped. */
const enterPart: Job<[name: string], void> = job("psi.pair.enter-part");

/** What a part has in the vault between its steps. */
const KEPT = ["k", TOKENS];

/** The code behind the jobs of this file. */
export function partJobs({ primitives }: PsiBackend): readonly JobEntry[] {
  return [
    bind(partTranscript, (_vault, transcript, pair, shard) =>
      primitives.sha256(
        concat(lp("koplamp/pair/part"), transcript, ...pair.map((party) => lp(party)), i2osp(shard, 4)),
      ),
    ),
    bind(leavePart, (vault, name) => {
      for (const handle of KEPT) {
        if (!vault.has(handle)) continue;
        vault.put(`part/${name}/${handle}`, vault.get(handle).slice());
        vault.drop(handle);
      }
    }),
    bind(enterPart, (vault, name) => {
      for (const handle of KEPT) {
        vault.drop(handle);
        const kept = `part/${name}/${handle}`;
        if (!vault.has(kept)) continue;
        vault.put(handle, vault.get(kept).slice());
        vault.drop(kept);
      }
    }),
  ];
}
