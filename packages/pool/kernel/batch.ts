// SPDX-License-Identifier: Apache-2.0
// Operations on whole batches, two items at a time. The last of an odd number is done twice, in both halves.
import { copy, HALF, invert, negateIf, ONE } from "./field";
import { ENTRIES, lookupCached, lookupSingle, SINGLE } from "./lookup";
import { KEPT, LEFT, MOST, RESULT, RIGHT, TABLE_BYTES, TABLES, WORK, WORK_BYTES } from "./memory";
import { addCached, addPoints, addTable, doubleTimes, neutral, T, toCached, toTable, X, Y, Z } from "./point";
import { mul } from "./product";
import { beginDouble, decode, doubleProduct, encode, encodeDouble, fromUniform } from "./ristretto";
import { DIGIT, DIGITS, halve, recode } from "./scalar";
import { FE, IN_BATCH, POINT, wipeScratch } from "./scratch";

const P: usize = IN_BATCH;
const ENTRY: usize = IN_BATCH + POINT;
const RUNNING: usize = IN_BATCH + 2 * POINT;
const W: usize = IN_BATCH + 2 * POINT + FE;
const SCALARS: usize = IN_BATCH + 2 * POINT + 2 * FE;
const RECODED: usize = IN_BATCH + 3 * POINT;
/** The eight multiples of a pair, before the pairs that a call keeps. */
const MULTIPLES: usize = WORK;
const PAIRS: usize = WORK + ENTRIES * POINT;

/** From an item to the one beside it in its pair. */
@inline
function beside(item: i32, items: i32, bytes: usize): usize {
  return item + 1 < items ? bytes : 0;
}

@inline
function allOf(mask: v128): i32 {
  return i32(i64x2.all_true(mask));
}

/** LEFT: 64 uniform bytes an item. RESULT: elements. */
export function hashToGroup(items: i32): void {
  for (let item = 0; item < items; item += 2) {
    const from = LEFT + item * 64;
    const to = RESULT + item * 32;
    fromUniform(P, from, from + beside(item, items, 64));
    encode(to, to + beside(item, items, 32), P);
  }
}

/** LEFT: encodings. 1 when all of them are of elements. */
export function decodeCheck(items: i32): i32 {
  let good = i64x2.splat(-1);
  for (let item = 0; item < items; item += 2) {
    const from = LEFT + item * 32;
    good = v128.and(good, decode(P, from, from + beside(item, items, 32)));
  }
  return allOf(good);
}

/** LEFT and RIGHT: elements. RESULT: their sums, or with `minus` -1 their differences. 1 when all were elements. */
export function combine(items: i32, minus: i32): i32 {
  let good = i64x2.splat(-1);
  const sign = i64x2.splat(minus);
  for (let item = 0; item < items; item += 2) {
    const at: usize = item * 32;
    const next = beside(item, items, 32);
    good = v128.and(good, decode(P, LEFT + at, LEFT + at + next));
    good = v128.and(good, decode(ENTRY, RIGHT + at, RIGHT + at + next));
    negateIf(ENTRY + X, ENTRY + X, sign);
    negateIf(ENTRY + T, ENTRY + T, sign);
    addPoints(P, P, ENTRY);
    encode(RESULT + at, RESULT + at + next, P);
  }
  return allOf(good);
}

/** MULTIPLES = 1 to 8 times a pair of points. */
function multiplesOf(p: usize): void {
  toCached(MULTIPLES, p);
  copyPoint(ENTRY, p);
  for (let entry: usize = 1; entry < ENTRIES; entry++) {
    addCached(ENTRY, ENTRY, MULTIPLES);
    toCached(MULTIPLES + entry * POINT, ENTRY);
  }
}

@inline
function copyPoint(out: usize, p: usize): void {
  for (let at: usize = 0; at < POINT; at += FE) copy(out + at, p + at);
}

/** out = p times the scalar of RECODED. */
function multiply(out: usize, p: usize): void {
  multiplesOf(p);
  neutral(out);
  for (let at = DIGITS - 1; at >= 0; at--) {
    doubleTimes(out, out, 4);
    lookupCached(ENTRY, MULTIPLES, v128.load(RECODED + usize(at) * DIGIT));
    addCached(out, out, ENTRY);
  }
}

/** Keeps what encodes twice the pair in P. */
function keepDouble(pair: usize): void {
  const kept = PAIRS + pair * KEPT;
  beginDouble(kept, P);
  copy(kept + POINT, RUNNING);
  doubleProduct(W, kept);
  mul(RUNNING, RUNNING, W);
}

