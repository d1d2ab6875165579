// SPDX-License-Identifier: Apache-2.0
import { type PackedInputs, type Primitives, wipe } from "@koplamp/crypto";
import { concat, headLength, lp } from "@koplamp/wire";
import { inOrder, keyOrder, sameRow } from "./key-order.ts";
import { CELL_WORDS } from "./okvs-layout.ts";
import { bytesOf, wordsOf } from "./words.ts";

/** A list as a store takes it. */
export interface BulkKeys {
  /** 16 bytes for each different item, ascending. */
  readonly keys: Uint8Array;
  /** The inputs in the order of their keys, a word each, and for each of them the position of its key. */
  readonly inputs: Uint8Array;
  readonly keyOf: Uint8Array;
}

/** Bytes of a block of SHA-256: what all items have before them fills one, which is worked once for all of them. */
const BLOCK = 64;

/** Rows that are hashed at a time: their digests stay in the cache. */
export const ROWS_AT_ONCE = 4096;

/** Hashes of items under a session's id, in order, each once. */
export function bulkKeys(primitives: Primitives, sid: Uint8Array, inputs: PackedInputs): BulkKeys {
  const halves = keysOf(primitives, sid, inputs);
  const order = keyOrder(bytesOf(halves));
  const sorted = inOrder(halves, order);
  const keyOf = new Uint32Array(order.length);
  let count = 0;
  for (let place = 0; place < order.length; place += 1) {
    if (count === 0 || !sameRow(sorted, place, count - 1)) {
      if (count < place) sorted.copyWithin(count * CELL_WORDS, place * CELL_WORDS, (place + 1) * CELL_WORDS);
      count += 1;
    }
    keyOf[place] = count - 1;
  }
  halves.fill(0);
  sorted.fill(0, count * CELL_WORDS);
  const keys = bytesOf(sorted.subarray(0, count * CELL_WORDS));
  return { keys, inputs: bytesOf(order), keyOf: bytesOf(keyOf) };
}

/** The key of each input, four words: the first half of its hash. */
function keysOf({ sha256Each }: Primitives, sid: Uint8Array, inputs: PackedInputs): Uint32Array {
  const { bytes, ends } = inputs;
  const prefix = new Uint8Array(BLOCK);
  prefix.set(concat(lp("koplamp/bulk/1/key"), sid)); // zeros behind it
  const head = headLength(inputs);
  const keys = new Uint32Array(ends.length * CELL_WORDS);
  for (let first = 0; first < ends.length; first += ROWS_AT_ONCE) {
    const from = first === 0 ? 0 : (ends[first - 1] ?? 0);
    const part = ends.slice(first, first + ROWS_AT_ONCE).map((end) => end - from);
    const hashes = sha256Each(prefix, bytes.subarray(from, ends[first + part.length - 1]), part, head);
    putFirstHalves(wordsOf(hashes), keys, first * CELL_WORDS);
    wipe(hashes);
  }
  return keys;
}

/** Puts the first 16 bytes of each hash of 32 at `to` and after it. */
export function putFirstHalves(hashes: Uint32Array, halves: Uint32Array, to: number): void {
  for (let from = 0, at = to; from < hashes.length; from += 2 * CELL_WORDS, at += CELL_WORDS) {
    halves[at] = hashes[from] ?? 0;
    halves[at + 1] = hashes[from + 1] ?? 0;
    halves[at + 2] = hashes[from + 2] ?? 0;
    halves[at + 3] = hashes[from + 3] ?? 0;
  }
}
