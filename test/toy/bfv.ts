// SPDX-License-Identifier: Apache-2.0
import {
  type Ciphertext,
  type HeBackend,
  HeError,
  type PackedPolynomial,
  type ParameterSet,
  parameterSet,
  polynomialBytes,
  type Ring,
  type Slots,
} from "@koplamp/he";
import type { Rng } from "@koplamp/protocol";
import {
  addPolynomials,
  multiplyPolynomials,
  subtractPolynomials,
} from "../../packages/he/src/polynomial.ts";

const REAL = parameterSet("bfv-amt-50-pq");
const N = 16;
const RING: Ring = { n: N, primes: REAL.data.primes };
const PRIMES: readonly bigint[] = RING.primes.map(BigInt);
const Q: bigint = PRIMES.reduce((product, prime) => product * prime, 1n);
const T: bigint = BigInt(REAL.t);
const DELTA: bigint = Q / T;

/** The real set in 16 slots and without a special prime: 12 cells a block. */
export const TINY_SET: ParameterSet = { ...REAL, id: "tiny", code: 99, slots: N, data: RING, key: RING };

/** A polynomial mod Q, lowest coefficient first. */
type Polynomial = readonly bigint[];

/**
 * BFV by the book, over x^16 + 1 and in BigInt: in place of SEAL, some thousand times as fast and worthless as
 * cryptography, since lattices of dimension 16 are no obstacle. Slots are coefficients; nothing is in NTT form.
 */
export function tinyBfv(rng: Rng): HeBackend {
  const small = (): Polynomial => Array.from(rng(N), (byte) => BigInt(byte % 3) - 1n);
  const encrypt = (
    { b, a }: { b: PackedPolynomial; a: PackedPolynomial },
    message: Polynomial,
  ): Ciphertext => {
    const u = small();
    return {
      c0: pack(add(add(multiply(unpack(b), u), small()), message)),
      c1: pack(add(multiply(unpack(a), u), small())),
    };
  };
  return {
    set: TINY_SET,
    keyShare(a) {
      const s = small();
      const b = add(multiply(unpack(a), s), small()).map((value) => -value);
      return { secret: pack(s), share: pack(b) };
    },
    encrypt: (key, slots) => encrypt(key, scaled(slots)),
    encryptZero: (key) => encrypt(key, new Array<bigint>(N).fill(0n)),
    timesSecret: (c1, secret) => pack(multiply(unpack(c1), unpack(secret))),
    decrypt(secret, { c0, c1 }) {
      const noisy = add(unpack(c0), multiply(unpack(c1), unpack(secret)));
      return rounded(noisy);
    },
  };
}

/**
 * The same scheme over 8,192 separate numbers instead of one ring, with every length and noise of the real set: what
 * comes out is right, and a child could read what goes in. It costs what SEAL does, but for the context.
 */
export function toyBfv(rng: Rng): HeBackend {
  const { data, key, slots } = REAL;
  const bytes = polynomialBytes(data);
  const small = (ring: Ring): PackedPolynomial => packedSmall(ring, rng(slots));
  const encrypt = (
    { b, a }: { b: PackedPolynomial; a: PackedPolynomial },
    message: PackedPolynomial,
  ): Ciphertext => {
    const u = small(data);
    const part = (of: PackedPolynomial): PackedPolynomial =>
      addPolynomials(data, multiplyPolynomials(data, of.slice(0, bytes), u), small(data));
    return { c0: addPolynomials(data, part(b), message), c1: part(a) };
  };
  const timesSecret = (c1: PackedPolynomial, secret: Uint8Array): PackedPolynomial =>
    multiplyPolynomials(data, c1, secret.slice(0, bytes));
  return {
    set: REAL,
    keyShare(a) {
      const s = small(key);
      const noisy = addPolynomials(key, multiplyPolynomials(key, a, s), small(key));
      return { secret: s, share: subtractPolynomials(key, new Uint8Array(polynomialBytes(key)), noisy) };
    },
    encrypt: (publicKey, message) => encrypt(publicKey, lifted(data, message)),
    encryptZero: (publicKey) => encrypt(publicKey, new Uint8Array(bytes)),
    timesSecret,
    decrypt: (secret, { c0, c1 }) => rounded(unpack(addPolynomials(data, c0, timesSecret(c1, secret)), data)),
  };
}

