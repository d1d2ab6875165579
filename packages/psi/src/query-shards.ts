// SPDX-License-Identifier: Apache-2.0
// Long lists as several query sessions: how many there are, and what a shard is padded to (protocols.md, section 5,
// Shards).
import type { EgressRow, PartyId } from "@koplamp/protocol";
import { MOST_PAIR_ROWS, MOST_ROWS } from "./session.ts";

/** Most items of one party in all shards of a question. */
export const MOST_LIST_ROWS: number = 2 ** 27;
/** Most shards of a question. */
export const MOST_SHARDS: number = 2 ** 12;

/** Protocols that are run shard by shard, each in a session of its own, and the most rows that one of these takes. */
const IN_SHARDS: ReadonlyMap<string, number> = new Map([
  ["match-tokens/1", MOST_ROWS],
  ["match-pair/1", MOST_PAIR_ROWS],
  ["bulk-pair/1", MOST_ROWS],
]);

/** The most rows of one session of a protocol that is run in shards; undefined for the others. */
export function shardLimitOf(protocol: string): number | undefined {
  return IN_SHARDS.get(protocol);
}

/**
 * What a list is padded to in each of so many shards: μ + 8·sqrt(μ), rounded up to 256, with μ = bucket / shards, and
 * never more than the whole. More items come into a shard with a chance below 2^-40.
 */
export function shardRows(bucket: number, shards: number): number {
  const mean = bucket / shards;
  return Math.min(bucket, Math.ceil((mean + 8 * Math.sqrt(mean)) / 256) * 256);
}

/** The padded sizes of everybody's lists in each of so many shards. */
export function inEachShard(
  rowsPadded: Readonly<Record<PartyId, number>>,
  shards: number,
): Readonly<Record<PartyId, number>> {
  return Object.fromEntries(
    Object.entries(rowsPadded).map(([party, rows]) => [party, shardRows(rows, shards)]),
  );
}

/** The fewest shards, a power of two, of which none is padded to more than `mostRows`. */
export function fewestShards(buckets: readonly number[], mostRows: number): number {
  let shards = 1;
  while (shards < MOST_SHARDS && buckets.some((rows) => shardRows(rows, shards) > mostRows)) shards *= 2;
  return shards;
}

/** The positions of the inputs of each shard, in their own order. `shardAt`: the shard of each input. */
export function positionsOf(shardAt: Uint16Array, shards: number): readonly Uint32Array[] {
  const sizes = new Uint32Array(shards);
  for (const shard of shardAt) sizes[shard] = (sizes[shard] ?? 0) + 1;
  const cut = Array.from(sizes, (size) => new Uint32Array(size));
  const filled = new Uint32Array(shards);
  shardAt.forEach((shard, input) => {
    const at = filled[shard] ?? 0;
    filled[shard] = at + 1;
    const positions = cut[shard];
    if (positions !== undefined) positions[at] = input;
  });
  return cut;
}

/** What leaves in so many sessions that are alike. */
export function inSessions(rows: readonly EgressRow[], sessions: number): readonly EgressRow[] {
  return rows.map((row) => ({
    ...row,
    messages: row.messages * sessions,
    bytes: row.bytes * sessions,
  }));
}
