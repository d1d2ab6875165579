// SPDX-License-Identifier: Apache-2.0
import type { PackedInputs, Primitives } from "@koplamp/crypto";
import { wipe } from "@koplamp/crypto";
import { bind, type Job, type JobEntry, job, type Vault } from "@koplamp/protocol";
import { concat, lp } from "@koplamp/wire/core";
import { ascending, compareAt, rowAt } from "./ascending.ts";
import { PsiError } from "./errors.ts";
import { kdf, keyedInputs } from "./keyed.ts";

// A row of the cache: HMAC-SHA256(cacheKey, in(x))[0..16), then s_x. Holding s_x is the right to test x, so a row
// leaves the worker in sealed chunks only (protocols.md, section 4).
export const INDEX_BYTES: number = 16;
export const SECRET_BYTES: number = 32;
export const ROW_BYTES: number = INDEX_BYTES + SECRET_BYTES;
/** Most rows in one sealed chunk. */
export const CHUNK_ROWS: number = 8192;
export const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const CACHE = "cache";
/** Vault handle of s_x of every item, 32 bytes each, in the order of the inputs. */
export const SECRETS = "s";
/** Vault handle of the number of distinct items: 4 bytes, big-endian. */
const DISTINCT = "distinct";

/** The 32 bytes that name what a cache is for: a key set, the kinds of the key columns and the rules that made them canonical. */
export function cacheScope(
  sha256: (bytes: Uint8Array) => Uint8Array,
  keySetContext: Uint8Array,
  keySpec: string,
  normVersion: string,
): Uint8Array {
  return sha256(concat(lp("koplamp/cache/scope/1"), keySetContext, lp(keySpec), lp(normVersion)));
}

/** Opens sealed chunks into the vault, in place of what was open. Gives the number of rows. */
export const openCache: Job<[scope: Uint8Array, chunks: readonly Uint8Array[]], number> =
  job("psi.cache.open");
/** The positions of inputs that the open cache lacks, each different input once, in the order of their index. */
export const newInputs: Job<[inputs: PackedInputs], Uint32Array> = job("psi.cache.new");
/** Finds s_x of every input in the open cache, for the jobs of a query. @throws {PsiError} `not-evaluated`. */
export const loadItems: Job<[inputs: PackedInputs], void> = job("psi.cache.load");

/** The code behind the jobs of this file. */
export function cacheJobs(primitives: Primitives): readonly JobEntry[] {
  return [
    bind(openCache, (vault, scope, chunks) => {
      const opened = chunks.map((chunk) => openRows(primitives, vault, scope, chunk));
      const rows = concat(...opened);
      vault.put(CACHE, sorted(rows));
      wipe(rows, ...opened);
      return vault.get(CACHE).length / ROW_BYTES;
    }),
    bind(newInputs, (vault, inputs) => {
      const indices = keyedInputs(primitives, vault.get("cacheKey"), inputs, INDEX_BYTES);
      return missing(vault.get(CACHE), indices);
    }),
    bind(loadItems, (vault, inputs) => {
      load(vault, keyedInputs(primitives, vault.get("cacheKey"), inputs, INDEX_BYTES));
      vault.drop(CACHE);
    }),
  ];
}

/** What `sealRows` needs beside the rows. */
export interface SealRows {
  readonly cacheKey: Uint8Array;
  readonly scope: Uint8Array;
  /** 32 fresh bytes: the chunks' nonces come from them. */
  readonly seed: Uint8Array;
}

/** Rows of new evaluations as sealed chunks: nonce, then AES-256-GCM over at most 8,192 rows in order of index. */
export function sealRows(
  primitives: Primitives,
  { cacheKey, scope, seed }: SealRows,
  inputs: PackedInputs,
  secrets: Uint8Array,
): readonly Uint8Array[] {
  const rows = sorted(join(keyedInputs(primitives, cacheKey, inputs, INDEX_BYTES), secrets));
  const chunks = Math.ceil(rows.length / (CHUNK_ROWS * ROW_BYTES));
  const nonces = primitives.aes256Ctr(seed, chunks * NONCE_BYTES);
  const key = chunkKey(primitives, cacheKey, scope);
  try {
    return Array.from({ length: chunks }, (_, at) => {
      const nonce = rowAt(nonces, NONCE_BYTES, at);
      return concat(
        nonce,
        primitives.aesGcmSeal(key, nonce, chunkLabel(scope), rowAt(rows, CHUNK_ROWS * ROW_BYTES, at)),
      );
    });
  } finally {
    wipe(rows, key);
  }
}

/** The rows of a sealed chunk, in order of index. @throws {PsiError} `cache`. */
export function openRows(
  primitives: Primitives,
  vault: Vault,
  scope: Uint8Array,
  chunk: Uint8Array,
): Uint8Array {
  return opened(primitives, vault, { scope, label: chunkLabel(scope), width: ROW_BYTES }, chunk);
}

