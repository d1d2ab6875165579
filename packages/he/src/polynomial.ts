// SPDX-License-Identifier: Apache-2.0
// Our own arithmetic on polynomials in RNS form: what a node does with its secret never goes through a library's
// branches, and what a peer sent is checked before any library sees it.
import { refused } from "./errors.ts";
import { addMod, multiplyMod, subtractMod } from "./modular.ts";
import { polynomialBytes, type Ring } from "./parameters.ts";

/**
 * A polynomial as it is sent and kept: `n * primes` residues, prime by prime, each a little-endian u64. Whether it
 * stands in coefficient or in NTT form is the caller's to know.
 */
export type PackedPolynomial = Uint8Array;

/** Bytes of the stream behind one flooding number. */
export const FLOOD_BYTES: number = 16;

const HIGH = 2 ** 32;

/**
 * Accepts a polynomial from a peer: exact length, every residue below its prime, not all zero.
 * @throws {HeError} `refused`, naming no position.
 */
export function checkPolynomial(ring: Ring, packed: PackedPolynomial): PackedPolynomial {
  let bad = 0;
  let any = 0;
  const words = wordsOf(ring, packed);
  eachRow(ring, (from, to, prime) => {
    for (let at = from; at < to; at += 1) {
      const residue = residueAt(words, at);
      bad |= Number(residue >= prime);
      any |= Number(residue > 0);
    }
  });
  if (bad === 0 && any === 1) return packed;
  throw refused(); // a zero polynomial would be a ciphertext without a secret in it: the plaintext in clear
}

// The loops of the three operations stand apart: one loop that is handed its operation takes three times as long.

/** The sum, residue by residue. */
export function addPolynomials(
  ring: Ring,
  left: PackedPolynomial,
  right: PackedPolynomial,
): PackedPolynomial {
  const [a, b] = [wordsOf(ring, left), wordsOf(ring, right)];
  const { result, words } = blank(ring);
  eachRow(ring, (from, to, prime) => {
    for (let at = from; at < to; at += 1) put(words, at, addMod(residueAt(a, at), residueAt(b, at), prime));
  });
  return result;
}

/** The difference, residue by residue. */
export function subtractPolynomials(
  ring: Ring,
  left: PackedPolynomial,
  right: PackedPolynomial,
): PackedPolynomial {
  const [a, b] = [wordsOf(ring, left), wordsOf(ring, right)];
  const { result, words } = blank(ring);
  eachRow(ring, (from, to, prime) => {
    for (let at = from; at < to; at += 1)
      put(words, at, subtractMod(residueAt(a, at), residueAt(b, at), prime));
  });
  return result;
}

/** The product of the residues at each place: a product of polynomials where both stand in NTT form. */
export function multiplyPolynomials(
  ring: Ring,
  left: PackedPolynomial,
  right: PackedPolynomial,
): PackedPolynomial {
  const [a, b] = [wordsOf(ring, left), wordsOf(ring, right)];
  const { result, words } = blank(ring);
  eachRow(ring, (from, to, prime) => {
    const inverse = 1 / prime;
    for (let at = from; at < to; at += 1) {
      put(words, at, multiplyMod(residueAt(a, at), residueAt(b, at), prime, inverse));
    }
  });
  return result;
}

/** `sum` plus the product of the residues at each place; the first product makes the sum. */
export function multiplyAdd(
  ring: Ring,
  sum: PackedPolynomial | undefined,
  left: PackedPolynomial,
  right: PackedPolynomial,
): PackedPolynomial {
  if (sum === undefined) return multiplyPolynomials(ring, left, right);
  const [a, b, c] = [wordsOf(ring, left), wordsOf(ring, right), wordsOf(ring, sum)];
  const { result, words } = blank(ring);
  eachRow(ring, (from, to, prime) => {
    const inverse = 1 / prime;
    for (let at = from; at < to; at += 1) {
      const product = multiplyMod(residueAt(a, at), residueAt(b, at), prime, inverse);
      put(words, at, addMod(product, residueAt(c, at), prime));
    }
  });
  return result;
}

/** A polynomial of small numbers, each of magnitude below every prime. */
export function packSmall(ring: Ring, numbers: ArrayLike<number>): PackedPolynomial {
  if (numbers.length !== ring.n) throw refused();
  const { result, words } = blank(ring);
  eachRow(ring, (from, to, prime) => {
    for (let at = from; at < to; at += 1) {
      const number = numbers[at - from] ?? 0;
      put(words, at, number + prime * Number(number < 0));
    }
  });
  return result;
}

