// SPDX-License-Identifier: Apache-2.0
import { type PackedInputs, type Primitives, wipe } from "@koplamp/crypto";
import { concat, lp } from "@koplamp/wire";
import { inOrder, keyOrder, sameRow } from "./key-order.ts";
import { CELL_WORDS } from "./okvs-layout.ts";
import { bytesOf, wordsOf } from "./words.ts";

/** A list as a store takes it. */
export interface BulkKeys {
  /** 16 bytes for each different item, ascending. */
  readonly keys: Uint8Array;
  /** For each input the position of its key: a word, in the order of the inputs. */
  readonly keyOf: Uint8Array;
}

/** Hashes of items under a session's id, in order, each once. */
export function bulkKeys(
  { sha256Each }: Primitives,
  sid: Uint8Array,
  { bytes, ends }: PackedInputs,
): BulkKeys {
  const hashes = sha256Each(concat(lp("koplamp/bulk/1/key"), sid), bytes, ends);
  const halves = firstHalves(wordsOf(hashes));
  const order = keyOrder(bytesOf(halves));
  const sorted = inOrder(halves, order);
  const keyOf = new Uint32Array(order.length);
  let count = 0;
  for (let place = 0; place < order.length; place += 1) {
    if (count === 0 || !sameRow(sorted, place, count - 1)) {
      sorted.copyWithin(count * CELL_WORDS, place * CELL_WORDS, (place + 1) * CELL_WORDS);
      count += 1;
    }
    keyOf[order[place] ?? 0] = count - 1;
  }
  const keys = bytesOf(sorted.slice(0, count * CELL_WORDS));
  for (const secret of [sorted, halves, order]) secret.fill(0);
  wipe(hashes);
  return { keys, keyOf: bytesOf(keyOf) };
}

/** The first 16 bytes of each hash of 32. */
export function firstHalves(hashes: Uint32Array): Uint32Array {
  const halves = new Uint32Array(hashes.length / 2);
  for (let from = 0; from < halves.length; from += CELL_WORDS) {
    halves[from] = hashes[2 * from] ?? 0;
    halves[from + 1] = hashes[2 * from + 1] ?? 0;
    halves[from + 2] = hashes[2 * from + 2] ?? 0;
    halves[from + 3] = hashes[2 * from + 3] ?? 0;
  }
  return halves;
}