/** s_x of inputs, sealed for as long as a question runs: nonce, then AES-256-GCM. `nonce`: 12 fresh bytes. */
export function sealSecrets(
  primitives: Primitives,
  vault: Vault,
  { scope, nonce }: { readonly scope: Uint8Array; readonly nonce: Uint8Array },
  secrets: Uint8Array,
): Uint8Array {
  const key = chunkKey(primitives, vault.get("cacheKey"), scope);
  try {
    return concat(nonce, primitives.aesGcmSeal(key, nonce, partLabel(scope), secrets));
  } finally {
    wipe(key);
  }
}

/** What `sealSecrets` sealed. @throws {PsiError} `cache`. */
export function openSecrets(
  primitives: Primitives,
  vault: Vault,
  scope: Uint8Array,
  sealed: Uint8Array,
): Uint8Array {
  return opened(primitives, vault, { scope, label: partLabel(scope), width: SECRET_BYTES }, sealed);
}

function opened(
  primitives: Primitives,
  vault: Vault,
  { scope, label, width }: { readonly scope: Uint8Array; readonly label: Uint8Array; readonly width: number },
  sealed: Uint8Array,
): Uint8Array {
  const key = chunkKey(primitives, vault.get("cacheKey"), scope);
  const body = sealed.subarray(NONCE_BYTES);
  const found =
    sealed.length < NONCE_BYTES + TAG_BYTES
      ? undefined
      : primitives.aesGcmOpen(key, sealed.subarray(0, NONCE_BYTES), label, body);
  wipe(key);
  if (found === undefined || found.length % width !== 0) {
    throw new PsiError("cache", "a chunk of the cache is damaged, or of another key set: evaluate again");
  }
  return found;
}

function chunkKey(primitives: Primitives, cacheKey: Uint8Array, scope: Uint8Array): Uint8Array {
  return kdf(primitives, cacheKey, scope, "cache/seal", [], 32);
}

function chunkLabel(scope: Uint8Array): Uint8Array {
  return concat(lp("koplamp/cache/1"), scope);
}

function partLabel(scope: Uint8Array): Uint8Array {
  return concat(lp("koplamp/cache/part/1"), scope);
}

function join(indices: Uint8Array, secrets: Uint8Array): Uint8Array {
  const rows = new Uint8Array(indices.length + secrets.length);
  for (let at = 0; at < secrets.length / SECRET_BYTES; at += 1) {
    rows.set(rowAt(indices, INDEX_BYTES, at), at * ROW_BYTES);
    rows.set(rowAt(secrets, SECRET_BYTES, at), at * ROW_BYTES + INDEX_BYTES);
  }
  return rows;
}

/** The rows in order of index. Sessions repeat after a fault, so a row may come twice: both say the same. */
function sorted(rows: Uint8Array): Uint8Array {
  const all = new Uint8Array(rows.length);
  ascending(rows, ROW_BYTES).forEach((from, to) => {
    all.set(rowAt(rows, ROW_BYTES, from), to * ROW_BYTES);
  });
  return all;
}

/** Walks inputs and cache together, both in order of index. `row` is -1 where the cache has none. */
function walk(cache: Uint8Array, indices: Uint8Array, visit: (input: number, row: number) => void): void {
  const rows = cache.length / ROW_BYTES;
  let row = 0;
  for (const input of ascending(indices, INDEX_BYTES)) {
    while (row < rows && compareIndex(cache, row, indices, input) < 0) row += 1;
    visit(input, row < rows && compareIndex(cache, row, indices, input) === 0 ? row : -1);
  }
}

function compareIndex(cache: Uint8Array, row: number, indices: Uint8Array, input: number): number {
  return compareAt(cache, row * ROW_BYTES, indices, input * INDEX_BYTES, INDEX_BYTES);
}

function missing(cache: Uint8Array, indices: Uint8Array): Uint32Array {
  const found: number[] = [];
  walk(cache, indices, (input, row) => {
    const last = (found.at(-1) ?? input) * INDEX_BYTES;
    const again =
      found.length > 0 && compareAt(indices, last, indices, input * INDEX_BYTES, INDEX_BYTES) === 0;
    if (row < 0 && !again) found.push(input);
  });
  return Uint32Array.from(found);
}

function load(vault: Vault, indices: Uint8Array): void {
  const cache = vault.get(CACHE);
  const secrets = new Uint8Array((indices.length / INDEX_BYTES) * SECRET_BYTES);
  let distinct = 0;
  let last = -1;
  walk(cache, indices, (input, row) => {
    if (row < 0) throw new PsiError("not-evaluated", "an item of this query was not evaluated before");
    if (row !== last) distinct += 1;
    last = row;
    const at = row * ROW_BYTES + INDEX_BYTES;
    secrets.set(cache.subarray(at, at + SECRET_BYTES), input * SECRET_BYTES);
  });
  putLoaded(vault, secrets, distinct);
}

/** Keeps s_x of every input, and how many different ones there are, for the jobs of a query. */
export function putLoaded(vault: Vault, secrets: Uint8Array, distinct: number): void {
  vault.put(SECRETS, secrets);
  const count = new Uint8Array(4);
  new DataView(count.buffer).setUint32(0, distinct);
  vault.put(DISTINCT, count);
}

/** How many of the inputs that were kept are different. */
export function distinctLoaded(vault: Vault): number {
  const count = vault.get(DISTINCT);
  return new DataView(count.buffer, count.byteOffset).getUint32(0);
}
