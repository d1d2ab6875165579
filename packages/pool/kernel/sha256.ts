// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4) of four messages at a time, one in each lane: what one block does to the state of all four.
import { IN_HASH } from "./scratch";

const ROUNDS: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
]);
const START: usize = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);

/** Bytes of a block, and of a digest. */
export const BLOCK: usize = 64;
export const DIGEST: usize = 32;
/** A word of each of four messages. */
const LANES: usize = 16;
/** The four states, and all words of a block after the schedule. */
const STATE: usize = IN_HASH;
const WORDS: usize = IN_HASH + 8 * LANES;

/** All four messages begin anew. */
export function begin(): void {
  for (let word: usize = 0; word < 8; word++) {
    v128.store(STATE + word * LANES, v128.load32_splat(START + 4 * word));
  }
}

/** All four go on from a state that `keep` put at `from`. */
export function resume(from: usize): void {
  memory.copy(STATE, from, 8 * LANES);
}

export function keep(to: usize): void {
  memory.copy(to, STATE, 8 * LANES);
}

@inline
function rotated(x: v128, by: i32): v128 {
  return v128.or(i32x4.shr_u(x, by), i32x4.shl(x, 32 - by));
}

/** The words of four messages are read in four rows, and stand in four columns then. */
@inline
function loadWords(from: usize, stride: usize, to: usize): void {
  const a = bigEndian(v128.load(from));
  const b = bigEndian(v128.load(from + stride));
  const c = bigEndian(v128.load(from + 2 * stride));
  const d = bigEndian(v128.load(from + 3 * stride));
  const low = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const high = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const under = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const over = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(low, under, 0, 2));
  v128.store(to + LANES, v128.shuffle<i64>(low, under, 1, 3));
  v128.store(to + 2 * LANES, v128.shuffle<i64>(high, over, 0, 2));
  v128.store(to + 3 * LANES, v128.shuffle<i64>(high, over, 1, 3));
}

