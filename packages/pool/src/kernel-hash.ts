// SPDX-License-Identifier: Apache-2.0
import type { Primitives } from "@koplamp/crypto";
import { checkedExports, kernelExports } from "./kernel.ts";

/** `Primitives.sha256Each`. `into`: where the digests go, and may be where the inputs are while all of each is taken. */
export type HashEach = (...args: [...Parameters<Primitives["sha256Each"]>, into?: Uint8Array]) => Uint8Array;

/** What of the kernel hashes messages. */
interface Hashing {
  readonly memory: Uint8Array;
  readonly left: number;
  readonly right: number;
  readonly result: number;
  /** `left`: how all messages begin. What of each follows in its first `head` bytes is public. */
  hashBegin(length: number, head: number, taken: number): void;
  /** `left`: the rest of each message; `right`: where each ends, a word. `result`: `taken` bytes of each digest. */
  hashEach(items: number): void;
  hashWipe(bytes: number, items: number): void;
}

/** Bytes of a message with its prefix, at most: five blocks. From six on OpenSSL is as fast, where a processor hashes. */
export const MOST_MESSAGE: number = 311;
const DIGEST = 32;
/** Messages of a call: they stay in the cache. */
const CHUNK = 512;
/** What is copied sixteen bytes at a time ends within so many. */
const BEYOND = 16;

/** The kernel's SHA-256, of four messages at a time, for messages up to `MOST_MESSAGE`. Throws where it does not run. */
export function kernelHash(exports: Readonly<Record<string, unknown>> = kernelExports()): HashEach {
  const kernel = hashingOf(exports);
  return (prefix, bytes, ends, head = 0, taken = DIGEST, into) => {
    const digests = into ?? new Uint8Array(ends.length * taken);
    try {
      kernel.memory.set(prefix, kernel.left);
      kernel.hashBegin(prefix.length, head, taken);
      for (let first = 0; first < ends.length; first += CHUNK) {
        hashChunk(kernel, bytes, ends, first);
        const told = kernel.memory.subarray(
          kernel.result,
          kernel.result + Math.min(CHUNK, ends.length - first) * taken,
        );
        digests.set(told, first * taken);
      }
      return digests;
    } finally {
      const items = Math.min(CHUNK, ends.length);
      kernel.hashWipe(Math.min(items * MOST_MESSAGE, prefix.length + bytes.length) + BEYOND, items);
    }
  };
}

function hashingOf(exports: Readonly<Record<string, unknown>>): Hashing {
  const functions = ["hashBegin", "hashEach", "hashWipe"];
  const places = { left: "LEFT", right: "RIGHT", result: "RESULT" };
  return checkedExports(exports, functions, places) as unknown as Hashing; // every member was checked
}

function hashChunk(
  { memory, left, right, hashEach }: Hashing,
  bytes: Uint8Array,
  ends: Uint32Array,
  first: number,
): void {
  const count = Math.min(CHUNK, ends.length - first);
  const from = first === 0 ? 0 : (ends[first - 1] ?? 0);
  memory.set(bytes.subarray(from, ends[first + count - 1]), left);
  const places = new Uint32Array(memory.buffer, right, count);
  for (let at = 0; at < count; at += 1) places[at] = (ends[first + at] ?? 0) - from;
  hashEach(count);
}
