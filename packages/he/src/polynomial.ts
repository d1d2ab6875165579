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
  eachResidue(ring, (at, prime) => {
    const residue = residueAt(words, at);
    bad |= Number(residue >= prime);
    any |= Number(residue > 0);
  });
  if (bad === 0 && any === 1) return packed;
  throw refused(); // a zero polynomial would be a ciphertext without a secret in it: the plaintext in clear
}

/** The sum, residue by residue. */
export function addPolynomials(
  ring: Ring,
  left: PackedPolynomial,
  right: PackedPolynomial,
): PackedPolynomial {
  return combine(ring, left, right, addMod);
}

/** The difference, residue by residue. */
export function subtractPolynomials(
  ring: Ring,
  left: PackedPolynomial,
  right: PackedPolynomial,
): PackedPolynomial {
  return combine(ring, left, right, subtractMod);
}

/** The product of the residues at each place: a product of polynomials where both stand in NTT form. */
export function multiplyPolynomials(
  ring: Ring,
  left: PackedPolynomial,
  right: PackedPolynomial,
): PackedPolynomial {
  return combine(ring, left, right, multiplyMod);
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
  const { n } = ring;
  if (stream.length !== n * FLOOD_BYTES || bits < 64 || bits > 95) throw refused();
  const from = wordsOf(ring, packed);
  const noise = new Uint32Array(stream.slice().buffer);
  const { result, words } = blank(ring);
  const top = 2 ** (bits + 1 - 64); // the two low words are whole, the third is cut to what is left of bits + 1
  eachResidue(ring, (at, prime, inverse) => {
    const place = (at % n) * 4;
    const low = addMod(
      (noise[place] ?? 0) % prime,
      multiplyMod((noise[place + 1] ?? 0) % prime, HIGH % prime, prime, inverse),
      prime,
    );
    const square = multiplyMod(HIGH % prime, HIGH % prime, prime, inverse);
    const signed = ((noise[place + 2] ?? 0) % top) - top / 2; // 2^64 * signed: shifts the range below zero
    const residue = signed < 0 ? (signed % prime) + prime : signed % prime;
    const high = multiplyMod(residue % prime, square, prime, inverse);
    put(words, at, addMod(residueAt(from, at), addMod(low, high, prime), prime));
  });
  noise.fill(0);
  return result;
}

type Operation = (left: number, right: number, prime: number, inverse: number) => number;

function combine(
  ring: Ring,
  left: PackedPolynomial,
  right: PackedPolynomial,
  operation: Operation,
): PackedPolynomial {
  const a = wordsOf(ring, left);
  const b = wordsOf(ring, right);
  const { result, words } = blank(ring);
  eachResidue(ring, (at, prime, inverse) => {
    put(words, at, operation(residueAt(a, at), residueAt(b, at), prime, inverse));
  });
  return result;
}

function eachResidue({ n, primes }: Ring, visit: (at: number, prime: number, inverse: number) => void): void {
  primes.forEach((prime, row) => {
    const inverse = 1 / prime;
    for (let at = row * n; at < (row + 1) * n; at += 1) visit(at, prime, inverse);
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
