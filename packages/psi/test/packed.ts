// SPDX-License-Identifier: Apache-2.0
import type { PackedInputs } from "@koplamp/crypto";
import { concat } from "@koplamp/wire";

/** Inputs one after the other. */
export function packInputs(inputs: readonly Uint8Array[]): PackedInputs {
  const ends = new Uint32Array(inputs.length);
  inputs.reduce((end, input, at) => {
    ends[at] = end + input.length;
    return end + input.length;
  }, 0);
  return { bytes: concat(...inputs), ends };
}

/** The smallest of 2^k and 1.5·2^k that is at least `rows`, and at least 256 (protocols.md, section 5). */
export function bucket(rows: number): number {
  let power = 256;
  while (power * 1.5 < rows) power *= 2;
  return power >= rows ? power : power * 1.5;
}
