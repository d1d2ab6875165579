// SPDX-License-Identifier: Apache-2.0
import type { Primitives } from "@koplamp/crypto";
import { concat } from "@koplamp/wire";
import { firstHalves } from "./bulk-keys.ts";
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
  const pairs = new Uint32Array(decoded.length * 2);
  const own = wordsOf(keys);
  for (let from = 0; from < decoded.length; from += CELL_WORDS) {
    for (let word = from; word < from + CELL_WORDS; word += 1) {
      pairs[from + word] = decoded[word] ?? 0;
      pairs[from + word + CELL_WORDS] = own[word] ?? 0;
    }
  }
  const hashes = wordsOf(sha256Rows(TOKEN, bytesOf(pairs), 2 * TOKEN_BYTES));
  const tokens = firstHalves(hashes);
  for (const secret of [pairs, hashes, decoded]) secret.fill(0);
  return bytesOf(tokens);
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

/** For each own token whether it stands in a sorted list: a byte, one or zero. */
export function foundIn(tokens: Uint8Array, list: Uint8Array): Uint8Array {
  const found = new Uint8Array(tokens.length / TOKEN_BYTES);
  const [own, theirs] = [viewOf(tokens), viewOf(list)];
  let at = 0;
  for (const row of keyOrder(tokens)) {
    while (at < list.length && compareRows(theirs, at, own, row * TOKEN_BYTES) < 0) at += TOKEN_BYTES;
    if (at === list.length) break;
    if (compareRows(theirs, at, own, row * TOKEN_BYTES) === 0) found[row] = 1;
  }
  return found;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
