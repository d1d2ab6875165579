// SPDX-License-Identifier: Apache-2.0
import type { PackedInputs, Primitives } from "@koplamp/crypto";
import { concat, headLength, i2osp, lp } from "@koplamp/wire/core";

/**
 * `KDF(s, ctx, label, i1, i2, …; L)` of protocols.md, section 1.1: HKDF-Expand-SHA-256 (RFC 5869, section 2.3) under
 * the secret `s`, with everything that tells one use from another in its info.
 */
export function kdf(
  { hkdfExpand }: Primitives,
  secret: Uint8Array,
  context: Uint8Array,
  label: string,
  indices: readonly number[],
  length: number,
): Uint8Array {
  const info = concat(lp("koplamp/kdf/1"), context, lp(label), ...indices.map((index) => i2osp(index, 4)));
  return hkdfExpand(secret, info, length);
}

/** `KDF(s, context, label; 32)` under each of many secrets of 32 bytes: one block of HKDF-Expand. */
export function kdfEach(
  { hmacSha256Under }: Primitives,
  secrets: Uint8Array,
  context: Uint8Array,
  label: string,
): Uint8Array {
  return hmacSha256Under(secrets, concat(lp("koplamp/kdf/1"), context, lp(label), Uint8Array.of(1)));
}

/** The bytes of the input at position `at`, without a copy. */
export function inputAt({ bytes, ends }: PackedInputs, at: number): Uint8Array {
  return bytes.subarray(at === 0 ? 0 : ends[at - 1], ends[at]);
}

/** HMAC-SHA256(key, in(x)) of every input, cut to `width` bytes: `inputs * width` bytes in the order of the inputs. */
export function keyedInputs(
  { hmacSha256Each }: Primitives,
  key: Uint8Array,
  inputs: PackedInputs,
  width: number,
): Uint8Array {
  return hmacSha256Each(key, inputs.bytes, inputs.ends, headLength(inputs), width);
}

/** The first `width` bytes of each MAC of 32. */
export function cutRows(macs: Uint8Array, width: number): Uint8Array {
  if (width === 32) return macs;
  const rows = new Uint8Array((macs.length / 32) * width);
  for (let to = 0, from = 0; to < rows.length; to += width, from += 32) {
    for (let byte = 0; byte < width; byte += 1) rows[to + byte] = macs[from + byte] ?? 0;
  }
  return rows;
}
