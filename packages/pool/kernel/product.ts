// SPDX-License-Identifier: Apache-2.0
// Arithmetic mod p = 2^255 - 19 on two numbers at a time: one in each half of a v128.
//
// A number is Σ a_k·2^(51k) with five limbs that are whole numbers in f64. "One unit" is |a_k| <= 2^50 + 2^13: what
// every product, square and carry gives. Sums and differences are made limb by limb and their units add up. A product
// takes factors whose units multiply to at most 3, a square one unit.
//
// A product of limbs is split in two exact halves by fused multiply-add (one rounding, to nearest):
//   high = a·b + 1.5·2^103            its last bit weighs 2^51: the mantissa holds round(a·b / 2^51)
//   low  = a·b + (high's complement)  its last bit weighs 1:    the mantissa holds a·b - 2^51·round(a·b / 2^51)
// for |a·b| < 2^102. The bits of both, read as integers, are a constant plus that value, so columns are summed as
// integers mod 2^64 and the constants are taken off at the end. Where the machine rounds twice, the self-test fails.
import { checkFactors, checkUnit } from "./units";

const HIGH: f64 = 15211807202738752817960438464512.0; // 1.5·2^103
const LOW: f64 = 6755399441055744.0; // 1.5·2^52
const HIGH_BITS: u64 = 0x4668000000000000;
const LOW_BITS: u64 = 0x4338000000000000;
const MASK51: u64 = (1 << 51) - 1;
/** What makes a column positive before it is shifted, and what of it arrives as a carry. */
const LIFT: u64 = 1 << 62;
const LIFT_CARRY: u64 = 1 << 11;
const HALF: u64 = 1 << 50;

/** Constants are read from memory: as literals they would be made again for each use. */
const CONSTANTS: usize = memory.data(16 * 40, 16);
const AT_HIGH: usize = 0;
const AT_BOTH: usize = 16;
const AT_LOW: usize = 32;
const AT_MASK: usize = 48;
const AT_EXPONENT: usize = 64;
const AT_FIRST: usize = 80;
const AT_OTHER: usize = 96;
const AT_SHRINK: usize = 112;
const AT_GROW: usize = 128;
const AT_PRODUCT: usize = 160;
const AT_SQUARE: usize = 240;
const AT_TWICE: usize = 320;
const AT_MINUS: usize = 400;

function putBits(at: usize, bits: u64): void {
  v128.store(CONSTANTS + at, i64x2.splat(bits));
}

function putNumber(at: usize, value: f64): void {
  v128.store(CONSTANTS + at, f64x2.splat(value));
}

/** How many low halves fall into column `k` of a product, and of a square, where equal ones are added before. */
function lows(k: i32, square: bool): u64 {
  const products = k < 5 ? k + 1 : 9 - k;
  return square ? (products + 1) / 2 : products;
}

/** What the constants of the halves add up to in column `k`: its own low ones, and the high ones of the column below. */
function bias(k: i32, square: bool): u64 {
  const below = k == 0 ? 0 : lows(k - 1, square);
  return lows(k, square) * LOW_BITS + below * HIGH_BITS;
}

/** Must be called before anything else of this file. */
export function initProduct(): void {
  putNumber(AT_HIGH, HIGH);
  putNumber(AT_BOTH, HIGH + LOW); // exact: LOW is a multiple of 2^51
  putNumber(AT_LOW, LOW);
  putBits(AT_MASK, MASK51);
  putNumber(AT_EXPONENT, 4503599627370496.0); // 2^52
  putNumber(AT_FIRST, 4503599627370496.0 + f64(HALF + 19 * LIFT_CARRY));
  putNumber(AT_OTHER, 4503599627370496.0 + f64(HALF));
  putNumber(AT_SHRINK, 1.0 / 2251799813685248.0); // 2^-51
  putNumber(AT_GROW, -2251799813685248.0); // -2^51
  for (let k = 0; k < 5; k++) {
    const lift = LIFT + HALF - (k == 0 ? 0 : LIFT_CARRY);
    const product = bias(k, false) + 19 * bias(k + 5, false);
    const square = bias(k, true) + 19 * bias(k + 5, true);
    putBits(AT_PRODUCT + 16 * k, lift - product);
    putBits(AT_SQUARE + 16 * k, lift - square);
    putBits(AT_TWICE + 16 * k, lift - 2 * square);
    putBits(AT_MINUS + 16 * k, lift - square + LOW_BITS);
  }
}

