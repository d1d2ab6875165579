// SPDX-License-Identifier: Apache-2.0
import { utf8 } from "./text.ts";

/** The bytes of all parts, one after the other, in a fresh array. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** I2OSP of RFC 8017, section 4.1: a non-negative integer as `length` big-endian bytes. */
export function i2osp(value: number | bigint, length: number): Uint8Array {
  let rest = BigInt(value);
  if (rest < 0n || rest >= 1n << BigInt(8 * length)) {
    throw new RangeError(`expected an integer of at most ${length} bytes, got one outside`);
  }
  const bytes = new Uint8Array(length);
  for (let at = length - 1; at >= 0; at -= 1) {
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** `lp(b) = I2OSP(len(b), 2) ‖ b`: bytes behind their own length. Text is taken as UTF-8. */
export function lp(value: Uint8Array | string): Uint8Array {
  const bytes = typeof value === "string" ? utf8(value) : value;
  return concat(i2osp(bytes.length, 2), bytes);
}
