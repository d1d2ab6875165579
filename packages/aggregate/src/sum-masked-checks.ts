// SPDX-License-Identifier: Apache-2.0
// The check words of a chunk: how many contributed, and Σ α^(k+1)·x_k mod 2^61 - 1 over the true numbers and that count,
// under two keys.
import type { Primitives } from "@koplamp/crypto";
import { concat, i2osp, lp } from "@koplamp/wire/core";
import { type Bits, lanesOf, TAIL_LANES } from "./sum-masked-words.ts";

/** A residue mod 2^61 - 1 in limbs of 21, 21 and 19 bits: products of limbs, and sums of 32 such, stay exact in doubles. */
type Limbs = readonly [low: number, middle: number, high: number];

/** One key α, as a chunk needs it. */
interface CheckKey {
  /** What each digit of a group weighs: three limbs a digit. */
  readonly weights: Float64Array;
  /** What one group weighs more than the one before it. */
  readonly step: Limbs;
}

/** The two keys of a chunk. */
export type CheckKeys = readonly [first: CheckKey, second: CheckKey];

const PRIME = 2n ** 61n - 1n;
const LIMB = 2 ** 21;
const BELOW = 2 ** -21;
const LOW_BITS = LIMB - 1;
/** Digits of 64 bits that are added up before anything is carried. */
const GROUP = 32;

/** The keys of a chunk's check sums, from a secret that all nodes know and the coordinator does not. */
export function chunkKeys(
  { hkdfExpand }: Pick<Primitives, "hkdfExpand">,
  groupSecret: Uint8Array,
  transcript: Uint8Array,
  chunk: number,
  bits: Bits,
): CheckKeys {
  const bytes = hkdfExpand(groupSecret, concat(lp("koplamp/masked-mac/1"), transcript, i2osp(chunk, 4)), 16);
  const [first = 0n, second = 0n] = new BigUint64Array(bytes.slice().buffer);
  bytes.fill(0);
  return [checkKey(first, bits), checkKey(second, bits)];
}

/** A key of 61 uniform bits; the prime itself stands for 0, one time in 2^61. */
function checkKey(drawn: bigint, bits: Bits): CheckKey {
  const alpha = limbsOf(BigInt.asUintN(61, drawn) % PRIME);
  const weights = new Float64Array(3 * GROUP);
  let power: Limbs = alpha;
  let last: Limbs = alpha;
  for (let digit = 0; digit < GROUP; digit += 1) {
    const upper = bits === 128 && digit % 2 === 1; // the upper half of a word: 2^64 = 8 mod 2^61 - 1
    weights.set(upper ? product(power, [8, 0, 0]) : power, 3 * digit);
    last = power;
    if (bits === 64 || upper) power = product(power, alpha);
  }
  return { weights, step: last };
}

/** Writes a party's check words behind its numbers: a one, and two check sums over numbers and one. */
export function layTail(chunk: Uint32Array, bits: Bits, keys: CheckKeys): void {
  const tail = chunk.length - TAIL_LANES;
  chunk.fill(0, tail);
  chunk[tail] = 1;
  keys.forEach((key, which) => {
    const sum = checkSum(chunk, bits, key);
    chunk[tail + 4 * (which + 1)] = Number(sum % 2n ** 32n);
    chunk[tail + 4 * (which + 1) + 1] = Number(sum >> 32n);
  });
}

/** Whether a summed chunk counts `parties` contributions and fits its own check sums. */
export function chunkHolds(chunk: Uint32Array, bits: Bits, keys: CheckKeys, parties: number): boolean {
  const tail = chunk.length - TAIL_LANES;
  const counted = wide(chunk, tail) === BigInt(parties);
  const [first, second] = keys.map(
    (key, which) => wide(chunk, tail + 4 * (which + 1)) % PRIME === checkSum(chunk, bits, key),
  );
  return counted && first === true && second === true;
}

/** Four lanes as one number. */
function wide(lanes: Uint32Array, at: number): bigint {
  return [3, 2, 1, 0].reduce((all, lane) => (all << 32n) + BigInt(lanes[at + lane] ?? 0), 0n);
}

/** The numbers and the count behind them, group by group from the last to the first (Horner's rule). */
function checkSum(chunk: Uint32Array, bits: Bits, { weights, step }: CheckKey): bigint {
  const end = chunk.length - TAIL_LANES + lanesOf(bits);
  const unsigned = bits === 128 ? 1 : 0;
  let sum: Limbs = [0, 0, 0];
  for (let start = end - 1 - ((end - 1) % (2 * GROUP)); start >= 0; start -= 2 * GROUP) {
    const [low, middle, high] = product(sum, step);
    const group = groupSum(chunk.subarray(start, Math.min(end, start + 2 * GROUP)), weights, unsigned);
    sum = carried(low + group[0], middle + group[1], high + group[2]);
  }
  return residueOf(sum);
}

/**
 * Σ weight · digit, nothing carried: each sum stays below 2^51 in size. `unsigned`: 1 where every other digit is the
 * lower half of a word, and has no sign.
 */
function groupSum(lanes: Uint32Array, weights: Float64Array, unsigned: 0 | 1): Limbs {
  let [c0, c1, c2] = [0, 0, 0];
  for (let digit = 0; 2 * digit < lanes.length; digit += 1) {
    const low = lanes[2 * digit] ?? 0;
    const high = lanes[2 * digit + 1] ?? 0;
    const x0 = low & LOW_BITS;
    const x1 = (low >>> 21) | ((high & 0x3ff) << 11);
    const x2 = (digit & unsigned) === unsigned ? high >> 10 : high >>> 10;
    const w0 = weights[3 * digit] ?? 0;
    const w1 = weights[3 * digit + 1] ?? 0;
    const w2 = weights[3 * digit + 2] ?? 0;
    c0 += x0 * w0 + 4 * (x1 * w2 + x2 * w1); // 2^63 = 4 mod 2^61 - 1
    c1 += x0 * w1 + x1 * w0 + 4 * x2 * w2;
    c2 += x0 * w2 + x1 * w1 + x2 * w0;
  }
  return [c0, c1, c2];
}

function product([a0, a1, a2]: Limbs, [b0, b1, b2]: Limbs): Limbs {
  const low = a0 * b0 + 4 * (a1 * b2 + a2 * b1);
  const middle = a0 * b1 + a1 * b0 + 4 * a2 * b2;
  return carried(low, middle, a0 * b2 + a1 * b1 + a2 * b0);
}

/** The same residue with limbs of 21 bits, the middle one a little more. */
function carried(low: number, middle: number, high: number): Limbs {
  const first = Math.floor(low * BELOW);
  const second = Math.floor((middle + first) * BELOW);
  const third = Math.floor((high + second) * BELOW);
  const wrapped = low - first * LIMB + 4 * third; // 2^63 = 4 mod 2^61 - 1
  const again = Math.floor(wrapped * BELOW);
  return [wrapped - again * LIMB, middle + first - second * LIMB + again, high + second - third * LIMB];
}

function limbsOf(residue: bigint): Limbs {
  return [
    Number(residue % 2n ** 21n),
    Number((residue >> 21n) % 2n ** 21n),
    Number((residue >> 42n) % 2n ** 21n),
  ];
}

function residueOf([low, middle, high]: Limbs): bigint {
  const value = BigInt(low) + BigInt(middle) * 2n ** 21n + BigInt(high) * 2n ** 42n;
  return ((value % PRIME) + PRIME) % PRIME; // carries may have left it a little below 0
}
