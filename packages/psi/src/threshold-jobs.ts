// SPDX-License-Identifier: Apache-2.0
import type { Primitives } from "@koplamp/crypto";
import { bind, type Job, type JobEntry, job, type Vault } from "@koplamp/protocol";
import { ascending, compareAt } from "./ascending.ts";
import { SECRETS } from "./cache.ts";
import { PsiError } from "./errors.ts";
import { kdfEach } from "./keyed.ts";
import { COORDINATOR } from "./session.ts";
import type { Tell } from "./tell.ts";
import { makeCells } from "./threshold-cells.ts";
import { bitCount, findHeld, flaggedOnly, type Held, hitsFor } from "./threshold-hits.ts";
import type { ThresholdLayout } from "./threshold-layout.ts";
import type { Hit } from "./threshold-messages.ts";

/** Which session, and which tables. */
export interface ThresholdRoute {
  readonly sid: Uint8Array;
  /** 32 bytes: what cuts the lists into shards. */
  readonly planHash: Uint8Array;
  readonly layout: ThresholdLayout;
  /** The party's position in id order, from 0. */
  readonly party: number;
}

/** Cuts the loaded items into shards. @throws {PsiError} `too-large` when one does not fit, before any of them leaves. */
export const cutShards: Job<[route: ThresholdRoute], void> = job("psi.threshold.cut");

/** A party's tables of one shard. `flags`: one byte for each input, or none. Remembers what it placed. */
export const makeTables: Job<
  [route: ThresholdRoute, shard: number, flags: Uint8Array, seed: Uint8Array],
  Uint8Array
> = job("psi.threshold.cells");

/** Own items that enough parties hold, by position among the inputs, and what the coordinator tells of each. */
export interface AcceptedHits {
  readonly items: Uint32Array;
  readonly told: Uint32Array;
}

/** Checks hits against what was placed in the shard. @throws {PsiError} `hit` when one does not prove itself. */
export const acceptHits: Job<[route: ThresholdRoute, tell: Tell, hits: readonly Hit[]], AcceptedHits> =
  job("psi.threshold.accept");

/** What the coordinator is to find, and what it may tell. */
export interface SearchRoute {
  readonly sid: Uint8Array;
  readonly layout: ThresholdLayout;
  readonly tell: Tell;
}

/** The hits of each party in one shard, from the tables of all of them in id order. */
export const findHits: Job<[route: SearchRoute, tables: readonly Uint8Array[]], readonly (readonly Hit[])[]> =
  job("psi.threshold.find");

/** Of the items that at least so many parties hold in one shard: how many exactly k hold, by k. */
export const countHits: Job<[layout: ThresholdLayout, tables: readonly Uint8Array[]], readonly number[]> =
  job("psi.threshold.count");

const KEY_BYTES = 32;
const VALUE_BYTES = 8;
/** Vault: each distinct item's key, its position among the inputs, and the shard that it is in. */
const KEYS = "threshold/keys";
const POSITIONS = "threshold/positions";
const SHARDS = "threshold/shards";
/** Vault, of the shard that is under way: what stands where, the receipts, and which items these are. */
const PLACES = "threshold/places";
const VALUES = "threshold/values";
const MEMBERS = "threshold/members";

/** The code behind the jobs of this file. */
export function thresholdJobs(primitives: Primitives): readonly JobEntry[] {
  return [
    bind(cutShards, (vault, route) => cut(primitives, vault, route)),
    bind(makeTables, (vault, route, shard, flags, seed) =>
      tables(primitives, vault, { ...route, shard }, { flags, seed }),
    ),
    bind(acceptHits, (vault, route, tell, hits) => accepted(vault, route, tell, hits)),
    bind(findHits, (_vault, { sid, layout, tell }, all) => {
      const found = findHeld(layout, all);
      const told = layout.flagged ? flaggedOnly(primitives, { layout, sid }, all, found) : found;
      return all.map((_, party) => hitsFor(party, told, tell));
    }),
    bind(countHits, (_vault, layout, all) => byNumber(layout, findHeld(layout, all))),
  ];
}

function byNumber({ parties }: ThresholdLayout, found: readonly Held[]): readonly number[] {
  const counts = new Array<number>(parties + 1).fill(0);
  for (const { holders } of found) counts[bitCount(holders)] = (counts[bitCount(holders)] ?? 0) + 1;
  return counts;
}

