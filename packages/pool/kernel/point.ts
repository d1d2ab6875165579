// SPDX-License-Identifier: Apache-2.0
// Pairs of points of edwards25519 (a = -1). Three forms, all coordinates in one unit but where it says otherwise:
//   point   X, Y, Z, T = XY/Z
//   cached  Y - X, Y + X, 2Z (two units), 2dT: to be added to a point
//   table   (y - x)/2, (y + x)/2, dxy of a point with Z = 1: the same, halved, so that Z need not be doubled
// The formulas hold for all points: there is no case for equal, opposite or neutral ones.
import { add, addCarried, copy, HALF, ONE, select, sub, subCarried, TWICE_D, D, zero } from "./field";
import { mul, squareMinus, squareTimes, squareTwice } from "./product";
import { FE, IN_POINT, POINT } from "./scratch";

export const X: usize = 0;
export const Y: usize = FE;
export const Z: usize = 2 * FE;
export const T: usize = 3 * FE;

export const MINUS: usize = 0;
export const PLUS: usize = FE;
export const TWICE_Z: usize = 2 * FE;
export const TWICE_DT: usize = 3 * FE;

/** Where DXY of the form `table` is, and how large it is. */
export const DXY: usize = 2 * FE;
export const TABLE: usize = 3 * FE;

const A: usize = IN_POINT;
const B: usize = IN_POINT + FE;
const C: usize = IN_POINT + 2 * FE;
const E: usize = IN_POINT + 3 * FE;
const F: usize = IN_POINT + 4 * FE;
const G: usize = IN_POINT + 5 * FE;
const H: usize = IN_POINT + 6 * FE;

/** out = the neutral element. */
export function neutral(out: usize): void {
  zero(out + X);
  copy(out + Y, ONE);
  copy(out + Z, ONE);
  zero(out + T);
}

@inline
function fromFactors(out: usize): void {
  mul(out + X, E, F);
  mul(out + Y, G, H);
  mul(out + Z, F, G);
  mul(out + T, E, H);
}

/** out = 2·p, without T unless the last doubling of `times` is to be added to. */
export function doubleTimes(out: usize, p: usize, times: i32): void {
  copy(out + X, p + X);
  copy(out + Y, p + Y);
  copy(out + Z, p + Z);
  for (let left = times; left > 0; left--) {
    squareTimes(A, out + X, 1);
    squareMinus(G, out + Y, A); // Y² - X²
    add(H, A, A);
    add(H, H, G); // Y² + X², three units
    squareTwice(C, out + Z);
    sub(F, C, G);
    add(E, out + X, out + X);
    mul(E, E, out + Y);
    mul(out + X, E, F);
    mul(out + Y, G, H);
    mul(out + Z, F, G);
  }
  mul(out + T, E, H);
}

/** out = p + q, q in the form `cached`. */
export function addCached(out: usize, p: usize, q: usize): void {
  sub(A, p + Y, p + X);
  mul(A, A, q + MINUS);
  add(B, p + Y, p + X);
  mul(B, B, q + PLUS);
  mul(C, p + T, q + TWICE_DT);
  mul(H, p + Z, q + TWICE_Z);
  subCarried(E, B, A);
  sub(F, H, C);
  addCarried(G, H, C);
  add(H, B, A);
  fromFactors(out);
}

/** out = p + q, q in the form `table`. */
export function addTable(out: usize, p: usize, q: usize): void {
  sub(A, p + Y, p + X);
  mul(A, A, q + MINUS);
  add(B, p + Y, p + X);
  mul(B, B, q + PLUS);
  mul(C, p + T, q + DXY);
  subCarried(E, B, A);
  sub(F, p + Z, C);
  addCarried(G, p + Z, C);
  add(H, B, A);
  fromFactors(out);
}

/** out = p in the form `cached`. */
export function toCached(out: usize, p: usize): void {
  subCarried(out + MINUS, p + Y, p + X);
  addCarried(out + PLUS, p + Y, p + X);
  add(out + TWICE_Z, p + Z, p + Z);
  mul(out + TWICE_DT, p + T, TWICE_D);
}

/** out = the point (x, y) in the form `table`. */
export function toTable(out: usize, x: usize, y: usize): void {
  sub(A, y, x);
  mul(out + MINUS, A, HALF);
  add(A, y, x);
  mul(out + PLUS, A, HALF);
  mul(A, x, y);
  mul(out + DXY, A, D);
}

/** out = p + q. */
export function addPoints(out: usize, p: usize, q: usize): void {
  const cached = IN_POINT + 8 * FE;
  toCached(cached, q);
  addCached(out, p, cached);
}

/** out = chosen where the mask is set, otherwise `other`. */
export function selectPoint(out: usize, chosen: usize, other: usize, mask: v128): void {
  for (let at: usize = 0; at < POINT; at += FE) select(out + at, chosen + at, other + at, mask);
}
