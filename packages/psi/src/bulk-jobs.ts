// SPDX-License-Identifier: Apache-2.0
import { groupSecretHandle, type PackedInputs, type Primitives, wipe } from "@koplamp/crypto";
import { bind, type Job, type JobEntry, job, type PartyId, type Vault } from "@koplamp/protocol";
import { concat, lp } from "@koplamp/wire";
import { MOST_ATTEMPTS, type MaskedStore } from "./bulk-messages.ts";
import { PsiError } from "./errors.ts";
import { scale } from "./gf128.ts";
import { inOrder, keyOrder } from "./key-order.ts";
import { cutRows, kdf } from "./keyed.ts";
import { TOKEN_BYTES } from "./messages.ts";
import { okvsDecode } from "./okvs-decode.ts";
import { okvsEncode } from "./okvs-encode.ts";
import { CELL_BYTES, okvsLayout } from "./okvs-layout.ts";
import { bytesOf, okvsRows, wipeRows, wordsOf } from "./okvs-rows.ts";
import { addWords, type Dealt, dealVole, receiverVectors, senderVectors, subsetSumsOf, sumsHold } from "./vole.ts";

/** What tells one run of a session from the other. */
export interface BulkRun {
  readonly sid: Uint8Array;
  readonly from: PartyId;
  readonly to: PartyId;
  /** Padded sizes of the sender's list and of the receiver's, for which the store is made. */
  readonly rowsFrom: number;
  readonly rowsTo: number;
}

/** For which use the parties of a session agree on a secret: seeds and coins come of it, and the dealer does not know it. */
export const BULK_USE = "bulk-pair";

/**
 * Hashes own items under the session's id, puts them in order, each once, and gives the commitment to that list under
 * the vault's `salt`: with list and salt an auditor makes it again.
 */
export const listBulk: Job<[inputs: PackedInputs, sid: Uint8Array], Uint8Array> = job("psi.bulk.list");

/** A fresh correlation for a run: the dealer's whole work. */
export const dealBulk: Job<[run: BulkRun, seed: Uint8Array], Dealt> = job("psi.bulk.deal");

/** Puts what the dealer gave for a run in the vault. */
export const takeDealt: Job<[run: BulkRun, dealt: Uint8Array], void> = job("psi.bulk.take");

/** Own list as a store under the masks of A, and own tokens, which stay in the vault. @throws {PsiError} `encode`. */
export const encodeBulk: Job<[run: BulkRun, seed: Uint8Array], MaskedStore> = job("psi.bulk.encode");

/**
 * Checks the correlation, and makes the tokens of own items: sorted, and padded with random ones to the bucket.
 * @throws {PsiError} `correlation` when the sums do not hold.
 */
export const bulkTokens: Job<[run: BulkRun, dealer: PartyId, store: MaskedStore, seed: Uint8Array], Uint8Array> =
  job("psi.bulk.tokens");

/** The positions of own inputs whose tokens stand in a list. */
export const joinBulk: Job<[run: BulkRun, list: Uint8Array], Uint32Array> = job("psi.bulk.join");

/** What stands before the input of a token. */
const TOKEN = 4;
const KEYS = "bulk/keys";
/** For each input the position of its key. */
const KEY_OF = "bulk/key-of";
/** Under which handles a run keeps what was dealt, and the receiver's tokens. */
const dealtHandle = ({ from, to }: BulkRun): string => `bulk/dealt/${from}/${to}`;
const tokensHandle = ({ from, to }: BulkRun): string => `bulk/tokens/${from}/${to}`;

