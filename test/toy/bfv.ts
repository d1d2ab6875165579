// SPDX-License-Identifier: Apache-2.0
import {
  type Ciphertext,
  type HeBackend,
  HeError,
  type PackedPolynomial,
  type ParameterSet,
  parameterSet,
  polynomialBytes,
  type Randomness,
  type Ring,
  type Slots,
} from "@koplamp/he";
import type { Rng } from "@koplamp/protocol";
import {
  addPolynomials,
  multiplyPolynomials,
  subtractPolynomials,
} from "../../packages/he/src/polynomial.ts";

const AMOUNTS = parameterSet("bfv-amt-50-pq");
const N = 16;
const RING: Ring = { n: N, primes: AMOUNTS.data.primes };
const PRIMES: readonly bigint[] = RING.primes.map(BigInt);
const Q: bigint = PRIMES.reduce((product, prime) => product * prime, 1n);

/** A real set in 16 slots and without a special prime: 12 cells a block. */
function tinySet(real: ParameterSet): ParameterSet {
  return { ...real, id: "tiny", code: 96 + real.code, slots: N, data: RING, key: RING };
}

/** The set for sums. */
export const TINY_SET: ParameterSet = { ...tinySet(AMOUNTS), code: 99 };

/** A polynomial mod Q, lowest coefficient first. */
type Polynomial = readonly bigint[];

/**
 * BFV by the book, over x^16 + 1 and in BigInt: in place of SEAL, some thousand times as fast and worthless as
 * cryptography, since lattices of dimension 16 are no obstacle. Keys are in coefficient form. Slots are coefficients in
 * the set for sums; in sets with products they are values at the roots of x^16 + 1, as in SEAL.
 */
export function tinyBfv(rng: Rng, set: ParameterSet = TINY_SET): HeBackend {
  const t = BigInt(set.t);
  const small = (): Polynomial => Array.from(rng(N), (byte) => BigInt(byte % 3) - 1n);
  const encode = (slots: Slots): Polynomial =>
    set.products === undefined ? bigints(slots, t) : interpolated(bigints(slots, t), t);
  const decode = (message: Polynomial): Slots =>
    Float64Array.from(set.products === undefined ? message : values(message, t), Number);
  const message = (slots: Slots): Polynomial => encode(slots).map((slot) => (2n * Q * slot + t) / (2n * t));
  const encrypt = (
    { b, a }: { b: PackedPolynomial; a: PackedPolynomial },
    plain: Polynomial,
    [u, e0, e1]: readonly [Polynomial, Polynomial, Polynomial] = [small(), small(), small()],
  ): Ciphertext => ({
    c0: pack(add(add(multiply(unpack(b), u), e0), plain)),
    c1: pack(add(multiply(unpack(a), u), e1)),
  });
  return {
    set,
    forSet: (id) => tinyBfv(rng, tinySet(parameterSet(id))),
    keyShare(a) {
      const s = small();
      const b = add(multiply(unpack(a), s), small()).map((value) => -value);
      return { secret: pack(s), share: pack(b) };
    },
    encrypt: (key, slots) => encrypt(key, message(slots)),
    encryptZero: (key) => encrypt(key, new Array<bigint>(N).fill(0n)),
    timesSecret: (c1, secret) => pack(multiply(unpack(c1), unpack(secret))),
    decrypt(secret, { c0, c1 }) {
      const noisy = add(unpack(c0), multiply(unpack(c1), unpack(secret)));
      return decode(rounded(noisy, t));
    },
    encryptUnder(secret, a, slots) {
      const product = toNtt(pack(multiply(unpack(fromNtt(a)), unpack(secret))));
      return subtractPolynomials(RING, toNtt(pack(add(message(slots), small()))), product);
    },
    encryptWith(key, slots, { u, e0, e1 }) {
      const { c0, c1 } = encrypt(key, message(slots), [unpack(u), unpack(e0), unpack(e1)]);
      return { c0: toNtt(c0), c1: toNtt(c1) };
    },
    factor: (slots) => toNtt(pack(encode(slots).map((value) => centred(value, t)))),
    fromNtt: ({ c0, c1 }) => ({ c0: fromNtt(c0), c1: fromNtt(c1) }),
    addPlain: ({ c0, c1 }, slots) => ({ c0: addPolynomials(RING, c0, pack(message(slots))), c1 }),
  };
}

/** A polynomial as its values at the roots of x^16 + 1, prime by prime. */
function toNtt(packed: PackedPolynomial): PackedPolynomial {
  return eachPrime(packed, values);
}

function fromNtt(packed: PackedPolynomial): PackedPolynomial {
  return eachPrime(packed, interpolated);
}

function eachPrime(
  packed: PackedPolynomial,
  transform: (row: Polynomial, prime: bigint) => Polynomial,
): PackedPolynomial {
  const residues = [...new BigUint64Array(packed.slice().buffer)];
  const rows = PRIMES.flatMap((prime, row) => transform(residues.slice(row * N, (row + 1) * N), prime));
  return new Uint8Array(BigUint64Array.from(rows).buffer);
}

/** The values of a polynomial at the odd powers of a 32nd root of unity, which are the roots of x^16 + 1. */
function values(polynomial: Polynomial, prime: bigint): Polynomial {
  const powers = powersOf(prime);
  return Array.from({ length: N }, (_, at) =>
    polynomial.reduce((sum, value, power) => {
      return (sum + value * (powers[((2 * at + 1) * power) % (2 * N)] ?? 0n)) % prime;
    }, 0n),
  );
}

