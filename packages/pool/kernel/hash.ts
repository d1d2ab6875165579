// SPDX-License-Identifier: Apache-2.0
// SHA-512 (FIPS 180-4) and expand_message_xmd with it (RFC 9380, section 5.3.1), for messages that were copied in. Lengths
// are public, bytes are not.
import { LEFT, MESSAGE } from "./memory";
import { IN_HASH } from "./scratch";

const ROUNDS: usize = memory.data<u64>([
  0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc, 0x3956c25bf348b538,
  0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118, 0xd807aa98a3030242, 0x12835b0145706fbe,
  0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2, 0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235,
  0xc19bf174cf692694, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
  0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5, 0x983e5152ee66dfab,
  0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2, 0xd5a79147930aa725,
  0x06ca6351e003826f, 0x142929670a0e6e70, 0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed,
  0x53380d139d95b3df, 0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
  0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218,
  0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8, 0x19a4c116b8d2d0c8, 0x1e376c085141ab53,
  0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373,
  0x682e6ff3d6b2b8a3, 0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
  0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b, 0xca273eceea26619c,
  0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba, 0x0a637dc5a2c898a6,
  0x113f9804bef90dae, 0x1b710b35131c471b, 0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc,
  0x431d67c49c100d4c, 0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
]);
const START: usize = memory.data<u64>([
  0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0x510e527fade682d1,
  0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
]);
/** The state after a block of zeros, with which every message begins that is expanded. */
const AFTER_ZEROS: usize = memory.data(64, 16);

const STATE: usize = IN_HASH;
const WORDS: usize = IN_HASH + 64;
const SECOND: usize = IN_HASH + 192;

/** Bytes of a block and of a digest, and of the length that ends a message. */
const BLOCK: i32 = 128;
const DIGEST: i32 = 64;
const LENGTH: i32 = 16;
/** Bytes before the separator in the tail of a message: I2OSP(64, 2) and a zero. */
const BEFORE_SEPARATOR: i32 = 3;

/** Must be called before anything else of this file. */
export function initHash(): void {
  memory.copy(STATE, START, DIGEST);
  memory.fill(SECOND, 0, BLOCK);
  compress(SECOND);
  memory.copy(AFTER_ZEROS, STATE, DIGEST);
}

@inline
function word(at: i32): u64 {
  return load<u64>(WORDS + ((at & 15) << 3));
}

@inline
function scheduled(at: i32): u64 {
  const x = word(at - 15);
  const y = word(at - 2);
  const small = rotr<u64>(x, 1) ^ rotr<u64>(x, 8) ^ (x >> 7);
  return word(at) + small + word(at - 7) + (rotr<u64>(y, 19) ^ rotr<u64>(y, 61) ^ (y >> 6));
}

/** Works one block into STATE. */
function compress(block: usize): void {
  let a = load<u64>(STATE);
  let b = load<u64>(STATE, 8);
  let c = load<u64>(STATE, 16);
  let d = load<u64>(STATE, 24);
  let e = load<u64>(STATE, 32);
  let f = load<u64>(STATE, 40);
  let g = load<u64>(STATE, 48);
  let h = load<u64>(STATE, 56);
  for (let round = 0; round < 80; round++) {
    const w = round < 16 ? bswap<u64>(load<u64>(block + (round << 3))) : scheduled(round);
    store<u64>(WORDS + ((round & 15) << 3), w);
    const s1 = rotr<u64>(e, 14) ^ rotr<u64>(e, 18) ^ rotr<u64>(e, 41);
    const t1 = h + s1 + ((e & f) ^ (~e & g)) + load<u64>(ROUNDS + (round << 3)) + w;
    const s0 = rotr<u64>(a, 28) ^ rotr<u64>(a, 34) ^ rotr<u64>(a, 39);
    const t0 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t0;
  }
  addState(0, a);
  addState(8, b);
  addState(16, c);
  addState(24, d);
  addState(32, e);
  addState(40, f);
  addState(48, g);
  addState(56, h);
}

@inline
function addState(at: usize, value: u64): void {
  store<u64>(STATE + at, load<u64>(STATE + at) + value);
}

@inline
function storeDigest(to: usize): void {
  for (let at: i32 = 0; at < DIGEST; at += 8) store<u64>(to + at, bswap<u64>(load<u64>(STATE + at)));
}

/** Puts behind `length` bytes what ends a message of which `before` bytes came earlier. Gives the number of blocks. */
function pad(at: usize, length: i32, before: i32): i32 {
  const blocks = (length + 1 + LENGTH + BLOCK - 1) >> 7;
  const end = blocks * BLOCK;
  store<u8>(at + length, 0x80);
  memory.fill(at + length + 1, 0, end - length - 1);
  store<u64>(at + end - 8, bswap<u64>(u64((before + length) * 8)));
  return blocks;
}

/**
 * MESSAGE: `length` bytes, and a tail of I2OSP(64, 2), a zero and the separator with its own length, at most 49 bytes.
 * Puts the 64 uniform bytes of it where the item of that number is expected at LEFT.
 */
export function expand(item: i32, length: i32, tail: i32): void {
  const separator = tail - BEFORE_SEPARATOR;
  memory.copy(SECOND + DIGEST + 1, MESSAGE + length + BEFORE_SEPARATOR, separator);
  const blocks = pad(MESSAGE, length + tail, BLOCK);
  memory.copy(STATE, AFTER_ZEROS, DIGEST);
  for (let block = 0; block < blocks; block++) compress(MESSAGE + block * BLOCK);
  storeDigest(SECOND);
  store<u8>(SECOND + DIGEST, 1);
  pad(SECOND, DIGEST + 1 + separator, 0);
  memory.copy(STATE, START, DIGEST);
  compress(SECOND);
  storeDigest(LEFT + item * DIGEST);
}