/** A polynomial of -1, 0 and 1. */
function packedSmall({ primes }: Ring, bytes: Uint8Array): PackedPolynomial {
  return packedNumbers(primes, bytes, (byte, prime) => (byte % 3 === 2 ? prime - 1 : byte % 3));
}

/** floor(Q/t)·m: as good as rounding, for what is lost is noise below t. */
function lifted({ primes }: Ring, slots: Slots): PackedPolynomial {
  if (slots.length !== REAL.slots || slots.some((slot) => slot < 0 || slot >= REAL.t)) throw badLength();
  const message = packedNumbers(primes, slots, (slot, prime) => slot % prime);
  const scale = packedNumbers(primes, slots, (_, prime) => Number(DELTA % BigInt(prime)));
  return multiplyPolynomials(REAL.data, message, scale);
}

function packedNumbers(
  primes: readonly number[],
  numbers: ArrayLike<number>,
  residueOf: (number: number, prime: number) => number,
): PackedPolynomial {
  const words = new Uint32Array(primes.length * numbers.length * 2);
  primes.forEach((prime, row) => {
    for (let column = 0; column < numbers.length; column += 1) {
      const residue = residueOf(numbers[column] ?? 0, prime);
      const at = 2 * (row * numbers.length + column);
      words[at] = residue % 2 ** 32;
      words[at + 1] = Math.floor(residue / 2 ** 32);
    }
  });
  return new Uint8Array(words.buffer);
}

/** round(t·v / Q) mod t, coefficient by coefficient. */
function rounded(noisy: Polynomial): Slots {
  return Float64Array.from(noisy, (value) => Number(((2n * value * T + Q) / (2n * Q)) % T));
}

/** round(Q·m / t), coefficient by coefficient. */
function scaled(slots: Slots): Polynomial {
  if (slots.length !== N || slots.some((slot) => slot < 0 || slot >= REAL.t)) throw badLength();
  return Array.from(slots, (slot) => (2n * Q * BigInt(slot) + T) / (2n * T));
}

function add(left: Polynomial, right: Polynomial): Polynomial {
  return left.map((value, at) => reduce(value + (right[at] ?? 0n)));
}

/** The product mod x^16 + 1. */
function multiply(left: Polynomial, right: Polynomial): Polynomial {
  const product = new Array<bigint>(N).fill(0n);
  left.forEach((a, i) => {
    right.forEach((b, j) => {
      const at = (i + j) % N;
      product[at] = (product[at] ?? 0n) + (i + j < N ? a * b : -a * b);
    });
  });
  return product.map(reduce);
}

function reduce(value: bigint): bigint {
  const rest = value % Q;
  return rest < 0n ? rest + Q : rest;
}

/** Residue by residue, as the real ones travel. */
function pack(polynomial: Polynomial): PackedPolynomial {
  const residues = PRIMES.flatMap((prime) => polynomial.map((value) => reduce(value) % prime));
  return new Uint8Array(BigUint64Array.from(residues).buffer);
}

/** Back by the Chinese remainder theorem. */
function unpack(packed: PackedPolynomial, ring: Ring = RING): Polynomial {
  if (packed.length !== polynomialBytes(ring)) throw badLength();
  const residues = new BigUint64Array(packed.slice().buffer);
  return Array.from({ length: ring.n }, (_, at) =>
    reduce(LIFTS.reduce((sum, lift, row) => sum + lift * (residues[row * ring.n + at] ?? 0n), 0n)),
  );
}

/** By prime: the number that is 1 mod that prime and 0 mod the others. */
const LIFTS: readonly bigint[] = PRIMES.map((prime) => {
  const rest = Q / prime;
  return rest * inverse(rest % prime, prime);
});

function inverse(value: bigint, prime: bigint): bigint {
  let result = 1n;
  let square = value;
  for (let exponent = prime - 2n; exponent > 0n; exponent /= 2n) {
    if (exponent % 2n === 1n) result = (result * square) % prime;
    square = (square * square) % prime;
  }
  return result;
}

function badLength(): HeError {
  return new HeError("refused", "toy: expected polynomials and slots of the agreed form");
}
