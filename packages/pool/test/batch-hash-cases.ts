// SPDX-License-Identifier: Apache-2.0
import { createHmac, randomBytes, randomFillSync } from "node:crypto";
import { concat } from "@koplamp/wire";
import { expect } from "vitest";
import { batchHash } from "../src/batch-hash.ts";
import { kernelExports } from "../src/kernel.ts";
import { type HashEach, kernelHash, MOST_MESSAGE } from "../src/kernel-hash.ts";
import { kernelMac, MOST_MAC_MESSAGE } from "../src/kernel-mac.ts";

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

/** MACs of one message under each of many keys of 32 bytes, by node:crypto. */
export function macsBy(keys: Uint8Array, message: Uint8Array): Uint8Array {
  return concat(
    ...Array.from({ length: keys.length / 32 }, (_, at) =>
      createHmac("sha256", keys.subarray(at * 32, at * 32 + 32))
        .update(message)
        .digest(),
    ),
  );
}

/** The kernel makes node:crypto's MACs under random keys, of a random message whose length is random too. */
export function agreeOnMacs(count: number): void {
  const exports = kernelExports();
  const { buffer } = exports["memory"] as { readonly buffer: ArrayBuffer }; // a kernel's
  const { value: left } = exports["LEFT"] as { readonly value: number };
  new Uint8Array(buffer).fill(0xa5, left, left + 2 * MOST_MAC_MESSAGE); // what another operation may have left
  const [drawn = 0] = randomFillSync(new Uint16Array(1));
  const message = randomBytes(drawn % (MOST_MAC_MESSAGE + 1));
  const keys = randomBytes(count * 32);
  const agrees = Buffer.compare(kernelMac(exports)(keys, message), macsBy(keys, message));
  expect(agrees, `${count} keys, ${message.length} bytes`).toBe(0);
}