@inline
function constant(at: usize): v128 {
  return v128.load(CONSTANTS + at);
}

@inline
function plus(a: v128, b: v128): v128 {
  return i64x2.add(a, b);
}

/** a·b + c, rounded once. A build for tests with `--use UNFUSED=1` is what a machine without that makes of it. */
@inline
function fused(a: v128, b: v128, c: v128): v128 {
  if (isDefined(UNFUSED)) return f64x2.add(f64x2.mul(a, b), c);
  return f64x2.relaxed_madd(a, b, c);
}

@inline
function high(a: v128, b: v128, shift: v128): v128 {
  return fused(a, b, shift);
}

@inline
function low(a: v128, b: v128, both: v128, h: v128): v128 {
  return fused(a, b, f64x2.sub(both, h));
}

@inline
function nineteen(a: v128): v128 {
  return plus(plus(i64x2.shl(a, 4), i64x2.shl(a, 1)), a);
}

@inline
function toLimb(bits: v128, exponent: v128, offset: v128): v128 {
  return f64x2.sub(v128.or(bits, exponent), offset);
}

/** out = a·b. */
export function mul(out: usize, a: usize, b: usize): void {
  checkFactors(a, b);
  const shift = constant(AT_HIGH);
  const both = constant(AT_BOTH);
  const b0 = v128.load(b);
  const b1 = v128.load(b, 16);
  const b2 = v128.load(b, 32);
  const b3 = v128.load(b, 48);
  const b4 = v128.load(b, 64);
  let x = v128.load(a);
  let h = high(x, b0, shift);
  let r0 = low(x, b0, both, h);
  let r1 = h;
  h = high(x, b1, shift);
  r1 = plus(r1, low(x, b1, both, h));
  let r2 = h;
  h = high(x, b2, shift);
  r2 = plus(r2, low(x, b2, both, h));
  let r3 = h;
  h = high(x, b3, shift);
  r3 = plus(r3, low(x, b3, both, h));
  let r4 = h;
  h = high(x, b4, shift);
  r4 = plus(r4, low(x, b4, both, h));
  let r5 = h;

  x = v128.load(a, 16);
  h = high(x, b0, shift);
  r1 = plus(r1, low(x, b0, both, h));
  r2 = plus(r2, h);
  h = high(x, b1, shift);
  r2 = plus(r2, low(x, b1, both, h));
  r3 = plus(r3, h);
  h = high(x, b2, shift);
  r3 = plus(r3, low(x, b2, both, h));
  r4 = plus(r4, h);
  h = high(x, b3, shift);
  r4 = plus(r4, low(x, b3, both, h));
  r5 = plus(r5, h);
  h = high(x, b4, shift);
  r5 = plus(r5, low(x, b4, both, h));
  let r6 = h;

  x = v128.load(a, 32);
  h = high(x, b0, shift);
  r2 = plus(r2, low(x, b0, both, h));
  r3 = plus(r3, h);
  h = high(x, b1, shift);
  r3 = plus(r3, low(x, b1, both, h));
  r4 = plus(r4, h);
  h = high(x, b2, shift);
  r4 = plus(r4, low(x, b2, both, h));
  r5 = plus(r5, h);
  h = high(x, b3, shift);
  r5 = plus(r5, low(x, b3, both, h));
  r6 = plus(r6, h);
  h = high(x, b4, shift);
  r6 = plus(r6, low(x, b4, both, h));
  let r7 = h;

  x = v128.load(a, 48);
  h = high(x, b0, shift);
  r3 = plus(r3, low(x, b0, both, h));
  r4 = plus(r4, h);
  h = high(x, b1, shift);
  r4 = plus(r4, low(x, b1, both, h));
  r5 = plus(r5, h);
  h = high(x, b2, shift);
  r5 = plus(r5, low(x, b2, both, h));
  r6 = plus(r6, h);
  h = high(x, b3, shift);
  r6 = plus(r6, low(x, b3, both, h));
  r7 = plus(r7, h);
  h = high(x, b4, shift);
  r7 = plus(r7, low(x, b4, both, h));
  let r8 = h;

  x = v128.load(a, 64);
  h = high(x, b0, shift);
  r4 = plus(r4, low(x, b0, both, h));
  r5 = plus(r5, h);
  h = high(x, b1, shift);
  r5 = plus(r5, low(x, b1, both, h));
  r6 = plus(r6, h);
  h = high(x, b2, shift);
  r6 = plus(r6, low(x, b2, both, h));
  r7 = plus(r7, h);
  h = high(x, b3, shift);
  r7 = plus(r7, low(x, b3, both, h));
  r8 = plus(r8, h);
  h = high(x, b4, shift);
  r8 = plus(r8, low(x, b4, both, h));

  const mask = constant(AT_MASK);
  const exponent = constant(AT_EXPONENT);
  const other = constant(AT_OTHER);
  r0 = plus(plus(r0, nineteen(r5)), constant(AT_PRODUCT));
  r1 = plus(plus(plus(r1, nineteen(r6)), constant(AT_PRODUCT + 16)), i64x2.shr_u(r0, 51));
  r2 = plus(plus(plus(r2, nineteen(r7)), constant(AT_PRODUCT + 32)), i64x2.shr_u(r1, 51));
  r3 = plus(plus(plus(r3, nineteen(r8)), constant(AT_PRODUCT + 48)), i64x2.shr_u(r2, 51));
  r4 = plus(plus(plus(r4, nineteen(h)), constant(AT_PRODUCT + 64)), i64x2.shr_u(r3, 51));
  r0 = plus(v128.and(r0, mask), nineteen(i64x2.shr_u(r4, 51)));
  v128.store(out, toLimb(r0, exponent, constant(AT_FIRST)));
  v128.store(out, toLimb(v128.and(r1, mask), exponent, other), 16);
  v128.store(out, toLimb(v128.and(r2, mask), exponent, other), 32);
  v128.store(out, toLimb(v128.and(r3, mask), exponent, other), 48);
  v128.store(out, toLimb(v128.and(r4, mask), exponent, other), 64);
}

