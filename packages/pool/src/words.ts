// SPDX-License-Identifier: Apache-2.0

/** The bytes of words, not a copy. */
export function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
