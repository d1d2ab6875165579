// SPDX-License-Identifier: Apache-2.0
import { groupSecretHandle, type PackedInputs, type Primitives, wipe } from "@koplamp/crypto";
import { bind, type Job, type JobEntry, job, type PartyId, type Vault } from "@koplamp/protocol";
import { concat, lp } from "@koplamp/wire/core";
import { bulkKeys } from "./bulk-keys.ts";
import { type MaskedStore, MOST_ATTEMPTS } from "./bulk-messages.ts";
import { foundIn, sortedTokens, tokensFor } from "./bulk-tokens.ts";
import { PsiError } from "./errors.ts";
import { kdf } from "./keyed.ts";
import { okvsDecode } from "./okvs-decode.ts";
import { okvsEncode } from "./okvs-encode.ts";
import { CELL_BYTES, okvsLayout } from "./okvs-layout.ts";
import { okvsRows, wipeRows } from "./okvs-rows.ts";
import {
  addProducts,
  coinSums,
  type Dealt,
  dealVole,
  keptReceiver,
  keptSender,
  receiverHalf,
  receiverVectors,
  type SenderHalf,
  senderHalf,
  senderVectors,
  sumsHold,
} from "./vole.ts";
import { addElements, bytesOf, wordsOf } from "./words.ts";

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
 * the vault's `salt`: with list and salt an auditor makes it again. A second call in one session gives the first's
 * answer.
 */
export const listBulk: Job<[inputs: PackedInputs, sid: Uint8Array], Uint8Array> = job("psi.bulk.list");

/** A fresh correlation for a run: the dealer's whole work. */
export const dealBulk: Job<[run: BulkRun, seed: Uint8Array], Dealt> = job("psi.bulk.deal");

/** Puts what the dealer gave `me` for a run in the vault. */
export const takeDealt: Job<[run: BulkRun, me: PartyId, dealt: Uint8Array], void> = job("psi.bulk.take");

/** Own list as a store under the masks of A, and own tokens, which stay in the vault. @throws {PsiError} `encode`. */
export const encodeBulk: Job<[run: BulkRun, seed: Uint8Array], MaskedStore> = job("psi.bulk.encode");

/**
 * Checks the correlation, and makes the tokens of own items: sorted, and padded with random ones to the bucket.
 * @throws {PsiError} `correlation` when the sums do not hold.
 */
export const bulkTokens: Job<
  [run: BulkRun, dealer: PartyId | undefined, store: MaskedStore, seed: Uint8Array],
  Uint8Array
> = job("psi.bulk.tokens");

/** The positions of own inputs whose tokens stand in a list, in no order of theirs. */
export const joinBulk: Job<[run: BulkRun, list: Uint8Array], Uint32Array> = job("psi.bulk.join");

const ROOT = "bulk/root";
const KEYS = "bulk/keys";
/** Inputs in the order of their keys, and for each of them the position of its key. */
const INPUTS = "bulk/inputs";
const KEY_OF = "bulk/key-of";
/** Under which handle a run keeps the receiver's tokens. */
const tokensHandle = ({ from, to }: BulkRun): string => `bulk/tokens/${from}/${to}`;

/** Under which handle a run keeps its half of the correlation, whoever made that: see `keptSender` and `keptReceiver`. */
export function correlationHandle({ from, to }: BulkRun): string {
  return `bulk/correlation/${from}/${to}`;
}

/** The code behind the jobs of this file. */
export function bulkJobs(primitives: Primitives): readonly JobEntry[] {
  return [
    bind(listBulk, (vault, inputs, sid) => listed(primitives, vault, inputs, sid)),
    bind(dealBulk, (_vault, { rowsTo }, seed) => dealVole(primitives, okvsLayout(rowsTo).cells, seed)),
    bind(takeDealt, (vault, run, me, dealt) =>
      vault.put(correlationHandle(run), keptOf(primitives, run, me, dealt)),
    ),
    bind(encodeBulk, (vault, run, seed) => encoded(primitives, vault, run, seed)),
    bind(bulkTokens, (vault, run, dealer, store, seed) => {
      const half = senderHalf(vault.get(correlationHandle(run)));
      try {
        const coin = derived(primitives, vault, run, "coin", []);
        if (!sumsHold(primitives, half, coin, store.sums)) throw unfit(run, dealer);
        return senderTokens(primitives, vault, run, half, store, seed);
      } finally {
        for (const secret of [half.delta, half.b]) secret.fill(0);
      }
    }),
    bind(joinBulk, (vault, run, list) => joinedInputs(vault, run, list)),
  ];
}

