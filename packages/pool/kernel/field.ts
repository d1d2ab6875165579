// SPDX-License-Identifier: Apache-2.0
// The rest of the arithmetic mod p on pairs of numbers. Units are those of product.ts. No branch and no address depends
// on a number: masks have all bits of a half set, or none.
import { mul, squareTimes } from "./product";
import { FE, IN_FIELD, IN_ROOT } from "./scratch";
import { checkUnit } from "./units";

const ROUND: f64 = 6755399441055744.0; // 1.5·2^52: adding it and taking it off rounds to a whole number
const ROUND_BITS: u64 = 0x4338000000000000;
const EXPONENT: f64 = 4503599627370496.0; // 2^52
const RADIX: f64 = 2251799813685248.0; // 2^51
const MASK51: u64 = (1 << 51) - 1;
const SIGN: u64 = 1 << 63;

const WORDS: usize = memory.data<u64>([
  // d, and twice d
  0x75eb4dca135978a3, 0x00700a4d4141d8ab, 0x8cc740797779e898, 0x52036cee2b6ffe73, 0xebd69b9426b2f159,
  0x00e0149a8283b156, 0x198e80f2eef3d130, 0x2406d9dc56dffce7,
  // √-1, √(-d - 1), 1/√(-1 - d), 1 - d², (d - 1)²
  0xc4ee1b274a0ea0b0, 0x2f431806ad2fe478, 0x2b4d00993dfbd7a7, 0x2b8324804fc1df0b, 0x7e97f6a0497b2e1b,
  0xaf9d8e0c1b7854bd, 0x0f3cfcc931f5d1fd, 0x376931bf2b8348ac, 0x99c8fdaa805d40ea, 0x9d2f16175a4172be,
  0x16c27b91fe01d840, 0x786c8905cfaffca2, 0xe27c09c1945fc176, 0x2c81a138cd5e350f, 0x9994abddbe70dfe4,
  0x029072a8b2b3e0d7, 0x31ad5aaa44ed4d20, 0xd29e4a2cb01e1999, 0x4cdcd32f529b4eeb, 0x5968b37af66c2241,
  // 1/2, 1
  0xfffffffffffffff7, 0xffffffffffffffff, 0xffffffffffffffff, 0x3fffffffffffffff, 1, 0, 0, 0,
]);
const CONSTANTS: usize = memory.data(9 * 80, 16);

/** Constants of RFC 9496, section 4.1, in both halves. */
export const D: usize = CONSTANTS;
export const TWICE_D: usize = CONSTANTS + FE;
export const SQRT_M1: usize = CONSTANTS + 2 * FE;
export const SQRT_AD_MINUS_ONE: usize = CONSTANTS + 3 * FE;
export const INVSQRT_A_MINUS_D: usize = CONSTANTS + 4 * FE;
export const ONE_MINUS_D_SQ: usize = CONSTANTS + 5 * FE;
export const D_MINUS_ONE_SQ: usize = CONSTANTS + 6 * FE;
export const HALF: usize = CONSTANTS + 7 * FE;
export const ONE: usize = CONSTANTS + 8 * FE;

/** Must be called after `initProduct`, before anything else of this file. */
export function initField(): void {
  for (let at: usize = 0; at < 9; at++) load(CONSTANTS + at * FE, WORDS + at * 32, WORDS + at * 32);
}

@inline
export function zero(out: usize): void {
  const none = i64x2.splat(0);
  v128.store(out, none);
  v128.store(out, none, 16);
  v128.store(out, none, 32);
  v128.store(out, none, 48);
  v128.store(out, none, 64);
}

@inline
export function copy(out: usize, a: usize): void {
  v128.store(out, v128.load(a));
  v128.store(out, v128.load(a, 16), 16);
  v128.store(out, v128.load(a, 32), 32);
  v128.store(out, v128.load(a, 48), 48);
  v128.store(out, v128.load(a, 64), 64);
}

/** out = a + b. Units add up. */
@inline
export function add(out: usize, a: usize, b: usize): void {
  v128.store(out, f64x2.add(v128.load(a), v128.load(b)));
  v128.store(out, f64x2.add(v128.load(a, 16), v128.load(b, 16)), 16);
  v128.store(out, f64x2.add(v128.load(a, 32), v128.load(b, 32)), 32);
  v128.store(out, f64x2.add(v128.load(a, 48), v128.load(b, 48)), 48);
  v128.store(out, f64x2.add(v128.load(a, 64), v128.load(b, 64)), 64);
}

