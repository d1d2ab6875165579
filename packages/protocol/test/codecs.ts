// SPDX-License-Identifier: Apache-2.0
import { type Codec, ProtocolError } from "../src/index.ts";

/** A codec of exactly `length` bytes (any length when absent), for tests of the kernel. */
export function bytesOf(type: string, length?: number): Codec<Uint8Array> {
  return {
    type,
    encode: (message) => message,
    decode: (bytes) => {
      if (length !== undefined && bytes.length !== length) {
        throw new ProtocolError(
          "invalid-message",
          `expected ${length} bytes of ${type}, got ${bytes.length}`,
        );
      }
      return bytes;
    },
  };
}

export const HELLO: Codec<Uint8Array> = bytesOf("hello", 1);
export const ANSWER: Codec<Uint8Array> = bytesOf("answer", 1);
export const byte = (value: number): Uint8Array => Uint8Array.of(value);