/** What was dealt for a run, as the vault keeps it. */
function keptOf(primitives: Primitives, { to, rowsTo }: BulkRun, me: PartyId, dealt: Uint8Array): Uint8Array {
  if (me === to) return keptReceiver(receiverVectors(primitives, dealt));
  return keptSender(senderVectors(primitives, dealt, okvsLayout(rowsTo).cells));
}

function unfit({ from, to }: BulkRun, dealer: PartyId | undefined): PsiError {
  const made =
    dealer === undefined ? `what ${from} and ${to} made` : `what ${dealer} dealt to ${from} and ${to}`;
  return new PsiError("correlation", `${made} does not fit together`);
}

function listed(primitives: Primitives, vault: Vault, inputs: PackedInputs, sid: Uint8Array): Uint8Array {
  if (vault.has(ROOT)) return vault.get(ROOT).slice();
  const { keys, inputs: ordered, keyOf } = bulkKeys(primitives, sid, inputs);
  vault.put(KEYS, keys);
  vault.put(INPUTS, ordered);
  vault.put(KEY_OF, keyOf);
  const nonce = kdf(primitives, vault.get("salt"), sid, "bulk-list", [], 32);
  vault.put(ROOT, primitives.sha256(concat(lp("koplamp/bulk/1/list"), nonce, keys)));
  return vault.get(ROOT).slice();
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
  const { a, c } = receiverHalf(vault.get(correlationHandle(run)));
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
    const storeSeed = derived(primitives, vault, run, "store", [attempt]);
    const rows = okvsRows(primitives, layout, storeSeed, vault.get(KEYS));
    const random = primitives.sha256(concat(seed, Uint8Array.of(attempt)));
    const cells = wordsOf(primitives.aes256Ctr(random, layout.cells * CELL_BYTES));
    wipe(random);
    const complete = okvsEncode(rows, cells);
    if (complete) {
      vault.put(tokensHandle(run), tokensFor(primitives, okvsDecode(rows, c), vault.get(KEYS)));
      addElements(cells, a);
      const sums = coinSums(primitives, { a, c }, derived(primitives, vault, run, "coin", []));
      a.fill(0);
      wipeRows(rows);
      return { attempt, sums, cells: bytesOf(cells) };
    }
    wipeRows(rows);
  }
  throw new PsiError("encode", `none of ${MOST_ATTEMPTS} seeds encodes the list of ${run.to}`, run.to);
}

/** F(y) = H(Decode(B + delta·V, y) - delta·Hb(y), y): a store is linear, so one is decoded in place of two, where B was. */
function senderTokens(
  primitives: Primitives,
  vault: Vault,
  run: BulkRun,
  half: SenderHalf,
  { attempt, cells }: MaskedStore,
  seed: Uint8Array,
): Uint8Array {
  const layout = okvsLayout(run.rowsTo);
  const storeSeed = derived(primitives, vault, run, "store", [attempt]);
  const keys = vault.get(KEYS);
  const rows = okvsRows(primitives, layout, storeSeed, keys);
  addProducts(primitives, half, cells);
  primitives.gf128.scale(half.delta, rows.values);
  const decoded = okvsDecode(rows, half.b);
  addElements(decoded, rows.values);
  const tokens = tokensFor(primitives, decoded, keys);
  wipeRows(rows);
  return sortedTokens(primitives, tokens, run.rowsFrom, seed);
}

function joinedInputs(vault: Vault, run: BulkRun, list: Uint8Array): Uint32Array {
  const found = foundIn(vault.get(tokensHandle(run)), list);
  const [inputs, keyOf] = [wordsOf(vault.get(INPUTS)), wordsOf(vault.get(KEY_OF))];
  const positions = new Uint32Array(keyOf.length);
  let count = 0;
  for (let place = 0; place < keyOf.length; place += 1) {
    if (found[keyOf[place] ?? 0] === 1) positions[count++] = inputs[place] ?? 0;
  }
  return positions.slice(0, count);
}
