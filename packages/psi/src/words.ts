// SPDX-License-Identifier: Apache-2.0

/** Bytes as words in the order of this machine, which has to be little-endian: where they do not lie well, a copy. */
export function wordsOf(bytes: Uint8Array): Uint32Array {
  if (bytes.byteOffset % 4 === 0) return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  return new Uint32Array(bytes.slice().buffer);
}

/** The bytes of words, without a copy. */
export function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

/** Adds `addend`, which may be longer, to `sum`: whole elements, four words at a time, which takes an eighth of the time. */
export function addElements(sum: Uint32Array, addend: Uint32Array): void {
  const { length } = sum;
  for (let at = 0; at < length; at += 4) {
    sum[at] = (sum[at] ?? 0) ^ (addend[at] ?? 0);
    sum[at + 1] = (sum[at + 1] ?? 0) ^ (addend[at + 1] ?? 0);
    sum[at + 2] = (sum[at + 2] ?? 0) ^ (addend[at + 2] ?? 0);
    sum[at + 3] = (sum[at + 3] ?? 0) ^ (addend[at + 3] ?? 0);
  }
}

/** Adds four words at `from` of `addend` to those at `at` of `sum`. */
export function addElement(sum: Uint32Array, at: number, addend: Uint32Array, from: number): void {
  sum[at] = (sum[at] ?? 0) ^ (addend[from] ?? 0);
  sum[at + 1] = (sum[at + 1] ?? 0) ^ (addend[from + 1] ?? 0);
  sum[at + 2] = (sum[at + 2] ?? 0) ^ (addend[from + 2] ?? 0);
  sum[at + 3] = (sum[at + 3] ?? 0) ^ (addend[from + 3] ?? 0);
}
