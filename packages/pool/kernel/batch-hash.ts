// SPDX-License-Identifier: Apache-2.0
// SHA-256 of many messages that begin alike. Where a message ends is public, and so is its head, of which whole blocks are
// worked once as long as they stay the same. What follows is secret: no branch and no address depends on it.
import { LEFT, MESSAGE, MOST_MESSAGE, RESULT, RIGHT } from "./memory";
import { begin, BLOCK, compress, DIGEST, digest, keep, resume } from "./sha256";
import { wipeScratch } from "./scratch";

/** Four messages that are filled up, each with room for what is written past its end. */
const STRIDE: usize = usize(MOST_MESSAGE);
/** The state after the whole blocks with which all messages begin. */
const AFTER_BLOCKS: usize = MESSAGE + 4 * STRIDE;
const LANES: usize = 128;
/** The blocks of a head that came last, and the state after each of them. */
const MOST_HEAD: usize = 256;
const HEAD: usize = AFTER_BLOCKS + LANES;
const AFTER_HEAD: usize = HEAD + MOST_HEAD;
const END: usize = AFTER_HEAD + 2 * MOST_HEAD;
/** What ends a message: a bit and its length. */
const PADDING: usize = 9;

/** The bytes of the prefix in whole blocks, and all of them. */
let whole: usize = 0;
let prefix: usize = 0;
/** Bytes behind those blocks that are public, in whole blocks, and how many of them are at HEAD. */
let open: usize = 0;
let known: usize = 0;
/** Bytes of each digest that are told. */
let told: usize = 0;

/**
 * LEFT: what all messages begin with, `length` bytes; `head` bytes of each that follow are public. It stays until `hashWipe`.
 * Of each digest the first `taken` bytes are told, whole words.
 */
export function hashBegin(length: usize, head: usize, taken: usize): void {
  prefix = length;
  told = taken;
  whole = length & ~(BLOCK - 1);
  open = min((prefix - whole + head) & ~(BLOCK - 1), MOST_HEAD);
  known = 0;
  begin();
  for (let at: usize = 0; at < whole; at += BLOCK) compress(LEFT + at, 0);
  keep(AFTER_BLOCKS);
  for (let lane: usize = 0; lane < 4; lane++) {
    memory.copy(MESSAGE + lane * STRIDE, LEFT + whole, prefix - whole);
  }
}

/** LEFT: the rest of each message, one behind the other. RIGHT: where each ends, a word. RESULT: what is told of digests. */
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
  const before = item > 0 ? endOf(item - 1) : 0;
  let isHead = true;
  for (let at: usize = 0; at < most; at += BLOCK) {
    isHead = isHead && at < open && allAre(at, at < known ? HEAD : MESSAGE);
    if (isHead && at < known) {
      resume(AFTER_HEAD + 2 * at);
    } else {
      compress(MESSAGE + at, STRIDE);
      if (isHead) learn(at);
    }
    tell(item, count, before, at + BLOCK);
  }
  return from;
}

/** Whether the blocks at `at` of all four are the one there at `as`. They are public. */
@inline
function allAre(at: usize, as: usize): bool {
  let differences = i32x4.splat(0);
  for (let row: usize = at; row < at + BLOCK; row += 16) {
    const expected = v128.load(as + row);
    for (let lane: usize = 0; lane < 4; lane++) {
      differences = v128.or(differences, v128.xor(expected, v128.load(MESSAGE + lane * STRIDE + row)));
    }
  }
  return !v128.any_true(differences);
}

/** Keeps a block that all four have, and the state after it, which is the same in all lanes. */
function learn(at: usize): void {
  memory.copy(HEAD + at, MESSAGE + at, BLOCK);
  keep(AFTER_HEAD + 2 * at);
  known = at + BLOCK;
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
    if (blocksOf(next - before) === end) digest(lane, RESULT + usize(item + lane) * told, told);
    before = next;
  }
}

/** Overwrites what calls on so many bytes and items left. */
export function hashWipe(bytes: usize, items: i32): void {
  memory.fill(LEFT, 0, bytes);
  memory.fill(RIGHT, 0, usize(items) * 4);
  memory.fill(RESULT, 0, usize(items) * told);
  memory.fill(MESSAGE, 0, END - MESSAGE);
  wipeScratch();
}