/** out = a - b. Units add up. */
@inline
export function sub(out: usize, a: usize, b: usize): void {
  v128.store(out, f64x2.sub(v128.load(a), v128.load(b)));
  v128.store(out, f64x2.sub(v128.load(a, 16), v128.load(b, 16)), 16);
  v128.store(out, f64x2.sub(v128.load(a, 32), v128.load(b, 32)), 32);
  v128.store(out, f64x2.sub(v128.load(a, 48), v128.load(b, 48)), 48);
  v128.store(out, f64x2.sub(v128.load(a, 64), v128.load(b, 64)), 64);
}

/** How often 2^51 goes into a limb, to the nearest. */
@inline
function excess(limb: v128): v128 {
  const round = f64x2.splat(ROUND);
  return f64x2.sub(f64x2.add(f64x2.mul(limb, f64x2.splat(1.0 / RADIX)), round), round);
}

@inline
function less(limb: v128, q: v128): v128 {
  return f64x2.sub(limb, f64x2.mul(q, f64x2.splat(RADIX)));
}

@inline
function carried(out: usize, a0: v128, a1: v128, a2: v128, a3: v128, a4: v128): void {
  const q0 = excess(a0);
  const q1 = excess(a1);
  const q2 = excess(a2);
  const q3 = excess(a3);
  const q4 = excess(a4);
  v128.store(out, f64x2.add(less(a0, q0), f64x2.mul(q4, f64x2.splat(19.0))));
  v128.store(out, f64x2.add(less(a1, q1), q0), 16);
  v128.store(out, f64x2.add(less(a2, q2), q1), 32);
  v128.store(out, f64x2.add(less(a3, q3), q2), 48);
  v128.store(out, f64x2.add(less(a4, q4), q3), 64);
}

/** out = a + b, in one unit. */
export function addCarried(out: usize, a: usize, b: usize): void {
  carried(
    out,
    f64x2.add(v128.load(a), v128.load(b)),
    f64x2.add(v128.load(a, 16), v128.load(b, 16)),
    f64x2.add(v128.load(a, 32), v128.load(b, 32)),
    f64x2.add(v128.load(a, 48), v128.load(b, 48)),
    f64x2.add(v128.load(a, 64), v128.load(b, 64)),
  );
}

/** out = a - b, in one unit. */
export function subCarried(out: usize, a: usize, b: usize): void {
  carried(
    out,
    f64x2.sub(v128.load(a), v128.load(b)),
    f64x2.sub(v128.load(a, 16), v128.load(b, 16)),
    f64x2.sub(v128.load(a, 32), v128.load(b, 32)),
    f64x2.sub(v128.load(a, 48), v128.load(b, 48)),
    f64x2.sub(v128.load(a, 64), v128.load(b, 64)),
  );
}

/** out = chosen where the mask is set, otherwise `other`. */
export function select(out: usize, chosen: usize, other: usize, mask: v128): void {
  for (let at: usize = 0; at < FE; at += 16) {
    v128.store(out + at, v128.bitselect(v128.load(chosen + at), v128.load(other + at), mask));
  }
}

/** out = -a where the mask is set, otherwise a. */
export function negateIf(out: usize, a: usize, mask: v128): void {
  const sign = v128.and(mask, i64x2.splat(SIGN));
  for (let at: usize = 0; at < FE; at += 16) v128.store(out + at, v128.xor(v128.load(a + at), sign));
}

/** The words `at` bytes from two addresses, one in each half. */
@inline
function words(first: usize, second: usize, at: usize): v128 {
  return v128.load_lane<u64>(second + at, v128.load64_zero(first + at), 1);
}

@inline
function toNumber(bits: v128): v128 {
  const exponent = f64x2.splat(EXPONENT);
  return f64x2.sub(v128.or(bits, exponent), exponent);
}