/** The polynomial that has these values there. */
function interpolated(row: Polynomial, prime: bigint): Polynomial {
  const powers = powersOf(prime);
  const scale = inverse(BigInt(N), prime);
  return Array.from({ length: N }, (_, power) => {
    const sum = row.reduce((part, value, at) => {
      return part + value * (powers[(2 * N * power - (2 * at + 1) * power) % (2 * N)] ?? 0n);
    }, 0n);
    return ((sum % prime) * scale) % prime;
  });
}

/** The powers of a primitive 32nd root of unity. */
function powersOf(prime: bigint): readonly bigint[] {
  const found = ROOTS.get(prime);
  if (found !== undefined) return found;
  let root = 0n;
  for (let base = 2n; raised(root, BigInt(N), prime) !== prime - 1n; base += 1n) {
    root = raised(base, (prime - 1n) / BigInt(2 * N), prime);
  }
  const powers = Array.from({ length: 2 * N }, (_, power) => raised(root, BigInt(power), prime));
  ROOTS.set(prime, powers);
  return powers;
}

const ROOTS = new Map<bigint, readonly bigint[]>();

/**
 * The same scheme over 8,192 separate numbers instead of one ring, with every length and noise of the real set: what
 * comes out is right, and a child could read what goes in. NTT form is no other form. It costs what SEAL does, but for
 * the context.
 */
export function toyBfv(rng: Rng, set: ParameterSet = AMOUNTS): HeBackend {
  const { data, key, slots } = set;
  const bytes = polynomialBytes(data);
  const small = (ring: Ring): PackedPolynomial => packedSmall(ring, rng(slots));
  const encrypt = (
    { b, a }: { b: PackedPolynomial; a: PackedPolynomial },
    message: PackedPolynomial,
    { u, e0, e1 }: Randomness = { u: small(data), e0: small(data), e1: small(data) },
  ): Ciphertext => {
    const part = (of: PackedPolynomial, error: PackedPolynomial): PackedPolynomial =>
      addPolynomials(data, multiplyPolynomials(data, of.slice(0, bytes), u), error);
    return { c0: addPolynomials(data, part(b, e0), message), c1: part(a, e1) };
  };
  const timesSecret = (c1: PackedPolynomial, secret: Uint8Array): PackedPolynomial =>
    multiplyPolynomials(data, c1, secret.slice(0, bytes));
  return {
    set,
    forSet: (id) => toyBfv(rng, parameterSet(id)),
    keyShare(a) {
      const s = small(key);
      const noisy = addPolynomials(key, multiplyPolynomials(key, a, s), small(key));
      return { secret: s, share: subtractPolynomials(key, new Uint8Array(polynomialBytes(key)), noisy) };
    },
    encrypt: (publicKey, message) => encrypt(publicKey, lifted(set, message)),
    encryptZero: (publicKey) => encrypt(publicKey, new Uint8Array(bytes)),
    timesSecret,
    decrypt: (secret, { c0, c1 }) =>
      Float64Array.from(
        rounded(unpack(addPolynomials(data, c0, timesSecret(c1, secret)), data), BigInt(set.t)),
        Number,
      ),
    encryptUnder(secret, a, message) {
      const noisy = addPolynomials(data, lifted(set, message), small(data));
      return subtractPolynomials(data, noisy, timesSecret(a, secret));
    },
    encryptWith: (publicKey, message, randomness) => encrypt(publicKey, lifted(set, message), randomness),
    factor: (factors) =>
      packedNumbers(data.primes, factors, (slot, prime) => {
        const signed = slot > set.t / 2 ? slot - set.t : slot;
        return ((signed % prime) + prime) % prime;
      }),
    fromNtt: (ciphertext) => ciphertext,
    addPlain: ({ c0, c1 }, message) => ({ c0: addPolynomials(data, c0, lifted(set, message)), c1 }),
  };
}

/** A polynomial of -1, 0 and 1. */
function packedSmall({ primes }: Ring, bytes: Uint8Array): PackedPolynomial {
  return packedNumbers(primes, bytes, (byte, prime) => (byte % 3 === 2 ? prime - 1 : byte % 3));
}

/** floor(Q/t)·m: as good as rounding, for what is lost is noise below t, and below t² in a product. */
function lifted({ data, slots: most, t }: ParameterSet, slots: Slots): PackedPolynomial {
  if (slots.length !== most || slots.some((slot) => slot < 0 || slot >= t)) throw badLength();
  const message = packedNumbers(data.primes, slots, (slot, prime) => slot % prime);
  const scale = packedNumbers(data.primes, slots, (_, prime) => Number((Q / BigInt(t)) % BigInt(prime)));
  return multiplyPolynomials(data, message, scale);
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
function rounded(noisy: Polynomial, t: bigint): Polynomial {
  return noisy.map((value) => ((2n * value * t + Q) / (2n * Q)) % t);
}

function bigints(slots: Slots, t: bigint): Polynomial {
  if (slots.length !== N || slots.some((slot) => slot < 0 || slot >= t)) throw badLength();
  return Array.from(slots, BigInt);
}

/** The representative in (-t/2, t/2). */
function centred(value: bigint, t: bigint): bigint {
  return 2n * value > t ? value - t : value;
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
  return raised(value, prime - 2n, prime);
}

function raised(base: bigint, exponent: bigint, prime: bigint): bigint {
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0n; rest /= 2n) {
    if (rest % 2n === 1n) result = (result * square) % prime;
    square = (square * square) % prime;
  }
  return result;
}

function badLength(): HeError {
  return new HeError("refused", "toy: expected polynomials and slots of the agreed form");
}