@inline
function bigEndian(x: v128): v128 {
  return v128.shuffle<i8>(x, x, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

@inline
function schedule(at: usize): void {
  const x = v128.load(at - 15 * LANES);
  const y = v128.load(at - 2 * LANES);
  const small = v128.xor(v128.xor(rotated(x, 7), rotated(x, 18)), i32x4.shr_u(x, 3));
  const large = v128.xor(v128.xor(rotated(y, 17), rotated(y, 19)), i32x4.shr_u(y, 10));
  const before = i32x4.add(v128.load(at - 16 * LANES), v128.load(at - 7 * LANES));
  v128.store(at, i32x4.add(i32x4.add(before, small), large));
}

/** What is added to d, and to the sum that becomes a. `summed`: as for `rounds`. */
@inline
function first(e: v128, f: v128, g: v128, h: v128, round: usize, summed: usize): v128 {
  const sum = v128.xor(v128.xor(rotated(e, 6), rotated(e, 11)), rotated(e, 25));
  const choice = v128.xor(g, v128.and(e, v128.xor(f, g)));
  const word =
    summed === 0
      ? i32x4.add(v128.load(WORDS + round * LANES), v128.load32_splat(ROUNDS + round * 4))
      : v128.load32_splat(summed + round * 4);
  return i32x4.add(i32x4.add(i32x4.add(h, word), choice), sum);
}

@inline
function second(a: v128, b: v128, c: v128): v128 {
  const sum = v128.xor(v128.xor(rotated(a, 2), rotated(a, 13)), rotated(a, 22));
  return i32x4.add(sum, v128.xor(v128.and(v128.xor(a, b), v128.xor(b, c)), b));
}

/** Works one block of each message into its state; the blocks of two messages are `stride` apart. */
export function compress(block: usize, stride: usize): void {
  loadBlock(block, stride);
  compressWords();
}

@inline
function loadBlock(block: usize, stride: usize): void {
  for (let row: usize = 0; row < 4; row++) loadWords(block + row * 16, stride, WORDS + row * 4 * LANES);
}

/** All words of a block, of which the first sixteen stand at WORDS. */
@inline
function scheduleAll(): void {
  for (let word: usize = 16; word < 64; word++) schedule(WORDS + word * LANES);
}

/** As `compress`, with the words of the four blocks where `WORDS` has them. */
function compressWords(): void {
  scheduleAll();
  rounds(0);
}

/** As `compress`, for a block that all four messages have, of which `sumWords` put down what its rounds add. */
export function compressSummed(summed: usize): void {
  rounds(summed);
}

/** Puts down what the rounds of a block add, 64 words: its schedule, and the constant of each round. */
export function sumWords(block: usize, to: usize): void {
  loadBlock(block, 0);
  scheduleAll();
  for (let round: usize = 0; round < 64; round++) {
    store<u32>(to + round * 4, load<u32>(WORDS + round * LANES) + load<u32>(ROUNDS + round * 4));
  }
}

/** The rounds of a block, whose words stand at WORDS or, where it is not 0, at `summed` with their constants. */
@inline
function rounds(summed: usize): void {
  let a = v128.load(STATE);
  let b = v128.load(STATE, 16);
  let c = v128.load(STATE, 32);
  let d = v128.load(STATE, 48);
  let e = v128.load(STATE, 64);
  let f = v128.load(STATE, 80);
  let g = v128.load(STATE, 96);
  let h = v128.load(STATE, 112);
  for (let round: usize = 0; round < 64; round += 8) {
    h = first(e, f, g, h, round, summed);
    d = i32x4.add(d, h);
    h = i32x4.add(h, second(a, b, c));
    g = first(d, e, f, g, round + 1, summed);
    c = i32x4.add(c, g);
    g = i32x4.add(g, second(h, a, b));
    f = first(c, d, e, f, round + 2, summed);
    b = i32x4.add(b, f);
    f = i32x4.add(f, second(g, h, a));
    e = first(b, c, d, e, round + 3, summed);
    a = i32x4.add(a, e);
    e = i32x4.add(e, second(f, g, h));
    d = first(a, b, c, d, round + 4, summed);
    h = i32x4.add(h, d);
    d = i32x4.add(d, second(e, f, g));
    c = first(h, a, b, c, round + 5, summed);
    g = i32x4.add(g, c);
    c = i32x4.add(c, second(d, e, f));
    b = first(g, h, a, b, round + 6, summed);
    f = i32x4.add(f, b);
    b = i32x4.add(b, second(c, d, e));
    a = first(f, g, h, a, round + 7, summed);
    e = i32x4.add(e, a);
    a = i32x4.add(a, second(b, c, d));
  }
  addState(0, a);
  addState(16, b);
  addState(32, c);
  addState(48, d);
  addState(64, e);
  addState(80, f);
  addState(96, g);
  addState(112, h);
}

@inline
function addState(at: usize, value: v128): void {
  v128.store(STATE + at, i32x4.add(v128.load(STATE + at), value));
}

/** Puts 32 bytes of each of four, `DIGEST` apart, and 32 more that all have, under a pad: the first block of an HMAC. */
export function compressKeys(keys: usize, pad: i32): void {
  const under = i32x4.splat(pad);
  loadWords(keys, DIGEST, WORDS);
  loadWords(keys + 16, DIGEST, WORDS + 4 * LANES);
  for (let word: usize = 0; word < 8; word++) {
    v128.store(WORDS + word * LANES, v128.xor(v128.load(WORDS + word * LANES), under));
    v128.store(WORDS + (8 + word) * LANES, under);
  }
  compressWords();
}

/** The digests of the four states become the last block of messages that have 64 bytes before it, from the state at `from`. */
export function compressDigests(from: usize): void {
  memory.copy(WORDS, STATE, 8 * LANES);
  v128.store(WORDS, i32x4.splat(0x80000000), 8 * LANES);
  for (let word: usize = 9; word < 15; word++) v128.store(WORDS + word * LANES, i32x4.splat(0));
  v128.store(WORDS, i32x4.splat((BLOCK + DIGEST) * 8), 15 * LANES);
  resume(from);
  compressWords();
}

/** The first `bytes` of the digest of the message in a lane, as its state stands. */
export function digest(lane: usize, to: usize, bytes: usize): void {
  for (let byte: usize = 0; byte < bytes; byte += 4) {
    store<u32>(to + byte, bswap<u32>(load<u32>(STATE + (byte * LANES) / 4 + 4 * lane)));
  }
}