/** out = two numbers of 32 bytes, little-endian; bit 255 is ignored. One unit. */
export function load(out: usize, first: usize, second: usize): void {
  const mask = i64x2.splat(MASK51);
  const w0 = words(first, second, 0);
  const w1 = words(first, second, 8);
  const w2 = words(first, second, 16);
  const w3 = words(first, second, 24);
  carried(
    out,
    toNumber(v128.and(w0, mask)),
    toNumber(v128.and(v128.or(i64x2.shr_u(w0, 51), i64x2.shl(w1, 13)), mask)),
    toNumber(v128.and(v128.or(i64x2.shr_u(w1, 38), i64x2.shl(w2, 26)), mask)),
    toNumber(v128.and(v128.or(i64x2.shr_u(w2, 25), i64x2.shl(w3, 39)), mask)),
    toNumber(v128.and(i64x2.shr_u(w3, 12), mask)),
  );
}

/** A limb of one unit as an integer, plus eight times that limb of p. */
@inline
function whole(limb: v128, eightfold: u64): v128 {
  const bits = f64x2.add(limb, f64x2.splat(ROUND));
  return i64x2.add(bits, i64x2.splat(eightfold - ROUND_BITS));
}

const CANONICAL: usize = IN_FIELD;
const DIFFERENCE: usize = IN_FIELD + FE;

/** The five limbs, as integers, of the one representative of a below p, to CANONICAL. One unit. */
function canonical(a: usize): void {
  checkUnit(a);
  const mask = i64x2.splat(MASK51);
  const other: u64 = 8 * ((1 << 51) - 1);
  let t0 = whole(v128.load(a), 8 * ((1 << 51) - 19));
  let t1 = whole(v128.load(a, 16), other);
  let t2 = whole(v128.load(a, 32), other);
  let t3 = whole(v128.load(a, 48), other);
  let t4 = whole(v128.load(a, 64), other);
  for (let pass = 0; pass < 2; pass++) {
    t1 = i64x2.add(t1, i64x2.shr_u(t0, 51));
    t2 = i64x2.add(t2, i64x2.shr_u(t1, 51));
    t3 = i64x2.add(t3, i64x2.shr_u(t2, 51));
    t4 = i64x2.add(t4, i64x2.shr_u(t3, 51));
    t0 = i64x2.add(v128.and(t0, mask), nineteen(i64x2.shr_u(t4, 51)));
    t1 = v128.and(t1, mask);
    t2 = v128.and(t2, mask);
    t3 = v128.and(t3, mask);
    t4 = v128.and(t4, mask);
  }
  let over = i64x2.shr_u(i64x2.add(t0, i64x2.splat(19)), 51); // 1 where the number is p or more
  over = i64x2.shr_u(i64x2.add(t1, over), 51);
  over = i64x2.shr_u(i64x2.add(t2, over), 51);
  over = i64x2.shr_u(i64x2.add(t3, over), 51);
  over = i64x2.shr_u(i64x2.add(t4, over), 51);
  t0 = i64x2.add(t0, nineteen(over));
  t1 = i64x2.add(t1, i64x2.shr_u(t0, 51));
  t2 = i64x2.add(t2, i64x2.shr_u(t1, 51));
  t3 = i64x2.add(t3, i64x2.shr_u(t2, 51));
  t4 = i64x2.add(t4, i64x2.shr_u(t3, 51));
  v128.store(CANONICAL, v128.and(t0, mask));
  v128.store(CANONICAL, v128.and(t1, mask), 16);
  v128.store(CANONICAL, v128.and(t2, mask), 32);
  v128.store(CANONICAL, v128.and(t3, mask), 48);
  v128.store(CANONICAL, v128.and(t4, mask), 64);
}

@inline
function nineteen(a: v128): v128 {
  return i64x2.add(i64x2.add(i64x2.shl(a, 4), i64x2.shl(a, 1)), a);
}

/** Stores two numbers of one unit as 32 bytes each, where `keep` is set, and otherwise zeros. */
export function store(first: usize, second: usize, a: usize, keep: v128): void {
  canonical(a);
  const t1 = v128.load(CANONICAL, 16);
  const t2 = v128.load(CANONICAL, 32);
  const t3 = v128.load(CANONICAL, 48);
  const w0 = v128.or(v128.load(CANONICAL), i64x2.shl(t1, 51));
  const w1 = v128.or(i64x2.shr_u(t1, 13), i64x2.shl(t2, 38));
  const w2 = v128.or(i64x2.shr_u(t2, 26), i64x2.shl(t3, 25));
  const w3 = v128.or(i64x2.shr_u(t3, 39), i64x2.shl(v128.load(CANONICAL, 64), 12));
  storeWords(first, second, 0, v128.and(w0, keep));
  storeWords(first, second, 8, v128.and(w1, keep));
  storeWords(first, second, 16, v128.and(w2, keep));
  storeWords(first, second, 24, v128.and(w3, keep));
}