/**
 * Uniform residues out of a stream of words of 8 bytes, cut to the bits of their prime, those at or above it skipped.
 * For primes so close below a power of two that this hardly happens, as all data primes are.
 */
export function packUniform(ring: Ring, stream: (length: number) => Uint8Array): PackedPolynomial {
  const { result, words } = blank(ring);
  const spare = 64;
  const from = stream((ring.n * ring.primes.length + spare) * 8);
  const drawn = new Uint32Array(from.slice().buffer);
  let next = 0;
  eachRow(ring, (first, end, prime) => {
    const cut = 2 ** (Math.ceil(Math.log2(prime)) - 32);
    for (let at = first; at < end; next += 1) {
      if (next * 2 >= drawn.length) throw refused(); // chance below 2^-900 for primes this close to 2^45
      const residue = ((drawn[2 * next + 1] ?? 0) % cut) * HIGH + (drawn[2 * next] ?? 0);
      put(words, at, residue < prime ? residue : 0);
      at += Number(residue < prime);
    }
  });
  return result;
}

/**
 * Adds one number uniform in [-2^bits, 2^bits) to each coefficient, the same number under every prime. `stream` has
 * `FLOOD_BYTES` uniform bytes for each coefficient; `bits` is 64 to 126.
 */
export function flood(
  ring: Ring,
  packed: PackedPolynomial,
  bits: number,
  stream: Uint8Array,
): PackedPolynomial {
  if (stream.length !== ring.n * FLOOD_BYTES || bits < 64 || bits > 126) throw refused();
  const from = wordsOf(ring, packed);
  const noise = limbsOf(stream, bits);
  const top = Math.floor(bits / 32);
  const { result, words } = blank(ring);
  eachRow(ring, (first, end, prime) => {
    const inverse = 1 / prime;
    const word = HIGH % prime;
    for (let at = first; at < end; at += 1) {
      const place = (at - first) * 4;
      let number = 0; // Horner's rule over the words, the highest first
      for (let limb = top; limb >= 0; limb -= 1) {
        const residue = (((noise[place + limb] ?? 0) % prime) + prime) % prime;
        number = addMod(limb === top ? 0 : multiplyMod(number, word, prime, inverse), residue, prime);
      }
      put(words, at, addMod(residueAt(from, at), number, prime));
    }
  });
  noise.fill(0);
  return result;
}

/**
 * Each number as words of 32 bits, lowest first, of which the one that holds bit `bits` is cut to what is left of
 * `bits` + 1 and has 2^bits taken away; those above it mean nothing.
 */
function limbsOf(stream: Uint8Array, bits: number): Float64Array {
  const limbs = Float64Array.from(new Uint32Array(stream.slice().buffer));
  const top = Math.floor(bits / 32);
  const range = 2 ** (bits + 1 - 32 * top);
  for (let at = 0; at < limbs.length; at += 4) {
    limbs[at + top] = ((limbs[at + top] ?? 0) % range) - range / 2;
  }
  return limbs;
}

/** The residues of each prime: the half-open range in which they stand. */
function eachRow({ n, primes }: Ring, visit: (from: number, to: number, prime: number) => void): void {
  primes.forEach((prime, row) => {
    visit(row * n, (row + 1) * n, prime);
  });
}

function blank(ring: Ring): { readonly result: PackedPolynomial; readonly words: Uint32Array } {
  const result = new Uint8Array(polynomialBytes(ring));
  return { result, words: new Uint32Array(result.buffer) };
}

/** The residues as pairs of 32-bit words, low first: every machine that runs this is little-endian. */
function wordsOf(ring: Ring, packed: PackedPolynomial): Uint32Array {
  if (packed.length !== polynomialBytes(ring)) throw refused();
  const aligned = packed.byteOffset % 4 === 0 ? packed : packed.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}

function residueAt(words: Uint32Array, at: number): number {
  return (words[2 * at] ?? 0) + (words[2 * at + 1] ?? 0) * HIGH;
}

function put(words: Uint32Array, at: number, residue: number): void {
  const high = Math.floor(residue / HIGH);
  words[2 * at] = residue - high * HIGH;
  words[2 * at + 1] = high;
}
