// SPDX-License-Identifier: Apache-2.0
import type { Primitives } from "@koplamp/crypto";
import { checkedExports, kernelExports } from "./kernel.ts";

/** `Primitives.hmacSha256Under`. */
export type MacUnder = Primitives["hmacSha256Under"];

/** What of the kernel makes MACs. */
interface Macs {
  readonly memory: Uint8Array;
  readonly left: number;
  readonly right: number;
  readonly result: number;
  /** `left`: a message. Gives the number of its blocks. */
  macBegin(length: number): number;
  /** `right`: keys. `result`: `taken` bytes of each MAC. */
  macEach(items: number, blocks: number, taken: number): void;
  macWipe(items: number, blocks: number): void;
}

/** Bytes of a message, at most. */
export const MOST_MAC_MESSAGE: number = 1024;
const KEY = 32;
/** Keys of a call: with their MACs they stay in the cache. */
const CHUNK = 512;

/** HMAC-SHA256 by the kernel, under four keys at a time. Throws where it does not run. */
export function kernelMac(exports: Readonly<Record<string, unknown>> = kernelExports()): MacUnder {
  const kernel = macsOf(exports);
  const { memory, left, right, result } = kernel;
  return (keys, message, taken = KEY) => {
    const count = keys.length / KEY;
    const macs = new Uint8Array(count * taken);
    memory.set(message, left);
    const blocks = kernel.macBegin(message.length);
    try {
      for (let first = 0; first < count; first += CHUNK) {
        const items = Math.min(CHUNK, count - first);
        memory.set(keys.subarray(first * KEY, (first + items) * KEY), right);
        kernel.macEach(items, blocks, taken);
        macs.set(memory.subarray(result, result + items * taken), first * taken);
      }
      return macs;
    } finally {
      kernel.macWipe(Math.min(CHUNK, count), blocks);
    }
  };
}

function macsOf(exports: Readonly<Record<string, unknown>>): Macs {
  const functions = ["macBegin", "macEach", "macWipe"];
  const places = { left: "LEFT", right: "RIGHT", result: "RESULT" };
  return checkedExports(exports, functions, places) as unknown as Macs; // every member was checked
}