function cut(primitives: Primitives, vault: Vault, { sid, planHash, layout }: ThresholdRoute): void {
  const secrets = vault.get(SECRETS);
  const order = ascending(secrets, KEY_BYTES);
  const firsts = order.filter((item, at) => {
    const before = (order[at - 1] ?? 0) * KEY_BYTES;
    return at === 0 || compareAt(secrets, before, secrets, item * KEY_BYTES, KEY_BYTES) !== 0;
  });
  const names = kdfEach(primitives, secrets, planHash, "shard");
  const shards = Uint8Array.from(firsts, (item) => shardOf(names, item, layout.shards));
  const sizes = new Uint32Array(layout.shards);
  for (const shard of shards) sizes[shard] = (sizes[shard] ?? 0) + 1;
  if (sizes.some((size) => size > layout.rows))
    throw new PsiError("too-large", "a part of this list is larger than its place in the tables: ask again");
  vault.put(KEYS, kdfEach(primitives, secrets, sid, "threshold"));
  vault.put(POSITIONS, bytesOf(firsts));
  vault.put(SHARDS, shards);
}

/** The first bits of the shard's name: as many as there are of shards, at most 2^8. */
function shardOf(names: Uint8Array, item: number, shards: number): number {
  return Math.floor(((names[item * KEY_BYTES] ?? 0) * shards) / 256);
}

function tables(
  primitives: Primitives,
  vault: Vault,
  { layout, sid, party, shard }: ThresholdRoute & { readonly shard: number },
  { flags, seed }: { readonly flags: Uint8Array; readonly seed: Uint8Array },
): Uint8Array {
  const positions = wordsOf(vault.get(POSITIONS));
  const all = vault.get(KEYS);
  const shards = vault.get(SHARDS);
  const members = positions.filter((_, at) => shards[at] === shard);
  const keys = new Uint8Array(members.length * KEY_BYTES);
  members.forEach(
    (item, at) => void keys.set(all.subarray(item * KEY_BYTES, (item + 1) * KEY_BYTES), at * KEY_BYTES),
  );
  try {
    const terms = { layout, sid, point: party + 1, seed };
    const made = makeCells(primitives, terms, {
      keys,
      flags: Uint8Array.from(members, (item) => flags[item] ?? 0),
    });
    vault.put(PLACES, bytesOf(made.places));
    vault.put(VALUES, made.values);
    vault.put(MEMBERS, bytesOf(members));
    return made.tables;
  } finally {
    keys.fill(0);
  }
}

function accepted(
  vault: Vault,
  { layout, party }: ThresholdRoute,
  tell: Tell,
  hits: readonly Hit[],
): AcceptedHits {
  const places = wordsOf(vault.get(PLACES));
  const members = wordsOf(vault.get(MEMBERS));
  const { buffer, byteOffset, length } = vault.get(VALUES);
  const values = new DataView(buffer, byteOffset, length);
  const seen = new Set<number>();
  const items = hits.map(({ table, bin, low, high, told }) => {
    const place = (places[table * layout.bins + bin] ?? EMPTY) | 0;
    const item = place >> 1;
    const proven =
      place >= 0 &&
      !seen.has(item) &&
      values.getUint32(item * VALUE_BYTES, true) === low &&
      values.getUint32(item * VALUE_BYTES + 4, true) === high;
    if (!proven || !isTold(layout, party, tell, told)) throw unproven();
    seen.add(item);
    return members[item] ?? 0;
  });
  return { items: Uint32Array.from(items), told: Uint32Array.from(hits, ({ told }) => told) };
}

const EMPTY: number = 0xffffffff;

/** Whether what is told of a hit can be true: enough holders, this party among them. */
function isTold({ parties, atLeast }: ThresholdLayout, party: number, tell: Tell, told: number): boolean {
  if (tell === "nothing") return told === 0;
  if (tell === "count") return told >= atLeast && told <= parties;
  return told < 2 ** parties && (told & (1 << party)) !== 0 && bitCount(told) >= atLeast;
}

function unproven(): PsiError {
  return new PsiError(
    "hit",
    "the coordinator named an item as held by enough parties, and its receipt does not prove it",
    COORDINATOR,
  );
}

function bytesOf({ buffer, byteOffset, byteLength }: Int32Array | Uint32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function wordsOf({ buffer, byteOffset, byteLength }: Uint8Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}
