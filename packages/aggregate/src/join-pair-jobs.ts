// SPDX-License-Identifier: Apache-2.0
// What runs where the secrets of a join of two are: the owner's key and order, and which slots the other one selects.
import type { Primitives } from "@koplamp/crypto";
import {
  accumulate,
  addMod,
  addPolynomials,
  type Ciphertext,
  checkPolynomial,
  decodeCiphertext,
  decodeSeeded,
  encodeCiphertext,
  encodeSeeded,
  FLOOD_BYTES,
  flood,
  type HeBackend,
  type PackedPolynomial,
  type PublicKey,
  polynomialBytes,
  type Slots,
  seededUniform,
  subtractMod,
} from "@koplamp/he";
import { bind, type Handle, type Job, type JobEntry, job, type PartyId, type Vault } from "@koplamp/protocol";
import { SLOT_GROUPS, SLOT_ROWS } from "@koplamp/psi";
import { concat } from "@koplamp/wire/core";
import { uniformPolynomial } from "./crs.ts";
import { fillBelow } from "./streams.ts";
import { accepted } from "./threshold-vault.ts";

/** The set of joins of two. */
const JOIN_SET = "bfv-join-46-pq";

/** At the owner: makes its key for this session; the secret stays in the vault. Gives b. */
export const makeJoinKey: Job<[transcript: Uint8Array, me: PartyId], PackedPolynomial> = job("join.pair.key");
/** At the other one: keeps the owner's key. False when it is no key. */
export const takeJoinKey: Job<[transcript: Uint8Array, from: PartyId, b: PackedPolynomial], boolean> =
  job("join.pair.take-key");

/** Rows outside one group count as zero. */
export interface OnlyIn {
  readonly groupOf: Int32Array;
  readonly cell: number;
}

/** At the owner: encrypts the numbers of one chunk, laid in the slots of the tokens. `seed` is public: c1 is made of it. */
export const sealChunk: Job<
  [chunk: number, values: Float64Array, only: OnlyIn | undefined, seed: Uint8Array],
  Uint8Array
> = job("join.pair.seal");

/**
 * At the other one: multiplies ciphertexts of one chunk, the first of which is of the given column, by each of its
 * selections and adds them to the sums. False when one is no ciphertext.
 */
export const addChunk: Job<
  [chunk: number, selections: number, column: number, frames: readonly Uint8Array[]],
  boolean
> = job("join.pair.add");

/** At the other one: a sum as it will leave. With `open` its slots add up to the total, else to anything. */
export const hideTotal: Job<
  [selection: number, column: number, open: boolean, seed: Uint8Array],
  Uint8Array
> = job("join.pair.hide");

/** At the owner: the total of a sum. Undefined when it is no ciphertext. */
export const openTotal: Job<[frame: Uint8Array], number | undefined> = job("join.pair.open");

/** The measures that tests switch off one by one; nothing else passes others than these. */
export interface JoinMeasures {
  readonly zeroSum: typeof zeroSum;
  readonly flood: typeof flood;
  /** A fresh encryption of zero. */
  readonly freshZero: (he: HeBackend, key: PublicKey) => Ciphertext;
}

/** All of them, as they are in use. */
export const JOIN_MEASURES: JoinMeasures = { zeroSum, flood, freshZero: (he, key) => he.encryptZero(key) };

interface JoinBackend {
  readonly he: HeBackend;
  readonly primitives: Primitives;
}

const SECRET: Handle = "join/secret";
const KEY_A: Handle = "join/key/a";
const KEY_B: Handle = "join/key/b";
const sumOf = (selection: number, column: number): Handle => `join/sum/${selection}/${column}`;

/** The code behind the jobs of a join of two. */
export function joinPairJobs(
  backend: JoinBackend,
  measures: JoinMeasures = JOIN_MEASURES,
): readonly JobEntry[] {
  const joins = { ...backend, he: backend.he.forSet(JOIN_SET) };
  return [...ownerJobs(joins), ...selectorJobs(joins, measures)];
}

function ownerJobs({ he, primitives }: JoinBackend): readonly JobEntry[] {
  const { data, key, t, slots } = he.set;
  return [
    bind(makeJoinKey, (vault, transcript, me) => {
      const { secret, share } = he.keyShare(uniformPolynomial(primitives, key, transcript, me));
      vault.put(SECRET, secret);
      return share;
    }),
    bind(sealChunk, (vault, chunk, values, only, seed) => {
      const block = laidInSlots(vault, values, only, { from: chunk * slots, slots, t });
      const c1 = seededUniform(primitives, data, seed);
      const c0 = he.encryptUnder(vault.get(SECRET), c1, block);
      block.fill(0);
      return encodeSeeded(he.set, { seed, c0 });
    }),
    bind(openTotal, (vault, frame) => {
      let total: number | undefined;
      accepted(() => {
        const ciphertext = decodeCiphertext(he.set, frame); // attacker-controlled
        const opened = he.decrypt(vault.get(SECRET), ciphertext);
        const sum = opened.reduce((part, slot) => addMod(part, slot, t), 0);
        opened.fill(0);
        total = sum > t / 2 ? sum - t : sum;
      });
      return total;
    }),
  ];
}

