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
}

const DATA_PRIMES: readonly number[] = [
  35_184_371_089_409, 35_184_371_138_561, 35_184_371_417_089, 35_184_371_613_697,
];
const SPECIAL_PRIME = 1_032_193;

/**
 * `bfv-amt-50-pq`: n = 8192, 200 bits of modulus (202 is the most for 128 bits of security against quantum computers,
 * 2018 standard), sums up to 2^49.
 *
 * Flood. The noise of a sum of N <= 32 fresh encryptions stays below 2^14 but with chance 2^-64 (aggregation.md,
 * section 3). 64 bits more, and 13 for the 8,192 coefficients, hide it to within 2^-64: 91. What is left of the budget
 * is log2(Q / 2t) - 91 - log2(32) = 33 bits at worst, where 15 are required; the self-test holds it to that.
 */
const AMOUNTS: ParameterSet = {
  id: "bfv-amt-50-pq",
  code: 1,
  slots: 8192,
  t: 1_125_899_906_826_241,
  data: { n: 8192, primes: DATA_PRIMES },
  key: { n: 8192, primes: [...DATA_PRIMES, SPECIAL_PRIME] },
  floodBits: 91,
  mostShares: 32,
};

/** The set of an id. @throws {HeError} `unknown-set`. */
export function parameterSet(id: string): ParameterSet {
  if (id === AMOUNTS.id) return AMOUNTS;
  throw new HeError("unknown-set", `expected the parameter set ${AMOUNTS.id}, got another`);
}

/** Bytes of one polynomial: a little-endian u64 for each residue, prime by prime. */
export function polynomialBytes({ n, primes }: Ring): number {
  return n * primes.length * 8;
}
