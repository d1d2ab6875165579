// SPDX-License-Identifier: Apache-2.0
// Encodings and the one-way map of RFC 9496, sections 4.3.1 to 4.3.4, on pairs.
import {
  absolute,
  add,
  addCarried,
  D,
  D_MINUS_ONE_SQ,
  INVSQRT_A_MINUS_D,
  isNegative,
  isZero,
  load,
  negateIf,
  ONE,
  ONE_MINUS_D_SQ,
  powerP58,
  rootOfRatio,
  select,
  SQRT_AD_MINUS_ONE,
  SQRT_M1,
  store,
  sub,
  subCarried,
  copy,
} from "./field";
import { addPoints, T, X, Y, Z } from "./point";
import { mul, squareMinus, squareTimes, squareTwice } from "./product";
import { FE, IN_CODEC, IN_MAP } from "./scratch";

const S: usize = IN_CODEC;
const U1: usize = IN_CODEC + FE;
const U2: usize = IN_CODEC + 2 * FE;
const U2U2: usize = IN_CODEC + 3 * FE;
const V: usize = IN_CODEC + 4 * FE;
const I: usize = IN_CODEC + 5 * FE;
const DX: usize = IN_CODEC + 6 * FE;
const DY: usize = IN_CODEC + 7 * FE;
const BYTES: usize = IN_CODEC + 8 * FE;

/** Where the 32 bytes at two addresses are equal. */
function sameBytes(first: usize, second: usize, copies: usize): v128 {
  let difference = i64x2.splat(0);
  for (let at: usize = 0; at < 32; at += 8) {
    const given = v128.load_lane<u64>(second + at, v128.load64_zero(first + at), 1);
    const made = v128.load_lane<u64>(copies + 32 + at, v128.load64_zero(copies + at), 1);
    difference = v128.or(difference, v128.xor(given, made));
  }
  return i64x2.eq(difference, i64x2.splat(0));
}

/**
 * Decodes two elements to a pair of points with Z = 1. The mask says where the encoding is that of an element: canonical,
 * bit 255 included, not negative, of a point, and not the neutral one. Elsewhere the point means nothing.
 */
export function decode(out: usize, first: usize, second: usize): v128 {
  const all = i64x2.splat(-1);
  load(S, first, second);
  store(BYTES, BYTES + 32, S, all);
  let good = v128.andnot(sameBytes(first, second, BYTES), isNegative(S));
  squareTimes(DX, S, 1);
  sub(U1, ONE, DX);
  add(U2, ONE, DX);
  squareTimes(U2U2, U2, 1);
  squareTimes(V, U1, 1);
  mul(V, V, D);
  negateIf(V, V, all);
  subCarried(V, V, U2U2);
  mul(DX, V, U2U2);
  good = v128.and(good, rootOfRatio(I, ONE, DX));
  mul(DX, I, U2);
  mul(DY, I, DX);
  mul(DY, DY, V);
  add(S, S, S);
  mul(S, S, DX);
  absolute(out + X, S);
  mul(out + Y, U1, DY);
  copy(out + Z, ONE);
  mul(out + T, out + X, out + Y);
  const bad = v128.or(isNegative(out + T), v128.or(isZero(out + Y), isZero(out + X)));
  return v128.andnot(good, bad);
}

/** Encodes a pair of points, any representatives of their classes. */
export function encode(first: usize, second: usize, p: usize): void {
  addCarried(U1, p + Z, p + Y);
  sub(S, p + Z, p + Y);
  mul(U1, S, U1);
  mul(U2, p + X, p + Y);
  squareTimes(U2U2, U2, 1);
  mul(V, U1, U2U2);
  rootOfRatio(I, ONE, V);
  mul(DX, I, U1); // den1
  mul(DY, I, U2); // den2
  mul(V, DX, DY);
  mul(V, V, p + T); // 1/Z
  mul(S, p + T, V);
  const rotated = isNegative(S);
  mul(U1, p + Y, SQRT_M1);
  mul(U2, p + X, SQRT_M1);
  select(U1, U1, p + X, rotated); // x
  select(U2, U2, p + Y, rotated); // y
  mul(DX, DX, INVSQRT_A_MINUS_D);
  select(DX, DX, DY, rotated);
  mul(S, U1, V);
  negateIf(U2, U2, isNegative(S));
  sub(S, p + Z, U2);
  mul(S, S, DX);
  absolute(S, S);
  store(first, second, S, i64x2.splat(-1));
}

