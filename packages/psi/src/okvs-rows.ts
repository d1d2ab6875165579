// SPDX-License-Identifier: Apache-2.0
import { type Primitives, wipe } from "@koplamp/crypto";
import { concat } from "@koplamp/wire/core";
import { PsiError } from "./errors.ts";
import { compareRows } from "./key-order.ts";
import { CELL_BYTES, CELL_WORDS, type OkvsLayout } from "./okvs-layout.ts";
import { addElements, wordsOf } from "./words.ts";

/**
 * What a seed makes of ascending keys: the row of the matrix of each (three sparse positions in its bin, and dense bits)
 * and the value that the store is to give for it. All of it is a public function of key and seed. The bin is a fraction
 * of the key itself, so that the rows of a bin lie together.
 */
export interface OkvsRows {
  readonly layout: OkvsLayout;
  readonly count: number;
  /** The rows of bin b are those from `starts[b]` to `starts[b + 1]`. */
  readonly starts: Uint32Array;
  /** Three different positions of a row. */
  readonly places: Uint16Array;
  /** 64 bits of a row, in two words. */
  readonly dense: Uint32Array;
  /** The value of a row, in four words. */
  readonly values: Uint32Array;
}

/** One block cipher key for each use as a hash. */
const PLACES = 0;
const DENSE_BITS = 1;
const VALUES = 2;

/** Keys that are spread at a time: what comes of them stays in the cache. */
const KEYS_AT_ONCE = 4096;

/**
 * Rows and values of keys of 16 bytes, each greater than the one before it, under a seed of 32. Keys are hashes already,
 * so a permutation with the key fed forward (Matyas, Meyer and Oseas) spreads them: nobody can choose what goes in.
 * @throws {PsiError} `setup` when keys do not ascend: one that stands twice could never be encoded.
 */
export function okvsRows(
  primitives: Primitives,
  layout: OkvsLayout,
  seed: Uint8Array,
  keys: Uint8Array,
): OkvsRows {
  const count = keys.length / CELL_BYTES;
  const rows = {
    layout,
    count,
    starts: startsOf(layout, keys),
    places: new Uint16Array(count * 3),
    dense: new Uint32Array(count * 2),
    values: new Uint32Array(count * CELL_WORDS),
  };
  const uses = [PLACES, DENSE_BITS, VALUES].map((use) => primitives.sha256(concat(seed, Uint8Array.of(use))));
  const [forPlaces = NONE, forDense = NONE, forValues = NONE] = uses;
  for (let first = 0; first < count; first += KEYS_AT_ONCE) {
    const part = keys.subarray(first * CELL_BYTES, (first + KEYS_AT_ONCE) * CELL_BYTES);
    putPlaces(layout, spreadKeys(primitives, forPlaces, part), rows.places, first * 3);
    putDense(spreadKeys(primitives, forDense, part), rows.dense, first * 2);
    rows.values.set(spreadKeys(primitives, forValues, part), first * CELL_WORDS);
  }
  wipe(...uses);
  return rows;
}

const NONE = new Uint8Array();

/** Overwrites what tells of items. */
export function wipeRows({ places, dense, values }: OkvsRows): void {
  for (const secret of [places, dense, values]) secret.fill(0);
}

/** Four words for each key: the block cipher's, with the key added. */
function spreadKeys({ aes256Blocks }: Primitives, use: Uint8Array, keys: Uint8Array): Uint32Array {
  const words = wordsOf(aes256Blocks(use, keys));
  addElements(words, wordsOf(keys));
  return words;
}

/** The first two of four words for each row. */
function putDense(drawn: Uint32Array, dense: Uint32Array, to: number): void {
  const { length } = drawn;
  for (let from = 0, at = to; from < length; from += CELL_WORDS, at += 2) {
    dense[at] = drawn[from] ?? 0;
    dense[at + 1] = drawn[from + 1] ?? 0;
  }
}

/** Counts the keys of each bin, and sees that they ascend. */
function startsOf({ bins }: OkvsLayout, keys: Uint8Array): Uint32Array {
  const starts = new Uint32Array(bins + 1);
  const view = new DataView(keys.buffer, keys.byteOffset, keys.length);
  const { length } = keys;
  let before = -1;
  for (let at = 0; at < length; at += CELL_BYTES) {
    const first = view.getUint32(at);
    if (first <= before && compareRows(view, at - CELL_BYTES, view, at) >= 0) {
      throw new PsiError("setup", "expected keys of a store in ascending order, each once");
    }
    before = first;
    const bin = scaled(first, bins);
    starts[bin + 1] = (starts[bin + 1] ?? 0) + 1;
  }
  for (let bin = 0; bin < bins; bin += 1) starts[bin + 1] = (starts[bin + 1] ?? 0) + (starts[bin] ?? 0);
  return starts;
}

/** A word as a fraction of 2^32, times `bound`, rounded down. */
function scaled(word: number, bound: number): number {
  return Math.floor((word * bound) / 2 ** 32);
}

/** Three different positions for each row, all sets of three alike. */
function putPlaces({ sparse }: OkvsLayout, drawn: Uint32Array, places: Uint16Array, to: number): void {
  const { length } = drawn;
  for (let from = 0, at = to; from < length; from += CELL_WORDS, at += 3) {
    const first = scaled(drawn[from] ?? 0, sparse);
    const drawnSecond = scaled(drawn[from + 1] ?? 0, sparse - 1);
    const second = drawnSecond + reaches(drawnSecond, first);
    const low = second - (second - first) * reaches(second, first);
    let third = scaled(drawn[from + 2] ?? 0, sparse - 2);
    third += reaches(third, low);
    third += reaches(third, first + second - low);
    places[at] = first;
    places[at + 1] = second;
    places[at + 2] = third;
  }
}

/** One where a number is at least as large as another, else zero: without a branch, which would be guessed wrong half the time. */
function reaches(left: number, right: number): number {
  return 1 + ((left - right) >> 31);
}
