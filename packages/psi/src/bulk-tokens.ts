// SPDX-License-Identifier: Apache-2.0
import { type Primitives, wipe } from "@koplamp/crypto";
import { concat } from "@koplamp/wire/core";
import { compareRows, putInOrder } from "./key-order.ts";
import { TOKEN_BYTES } from "./messages.ts";
import { CELL_WORDS } from "./okvs-layout.ts";
import { bytesOf, wordsOf } from "./words.ts";

/** What stands before the input of a token. */
const TOKEN: Uint8Array = Uint8Array.of(4);
/** Rows that are hashed at a time: what goes in stays in the cache. */
const ROWS_AT_ONCE = 4096;

/**
 * Tokens of 16 bytes for keys in the place of what a store gives for them: SHA-256(4, decoded, key). A hash of both, and not the
 * cipher that spreads the keys: with a permutation of 128 bits, whoever has many tokens and many guesses tries all at once.
 */
export function tokensFor({ sha256Each }: Primitives, decoded: Uint32Array, keys: Uint8Array): Uint8Array {
  const own = wordsOf(keys);
  const step = ROWS_AT_ONCE * CELL_WORDS;
  const pairs = new Uint32Array(2 * Math.min(step, decoded.length));
  const ends = Uint32Array.from(
    { length: pairs.length / (2 * CELL_WORDS) },
    (_, at) => (at + 1) * 2 * TOKEN_BYTES,
  );
  for (let first = 0; first < decoded.length; first += step) {
    const part = decoded.subarray(first, first + step);
    pair(part, own.subarray(first, first + part.length), pairs);
    const hashes = sha256Each(
      TOKEN,
      bytesOf(pairs),
      ends.subarray(0, part.length / CELL_WORDS),
      0,
      TOKEN_BYTES,
    );
    part.set(wordsOf(hashes));
    wipe(hashes);
  }
  pairs.fill(0);
  return bytesOf(decoded);
}

/** Elements of two vectors in turn. */
function pair(left: Uint32Array, right: Uint32Array, pairs: Uint32Array): void {
  const { length } = left;
  for (let from = 0; from < length; from += CELL_WORDS) {
    const to = 2 * from;
    pairs[to] = left[from] ?? 0;
    pairs[to + 1] = left[from + 1] ?? 0;
    pairs[to + 2] = left[from + 2] ?? 0;
    pairs[to + 3] = left[from + 3] ?? 0;
    pairs[to + 4] = right[from] ?? 0;
    pairs[to + 5] = right[from + 1] ?? 0;
    pairs[to + 6] = right[from + 2] ?? 0;
    pairs[to + 7] = right[from + 3] ?? 0;
  }
}

/** Tokens put in ascending order, with as many random ones among them as make `rows`: their order says nothing of items. */
export function sortedTokens(
  { aes256Ctr }: Primitives,
  tokens: Uint8Array,
  rows: number,
  seed: Uint8Array,
): Uint8Array {
  const missing = Math.max(0, rows * TOKEN_BYTES - tokens.length);
  const all = wordsOf(missing === 0 ? tokens : concat(tokens, aes256Ctr(seed, missing)));
  putInOrder(all);
  return bytesOf(all);
}

/** For each own token whether it stands in a sorted list: a byte, one or zero. Own ones are put in order first: faster. */
export function foundIn(tokens: Uint8Array, list: Uint8Array): Uint8Array {
  const found = new Uint8Array(tokens.length / TOKEN_BYTES);
  const sorted = wordsOf(tokens.slice());
  const order = putInOrder(sorted);
  const [own, theirs] = [viewOf(bytesOf(sorted)), viewOf(list)];
  let at = 0;
  for (let place = 0; place < order.length && at < list.length; place += 1) {
    let difference = compareRows(theirs, at, own, place * TOKEN_BYTES);
    while (difference < 0) {
      at += TOKEN_BYTES;
      difference = at < list.length ? compareRows(theirs, at, own, place * TOKEN_BYTES) : 1;
    }
    if (difference === 0) found[order[place] ?? 0] = 1;
  }
  sorted.fill(0);
  return found;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
