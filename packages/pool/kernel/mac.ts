// SPDX-License-Identifier: Apache-2.0
// HMAC-SHA256 (RFC 2104, section 2) of one message under each of many keys of 32 bytes, four at a time. The message is
// public: what its blocks add to the rounds is worked out once. Keys and MACs are secret: no branch and no address depends
// on them.
import { LEFT, MESSAGE, RESULT, RIGHT } from "./memory";
import { begin, BLOCK, compressDigests, compressKeys, compressSummed, DIGEST, digest, keep, sumWords } from "./sha256";
import { wipeScratch } from "./scratch";

/** The state after the outer pad. */
const AFTER_OUTER: usize = MESSAGE;
const LANES: usize = 128;
/** What the rounds of each block of the message add, 256 bytes a block. */
const SUMMED: usize = AFTER_OUTER + LANES;
const SUMMED_BYTES: usize = 256;
/** The pads of RFC 2104. */
const INNER: i32 = 0x36363636;
const OUTER: i32 = 0x5c5c5c5c;
/** What ends a message: a bit and its length. */
const PADDING: usize = 9;

/** LEFT: the message, `length` bytes. Gives how many blocks it has, and keeps what these add until `macWipe`. */
export function macBegin(length: usize): usize {
  const blocks = (length + PADDING + BLOCK - 1) / BLOCK;
  memory.fill(LEFT + length, 0, blocks * BLOCK - length);
  store<u8>(LEFT + length, 0x80);
  store<u32>(LEFT + blocks * BLOCK - 4, bswap<u32>(u32((BLOCK + length) * 8)));
  for (let block: usize = 0; block < blocks; block++) {
    sumWords(LEFT + block * BLOCK, SUMMED + block * SUMMED_BYTES);
  }
  return blocks;
}

/**
 * RIGHT: keys. RESULT: the first `taken` bytes of their MACs of a message of so many blocks, whole words. A last four is
 * filled up with what stands behind the keys.
 */
export function macEach(items: usize, blocks: usize, taken: usize): void {
  for (let item: usize = 0; item < items; item += 4) {
    const keys = RIGHT + item * DIGEST;
    begin();
    compressKeys(keys, OUTER);
    keep(AFTER_OUTER);
    begin();
    compressKeys(keys, INNER);
    for (let block: usize = 0; block < blocks; block++) compressSummed(SUMMED + block * SUMMED_BYTES);
    compressDigests(AFTER_OUTER);
    for (let lane: usize = 0; lane < 4; lane++) digest(lane, RESULT + (item + lane) * taken, taken);
  }
}

/** Overwrites what calls on so many keys and a message of so many blocks left. */
export function macWipe(items: usize, blocks: usize): void {
  const most = (items + 3) & ~3;
  memory.fill(LEFT, 0, blocks * BLOCK);
  memory.fill(RIGHT, 0, items * DIGEST);
  memory.fill(RESULT, 0, most * DIGEST);
  memory.fill(MESSAGE, 0, LANES + blocks * SUMMED_BYTES);
  wipeScratch();
}
