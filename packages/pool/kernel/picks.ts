// SPDX-License-Identifier: Apache-2.0
// Sums of elements of GF(2^128) that stand at public places. Only an instance whose memory has grown by `MORE_PAGES` has
// room for them.
import { LEFT } from "./memory";

/** Most elements of a band, and most sums of a call. */
export const MOST_BAND: i32 = 81920;
export const MOST_SUMS: i32 = 262144;

/** A band: 16 bytes an element. */
export const BAND: usize = LEFT;
/** Picks: a word for each sum. */
export const PICKS: usize = BAND + usize(MOST_BAND) * 16;
/** Sums of vectors, one vector after the other. */
export const SUMS: usize = PICKS + usize(MOST_SUMS) * 4;

/** SUMS, those of one vector: each takes in the element of a band of `length` at ⌊pick · length / 2^32⌋. */
export function pickEach(length: i32, count: i32, vector: i32): void {
  let sum = SUMS + usize(vector) * usize(MOST_SUMS) * 16;
  const end = PICKS + usize(count) * 4;
  for (let pick = PICKS; pick < end; pick += 4) {
    const place = usize((u64(load<u32>(pick)) * u64(length)) >> 32);
    v128.store(sum, v128.xor(v128.load(sum), v128.load(BAND + place * 16)));
    sum += 16;
  }
}

/** Overwrites what calls on so many vectors left. */
export function picksWipe(vectors: i32): void {
  memory.fill(BAND, 0, SUMS - BAND + usize(vectors) * usize(MOST_SUMS) * 16);
}