/** RESULT: the doubles of all pairs kept, with one inversion for all of them. */
function encodeKept(items: i32): void {
  const inverse = ENTRY;
  const product = ENTRY + FE;
  invert(inverse, RUNNING);
  for (let item = (items - 1) & -2; item >= 0; item -= 2) {
    const kept = PAIRS + usize(item >> 1) * KEPT;
    const to = RESULT + item * 32;
    mul(W, inverse, kept + POINT);
    doubleProduct(product, kept);
    mul(inverse, inverse, product);
    encodeDouble(to, to + beside(item, items, 32), kept, W);
  }
}

/** RIGHT: one scalar. LEFT: elements. RESULT: the scalar times each. 1 when all were elements. */
export function mulSame(items: i32): i32 {
  let good = i64x2.splat(-1);
  halve(SCALARS, RIGHT);
  recode(RECODED, SCALARS, SCALARS);
  copy(RUNNING, ONE);
  for (let item = 0; item < items; item += 2) {
    const from = LEFT + item * 32;
    good = v128.and(good, decode(P, from, from + beside(item, items, 32)));
    multiply(P, P);
    keepDouble(item >> 1);
  }
  if (items > 0) encodeKept(items);
  return allOf(good);
}

/** LEFT: a public point. Makes its table, the first or the second. 1 when it is an element. */
export function makeTable(which: i32): i32 {
  const good = decode(P, LEFT, LEFT);
  store<u64>(SCALARS, 1);
  store<u64>(SCALARS, 0, 8);
  store<u64>(SCALARS, 0, 16);
  store<u64>(SCALARS, 0, 24);
  halve(SCALARS, SCALARS); // the table is of half the point: results are encoded as doubles
  recode(RECODED, SCALARS, SCALARS);
  multiply(P, P);
  copy(RUNNING, ONE);
  for (let pair: usize = 0; pair < 256; pair++) {
    if ((pair & 7) == 0) {
      if (pair > 0) doubleTimes(P, P, 8);
      toCached(MULTIPLES, P);
      copyPoint(ENTRY, P);
    } else {
      addCached(ENTRY, ENTRY, MULTIPLES);
    }
    const kept = PAIRS + pair * KEPT;
    copyPoint(kept, ENTRY);
    copy(kept + POINT, RUNNING);
    mul(RUNNING, RUNNING, ENTRY + Z);
  }
  invert(W, RUNNING);
  for (let pair: i32 = 255; pair >= 0; pair--) {
    const kept = PAIRS + usize(pair) * KEPT;
    mul(RUNNING, W, kept + POINT);
    mul(W, W, kept + Z);
    mul(kept + X, kept + X, RUNNING);
    mul(kept + Y, kept + Y, RUNNING);
    toTable(ENTRY, kept + X, kept + Y);
    storeSingle(TABLES + usize(which) * TABLE_BYTES + usize(pair) * SINGLE, ENTRY, 0);
  }
  return allOf(good);
}

/** Stores one half of a pair in the form `table` as 15 limbs. */
@inline
export function storeSingle(to: usize, entry: usize, half: usize): void {
  for (let limb: usize = 0; limb < 15; limb++) store<f64>(to + 8 * limb, load<f64>(entry + 16 * limb + 8 * half));
}

/** RIGHT: scalars. RESULT: each times the point of a table. */
export function mulTable(which: i32, items: i32): void {
  const table = TABLES + usize(which) * TABLE_BYTES;
  copy(RUNNING, ONE);
  for (let item = 0; item < items; item += 2) {
    const from = RIGHT + item * 32;
    recode(RECODED, from, from + beside(item, items, 32));
    neutral(P);
    for (let at: usize = 1; at < 64; at += 2) addEntry(table, at);
    doubleTimes(P, P, 4);
    for (let at: usize = 0; at < 64; at += 2) addEntry(table, at);
    keepDouble(item >> 1);
  }
  if (items > 0) encodeKept(items);
}

/** P = P + digit·16^(at or at - 1)·point. */
@inline
function addEntry(table: usize, at: usize): void {
  lookupSingle(ENTRY, table + (at >> 1) * ENTRIES * SINGLE, v128.load(RECODED + at * DIGIT), HALF);
  addTable(P, P, ENTRY);
}

/** Overwrites what a call on so many items left, but for tables. */
export function wipe(items: i32): void {
  const n = usize(min(items, MOST));
  memory.fill(LEFT, 0, n * 64);
  memory.fill(RIGHT, 0, max(n, 1) * 32);
  memory.fill(RESULT, 0, n * 32);
  memory.fill(WORK, 0, min(ENTRIES * POINT + ((n + 1) >> 1) * KEPT, WORK_BYTES));
  wipeScratch();
}
