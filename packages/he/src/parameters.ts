// SPDX-License-Identifier: Apache-2.0
import { HeError } from "./errors.ts";

/** Polynomials of `n` coefficients, each as one residue per prime. */
export interface Ring {
  readonly n: number;
  /** Below 2^50, so that the arithmetic of `polynomial.ts` is exact. */
  readonly primes: readonly number[];
}

/** A pinned set of BFV parameters. Its id travels in plans; the numbers never do. */
export interface ParameterSet {
  readonly id: string;
  /** The first byte of every frame of this set. */
  readonly code: number;
  /** Numbers packed in one ciphertext, which is also the degree n. */
  readonly slots: number;
  /** t: slots are numbers mod t, a prime below 2^50. */
  readonly t: number;
  /** Where ciphertexts live: Q is the product of these primes. */
  readonly data: Ring;
  /** Where keys live: the primes of `data`, then the special one. */
  readonly key: Ring;
  /** A release share is flooded with numbers uniform in [-2^floodBits, 2^floodBits). */
  readonly floodBits: number;
  /** The most shares that one sum may have, by the noise bound behind `floodBits`. */
  readonly mostShares: number;
  /** Absent where ciphertexts are only added. */
  readonly products?: Products;
}

/** What a set allows where ciphertexts are multiplied by plain slots (`accumulate`). */
export interface Products {
  /** A sum of products is flooded with numbers uniform in [-2^floodBits, 2^floodBits). */
  readonly floodBits: number;
  /** The most of `shares² · chunks`, by the noise bound behind `floodBits`. */
  readonly most: number;
}

const DATA_PRIMES: readonly number[] = [
  35_184_371_089_409, 35_184_371_138_561, 35_184_371_417_089, 35_184_371_613_697,
];
const SPECIAL_PRIME = 1_032_193;

/** n = 8192, 200 bits of modulus: 202 is the most for 128 bits of security against quantum computers (2018 standard). */
const RINGS: Pick<ParameterSet, "slots" | "data" | "key"> = {
  slots: 8192,
  data: { n: 8192, primes: DATA_PRIMES },
  key: { n: 8192, primes: [...DATA_PRIMES, SPECIAL_PRIME] },
};

/**
 * `bfv-amt-50-pq`: sums up to 2^49.
 *
 * Flood. The noise of a sum of N <= 32 fresh encryptions stays below 2^14 but with chance 2^-64 (aggregation.md,
 * section 3). 64 bits more, and 13 for the 8,192 coefficients, hide it to within 2^-64: 91. What is left of the budget
 * is log2(Q / 2t) - 91 - log2(32) = 33 bits at worst, where 15 are required; the self-test holds it to that.
 */
const AMOUNTS: ParameterSet = {
  ...RINGS,
  id: "bfv-amt-50-pq",
  code: 1,
  t: 1_125_899_906_826_241,
  floodBits: 91,
  mostShares: 32,
};

/**
 * `bfv-join-46-pq`: values of one party under its own key, times another party's selection; sums up to 2^45.
 *
 * Flood. A fresh error e has variance 10.5 and tails no thicker than a Gaussian's. A selection is a polynomial p with
 * |p_j| <= t/2 whatever is selected, so a coefficient of e·p over c chunks stays below
 * √10.5 · √n · 2^45 · √c · 9.5 but with chance 2^-64: 2^60 for c = 128, which is 2^20 rows. 40 bits more, 13 for the
 * 8,192 coefficients and 3 that are left over hide it to within 2^-43: 116. What remains of the budget is
 * log2(Q / 2t) - 116 = 17 bits. No shares of a decryption exist here.
 */
const JOINS: ParameterSet = {
  ...RINGS,
  id: "bfv-join-46-pq",
  code: 2,
  t: 70_368_743_669_761,
  floodBits: 91,
  mostShares: 1,
  products: { floodBits: 116, most: 128 },
};

/**
 * `bfv-sel-42-pq`: a selection under the collective key of N parties, times the values of each; sums up to 2^41.
 *
 * Flood. A fresh encryption under a collective key has the error e·u + e0 + e1·s, e and s being sums over N parties:
 * √10.5 · √(4nN/3) in standard deviation (no special prime divides it away). Times values p with |p_j| <= t/2, over c
 * chunks, and added up over N parties, a coefficient stays below √10.5 · √(4nN/3) · √n · 2^41 · √c · √N · 9.5 but with
 * chance 2^-64: 2^65 where N²·c <= 3,200, e.g. 12 parties of 180,000 rows or 4 of a million. Each party's flood of
 * 2^118 hides that to within 2^-40 over all coefficients, and a share's flood of 2^116 by itself to within 2^-38. What
 * remains of the budget is log2(Q / 2t) - log2(12 · (2^118 + 2^116)) = 15.1 bits at worst.
 */
const SELECTIONS: ParameterSet = {
  ...RINGS,
  id: "bfv-sel-42-pq",
  code: 3,
  t: 4_398_046_150_657,
  floodBits: 116,
  mostShares: 12,
  products: { floodBits: 118, most: 3200 },
};

const SETS: readonly ParameterSet[] = [AMOUNTS, JOINS, SELECTIONS];

/** The set of an id. @throws {HeError} `unknown-set`. */
export function parameterSet(id: string): ParameterSet {
  const found = SETS.find((set) => set.id === id);
  if (found !== undefined) return found;
  const known = SETS.map((set) => set.id).join(", ");
  throw new HeError("unknown-set", `expected one of the parameter sets ${known}, got another`);
}

/** Whether a sum over the products of `chunks` ciphertexts at each of `shares` parties keeps within its noise bound. */
export function fitsNoise({ mostShares, products }: ParameterSet, shares: number, chunks: number): boolean {
  return products !== undefined && shares <= mostShares && shares * shares * chunks <= products.most;
}

/** Bytes of one polynomial: a little-endian u64 for each residue, prime by prime. */
export function polynomialBytes({ n, primes }: Ring): number {
  return n * primes.length * 8;
}
