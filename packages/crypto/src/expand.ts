// SPDX-License-Identifier: Apache-2.0
import { concat, i2osp } from "@koplamp/wire/core";
import { wipe } from "./bytes.ts";
import type { Primitives } from "./primitives.ts";

/** Bytes of a block and of an output of SHA-512. */
const HASH_BLOCK = 128;
const HASH_BYTES = 64;
/** Bytes of a tail before its separator. */
const BEFORE_DST = 3;
const NO_BLOCK: Uint8Array = new Uint8Array(HASH_BLOCK);

/**
 * expand_message_xmd with SHA-512 (RFC 9380, section 5.3.1): `length` bytes that look random, bound to `dst`.
 * @throws {RangeError} when `length` or `dst` is beyond what the RFC allows.
 */
export function expandMessage(
  primitives: Primitives,
  message: Uint8Array,
  dst: Uint8Array,
  length: number,
): Uint8Array {
  return expander(primitives, dst, length)(message);
}

/** What follows a message in its first hash: I2OSP(length, 2) ‖ 0 ‖ dst ‖ I2OSP(len(dst), 1). */
export function expansionTail(dst: Uint8Array, length: number): Uint8Array {
  return concat(i2osp(length, 2), Uint8Array.of(0), dst, i2osp(dst.length, 1));
}

/** As `expandMessage`, for many messages. */
export function expander(
  { sha512 }: Primitives,
  dst: Uint8Array,
  length: number,
): (message: Uint8Array) => Uint8Array {
  const blocks = Math.ceil(length / HASH_BYTES);
  if (blocks > 255) throw new RangeError(`expected at most ${255 * HASH_BYTES} bytes, got ${length}`);
  const tail = expansionTail(dst, length);
  const input = concat(new Uint8Array(HASH_BYTES + 1), tail.subarray(BEFORE_DST));
  return (message) => {
    const start = sha512(concat(NO_BLOCK, message, tail));
    const expanded = new Uint8Array(blocks * HASH_BYTES);
    input.set(start);
    for (let block = 0; block < blocks; block += 1) {
      if (block > 0) mixInto(input, start, expanded, (block - 1) * HASH_BYTES);
      input[HASH_BYTES] = block + 1;
      expanded.set(sha512(input), block * HASH_BYTES);
    }
    wipe(start, input.subarray(0, HASH_BYTES));
    return expanded.subarray(0, length);
  };
}

/** Puts the exclusive or of `start` and the block before, at `from`, at the front of `input`. */
function mixInto(input: Uint8Array, start: Uint8Array, expanded: Uint8Array, from: number): void {
  for (let at = 0; at < HASH_BYTES; at += 1) input[at] = (start[at] ?? 0) ^ (expanded[from + at] ?? 0);
}
