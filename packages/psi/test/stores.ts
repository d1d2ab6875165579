// SPDX-License-Identifier: Apache-2.0
// Stores of random keys, the same ones every time.
import { nodePrimitives } from "../../pool/src/index.ts";
import { putInOrder } from "../src/key-order.ts";
import { okvsEncode } from "../src/okvs-encode.ts";
import { CELL_BYTES, type OkvsLayout, okvsLayout } from "../src/okvs-layout.ts";
import { okvsRows } from "../src/okvs-rows.ts";
import { bytesOf, wordsOf } from "../src/words.ts";

const primitives = nodePrimitives();

/** 32 bytes for a number. */
export function seedOf(number: number): Uint8Array {
  return primitives.sha256(Uint8Array.of(number, number >>> 8, number >>> 16, number >>> 24));
}

/** So many ascending keys that look random. */
export function keysOf(count: number, seed: number): Uint8Array {
  const drawn = primitives.aes256Ctr(seedOf(seed), count * CELL_BYTES);
  const words = wordsOf(drawn);
  putInOrder(words);
  return bytesOf(words);
}

/** Random cells. */
export function cellsOf({ cells }: Pick<OkvsLayout, "cells">, seed: number): Uint32Array {
  return wordsOf(primitives.aes256Ctr(seedOf(seed), cells * CELL_BYTES));
}

/** How many of so many random lists of `keys` keys cannot be encoded under their seed. */
export function failuresOf(keys: number, trials: number): number {
  const layout = okvsLayout(keys);
  let failed = 0;
  for (let trial = 0; trial < trials; trial += 1) {
    const rows = okvsRows(primitives, layout, seedOf(trial), keysOf(keys, trial + 2 ** 25));
    failed += okvsEncode(rows, cellsOf(layout, trial)) ? 0 : 1;
  }
  return failed;
}
