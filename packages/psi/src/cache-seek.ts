// SPDX-License-Identifier: Apache-2.0
// Long lists and their caches: chunk by chunk, so that neither the rows of all evaluations nor every s_x of a list are
// ever open at a time.
import type { PackedInputs, Primitives } from "@koplamp/crypto";
import { wipe } from "@koplamp/crypto";
import { bind, type Job, type JobEntry, job, type Vault } from "@koplamp/protocol";
import { ascending, compareAt, rowAt } from "./ascending.ts";
import { INDEX_BYTES, openRows, putLoaded, ROW_BYTES, SECRET_BYTES } from "./cache.ts";
import { PsiError } from "./errors.ts";
import { kdfEach, keyedInputs } from "./keyed.ts";
import { positionsOf } from "./query-shards.ts";
import { bytesOf, wordsOf } from "./words.ts";

/** How a list is cut into the sessions of a question. */
export interface ShardCut {
  /** 32 bytes: other questions cut otherwise. */
  readonly planHash: Uint8Array;
  /** A power of two, at most 2^12. */
  readonly shards: number;
}

/**
 * Begins to look `count` inputs up in a cache that follows in parts. They come a stretch at a time, in order, the first
 * from position 0; with the last one they are in order of their index.
 */
export const seekInputs: Job<[inputs: PackedInputs, from: number, count: number], void> =
  job("psi.cache.seek");

/** Marks the inputs that stand in these chunks. */
export const seekKnown: Job<[scope: Uint8Array, chunks: readonly Uint8Array[]], void> =
  job("psi.cache.seek-known");

/** Marks the inputs that stand in these chunks, each with its shard: the first bits of KDF(s_x, planHash, "shard"). */
export const seekShards: Job<[scope: Uint8Array, chunks: readonly Uint8Array[], cut: ShardCut], void> =
  job("psi.cache.seek-shards");

/** Takes s_x of the inputs that stand in these chunks. */
export const seekSecrets: Job<[scope: Uint8Array, chunks: readonly Uint8Array[]], void> =
  job("psi.cache.seek-secrets");

/** The positions of inputs that no chunk had, each different input once, in the order of their index. */
export const notFound: Job<[], Uint32Array> = job("psi.cache.not-found");

/** The positions of the inputs of each shard. @throws {PsiError} `not-evaluated`. */
export const foundShards: Job<[shards: number], readonly Uint32Array[]> = job("psi.cache.found-shards");

/** Keeps what was found for the jobs of a query, as `loadItems` does. @throws {PsiError} `not-evaluated`. */
export const loadFound: Job<[], void> = job("psi.cache.load-found");

/** Vault: the indices of inputs in their own order, as far as they have come. */
const COMING = "seek/coming";
/** Vault: the inputs' indices in ascending order, which input each is of, and what was found of each: 1 + its shard. */
const INDICES = "seek/indices";
const ORDER = "seek/order";
const FOUND = "seek/found";
/** Vault: s_x of the inputs that were found, in the order of the inputs. */
const TAKEN = "seek/secrets";
/** The code behind the jobs of this file. */
export function cacheSeekJobs(primitives: Primitives): readonly JobEntry[] {
  return [
    bind(seekInputs, (vault, inputs, from, count) => begin(primitives, vault, inputs, { from, count })),
    bind(seekKnown, (vault, scope, chunks) => {
      for (const chunk of chunks) markKnown(vault, openRows(primitives, vault, scope, chunk));
    }),
    bind(seekShards, (vault, scope, chunks, cut) => {
      for (const chunk of chunks)
        markShards(primitives, vault, openRows(primitives, vault, scope, chunk), cut);
    }),
    bind(seekSecrets, (vault, scope, chunks) => {
      for (const chunk of chunks) takeSecrets(vault, openRows(primitives, vault, scope, chunk));
    }),
    bind(notFound, (vault) => missing(vault)),
    bind(foundShards, (vault, shards) => {
      expectAll(vault);
      return cutBy(vault, shards);
    }),
    bind(loadFound, (vault) => {
      expectAll(vault);
      putLoaded(vault, takenIn(vault).slice(), distinct(vault));
      for (const handle of [INDICES, ORDER, FOUND, TAKEN]) vault.drop(handle);
    }),
  ];
}

function begin(
  primitives: Primitives,
  vault: Vault,
  inputs: PackedInputs,
  { from, count }: { readonly from: number; readonly count: number },
): void {
  if (from === 0) vault.put(COMING, new Uint8Array(count * INDEX_BYTES));
  const indices = vault.get(COMING);
  indices.set(keyedInputs(primitives, vault.get("cacheKey"), inputs, INDEX_BYTES), from * INDEX_BYTES);
  if (from + inputs.ends.length < count) return;
  const order = ascending(indices, INDEX_BYTES);
  const sorted = new Uint8Array(indices.length);
  order.forEach((from, to) => void sorted.set(rowAt(indices, INDEX_BYTES, from), to * INDEX_BYTES));
  vault.put(INDICES, sorted);
  vault.put(ORDER, bytesOf(order));
  vault.put(FOUND, new Uint8Array(count * 2));
  vault.drop(COMING);
}

