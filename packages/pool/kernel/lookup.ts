// SPDX-License-Identifier: Apache-2.0
// Multiples by secret digits: every entry of a table is read, whatever the digit is, and masks keep one.
import { ONE } from "./field";
import { DXY, MINUS, PLUS, TWICE_DT, TWICE_Z } from "./point";
import { FE, POINT } from "./scratch";

/** Entries of a table: 1 to 8 times a point. 0 needs none, and negative ones are the positive ones turned round. */
export const ENTRIES: usize = 8;
/** Bytes of an entry of one point, both halves alike: 15 limbs. */
export const SINGLE: usize = 120;

const SIGN: u64 = 1 << 63;

@inline
function signOf(digit: v128): v128 {
  return i64x2.lt_s(digit, i64x2.splat(0));
}

@inline
function sizeOf(digit: v128, sign: v128): v128 {
  return i64x2.sub(v128.xor(digit, sign), sign);
}

@inline
function isSize(size: v128, value: i64): v128 {
  return i64x2.eq(size, i64x2.splat(value));
}

/** Limb `at` of the entry whose mask is set, of a table of pairs. */
@inline
function limb(at: usize, m1: v128, m2: v128, m3: v128, m4: v128, m5: v128, m6: v128, m7: v128, m8: v128): v128 {
  const a = v128.or(v128.and(v128.load(at), m1), v128.and(v128.load(at, 320), m2));
  const b = v128.or(v128.and(v128.load(at, 640), m3), v128.and(v128.load(at, 960), m4));
  const c = v128.or(v128.and(v128.load(at, 1280), m5), v128.and(v128.load(at, 1600), m6));
  const d = v128.or(v128.and(v128.load(at, 1920), m7), v128.and(v128.load(at, 2240), m8));
  return v128.or(v128.or(a, b), v128.or(c, d));
}

/** out = digit·p in the form `cached`, from a table of the eight multiples of each of a pair of points. */
export function lookupCached(out: usize, table: usize, digit: v128): void {
  const sign = signOf(digit);
  const size = sizeOf(digit, sign);
  const m0 = isSize(size, 0);
  const m1 = isSize(size, 1);
  const m2 = isSize(size, 2);
  const m3 = isSize(size, 3);
  const m4 = isSize(size, 4);
  const m5 = isSize(size, 5);
  const m6 = isSize(size, 6);
  const m7 = isSize(size, 7);
  const m8 = isSize(size, 8);
  const flip = v128.and(sign, i64x2.splat(SIGN));
  for (let at: usize = 0; at < FE; at += 16) {
    const one = v128.and(v128.load(ONE + at), m0);
    const minus = v128.or(limb(table + MINUS + at, m1, m2, m3, m4, m5, m6, m7, m8), one);
    const plus = v128.or(limb(table + PLUS + at, m1, m2, m3, m4, m5, m6, m7, m8), one);
    v128.store(out + MINUS + at, v128.bitselect(plus, minus, sign));
    v128.store(out + PLUS + at, v128.bitselect(minus, plus, sign));
    const z = limb(table + TWICE_Z + at, m1, m2, m3, m4, m5, m6, m7, m8);
    v128.store(out + TWICE_Z + at, v128.or(z, f64x2.add(one, one)));
    const t = limb(table + TWICE_DT + at, m1, m2, m3, m4, m5, m6, m7, m8);
    v128.store(out + TWICE_DT + at, v128.xor(t, flip));
  }
}

/** As `limb`, of a table of single points: the same entries for both halves, but not the same masks. */
@inline
function single(at: usize, m1: v128, m2: v128, m3: v128, m4: v128, m5: v128, m6: v128, m7: v128, m8: v128): v128 {
  const a = v128.or(v128.and(v128.load64_splat(at), m1), v128.and(v128.load64_splat(at, 120), m2));
  const b = v128.or(v128.and(v128.load64_splat(at, 240), m3), v128.and(v128.load64_splat(at, 360), m4));
  const c = v128.or(v128.and(v128.load64_splat(at, 480), m5), v128.and(v128.load64_splat(at, 600), m6));
  const d = v128.or(v128.and(v128.load64_splat(at, 720), m7), v128.and(v128.load64_splat(at, 840), m8));
  return v128.or(v128.or(a, b), v128.or(c, d));
}

/** out = a pair of digits times the point of a table of single entries, in the form `table`. */
export function lookupSingle(out: usize, table: usize, digit: v128, half: usize): void {
  const sign = signOf(digit);
  const size = sizeOf(digit, sign);
  const m0 = isSize(size, 0);
  const m1 = isSize(size, 1);
  const m2 = isSize(size, 2);
  const m3 = isSize(size, 3);
  const m4 = isSize(size, 4);
  const m5 = isSize(size, 5);
  const m6 = isSize(size, 6);
  const m7 = isSize(size, 7);
  const m8 = isSize(size, 8);
  const flip = v128.and(sign, i64x2.splat(SIGN));
  for (let k: usize = 0; k < 5; k++) {
    const at = k * 8;
    const none = v128.and(v128.load(half + 16 * k), m0);
    const minus = v128.or(single(table + at, m1, m2, m3, m4, m5, m6, m7, m8), none);
    const plus = v128.or(single(table + 40 + at, m1, m2, m3, m4, m5, m6, m7, m8), none);
    v128.store(out + MINUS + 16 * k, v128.bitselect(plus, minus, sign));
    v128.store(out + PLUS + 16 * k, v128.bitselect(minus, plus, sign));
    const t = single(table + 80 + at, m1, m2, m3, m4, m5, m6, m7, m8);
    v128.store(out + DXY + 16 * k, v128.xor(t, flip));
  }
}
