// SPDX-License-Identifier: Apache-2.0
// Uniform numbers below a bound out of a byte stream, by rejection.

/** Gives the first `length` bytes of a stream; a longer answer begins with the shorter one. */
export type ByteStream = (length: number) => Uint8Array;

const WORD = 8;
const HIGH = 2 ** 32;

/**
 * Fills `to` with numbers uniform below `bound`: little-endian words of 8 bytes, cut to as many bits as the bound has,
 * those at or above it skipped. `bound` is below 2^53. Gives the words used.
 */
export function fillBelow(to: Float64Array, bound: number, stream: ByteStream, skip = 0): number {
  const cut = 2 ** Math.max(0, Math.ceil(Math.log2(bound)) - 32);
  const lowCut = bound > HIGH ? HIGH : 2 ** Math.ceil(Math.log2(bound));
  let words = skip + to.length + 64;
  for (;;) {
    const view = wordsOf(stream(words * WORD));
    let filled = 0;
    let at = skip;
    for (; at < words && filled < to.length; at += 1) {
      const value = ((view[2 * at + 1] ?? 0) % cut) * HIGH + ((view[2 * at] ?? 0) % lowCut);
      to[filled] = value;
      filled += Number(value < bound);
    }
    view.fill(0);
    if (filled === to.length) return at;
    words *= 2; // the same stream from its start: what was taken stays as it was
  }
}

/** Every machine that runs this is little-endian. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}
