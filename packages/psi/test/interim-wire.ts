// SPDX-License-Identifier: Apache-2.0
import { concat } from "@koplamp/wire";
export interface PackedInputs {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
}
export function packInputs(inputs: readonly Uint8Array[]): PackedInputs {
  let end = 0;
  return { bytes: concat(...inputs), ends: Uint32Array.from(inputs, (i) => (end += i.length)) };
}
export function bucket(m: number): number {
  let b = 256;
  for (;;) {
    if (b >= m) return b;
    if (b * 1.5 >= m) return b * 1.5;
    b *= 2;
  }
}
