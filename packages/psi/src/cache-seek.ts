// SPDX-License-Identifier: Apache-2.0
// Long lists and their caches: chunk by chunk, so that neither the rows of all evaluations nor every s_x of a list are
// ever open at a time.
import type { PackedInputs, Primitives } from "@koplamp/crypto";
import { wipe } from "@koplamp/crypto";
import { bind, type Job, type JobEntry, job, type Vault } from "@koplamp/protocol";
import { concat } from "@koplamp/wire/core";
import { ascending, compareAt, rowAt } from "./ascending.ts";
import {
  distinctLoaded,
  INDEX_BYTES,
  NONCE_BYTES,
  openRows,
  openSecrets,
  putLoaded,
  ROW_BYTES,
  SECRET_BYTES,
  SECRETS,
  sealSecrets,
} from "./cache.ts";
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

/**
 * Takes s_x of the inputs that stand in these chunks, and marks each with its shard: the first bits of
 * KDF(s_x, planHash, "shard").
 */
export const seekShards: Job<[scope: Uint8Array, chunks: readonly Uint8Array[], cut: ShardCut], void> =
  job("psi.cache.seek-shards");

/** The positions of inputs that no chunk had, each different input once, in the order of their index. */
export const notFound: Job<[], Uint32Array> = job("psi.cache.not-found");

/** The positions of the inputs of each shard. @throws {PsiError} `not-evaluated`. */
export const foundShards: Job<[shards: number], readonly Uint32Array[]> = job("psi.cache.found-shards");

/** s_x of some of a shard's inputs, in the order of these, for its session. */
export interface SealedPart {
  /** Nonce, then AES-256-GCM. */
  readonly sealed: Uint8Array;
  /** How many of the inputs are different. */
  readonly distinct: number;
}

/** What was found of each shard, in the order of `foundShards`. `seed`: 32 fresh bytes. @throws {PsiError} `not-evaluated`. */
export const sealFound: Job<[scope: Uint8Array, shards: number, seed: Uint8Array], readonly SealedPart[]> =
  job("psi.cache.seal-found");

/** Keeps the parts of a shard for the jobs of a query, as `loadItems` does. @throws {PsiError} `cache`. */
export const loadSealed: Job<[scope: Uint8Array, parts: readonly SealedPart[]], void> =
  job("psi.cache.load-sealed");

/** What `loadItems` found, for a later session over the same inputs. `nonce`: 12 fresh bytes. */
export const sealLoaded: Job<[scope: Uint8Array, nonce: Uint8Array], SealedPart> =
  job("psi.cache.seal-loaded");

/** In which of so many buckets each input is, by the first bits of its index: a long list is looked up one at a time. */
export const bucketsOf: Job<[inputs: PackedInputs, buckets: number], Uint16Array> = job("psi.cache.buckets");

/** The first and the last bucket of each chunk. */
export const chunkBuckets: Job<
  [scope: Uint8Array, chunks: readonly Uint8Array[], buckets: number],
  Uint16Array
> = job("psi.cache.chunk-buckets");

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
    bind(notFound, (vault) => missing(vault)),
    bind(foundShards, (vault, shards) => {
      expectAll(vault);
      return cutBy(vault, shards);
    }),
    bind(sealFound, (vault, scope, shards, seed) => {
      expectAll(vault);
      return sealedBy(primitives, vault, { scope, shards, seed });
    }),
    bind(loadSealed, (vault, scope, parts) => {
      const opened = parts.map(({ sealed }) => openSecrets(primitives, vault, scope, sealed));
      const [only, ...others] = opened;
      const distinct = parts.reduce((sum, part) => sum + part.distinct, 0);
      if (only !== undefined && others.length === 0) return putLoaded(vault, only, distinct);
      putLoaded(vault, concat(...opened), distinct);
      wipe(...opened);
    }),
    bind(sealLoaded, (vault, scope, nonce) => ({
      sealed: sealSecrets(primitives, vault, { scope, nonce }, vault.get(SECRETS)),
      distinct: distinctLoaded(vault),
    })),
    bind(bucketsOf, (vault, inputs, buckets) => {
      const indices = keyedInputs(primitives, vault.get("cacheKey"), inputs, INDEX_BYTES);
      return Uint16Array.from(inputs.ends, (_, row) => bucketAt(indices, row * INDEX_BYTES, buckets));
    }),
    bind(chunkBuckets, (vault, scope, chunks, buckets) =>
      Uint16Array.from(
        chunks.flatMap((chunk) => {
          const rows = openRows(primitives, vault, scope, chunk);
          const ends = [0, rows.length - ROW_BYTES].map((at) => bucketAt(rows, at, buckets));
          wipe(rows);
          return ends;
        }),
      ),
    ),
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
  for (const handle of [COMING, TAKEN]) vault.drop(handle); // of the list before, too
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
  const [indices, found, order] = [vault.get(INDICES), halvesOf(vault.get(FOUND)), wordsOf(vault.get(ORDER))];
  const taken = takenIn(vault);
  const count = rows.length / ROW_BYTES;
  const secrets = new Uint8Array(count * SECRET_BYTES);
  for (let row = 0; row < count; row += 1) secrets.set(secretAt(rows, row), row * SECRET_BYTES);
  const names = kdfEach(primitives, secrets, planHash, "shard");
  for (let row = 0; row < count; row += 1) {
    const shard = shardOf(names, row, shards);
    placesOf(indices, rows, row, (place) => {
      taken.set(secretAt(rows, row), (order[place] ?? 0) * SECRET_BYTES);
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

/** In which bucket a row is that begins with an index. */
function bucketAt(rows: Uint8Array, at: number, buckets: number): number {
  return Math.floor(((((rows[at] ?? 0) << 8) | (rows[at + 1] ?? 0)) * buckets) / 2 ** 16);
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

function sealedBy(
  primitives: Primitives,
  vault: Vault,
  { scope, shards, seed }: { readonly scope: Uint8Array; readonly shards: number; readonly seed: Uint8Array },
): readonly SealedPart[] {
  const distinct = distinctIn(vault, shards);
  const nonces = primitives.aes256Ctr(seed, shards * NONCE_BYTES);
  const taken = takenIn(vault);
  return cutBy(vault, shards).map((positions, shard) => {
    const secrets = new Uint8Array(positions.length * SECRET_BYTES);
    positions.forEach((from, to) => void secrets.set(rowAt(taken, SECRET_BYTES, from), to * SECRET_BYTES));
    const sealed = sealSecrets(
      primitives,
      vault,
      { scope, nonce: rowAt(nonces, NONCE_BYTES, shard) },
      secrets,
    );
    wipe(secrets);
    return { sealed, distinct: distinct[shard] ?? 0 };
  });
}

/** How many different inputs each shard has. */
function distinctIn(vault: Vault, shards: number): Uint32Array {
  const [indices, found] = [vault.get(INDICES), halvesOf(vault.get(FOUND))];
  const distinct = new Uint32Array(shards);
  for (const [place, mark] of found.entries())
    if (isFirst(indices, place)) distinct[mark - 1] = (distinct[mark - 1] ?? 0) + 1;
  return distinct;
}

function halvesOf(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
}