@inline
function storeWords(first: usize, second: usize, at: usize, bits: v128): void {
  v128.store_lane<u64>(first + at, bits, 0);
  v128.store_lane<u64>(second + at, bits, 1);
}

/** Where a = 0. One unit. */
export function isZero(a: usize): v128 {
  canonical(a);
  const low = v128.or(v128.load(CANONICAL), v128.load(CANONICAL, 16));
  const high = v128.or(v128.load(CANONICAL, 32), v128.load(CANONICAL, 48));
  const all = v128.or(v128.or(low, high), v128.load(CANONICAL, 64));
  return i64x2.eq(all, i64x2.splat(0));
}

/** Where a = b. */
export function isEqual(a: usize, b: usize): v128 {
  subCarried(DIFFERENCE, a, b);
  return isZero(DIFFERENCE);
}

/** Where a is negative: its representative is odd (RFC 9496, section 3.1). One unit. */
export function isNegative(a: usize): v128 {
  canonical(a);
  return i64x2.neg(v128.and(v128.load(CANONICAL), i64x2.splat(1)));
}

/** out = a or -a, whichever is not negative. One unit. */
export function absolute(out: usize, a: usize): void {
  negateIf(out, a, isNegative(a));
}

/** out = a^(2^252 - 3), which is a^((p - 5) / 8). */
export function powerP58(out: usize, a: usize): void {
  const s = IN_ROOT;
  const t = IN_ROOT + FE;
  const u = IN_ROOT + 2 * FE;
  squareTimes(s, a, 1); // 2
  squareTimes(t, s, 2); // 8
  mul(t, a, t); // 9
  mul(s, s, t); // 11
  squareTimes(s, s, 1); // 22
  mul(s, t, s); // 2^5 - 1
  squareTimes(t, s, 5);
  mul(s, t, s); // 2^10 - 1
  squareTimes(t, s, 10);
  mul(t, t, s); // 2^20 - 1
  squareTimes(u, t, 20);
  mul(t, u, t); // 2^40 - 1
  squareTimes(t, t, 10);
  mul(s, t, s); // 2^50 - 1
  squareTimes(t, s, 50);
  mul(t, t, s); // 2^100 - 1
  squareTimes(u, t, 100);
  mul(t, u, t); // 2^200 - 1
  squareTimes(t, t, 50);
  mul(s, t, s); // 2^250 - 1
  squareTimes(s, s, 2);
  mul(out, s, a);
}

/** out = 1/a, and 0 for 0. `out` is not `a`. */
export function invert(out: usize, a: usize): void {
  const cube = IN_ROOT + 3 * FE;
  squareTimes(cube, a, 1);
  mul(cube, cube, a);
  powerP58(out, a);
  squareTimes(out, out, 3); // 2^255 - 24
  mul(out, out, cube); // p - 2
}

/** SQRT_RATIO_M1 of RFC 9496, section 4.2: out = √(u/v) or √(i·u/v), not negative; the mask says where it is the first. */
export function rootOfRatio(out: usize, u: usize, v: usize): v128 {
  const r = IN_ROOT + 3 * FE;
  const t = IN_ROOT + 4 * FE;
  const check = IN_ROOT + 5 * FE;
  squareTimes(t, v, 1);
  mul(t, t, v); // v³
  mul(r, t, u); // u·v³
  squareTimes(t, t, 1);
  mul(t, t, v); // v⁷
  mul(t, t, u);
  powerP58(t, t);
  mul(r, r, t);
  squareTimes(check, r, 1);
  mul(check, check, v);
  const correct = isEqual(check, u);
  negateIf(t, u, i64x2.splat(-1));
  const flipped = isEqual(check, t);
  mul(t, t, SQRT_M1);
  const flippedI = isEqual(check, t);
  mul(t, r, SQRT_M1);
  select(r, t, r, v128.or(flipped, flippedI));
  absolute(out, r);
  return v128.or(correct, flipped);
}
