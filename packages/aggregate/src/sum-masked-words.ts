// SPDX-License-Identifier: Apache-2.0
// Whole numbers as words of 64 or 128 bits, two's complement, and the arithmetic of masks: addition modulo 2^bits.
// Lanes of 32 bits with a carry: BigInt would cost a hundred times as much.

/** Bits of a word. */
export type Bits = 64 | 128;

/** Lanes of one chunk's check words: a count and two check sums of 128 bits each, so that no sum of them wraps. */
export const TAIL_LANES = 12;
/** Lanes of 128 bits. */
const WIDE = 4;
const WORD = 2 ** 32;
const CHUNK_LANES = 65_536;

/** Numbers in one chunk: with its check words it fits a frame. */
export function numbersPerChunk(bits: Bits): number {
  return (CHUNK_LANES - TAIL_LANES) / lanesOf(bits);
}

/** Lanes of a word. */
export function lanesOf(bits: Bits): number {
  return bits / 32;
}

/** Whole doubles as words of 64 bits. */
export function packDoubles(numbers: Float64Array): Uint32Array {
  const words = new Uint32Array(2 * numbers.length);
  numbers.forEach((value, at) => {
    const high = Math.floor(value / WORD);
    words[2 * at] = value - high * WORD;
    words[2 * at + 1] = high; // kept modulo 2^32: two's complement
  });
  return words;
}

/** Words of 64 bits as doubles, in the same memory: exact for numbers up to 2^53 in size. */
export function doublesInPlace(words: Uint32Array): Float64Array {
  const doubles = new Float64Array(words.buffer, words.byteOffset, words.length / 2);
  for (let at = 0; at < doubles.length; at += 1) {
    doubles[at] = ((words[2 * at + 1] ?? 0) | 0) * WORD + (words[2 * at] ?? 0);
  }
  return doubles;
}

/** Whole numbers as words of 128 bits. */
export function packWide(numbers: readonly bigint[]): Uint32Array {
  const halves = new BigUint64Array(2 * numbers.length);
  numbers.forEach((value, at) => {
    halves[2 * at] = BigInt.asUintN(64, value);
    halves[2 * at + 1] = BigInt.asUintN(64, value >> 64n);
  });
  return new Uint32Array(halves.buffer);
}

/** Words of 128 bits as the numbers that they are. */
export function wideOf(words: Uint32Array): readonly bigint[] {
  const halves = new BigUint64Array(words.buffer, words.byteOffset, words.length / 2);
  return Array.from({ length: halves.length / 2 }, (_, at) =>
    BigInt.asIntN(128, ((halves[2 * at + 1] ?? 0n) << 64n) + (halves[2 * at] ?? 0n)),
  );
}

/** Lanes as the bytes of a message, and back. Every machine that runs this is little-endian. */
export function bytesOfLanes(lanes: Uint32Array): Uint8Array {
  return new Uint8Array(lanes.buffer, lanes.byteOffset, lanes.byteLength);
}

/** The lanes of a message: a copy where its bytes do not stand on a boundary of lanes. */
export function lanesOfBytes(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}

/** Adds one chunk to another: words of `bits` each, the check words at its end of 128. */
export function addChunk(to: Uint32Array, other: Uint32Array, bits: Bits): void {
  const numbers = to.length - TAIL_LANES;
  addLanes(to, other, 0, numbers, lanesOf(bits));
  addLanes(to, other, numbers, to.length, WIDE);
}

/** Subtracts one chunk from another. */
export function subtractChunk(from: Uint32Array, other: Uint32Array, bits: Bits): void {
  const numbers = from.length - TAIL_LANES;
  subtractLanes(from, other, 0, numbers, lanesOf(bits));
  subtractLanes(from, other, numbers, from.length, WIDE);
}

function addLanes(to: Uint32Array, other: Uint32Array, start: number, end: number, perWord: number): void {
  const last = perWord - 1;
  let carry = 0;
  for (let at = start; at < end; at += 1) {
    if (((at - start) & last) === 0) carry = 0;
    const sum = (to[at] ?? 0) + (other[at] ?? 0) + carry;
    to[at] = sum;
    carry = sum >= WORD ? 1 : 0;
  }
}

function subtractLanes(
  from: Uint32Array,
  other: Uint32Array,
  start: number,
  end: number,
  perWord: number,
): void {
  const last = perWord - 1;
  let borrow = 0;
  for (let at = start; at < end; at += 1) {
    if (((at - start) & last) === 0) borrow = 0;
    const rest = (from[at] ?? 0) - (other[at] ?? 0) - borrow;
    from[at] = rest;
    borrow = rest < 0 ? 1 : 0;
  }
}