/** MAP of RFC 9496, section 4.3.4: out = a pair of points from two strings of 32 bytes. */
function map(out: usize, first: usize, second: usize): void {
  const t = IN_MAP;
  const r = IN_MAP + FE;
  const u = IN_MAP + 2 * FE;
  const v = IN_MAP + 3 * FE;
  const s = IN_MAP + 4 * FE;
  const n = IN_MAP + 5 * FE;
  const w = IN_MAP + 6 * FE;
  const minusOne = IN_MAP + 7 * FE;
  const all = i64x2.splat(-1);
  load(t, first, second);
  negateIf(minusOne, ONE, all);
  squareTimes(r, t, 1);
  mul(r, r, SQRT_M1);
  add(u, r, ONE);
  mul(u, u, ONE_MINUS_D_SQ);
  mul(v, r, D);
  subCarried(v, minusOne, v); // -1 - r·d
  add(w, r, D);
  mul(v, v, w);
  const square = rootOfRatio(s, u, v);
  mul(w, s, t);
  absolute(w, w);
  negateIf(w, w, all);
  select(s, s, w, square);
  select(n, minusOne, r, square); // c
  sub(w, r, ONE);
  mul(n, n, w);
  mul(n, n, D_MINUS_ONE_SQ);
  subCarried(n, n, v);
  add(w, s, s);
  mul(u, w, v); // w0
  mul(r, n, SQRT_AD_MINUS_ONE); // w1
  squareTimes(s, s, 1);
  sub(t, ONE, s); // w2
  addCarried(w, ONE, s); // w3
  mul(out + X, u, w);
  mul(out + Y, t, r);
  mul(out + Z, r, w);
  mul(out + T, u, t);
}

/** The one-way map of two strings of 64 bytes: out = a pair of points. */
export function fromUniform(out: usize, first: usize, second: usize): void {
  const other = IN_MAP + 8 * FE;
  map(other, first, second);
  map(out, first + 32, second + 32);
  addPoints(out, out, other);
}

/** Where e, f, g and h of a doubled pair are: 2·p = (e/f, g/h). */
const E: usize = 0;
const F: usize = FE;
const G: usize = 2 * FE;
const H: usize = 3 * FE;

/** out = e, f, g, h of a pair of points. */
export function beginDouble(out: usize, p: usize): void {
  add(S, p + X, p + X);
  mul(out + E, S, p + Y);
  squareTimes(U1, p + X, 1);
  squareMinus(out + F, p + Y, U1); // Y² - X², which is Z² + d·T²
  add(U1, U1, U1);
  addCarried(out + G, out + F, U1); // Y² + X²
  squareTwice(U2, p + Z);
  subCarried(out + H, U2, out + F); // Z² - d·T²
}

/** out = e·f·g·h, and 1 where it is 0. */
export function doubleProduct(out: usize, efgh: usize): void {
  mul(U1, efgh + E, efgh + G);
  mul(U2, efgh + F, efgh + H);
  mul(U1, U1, U2);
  select(out, ONE, U1, isZero(U1));
}

/**
 * Encodes 2·p from e, f, g, h and w = 1/(e·f·g·h). With (x, y) = (e/f, g/h), a point of the curve has
 * 1 + x² = (g/f)² and 1 - y² = (-1 - d)·(e/h)², so that the root in its encoding is known (RFC 9496, section 4.3.2).
 */
export function encodeDouble(first: usize, second: usize, efgh: usize, w: usize): void {
  mul(U1, efgh + E, efgh + G);
  mul(U2, efgh + F, efgh + H);
  const neutral = isZero(U1);
  mul(V, U1, w); // 1/(f·h)
  mul(U2, U2, w); // 1/(e·g)
  mul(S, U1, V); // x·y
  const rotated = isNegative(S);
  mul(DX, efgh + F, SQRT_M1);
  mul(DX, DX, efgh + G);
  mul(DY, efgh + E, efgh + H);
  select(DX, DX, DY, rotated);
  mul(DX, DX, V); // i·y or x
  mul(DY, efgh + E, SQRT_M1);
  select(DY, DY, efgh + G, rotated);
  negateIf(DY, DY, isNegative(DX));
  select(S, efgh + F, efgh + H, rotated);
  sub(S, S, DY);
  select(DX, efgh + E, efgh + G, rotated);
  mul(U2, U2, DX); // 1/g or 1/e
  select(V, ONE, INVSQRT_A_MINUS_D, rotated);
  mul(U2, U2, V);
  mul(S, S, U2);
  absolute(S, S);
  store(first, second, S, v128.not(neutral));
}