const PLAIN: i32 = 0;
const TWICE: i32 = 1;
const MINUS: i32 = 2;

@inline
function squareCore(out: usize, a: usize, times: i32, kind: i32, minus: usize): void {
  checkUnit(a);
  if (kind == MINUS) checkUnit(minus);
  const shift = constant(AT_HIGH);
  const both = constant(AT_BOTH);
  let a0 = v128.load(a);
  let a1 = v128.load(a, 16);
  let a2 = v128.load(a, 32);
  let a3 = v128.load(a, 48);
  let a4 = v128.load(a, 64);
  do {
    let x = f64x2.add(a0, a0);
    let h = high(a0, a0, shift);
    let r0 = low(a0, a0, both, h);
    let r1 = h;
    h = high(x, a1, shift);
    r1 = plus(r1, low(x, a1, both, h));
    let r2 = h;
    h = high(x, a2, shift);
    r2 = plus(r2, low(x, a2, both, h));
    let r3 = h;
    h = high(x, a3, shift);
    r3 = plus(r3, low(x, a3, both, h));
    let r4 = h;
    h = high(x, a4, shift);
    r4 = plus(r4, low(x, a4, both, h));
    let r5 = h;

    x = f64x2.add(a1, a1);
    h = high(a1, a1, shift);
    r2 = plus(r2, low(a1, a1, both, h));
    r3 = plus(r3, h);
    h = high(x, a2, shift);
    r3 = plus(r3, low(x, a2, both, h));
    r4 = plus(r4, h);
    h = high(x, a3, shift);
    r4 = plus(r4, low(x, a3, both, h));
    r5 = plus(r5, h);
    h = high(x, a4, shift);
    r5 = plus(r5, low(x, a4, both, h));
    let r6 = h;

    x = f64x2.add(a2, a2);
    h = high(a2, a2, shift);
    r4 = plus(r4, low(a2, a2, both, h));
    r5 = plus(r5, h);
    h = high(x, a3, shift);
    r5 = plus(r5, low(x, a3, both, h));
    r6 = plus(r6, h);
    h = high(x, a4, shift);
    r6 = plus(r6, low(x, a4, both, h));
    let r7 = h;

    x = f64x2.add(a3, a3);
    h = high(a3, a3, shift);
    r6 = plus(r6, low(a3, a3, both, h));
    r7 = plus(r7, h);
    h = high(x, a4, shift);
    r7 = plus(r7, low(x, a4, both, h));
    let r8 = h;

    h = high(a4, a4, shift);
    r8 = plus(r8, low(a4, a4, both, h));

    const mask = constant(AT_MASK);
    const exponent = constant(AT_EXPONENT);
    const other = constant(AT_OTHER);
    r0 = plus(r0, nineteen(r5));
    r1 = plus(r1, nineteen(r6));
    r2 = plus(r2, nineteen(r7));
    r3 = plus(r3, nineteen(r8));
    r4 = plus(r4, nineteen(h));
    if (kind == TWICE) {
      r0 = plus(r0, r0);
      r1 = plus(r1, r1);
      r2 = plus(r2, r2);
      r3 = plus(r3, r3);
      r4 = plus(r4, r4);
    }
    if (kind == MINUS) {
      const zero = constant(AT_LOW);
      r0 = i64x2.sub(r0, f64x2.add(v128.load(minus), zero));
      r1 = i64x2.sub(r1, f64x2.add(v128.load(minus, 16), zero));
      r2 = i64x2.sub(r2, f64x2.add(v128.load(minus, 32), zero));
      r3 = i64x2.sub(r3, f64x2.add(v128.load(minus, 48), zero));
      r4 = i64x2.sub(r4, f64x2.add(v128.load(minus, 64), zero));
    }
    const biases = kind == PLAIN ? AT_SQUARE : kind == TWICE ? AT_TWICE : AT_MINUS;
    r0 = plus(r0, constant(biases));
    r1 = plus(plus(r1, constant(biases + 16)), i64x2.shr_u(r0, 51));
    r2 = plus(plus(r2, constant(biases + 32)), i64x2.shr_u(r1, 51));
    r3 = plus(plus(r3, constant(biases + 48)), i64x2.shr_u(r2, 51));
    r4 = plus(plus(r4, constant(biases + 64)), i64x2.shr_u(r3, 51));
    r0 = plus(v128.and(r0, mask), nineteen(i64x2.shr_u(r4, 51)));
    a0 = toLimb(r0, exponent, constant(AT_FIRST));
    a1 = toLimb(v128.and(r1, mask), exponent, other);
    a2 = toLimb(v128.and(r2, mask), exponent, other);
    a3 = toLimb(v128.and(r3, mask), exponent, other);
    a4 = toLimb(v128.and(r4, mask), exponent, other);
    times--;
  } while (times > 0);
  v128.store(out, a0);
  v128.store(out, a1, 16);
  v128.store(out, a2, 32);
  v128.store(out, a3, 48);
  v128.store(out, a4, 64);
}

/** out = a^(2^times). */
export function squareTimes(out: usize, a: usize, times: i32): void {
  squareCore(out, a, times, PLAIN, 0);
}

/** out = 2·a². */
export function squareTwice(out: usize, a: usize): void {
  squareCore(out, a, 1, TWICE, 0);
}

/** out = a² - minus. */
export function squareMinus(out: usize, a: usize, minus: usize): void {
  squareCore(out, a, 1, MINUS, minus);
}