function selectorJobs(
  { he, primitives }: JoinBackend,
  { zeroSum: masks, flood: drown, freshZero }: JoinMeasures,
): readonly JobEntry[] {
  const { set } = he;
  const { data, key, t, slots, products } = set;
  return [
    bind(takeJoinKey, (vault, transcript, from, b) =>
      accepted(() => {
        vault.put(KEY_B, checkPolynomial(key, b)); // attacker-controlled
        vault.put(KEY_A, uniformPolynomial(primitives, key, transcript, from));
      }),
    ),
    bind(addChunk, (vault, chunk, selections, column, frames) =>
      accepted(() => {
        const ciphertexts = frames.map((frame): Ciphertext => {
          const { seed, c0 } = decodeSeeded(set, frame); // attacker-controlled
          return { c0, c1: seededUniform(primitives, data, seed) };
        });
        for (let selection = 0; selection < selections; selection += 1) {
          const factor = he.factor(selected(vault, selection, chunk * slots, slots));
          ciphertexts.forEach((ciphertext, at) => {
            addTo(vault, sumOf(selection, column + at), he, ciphertext, factor);
          });
          factor.fill(0);
        }
      }),
    ),
    bind(hideTotal, (vault, selection, column, open, seed) => {
      const handle = sumOf(selection, column);
      const sum = he.fromNtt(ciphertextOf(he, vault.get(handle)));
      const stream = primitives.aes256Ctr(seed, 64);
      const mask = uniform(primitives, slots, t, stream.subarray(0, 32));
      const masked = he.addPlain(sum, open ? masks(mask, t) : mask);
      const zero = freshZero(he, { b: vault.get(KEY_B), a: vault.get(KEY_A) });
      const noise = primitives.aes256Ctr(stream.subarray(32), data.n * FLOOD_BYTES);
      const c0 = addPolynomials(data, masked.c0, zero.c0);
      const hidden = {
        c0: drown(data, c0, products?.floodBits ?? 0, noise),
        c1: addPolynomials(data, masked.c1, zero.c1),
      };
      for (const secret of [stream, mask, noise]) secret.fill(0);
      vault.drop(handle);
      return encodeCiphertext(set, hidden);
    }),
  ];
}

/** The numbers of the rows that stand in the slots from `from`; zero where none does. */
function laidInSlots(
  vault: Vault,
  values: Float64Array,
  only: OnlyIn | undefined,
  { from, slots, t }: { readonly from: number; readonly slots: number; readonly t: number },
): Slots {
  const rows = wordsOf(vault.get(SLOT_ROWS));
  return Float64Array.from({ length: slots }, (_, at) => {
    const row = rows[from + at] ?? values.length;
    const value = values[row] ?? 0;
    const counted = only === undefined || only.groupOf[row] === only.cell ? value : 0;
    return counted < 0 ? counted + t : counted;
  });
}

/** One where a slot belongs to the selection. */
function selected(vault: Vault, selection: number, from: number, slots: number): Slots {
  const groups = wordsOf(vault.get(SLOT_GROUPS));
  return Float64Array.from({ length: slots }, (_, at) => Number(groups[from + at] === selection));
}

function addTo(
  vault: Vault,
  handle: Handle,
  he: HeBackend,
  ciphertext: Ciphertext,
  factor: PackedPolynomial,
): void {
  const before = vault.has(handle) ? ciphertextOf(he, vault.get(handle)) : undefined;
  const { c0, c1 } = accumulate(he.set, before, ciphertext, factor);
  vault.put(handle, concat(c0, c1));
}

function ciphertextOf({ set }: HeBackend, both: Uint8Array): Ciphertext {
  const split = polynomialBytes(set.data);
  return { c0: both.subarray(0, split), c1: both.subarray(split) };
}

function uniform({ aes256Ctr }: Primitives, slots: number, t: number, key: Uint8Array): Slots {
  const mask = new Float64Array(slots);
  fillBelow(mask, t, (length) => aes256Ctr(key, length));
  return mask;
}

/** The same numbers, but for the last one, which makes their sum 0 mod t: any slots with the same total look the same. */
function zeroSum(mask: Slots, t: number): Slots {
  const all = mask.reduce((sum, value) => addMod(sum, value, t), 0);
  const last = mask.length - 1;
  const balanced = mask.slice();
  balanced[last] = subtractMod(mask[last] ?? 0, all, t);
  return balanced;
}

/** Signed and unsigned words are told apart by who wrote them: -1 reads as 2^32 - 1, above every row and group. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}
