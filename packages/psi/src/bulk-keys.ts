// SPDX-License-Identifier: Apache-2.0
import type { PackedInputs, Primitives } from "@koplamp/crypto";
import { concat, headLength, lp } from "@koplamp/wire/core";
import { putInOrder, sameRow } from "./key-order.ts";
import { CELL_BYTES, CELL_WORDS } from "./okvs-layout.ts";
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

/** Hashes of items under a session's id, in order, each once. */
export function bulkKeys(primitives: Primitives, sid: Uint8Array, inputs: PackedInputs): BulkKeys {
  const sorted = keysOf(primitives, sid, inputs);
  const order = putInOrder(sorted);
  const keyOf = new Uint32Array(order.length);
  let count = 0;
  const { length } = order;
  for (let place = 0; place < length; place += 1) {
    if (count === 0 || !sameRow(sorted, place, count - 1)) {
      if (count < place) sorted.copyWithin(count * CELL_WORDS, place * CELL_WORDS, (place + 1) * CELL_WORDS);
      count += 1;
    }
    keyOf[place] = count - 1;
  }
  sorted.fill(0, count * CELL_WORDS);
  const keys = bytesOf(sorted.subarray(0, count * CELL_WORDS));
  return { keys, inputs: bytesOf(order), keyOf: bytesOf(keyOf) };
}

/** The key of each input, four words: the first half of its hash. */
function keysOf({ sha256Each }: Primitives, sid: Uint8Array, inputs: PackedInputs): Uint32Array {
  const prefix = new Uint8Array(BLOCK);
  prefix.set(concat(lp("koplamp/bulk/1/key"), sid)); // zeros behind it
  return wordsOf(sha256Each(prefix, inputs.bytes, inputs.ends, headLength(inputs), CELL_BYTES));
}
