// SPDX-License-Identifier: Apache-2.0
import { randomFillSync } from "node:crypto";
import { expect } from "vitest";
import { batchHash } from "../src/batch-hash.ts";
import { type HashEach, kernelHash, MOST_MESSAGE } from "../src/kernel-hash.ts";

/** Digests by OpenSSL alone. */
export const openssl: HashEach = batchHash(() => {
  throw new Error("no kernel");
}).sha256Each;

/** Random messages of the given lengths, packed. */
export function messagesOf(lengths: readonly number[]): { bytes: Uint8Array; ends: Uint32Array } {
  let end = 0;
  const ends = Uint32Array.from(lengths, (length) => {
    end += length;
    return end;
  });
  return { bytes: randomFillSync(new Uint8Array(end)), ends };
}

/** The kernel gives OpenSSL's digests of random messages behind each prefix, whatever stands beside a message. */
export function agreeOnMessages(count: number, prefixes: readonly number[]): void {
  const each = kernelHash();
  for (const length of prefixes) {
    const prefix = randomFillSync(new Uint8Array(length));
    const lengths = randomFillSync(new Uint16Array(count));
    const { bytes, ends } = messagesOf(Array.from(lengths, (drawn) => drawn % (MOST_MESSAGE - length + 1)));
    expect(Buffer.compare(each(prefix, bytes, ends), openssl(prefix, bytes, ends)), `prefix ${length}`).toBe(
      0,
    );
  }
}
