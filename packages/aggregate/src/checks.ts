// SPDX-License-Identifier: Apache-2.0
import type { Primitives } from "@koplamp/crypto";
import { addMod, multiplyMod, type Slots } from "@koplamp/he";
import { concat, i2osp, lp } from "@koplamp/wire/core";
import { fillBelow } from "./streams.ts";

/** The keys α of a block's two check sums: uniform below t, from a secret that all nodes know and the coordinator not. */
export function checkKeys(
  { hkdfExpand, aes256Ctr }: Primitives,
  groupSecret: Uint8Array,
  transcript: Uint8Array,
  block: number,
  t: number,
): Float64Array {
  const key = hkdfExpand(groupSecret, concat(lp("koplamp/mac/1"), transcript, i2osp(block, 4)), 32);
  const keys = new Float64Array(2);
  fillBelow(keys, t, (length) => aes256Ctr(key, length));
  key.fill(0);
  return keys;
}

/**
 * One party's block: its cells, a one in the count slot, the check sums Σ α^(k+1)·x_k mod t over all slots before them,
 * and a zero.
 */
export function layBlock(cells: Float64Array, slots: number, t: number, keys: Float64Array): Slots {
  const block = new Float64Array(slots);
  cells.forEach((value, at) => {
    block[at] = value < 0 ? value + t : value;
  });
  block[slots - 4] = 1;
  block[slots - 3] = checkSum(block, t, keys[0] ?? 0);
  block[slots - 2] = checkSum(block, t, keys[1] ?? 0);
  return block;
}

/** Whether a summed block counts `parties` contributions and fits its own check sums. */
export function blockHolds(block: Slots, t: number, keys: Float64Array, parties: number): boolean {
  const slots = block.length;
  const counted = block[slots - 4] === parties && block[slots - 1] === 0;
  const first = block[slots - 3] === checkSum(block, t, keys[0] ?? 0);
  const second = block[slots - 2] === checkSum(block, t, keys[1] ?? 0);
  return counted && first && second;
}

/** The numbers of a block as they were meant: the representative in (-t/2, t/2). */
export function readCells(block: Slots, cells: number, t: number): Float64Array {
  return block.slice(0, cells).map((value) => (value > t / 2 ? value - t : value));
}

/** Horner's rule over the cells and the count. */
function checkSum(block: Slots, t: number, key: number): number {
  const inverse = 1 / t;
  let sum = 0;
  for (let at = block.length - 4; at >= 0; at -= 1) {
    sum = multiplyMod(addMod(sum, block[at] ?? 0, t), key, t, inverse);
  }
  return sum;
}