/** The places among the sorted indices at which a row of the cache stands: one for each equal input. */
function placesOf(indices: Uint8Array, rows: Uint8Array, row: number, visit: (place: number) => void): void {
  const at = row * ROW_BYTES;
  const count = indices.length / INDEX_BYTES;
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareAt(indices, middle * INDEX_BYTES, rows, at, INDEX_BYTES) < 0) low = middle + 1;
    else high = middle;
  }
  while (low < count && compareAt(indices, low * INDEX_BYTES, rows, at, INDEX_BYTES) === 0) {
    visit(low);
    low += 1;
  }
}

function markKnown(vault: Vault, rows: Uint8Array): void {
  const [indices, found] = [vault.get(INDICES), halvesOf(vault.get(FOUND))];
  for (let row = 0; row < rows.length / ROW_BYTES; row += 1) {
    placesOf(indices, rows, row, (place) => {
      found[place] = 1;
    });
  }
  wipe(rows);
}

function markShards(
  primitives: Primitives,
  vault: Vault,
  rows: Uint8Array,
  { planHash, shards }: ShardCut,
): void {
  const [indices, found] = [vault.get(INDICES), halvesOf(vault.get(FOUND))];
  const count = rows.length / ROW_BYTES;
  const secrets = new Uint8Array(count * SECRET_BYTES);
  for (let row = 0; row < count; row += 1) secrets.set(secretAt(rows, row), row * SECRET_BYTES);
  const names = kdfEach(primitives, secrets, planHash, "shard");
  for (let row = 0; row < count; row += 1) {
    const shard = shardOf(names, row, shards);
    placesOf(indices, rows, row, (place) => {
      found[place] = 1 + shard;
    });
  }
  wipe(rows, secrets, names);
}

/** The first bits of an item's name: as many as there are of shards. */
function shardOf(names: Uint8Array, item: number, shards: number): number {
  const first = ((names[item * 32] ?? 0) << 8) | (names[item * 32 + 1] ?? 0);
  return Math.floor((first * shards) / 2 ** 16);
}

function takeSecrets(vault: Vault, rows: Uint8Array): void {
  const [indices, found, order] = [vault.get(INDICES), halvesOf(vault.get(FOUND)), wordsOf(vault.get(ORDER))];
  const taken = takenIn(vault);
  for (let row = 0; row < rows.length / ROW_BYTES; row += 1) {
    placesOf(indices, rows, row, (place) => {
      taken.set(secretAt(rows, row), (order[place] ?? 0) * SECRET_BYTES);
      found[place] = 1;
    });
  }
  wipe(rows);
}

/** Where s_x of the inputs goes; of an empty list and cache there is none. */
function takenIn(vault: Vault): Uint8Array {
  const count = vault.get(ORDER).length / 4;
  if (!vault.has(TAKEN)) vault.put(TAKEN, new Uint8Array(count * SECRET_BYTES));
  return vault.get(TAKEN);
}

function secretAt(rows: Uint8Array, row: number): Uint8Array {
  return rows.subarray(row * ROW_BYTES + INDEX_BYTES, (row + 1) * ROW_BYTES);
}

function missing(vault: Vault): Uint32Array {
  const [indices, found, order] = [vault.get(INDICES), halvesOf(vault.get(FOUND)), wordsOf(vault.get(ORDER))];
  return order.filter((_, place) => found[place] === 0 && isFirst(indices, place));
}

/** Whether a place is the first of equal inputs. */
function isFirst(indices: Uint8Array, place: number): boolean {
  const at = place * INDEX_BYTES;
  return place === 0 || compareAt(indices, at - INDEX_BYTES, indices, at, INDEX_BYTES) !== 0;
}

function distinct(vault: Vault): number {
  const indices = vault.get(INDICES);
  let count = 0;
  for (let place = 0; place < indices.length / INDEX_BYTES; place += 1) {
    if (isFirst(indices, place)) count += 1;
  }
  return count;
}

function expectAll(vault: Vault): void {
  if (halvesOf(vault.get(FOUND)).every((mark) => mark > 0)) return;
  throw new PsiError("not-evaluated", "an item of this query was not evaluated before");
}

/** The inputs of each shard, in their own order. */
function cutBy(vault: Vault, shards: number): readonly Uint32Array[] {
  const [found, order] = [halvesOf(vault.get(FOUND)), wordsOf(vault.get(ORDER))];
  const shardAt = new Uint16Array(order.length);
  order.forEach((input, place) => {
    shardAt[input] = (found[place] ?? 1) - 1;
  });
  return positionsOf(shardAt, shards);
}

function halvesOf(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
}
