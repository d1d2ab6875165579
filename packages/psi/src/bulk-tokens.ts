// SPDX-License-Identifier: Apache-2.0
import { type Primitives, wipe } from "@koplamp/crypto";
import { concat } from "@koplamp/wire";
import { putFirstHalves, ROWS_AT_ONCE } from "./bulk-keys.ts";
import { compareRows, inOrder, keyOrder } from "./key-order.ts";
import { TOKEN_BYTES } from "./messages.ts";
import { CELL_WORDS } from "./okvs-layout.ts";
import { bytesOf, wordsOf } from "./words.ts";

/** What stands before the input of a token. */
const TOKEN = 4;

/**
 * Tokens of 16 bytes for keys from what a store gives for them: SHA-256(4, decoded, key). A hash of both, and not the
 * cipher that spreads the keys: with a permutation of 128 bits, whoever has many tokens and many guesses tries all at once.
 */
export function tokensFor({ sha256Rows }: Primitives, decoded: Uint32Array, keys: Uint8Array): Uint8Array {
  const own = wordsOf(keys);
  const tokens = new Uint32Array(decoded.length);
  const step = ROWS_AT_ONCE * CELL_WORDS;
  const pairs = new Uint32Array(2 * Math.min(step, decoded.length));
  for (let first = 0; first < decoded.length; first += step) {
    const count = Math.min(step, decoded.length - first);
    pair(decoded.subarray(first, first + count), own.subarray(first, first + count), pairs);
    const hashes = sha256Rows(TOKEN, bytesOf(pairs.subarray(0, 2 * count)), 2 * TOKEN_BYTES);
    putFirstHalves(wordsOf(hashes), tokens, first);
    wipe(hashes);
  }
  for (const secret of [pairs, decoded]) secret.fill(0);
  return bytesOf(tokens);
}

/** Elements of two vectors in turn. */
function pair(left: Uint32Array, right: Uint32Array, pairs: Uint32Array): void {
  for (let from = 0; from < left.length; from += CELL_WORDS) {
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

/** Tokens in ascending order, with as many random ones among them as make `rows`: their order says nothing of items. */
export function sortedTokens(
  { aes256Ctr }: Primitives,
  tokens: Uint8Array,
  rows: number,
  seed: Uint8Array,
): Uint8Array {
  const missing = Math.max(0, rows * TOKEN_BYTES - tokens.length);
  const all = wordsOf(concat(tokens, aes256Ctr(seed, missing)));
  return bytesOf(inOrder(all, keyOrder(bytesOf(all))));
}

/** For each own token whether it stands in a sorted list: a byte, one or zero. Own ones are put in order first: faster. */
export function foundIn(tokens: Uint8Array, list: Uint8Array): Uint8Array {
  const found = new Uint8Array(tokens.length / TOKEN_BYTES);
  const order = keyOrder(tokens);
  const sorted = inOrder(wordsOf(tokens), order);
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
