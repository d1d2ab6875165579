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

/**
 * Adds one number uniform in [-2^bits, 2^bits) to each coefficient, the same number under every prime. `stream` has
 * `FLOOD_BYTES` uniform bytes for each coefficient; `bits` is 64 to 95.
 */
export function flood(
  ring: Ring,
  packed: PackedPolynomial,
  bits: number,
  stream: Uint8Array,
): PackedPolynomial {
  if (stream.length !== ring.n * FLOOD_BYTES || bits < 64 || bits > 95) throw refused();
  const from = wordsOf(ring, packed);
  const noise = new Uint32Array(stream.slice().buffer);
  const { result, words } = blank(ring);
  const top = 2 ** (bits + 1 - 64); // the two low words are whole, the third is cut to what is left of bits + 1
  eachRow(ring, (first, end, prime) => {
    const inverse = 1 / prime;
    const word = HIGH % prime;
    const square = multiplyMod(word, word, prime, inverse);
    for (let at = first; at < end; at += 1) {
      const place = (at - first) * 4;
      const middle = multiplyMod((noise[place + 1] ?? 0) % prime, word, prime, inverse);
      const low = addMod((noise[place] ?? 0) % prime, middle, prime);
      const signed = ((noise[place + 2] ?? 0) % top) - top / 2; // shifts the range by 2^bits below zero
      const high = multiplyMod(((signed % prime) + prime) % prime, square, prime, inverse);
      put(words, at, addMod(residueAt(from, at), addMod(low, high, prime), prime));
    }
  });
  noise.fill(0);
  return result;
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
