// SPDX-License-Identifier: Apache-2.0
// Multi-scalar sums by Pippenger's method, two windows at a time. Of public inputs only: what is read depends on them.
import { LEFT, RESULT, RIGHT, WORK } from "./memory";
import { storeSingle } from "./batch";
import { addPoints, addTable, doubleTimes, neutral, toTable, X, Y } from "./point";
import { decode, encode } from "./ristretto";
import { FE, IN_BATCH, POINT } from "./scratch";

const P: usize = IN_BATCH;
const ENTRY: usize = IN_BATCH + POINT;
const RUNNING: usize = IN_BATCH + 2 * POINT;
const SUM: usize = IN_BATCH + 3 * POINT;
const WINDOWS: usize = IN_BATCH + 4 * POINT;
/** The sum of all calls since `msmBegin`, in both halves. */
const TOTAL: usize = IN_BATCH + 5 * POINT;

/** Bytes of a point in the form `table`, filled up to two lines of a cache. */
const STRIDE: usize = 128;
const MOST_BITS: i32 = 11;
const WEIGHT_BITS: i32 = 128;
const SIGN: u64 = 1 << 63;

/** How many windows of so many signed bits cover a weight: an even number. */
function windowsOf(bits: i32): i32 {
  const windows = (WEIGHT_BITS + bits) / bits; // one bit more, for the last carry
  return windows + (windows & 1);
}

/** The window that costs least. */
function bitsFor(items: i32): i32 {
  let best = 2;
  let least: i32 = 0;
  for (let bits = 2; bits <= MOST_BITS; bits++) {
    const cost = windowsOf(bits) * (8 * items + (9 << bits));
    if (bits > 2 && cost >= least) continue;
    best = bits;
    least = cost;
  }
  return best;
}

export function msmBegin(): void {
  neutral(TOTAL);
}

/** LEFT: elements. RIGHT: weights of 16 bytes. Adds their sum to the total. 1 when all were elements. */
export function msmAdd(items: i32): i32 {
  const digits = WORK + usize(items) * STRIDE;
  const bits = bitsFor(items);
  const windows = windowsOf(bits);
  const buckets = (digits + usize(items * windows * 2) + 15) & ~15;
  let good = i64x2.splat(-1);
  for (let item = 0; item < items; item += 2) {
    const from = LEFT + item * 32;
    const to = WORK + usize(item) * STRIDE;
    const more = item + 1 < items;
    good = v128.and(good, decode(P, from, from + (more ? 32 : 0)));
    toTable(ENTRY, P + X, P + Y);
    storeSingle(to, ENTRY, 0);
    if (more) storeSingle(to + STRIDE, ENTRY, 1);
  }
  for (let item = 0; item < items; item++) recodeWeight(digits, item, items, bits, windows);
  neutral(WINDOWS);
  const half = windows / 2;
  for (let window = half - 1; window >= 0; window--) {
    fillBuckets(buckets, digits + usize(window * items * 2), items, half, bits);
    addBuckets(buckets, bits);
    doubleTimes(WINDOWS, WINDOWS, bits);
    addPoints(WINDOWS, WINDOWS, SUM);
  }
  addHalves(bits * half);
  return i32(i64x2.all_true(good));
}

/** RESULT: the total. */
export function msmEnd(): void {
  encode(RESULT, RESULT, TOTAL);
}

/** Digits from -2^(bits - 1) to 2^(bits - 1) - 1, least first, `items` apart. */
function recodeWeight(digits: usize, item: i32, items: i32, bits: i32, windows: i32): void {
  let low = load<u64>(RIGHT + item * 16);
  let high = load<u64>(RIGHT + item * 16, 8);
  const size = 1 << bits;
  let carry = 0;
  for (let window = 0; window < windows; window++) {
    let digit = i32(low & u64(size - 1)) + carry;
    low = (low >> bits) | (high << (64 - bits));
    high >>= bits;
    carry = i32(digit >= size >> 1);
    digit -= carry << bits;
    store<i16>(digits + 2 * usize(window * items + item), i16(digit));
  }
}

/** Adds each point to the bucket of its digit, in two windows: one in each half. */
function fillBuckets(buckets: usize, digits: usize, items: i32, half: i32, bits: i32): void {
  for (let bucket = 0; bucket <= 1 << (bits - 1); bucket++) neutral(buckets + bucket * POINT);
  const apart = usize(half * items * 2);
  for (let item = 0; item < items; item++) {
    const first = i32(load<i16>(digits + item * 2));
    const second = i32(load<i16>(digits + item * 2 + apart));
    const signs = i64x2.replace_lane(i64x2.splat(i64(first) >> 63), 1, i64(second) >> 63);
    spread(WORK + usize(item) * STRIDE, signs);
    const a = buckets + abs(first) * POINT;
    const b = buckets + abs(second) * POINT + 8;
    for (let at: usize = 0; at < POINT; at += 16) {
      v128.store(P + at, v128.load_lane<u64>(b + at, v128.load64_zero(a + at), 1));
    }
    addTable(P, P, ENTRY);
    for (let at: usize = 0; at < POINT; at += 16) {
      const sum = v128.load(P + at);
      v128.store_lane<u64>(a + at, sum, 0);
      v128.store_lane<u64>(b + at, sum, 1);
    }
  }
}

/** ENTRY = a point in both halves, turned round where the mask is set. */
@inline
function spread(from: usize, signs: v128): void {
  const flip = v128.and(signs, i64x2.splat(SIGN));
  for (let k: usize = 0; k < 5; k++) {
    const minus = v128.load64_splat(from + 8 * k);
    const plus = v128.load64_splat(from + 40 + 8 * k);
    v128.store(ENTRY + 16 * k, v128.bitselect(plus, minus, signs));
    v128.store(ENTRY + FE + 16 * k, v128.bitselect(minus, plus, signs));
    v128.store(ENTRY + 2 * FE + 16 * k, v128.xor(v128.load64_splat(from + 80 + 8 * k), flip));
  }
}

/** SUM = Σ number·bucket. */
function addBuckets(buckets: usize, bits: i32): void {
  neutral(RUNNING);
  neutral(SUM);
  for (let bucket = 1 << (bits - 1); bucket > 0; bucket--) {
    addPoints(RUNNING, RUNNING, buckets + bucket * POINT);
    addPoints(SUM, SUM, RUNNING);
  }
}

/** TOTAL = TOTAL + the first half of WINDOWS + 2^bits times the second. */
function addHalves(bits: i32): void {
  for (let at: usize = 0; at < POINT; at += 16) {
    const both = v128.load(WINDOWS + at);
    v128.store(P + at, i64x2.shuffle(both, both, 1, 1));
    v128.store(SUM + at, i64x2.shuffle(both, both, 0, 0));
  }
  doubleTimes(P, P, bits);
  addPoints(P, P, SUM);
  addPoints(TOTAL, TOTAL, P);
}
