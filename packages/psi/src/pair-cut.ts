// SPDX-License-Identifier: Apache-2.0
// Long lists in parts: which row of a list goes where, and what a part is padded to (protocols.md, section 5, Shards).
import {
  type Conversation,
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
  type PartyId,
  type Rng,
  sent,
} from "@koplamp/protocol";
import { PsiError } from "./errors.ts";
import { keyedInputs, selectInputs } from "./keyed.ts";
import { fewestShards, shardRows } from "./query-shards.ts";
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
  const cut = yield* compute(cutInputs, inputs, shards);
  const rows = rowsOf(rowsPadded, me);
  if (cut.every(({ length }) => length <= rows)) {
    return cut.map((positions) => ({ inputs: selectInputs(inputs, positions), positions }));
  }
  throw new PsiError("too-large", `a shard of ${me} has more items than the ${rows} that it is padded to`);
}

/** What the agreement on a seed sends. */
export function cutEgress(parties: readonly PartyId[], { shards }: Cut): readonly EgressRow[] {
  if (shards === 1) return [];
  return ["commit", "echo", "alpha"].flatMap((what) => sent(parties, parties, what, 32));
}

/** The positions of the inputs of each shard: HMAC-SHA256 under the parties' own secret says which. */
const cutInputs: Job<[inputs: PackedInputs, shards: number], readonly Uint32Array[]> =
  job("psi.pair.cut-inputs");

/** The code behind the jobs of this file. */
export function cutJobs(primitives: Primitives): readonly JobEntry[] {
  return [
    bind(cutInputs, (vault, inputs, shards) => {
      const rows = keyedInputs(primitives, vault.get(groupSecretHandle(SEED)), inputs, 4);
      const at = (row: number): number =>
        new DataView(rows.buffer, rows.byteOffset).getUint32(row * 4) % shards;
      const positions: number[][] = Array.from({ length: shards }, () => []);
      inputs.ends.forEach((_, row) => void positions[at(row)]?.push(row));
      return positions.map((chosen) => Uint32Array.from(chosen));
    }),
  ];
}
