// SPDX-License-Identifier: Apache-2.0
// SHA-256 of many messages that begin alike. Where a message ends is public, what is in it is not.
import { LEFT, MESSAGE, MOST_MESSAGE, RESULT, RIGHT } from "./memory";
import { begin, BLOCK, compress, DIGEST, digest, keep, resume } from "./sha256";
import { wipeScratch } from "./scratch";

/** Four messages that are filled up, each with room for what is written past its end. */
const STRIDE: usize = usize(MOST_MESSAGE);
/** The state after the whole blocks with which all messages begin. */
const AFTER_BLOCKS: usize = MESSAGE + 4 * STRIDE;
/** What ends a message: a bit and its length. */
const PADDING: usize = 9;

/** The bytes of the prefix in whole blocks, and all of them. */
let whole: usize = 0;
let prefix: usize = 0;

/** LEFT: what all messages begin with, `length` bytes. It stays until `hashWipe`. */
export function hashBegin(length: usize): void {
  prefix = length;
  whole = length & ~(BLOCK - 1);
  begin();
  for (let at: usize = 0; at < whole; at += BLOCK) compress(LEFT + at, 0);
  keep(AFTER_BLOCKS);
  for (let lane: usize = 0; lane < 4; lane++) {
    memory.copy(MESSAGE + lane * STRIDE, LEFT + whole, prefix - whole);
  }
}

/** LEFT: the rest of each message, one behind the other. RIGHT: where each ends, a word. RESULT: digests. */
export function hashEach(items: i32): void {
  let from: usize = 0;
  for (let item = 0; item < items; item += 4) from = hashFour(item, min(items - item, 4), from);
}

/** Gives where the last of the four ends. */
function hashFour(item: i32, count: i32, from: usize): usize {
  let most: usize = 0;
  for (let lane = 0; lane < count; lane++) {
    const end = endOf(item + lane);
    most = max(most, fill(lane, from, end - from));
    from = end;
  }
  resume(AFTER_BLOCKS);
  let before = item > 0 ? endOf(item - 1) : 0;
  for (let at: usize = 0; at < most; at += BLOCK) {
    compress(MESSAGE + at, STRIDE);
    tell(item, count, before, at + BLOCK);
  }
  return from;
}

@inline
function endOf(item: i32): usize {
  return usize(load<u32>(RIGHT + usize(item) * 4));
}

/** Bytes of the blocks of a message, behind the whole blocks with which all begin. */
@inline
function blocksOf(length: usize): usize {
  return (prefix - whole + length + PADDING + BLOCK - 1) & ~(BLOCK - 1);
}

/** Copies a message behind its prefix and fills its last block up. Sixteen bytes at a time, so past the end. */
@inline
function fill(lane: i32, from: usize, length: usize): usize {
  const to = MESSAGE + usize(lane) * STRIDE;
  const start = to + prefix - whole;
  for (let at: usize = 0; at < length; at += 16) v128.store(start + at, v128.load(LEFT + from + at));
  const blocks = blocksOf(length);
  for (let at = start + length; at < to + blocks; at += 16) v128.store(at, i32x4.splat(0));
  store<u8>(start + length, 0x80);
  store<u32>(to + blocks - 4, bswap<u32>(u32((prefix + length) * 8)));
  return blocks;
}

/** Puts the digests of those messages down that end here. */
@inline
function tell(item: i32, count: i32, before: usize, end: usize): void {
  for (let lane = 0; lane < count; lane++) {
    const next = endOf(item + lane);
    if (blocksOf(next - before) === end) digest(lane, RESULT + usize(item + lane) * DIGEST);
    before = next;
  }
}

/** Overwrites what calls on so many bytes and items left. */
export function hashWipe(bytes: usize, items: i32): void {
  memory.fill(LEFT, 0, bytes);
  memory.fill(RIGHT, 0, usize(items) * 4);
  memory.fill(RESULT, 0, usize(items) * DIGEST);
  memory.fill(MESSAGE, 0, AFTER_BLOCKS - MESSAGE + 8 * 16);
  wipeScratch();
}
