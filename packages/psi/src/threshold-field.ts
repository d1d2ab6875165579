// SPDX-License-Identifier: Apache-2.0
// Two prime fields without big integers: p25 tells candidates apart, p61 proves them.

/** The prime of the filter: the largest below 2^25. */
export const P25 = 33_554_393;
const PER_P25: number = 1 / P25;
const TWO_32: number = 2 ** 32;
const TWO_29: number = 2 ** 29;
const TWO_16: number = 2 ** 16;
/** 2^32 mod p25. */
const WORD_25: number = TWO_32 % P25;
/** The prime of the receipt, for what is computed once. */
const P61: bigint = 2n ** 61n - 1n;

/** A number below 2^53, mod p25. */
export function mod25(value: number): number {
  const rest = value - Math.floor(value * PER_P25) * P25;
  if (rest < 0) return rest + P25;
  return rest >= P25 ? rest - P25 : rest;
}

/** The number of `words` 32-bit words, big-endian, at `at`, mod p25. */
export function read25(view: DataView, at: number, words: number): number {
  let value = 0;
  for (let word = 0; word < words; word += 1) value = mod25(value * WORD_25 + view.getUint32(at + 4 * word));
  return value;
}

/**
 * A number below p61 = 2^61 - 1 in two limbs, 32 bits and 29 bits above them. One is made for a loop and changed in
 * place: millions of cells pass through it.
 */
export class Limbs {
  low = 0;
  high = 0;

  /** Takes `low + 2^32 high`, with `low` below 2^53 and `high` below 2^52, mod p61. */
  set(low: number, high: number): void {
    const carry = Math.floor(low / TWO_32);
    const above = high + carry;
    const over = Math.floor(above / TWO_29); // 2^61 is 1
    this.low = low - carry * TWO_32 + over;
    this.high = above - over * TWO_29;
    if (this.low >= TWO_32) {
      this.low -= TWO_32;
      this.high += 1;
    }
    if (this.high >= TWO_29) {
      this.high -= TWO_29;
      this.low += 1;
    }
    if (this.high === TWO_29 - 1 && this.low === TWO_32 - 1) {
      this.high = 0;
      this.low = 0;
    }
  }

  /** The 16 bytes, big-endian, at `at`, mod p61: 2^64 is 8. */
  read(view: DataView, at: number): void {
    const low = view.getUint32(at + 4) * 8 + view.getUint32(at + 12);
    this.set(low, view.getUint32(at) * 8 + view.getUint32(at + 8));
  }

  /** Multiplies by a number of at most 2^16 and adds another. */
  timesPlus(factor: number, { low, high }: Limbs): void {
    this.set(this.low * factor + low, this.high * factor + high);
  }
}

/** Whether two words, little-endian, are a number below p61. */
export function isReceipt(low: number, high: number): boolean {
  return high < TWO_29 && !(high === TWO_29 - 1 && low === TWO_32 - 1);
}

/** Parties of one sum of shares, and what each share is multiplied by. */
export interface Subset {
  /** Positions, ascending. */
  readonly members: readonly number[];
  /** The same as bits. */
  readonly mask: number;
  /** For the filter: the last member's share must equal the sum of the others', each times its factor. */
  readonly factors: Float64Array;
  /** For the receipt: each member's weight in four pieces of 16 bits, the highest first. */
  readonly weights: Float64Array;
}

/** All subsets of `atLeast` among `parties`, with the weights by which their shares give the value at 0 (Lagrange). */
export function subsetsOf(parties: number, atLeast: number): readonly Subset[] {
  const inverses = Array.from({ length: parties }, (_, at) => [
    inverse(BigInt(at), BigInt(P25)),
    inverse(BigInt(at), P61),
  ]);
  const inverseOf = (difference: number, field: 0 | 1): bigint => {
    const found = inverses[Math.abs(difference)]?.[field] ?? 0n;
    return difference < 0 ? -found : found;
  };
  return choose(parties, atLeast).map((members) => {
    const filter = weightsAtZero(members, BigInt(P25), (difference) => inverseOf(difference, 0));
    const receipt = weightsAtZero(members, P61, (difference) => inverseOf(difference, 1));
    const last = inverse(filter.at(-1) ?? 1n, BigInt(P25));
    const factors = filter.slice(0, -1).map((weight) => Number(modulo(-weight * last, BigInt(P25))));
    const weights = receipt.flatMap((weight) =>
      [48n, 32n, 16n, 0n].map((shift) => Number((weight >> shift) & 0xffffn)),
    );
    const mask = members.reduce((bits, member) => bits | (1 << member), 0);
    return { members, mask, factors: Float64Array.from(factors), weights: Float64Array.from(weights) };
  });
}

/** The sum of shares times weights, piece by piece: four steps for any number of members up to 16. */
export function weigh(into: Limbs, low: Float64Array, high: Float64Array, weights: Float64Array): void {
  into.set(0, 0);
  for (let piece = 0; piece < 4; piece += 1) {
    let sumLow = into.low * TWO_16;
    let sumHigh = into.high * TWO_16;
    for (let member = 0; member * 4 < weights.length; member += 1) {
      const weight = weights[member * 4 + piece] ?? 0;
      sumLow += (low[member] ?? 0) * weight;
      sumHigh += (high[member] ?? 0) * weight;
    }
    into.set(sumLow, sumHigh);
  }
}

/** The number of subsets of `size` among `all`. */
export function binomial(all: number, size: number): number {
  let ways = 1;
  for (let at = 1; at <= size; at += 1) ways = (ways * (all - size + at)) / at;
  return Math.round(ways);
}

function choose(all: number, size: number, from = 0): readonly (readonly number[])[] {
  if (size === 0) return [[]];
  return Array.from({ length: Math.max(0, all - size - from + 1) }, (_, at) => from + at).flatMap((first) =>
    choose(all, size - 1, first + 1).map((rest) => [first, ...rest]),
  );
}

/** Party at position p has the point p + 1. */
function weightsAtZero(
  members: readonly number[],
  prime: bigint,
  inverseOf: (difference: number) => bigint,
): readonly bigint[] {
  return members.map((own) =>
    members
      .filter((other) => other !== own)
      .reduce((product, other) => modulo(product * BigInt(other + 1) * inverseOf(other - own), prime), 1n),
  );
}

function inverse(value: bigint, prime: bigint): bigint {
  let result = 1n;
  let power = modulo(value, prime);
  for (let rest = prime - 2n; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * power) % prime;
    power = (power * power) % prime;
  }
  return result;
}

function modulo(value: bigint, prime: bigint): bigint {
  return ((value % prime) + prime) % prime;
}
