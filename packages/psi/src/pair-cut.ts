// SPDX-License-Identifier: Apache-2.0
// Long lists in parts: which row of a list goes where, and what a part is padded to (protocols.md, section 5, Shards).
import {
  type Conversation,
  conversation,
  groupSecret,
  groupSecretHandle,
  type PackedInputs,
  type Primitives,
} from "@koplamp/crypto";
import {
  bind,
  compute,
  type Effect,
  type EgressRow,
  type Job,
  type JobEntry,
  job,
  type Party,
  type PartyId,
  type Rng,
  sent,
} from "@koplamp/protocol";
import { selectInputs, stretchOf } from "@koplamp/wire/core";
import { PsiError } from "./errors.ts";
import { keyedInputs } from "./keyed.ts";
import { fewestShards, positionsOf, shardRows } from "./query-shards.ts";
import { MOST_PAIR_ROWS, rowsOf, type Session } from "./session.ts";

/** Into how many shards every list is cut, and what each shard of a party is padded to. */
export interface Cut {
  readonly shards: number;
  readonly rowsPadded: Readonly<Record<PartyId, number>>;
}

/** What a cut depends on: public bounds only. */
export interface CutTerms {
  readonly parties: readonly PartyId[];
  /** Public bucket of each party's number of items. */
  readonly rowsPadded: Readonly<Record<PartyId, number>>;
  /** Most rows of a shard; absent: `MOST_PAIR_ROWS`. */
  readonly mostRows?: number;
}

/** The fewest shards, a power of two, that hold everybody's list. */
export function cutOf({ parties, rowsPadded, mostRows = MOST_PAIR_ROWS }: CutTerms): Cut {
  const lists = parties.map((party) => [party, rowsOf(rowsPadded, party)] as const);
  const buckets = lists.map(([, rows]) => rows);
  const shards = fewestShards(buckets, mostRows);
  if (buckets.some((rows) => shardRows(rows, shards) > mostRows)) {
    throw new PsiError("setup", `expected room for a shard in ${mostRows} rows`);
  }
  return {
    shards,
    rowsPadded: Object.fromEntries(lists.map(([party, rows]) => [party, shardRows(rows, shards)])),
  };
}

/** What a party's whole list is padded to in all shards together: so much is evaluated for it. */
export function evaluatedRows(terms: CutTerms, party: PartyId): number {
  const { shards, rowsPadded } = cutOf(terms);
  return shards * rowsOf(rowsPadded, party);
}

/** One shard of an own list, and where its items stand in the whole of it. */
export interface Shard {
  readonly inputs: PackedInputs;
  readonly positions: Uint32Array;
}

/** The use of the group secret by which lists are cut. */
const SEED = "pair/shard";

/**
 * Cuts an own list, where it has to be: by a keyed hash under a secret that the parties of the session make together and
 * the coordinator does not know, so that nobody can fill a shard beforehand. Every size is checked before anything else
 * leaves. @throws {PsiError} `too-large`.
 */
export function* cutShards(
  { me, parties, transcript }: Session,
  talk: Conversation,
  inputs: PackedInputs,
  { shards, rowsPadded }: Cut,
  rng: Rng,
): Generator<Effect, readonly Shard[], unknown> {
  if (shards === 1) return [{ inputs, positions: Uint32Array.from(inputs.ends.keys()) }];
  yield* groupSecret(talk, parties, transcript, SEED, rng);
  const cut = yield* cutInto(inputs, shards);
  const rows = rowsOf(rowsPadded, me);
  if (cut.every(({ length }) => length <= rows)) {
    return cut.map((positions) => ({ inputs: selectInputs(inputs, positions), positions }));
  }
  throw new PsiError("too-large", `a shard of ${me} has more items than the ${rows} that it is padded to`);
}

/** Hears in which shard each input of a stretch is, in their order. */
export type Cutting = (stretch: PackedInputs, shardAt: Uint16Array) => void;

/**
 * One party's side of the agreement on how a question cuts its lists, in a session of its own before all others: a secret
 * that the parties make together under the transcript, which names the plan, and that the coordinator does not know. The own
 * list comes a stretch at a time, and goes as it comes: neither this node nor a worker holds it as a whole.
 */
export function* cutParty(
  { me, parties, transcript }: Session,
  stretches: Iterable<PackedInputs>,
  shards: number,
  cutting: Cutting,
  rng: Rng,
): Party<void> {
  yield* groupSecret(conversation(me, parties), parties, transcript, SEED, rng);
  for (const stretch of stretches) cutting(stretch, yield* compute(cutInputs, stretch, shards));
}

/** A stretch at a time: a worker holds no list that goes into several sessions as a whole. */
function* cutInto(inputs: PackedInputs, shards: number): Generator<Effect, readonly Uint32Array[], unknown> {
  const count = inputs.ends.length;
  const shardAt = new Uint16Array(count);
  for (let from = 0; from < count; from += STRETCH) {
    const some = stretchOf(inputs, from, Math.min(count, from + STRETCH));
    shardAt.set(yield* compute(cutInputs, some, shards), from);
  }
  return positionsOf(shardAt, shards);
}

/** What that session sends, as a contract names it; nothing where there is one shard. */
export function cutSessionEgress(parties: readonly PartyId[], shards: number): readonly EgressRow[] {
  return cutEgress(parties, { shards }).map((row) => ({ ...row, what: `cut.${row.what}` }));
}

/** What the agreement on a seed sends. */
export function cutEgress(
  parties: readonly PartyId[],
  { shards }: Pick<Cut, "shards">,
): readonly EgressRow[] {
  if (shards === 1) return [];
  return ["commit", "echo", "alpha"].flatMap((what) => sent(parties, parties, what, 32));
}

/** The shard of each input: HMAC-SHA256 under the parties' own secret says which. */
const cutInputs: Job<[inputs: PackedInputs, shards: number], Uint16Array> = job("psi.pair.cut-inputs");

/** Inputs that go to a worker at a time. */
const STRETCH = 2 ** 16;

/** The code behind the jobs of this file. */
export function cutJobs(primitives: Primitives): readonly JobEntry[] {
  return [
    bind(cutInputs, (vault, inputs, shards) => {
      const rows = keyedInputs(primitives, vault.get(groupSecretHandle(SEED)), inputs, 4);
      const view = new DataView(rows.buffer, rows.byteOffset);
      return Uint16Array.from(inputs.ends, (_, row) => view.getUint32(row * 4) % shards);
    }),
  ];
}