/** The code behind the jobs of this file. */
export function bulkJobs(primitives: Primitives): readonly JobEntry[] {
  return [
    bind(listBulk, (vault, inputs, sid) => listed(primitives, vault, inputs, sid)),
    bind(dealBulk, (_vault, { rowsTo }, seed) => dealVole(primitives, okvsLayout(rowsTo).cells, seed)),
    bind(takeDealt, (vault, run, dealt) => vault.put(dealtHandle(run), dealt)),
    bind(encodeBulk, (vault, run, seed) => encoded(primitives, vault, run, seed)),
    bind(bulkTokens, (vault, run, dealer, store, seed) => {
      const { cells } = okvsLayout(run.rowsTo);
      const coin = derived(primitives, vault, run, "coin", []);
      if (!sumsHold(primitives, vault.get(dealtHandle(run)), coin, cells, store.sums)) {
        throw new PsiError("correlation", `what ${dealer} dealt to ${run.from} and ${run.to} does not fit together`);
      }
      return senderTokens(primitives, vault, run, store, seed);
    }),
    bind(joinBulk, (vault, run, list) => joinedInputs(vault, run, list)),
  ];
}

function listed(
  primitives: Primitives,
  vault: Vault,
  { bytes, ends }: PackedInputs,
  sid: Uint8Array,
): Uint8Array {
  const hashes = primitives.sha256Each(concat(lp("koplamp/bulk/1/key"), sid), bytes, ends);
  const keys = wordsOf(cutRows(hashes, CELL_BYTES));
  const order = keyOrder(bytesOf(keys));
  const sorted = inOrder(keys, order);
  const keyOf = new Uint32Array(order.length);
  let distinct = 0;
  for (let place = 0; place < order.length; place += 1) {
    const again = place > 0 && sameRow(sorted, place, distinct - 1);
    if (!again) {
      sorted.copyWithin(distinct * 4, place * 4, place * 4 + 4);
      distinct += 1;
    }
    keyOf[order[place] ?? 0] = distinct - 1;
  }
  vault.put(KEYS, bytesOf(sorted.slice(0, distinct * 4)));
  vault.put(KEY_OF, bytesOf(keyOf));
  for (const secret of [sorted, keys, order]) secret.fill(0);
  wipe(hashes);
  const nonce = kdf(primitives, vault.get("salt"), sid, "bulk-list", [], 32);
  return primitives.sha256(concat(lp("koplamp/bulk/1/list"), nonce, vault.get(KEYS)));
}

function sameRow(rows: Uint32Array, left: number, right: number): boolean {
  for (let word = 0; word < 4; word += 1) if (rows[left * 4 + word] !== rows[right * 4 + word]) return false;
  return true;
}

/** 32 bytes of the parties' common secret for one use in one run. */
function derived(
  primitives: Primitives,
  vault: Vault,
  { sid, from, to }: BulkRun,
  use: string,
  indices: readonly number[],
): Uint8Array {
  const secret = vault.get(groupSecretHandle(BULK_USE));
  return kdf(primitives, secret, sid, `bulk-${use}/${from}/${to}`, indices, 32);
}

function encoded(primitives: Primitives, vault: Vault, run: BulkRun, seed: Uint8Array): MaskedStore {
  const layout = okvsLayout(run.rowsTo);
  const dealt = vault.get(dealtHandle(run));
  const { a, c } = receiverVectors(primitives, dealt);
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
    const storeSeed = derived(primitives, vault, run, "store", [attempt]);
    const rows = okvsRows(primitives, layout, storeSeed, vault.get(KEYS));
    const random = primitives.sha256(concat(seed, Uint8Array.of(attempt)));
    const cells = wordsOf(primitives.aes256Ctr(random, layout.cells * CELL_BYTES));
    wipe(random);
    const complete = okvsEncode(rows, cells);
    if (complete) {
      vault.put(tokensHandle(run), tokensOf(primitives, okvsDecode(rows, c), vault.get(KEYS)));
      addWords(cells, a);
      const sums = subsetSumsOf(primitives, dealt, derived(primitives, vault, run, "coin", []));
      a.fill(0);
      wipeRows(rows);
      return { attempt, sums, cells: bytesOf(cells) };
    }
    wipeRows(rows);
  }
  throw new PsiError("encode", `none of ${MOST_ATTEMPTS} seeds encodes the list of ${run.to}`, run.to);
}

