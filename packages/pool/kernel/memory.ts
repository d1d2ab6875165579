// SPDX-License-Identifier: Apache-2.0
// Where a call finds what it works on. All of it is there from the start: the memory grows for `picks.ts` alone.
import { FE, POINT } from "./scratch";

/** Most items of one call. */
export const MOST: i32 = 8192;

/** First operands: 64 bytes an item at most. */
export const LEFT: usize = 65536;
/** Second operands, scalars and weights: 32 bytes an item. */
export const RIGHT: usize = LEFT + MOST * 64;
/** Results: 32 bytes an item. */
export const RESULT: usize = RIGHT + MOST * 32;
/** Tables of multiples of two points. */
export const TABLES: usize = RESULT + MOST * 32;
export const TABLE_BYTES: usize = 32 * 8 * 120;
/** What a call keeps of each pair. */
export const WORK: usize = TABLES + 2 * TABLE_BYTES;
export const WORK_BYTES: usize = 26 << 16;
/** A message that is to be hashed, and the bytes that it may have with its tail: hashing keeps nothing else there. */
export const MESSAGE: usize = WORK;
export const MOST_MESSAGE: i32 = 1024;
/** What must be below the size of the memory: 64 pages. */
export const END: usize = WORK + WORK_BYTES;

/** Of a pair: a point or what comes of it, and a product of all before it. */
export const KEPT: usize = POINT + FE;
