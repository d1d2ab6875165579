// SPDX-License-Identifier: Apache-2.0
// Elements of GF(2^128) times one secret factor: polynomials modulo x^128 + x^7 + x^2 + x + 1, lowest coefficient in the
// lowest bit of the first byte. The product is linear in the element: the sum of what each of its 32 half-bytes gives.
// Sixteen elements are taken at a time, byte by byte, so that one instruction looks sixteen half-bytes up in a table that
// is in a register: no address depends on a secret.
import { LEFT, TABLES } from "./memory";
import { wipeScratch } from "./scratch";

/** Bytes of an element, and elements that are taken at a time. */
const SIZE: usize = 16;
/** A square: sixteen rows of sixteen bytes. */
const SQUARE: usize = 256;
const HALVES: usize = 32;

/** For each half-byte of an element and each byte of the product sixteen bytes: what each value gives. */
const LOOKUPS: usize = TABLES;
const HALF_BYTES: usize = LOOKUPS + HALVES * SQUARE;
const ROWS: usize = HALF_BYTES + HALVES * SIZE;
const SPARE: usize = ROWS + SQUARE;
/** Sixteen sums, byte by byte. */
const SUMS: usize = SPARE + SQUARE;
const END: usize = SUMS + SQUARE;

/** LEFT: the factor. It stays until `scaleWipe`. */
export function scaleBegin(): void {
  let low = load<u64>(LEFT);
  let high = load<u64>(LEFT, 8);
  for (let half: usize = 0; half < HALVES; half++) {
    const square = LOOKUPS + half * SQUARE;
    v128.store(square, i32x4.splat(0));
    for (let entry: usize = 1; entry < SIZE; entry <<= 1) {
      const power = i64x2.replace_lane(i64x2.splat(low), 1, high);
      for (let less: usize = 0; less < entry; less++) {
        v128.store(square + (entry + less) * SIZE, v128.xor(power, v128.load(square + less * SIZE)));
      }
      const reduced = (0 - (high >> 63)) & 0x87;
      high = (high << 1) | (low >> 63);
      low = (low << 1) ^ reduced;
    }
    turn(square);
  }
  memory.fill(SUMS, 0, SQUARE);
}

/** LEFT: elements, sixteen times as many as `squares` says. They become products. */
export function scaleEach(squares: i32): void {
  for (let square = 0; square < squares; square++) {
    const at = LEFT + usize(square) * SQUARE;
    turn(at);
    scaleTurned(at);
    turn(at);
  }
}

/** LEFT: elements as before. Each of sixteen sums, times the factor, takes its element of each square in. */
export function foldEach(squares: i32): void {
  for (let square = 0; square < squares; square++) {
    const at = LEFT + usize(square) * SQUARE;
    turn(at);
    scaleTurned(SUMS);
    for (let byte: usize = 0; byte < SQUARE; byte += SIZE) {
      v128.store(SUMS + byte, v128.xor(v128.load(SUMS + byte), v128.load(at + byte)));
    }
  }
}

/** LEFT: the sixteen sums, as elements. */
export function foldEnd(): void {
  memory.copy(LEFT, SUMS, SQUARE);
  turn(LEFT);
}

/** Sixteen elements that stand byte by byte become products. */
function scaleTurned(at: usize): void {
  for (let byte: usize = 0; byte < SIZE; byte++) {
    const both = v128.load(at + byte * SIZE);
    v128.store(HALF_BYTES + 2 * byte * SIZE, v128.and(both, i8x16.splat(15)));
    v128.store(HALF_BYTES + (2 * byte + 1) * SIZE, i8x16.shr_u(both, 4));
  }
  for (let byte: usize = 0; byte < SIZE; byte += 4) fourBytes(at + byte * SIZE, byte * SIZE);
}

/** Four bytes of sixteen products. */
@inline
function fourBytes(to: usize, from: usize): void {
  let a = i32x4.splat(0);
  let b = i32x4.splat(0);
  let c = i32x4.splat(0);
  let d = i32x4.splat(0);
  for (let half: usize = 0; half < HALVES; half++) {
    const values = v128.load(HALF_BYTES + half * SIZE);
    const tables = LOOKUPS + from + half * SQUARE;
    a = v128.xor(a, i8x16.relaxed_swizzle(v128.load(tables), values));
    b = v128.xor(b, i8x16.relaxed_swizzle(v128.load(tables, 16), values));
    c = v128.xor(c, i8x16.relaxed_swizzle(v128.load(tables, 32), values));
    d = v128.xor(d, i8x16.relaxed_swizzle(v128.load(tables, 48), values));
  }
  v128.store(to, a);
  v128.store(to, b, 16);
  v128.store(to, c, 32);
  v128.store(to, d, 48);
}

/** Makes rows columns: shuffled together four times, each byte has come to where row and column have changed places. */
function turn(square: usize): void {
  shuffled(square, ROWS);
  shuffled(ROWS, SPARE);
  shuffled(SPARE, ROWS);
  shuffled(ROWS, square);
}

@inline
function shuffled(from: usize, to: usize): void {
  for (let row: usize = 0; row < 8; row++) {
    const a = v128.load(from + row * SIZE);
    const b = v128.load(from + (row + 8) * SIZE);
    v128.store(to + 2 * row * SIZE, v128.shuffle<i8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
    v128.store(
      to + (2 * row + 1) * SIZE,
      v128.shuffle<i8>(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31),
    );
  }
}

/** Overwrites what calls on so many squares left, and the factor. */
export function scaleWipe(squares: i32): void {
  memory.fill(LEFT, 0, max(usize(squares), 1) * SQUARE);
  memory.fill(LOOKUPS, 0, END - LOOKUPS);
  wipeScratch();
}