/**
 * Tokens of 16 bytes for own keys from what the store gives: SHA-256(4, d, key). A hash of both, and not the cipher that
 * spreads the keys: with a permutation of 128 bits whoever has many tokens and many guesses could try all at once.
 */
function tokensOf({ sha256Rows }: Primitives, decoded: Uint32Array, keys: Uint8Array): Uint8Array {
  const pairs = new Uint32Array(decoded.length * 2);
  const own = wordsOf(keys);
  for (let from = 0; from < decoded.length; from += 4) {
    for (let word = 0; word < 4; word += 1) {
      pairs[from * 2 + word] = decoded[from + word] ?? 0;
      pairs[from * 2 + word + 4] = own[from + word] ?? 0;
    }
  }
  const hashes = wordsOf(sha256Rows(TOKEN, bytesOf(pairs), 2 * CELL_BYTES));
  for (let from = 0; from < decoded.length; from += 4) {
    for (let word = 0; word < 4; word += 1) decoded[from + word] = hashes[from * 2 + word] ?? 0;
  }
  for (const secret of [pairs, hashes]) secret.fill(0);
  return bytesOf(decoded);
}

/**
 * F(y) = H(Decode(B, y) + delta·(Decode(V, y) - Hb(y)), y): B + delta·V taken apart, so that delta multiplies once an
 * item, and never a cell.
 */
function senderTokens(
  primitives: Primitives,
  vault: Vault,
  run: BulkRun,
  { attempt, cells }: MaskedStore,
  seed: Uint8Array,
): Uint8Array {
  const layout = okvsLayout(run.rowsTo);
  const storeSeed = derived(primitives, vault, run, "store", [attempt]);
  const keys = vault.get(KEYS);
  const rows = okvsRows(primitives, layout, storeSeed, keys);
  const { delta, b } = senderVectors(primitives, vault.get(dealtHandle(run)), layout.cells);
  const sums = okvsDecode(rows, wordsOf(cells));
  addWords(sums, rows.values);
  scale(delta, sums, sums);
  addWords(sums, okvsDecode(rows, b));
  const tokens = tokensOf(primitives, sums, keys);
  wipeRows(rows);
  for (const secret of [delta, b]) secret.fill(0);
  const missing = Math.max(0, run.rowsFrom * TOKEN_BYTES - tokens.length);
  const all = wordsOf(concat(tokens, primitives.aes256Ctr(seed, missing)));
  wipe(tokens);
  return bytesOf(inOrder(all, keyOrder(bytesOf(all))));
}

function joinedInputs(vault: Vault, run: BulkRun, list: Uint8Array): Uint32Array {
  const tokens = vault.get(tokensHandle(run));
  const found = new Uint8Array(tokens.length / TOKEN_BYTES);
  const [own, theirs] = [viewOf(tokens), viewOf(list)];
  let at = 0;
  for (const row of keyOrder(tokens)) {
    let difference = -1;
    while (at < list.length && (difference = compareRows(theirs, at, own, row * TOKEN_BYTES)) < 0) at += TOKEN_BYTES;
    if (at < list.length && difference === 0) found[row] = 1;
  }
  const keyOf = wordsOf(vault.get(KEY_OF));
  const positions: number[] = [];
  for (let input = 0; input < keyOf.length; input += 1) if (found[keyOf[input] ?? 0] === 1) positions.push(input);
  return Uint32Array.from(positions);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Less than, equal to or greater than zero, as 16 bytes at `i` of `left` come before those at `j` of `right`. */
function compareRows(left: DataView, i: number, right: DataView, j: number): number {
  for (let byte = 0; byte < TOKEN_BYTES; byte += 4) {
    const difference = left.getUint32(i + byte) - right.getUint32(j + byte);
    if (difference !== 0) return difference;
  }
  return 0;
}
