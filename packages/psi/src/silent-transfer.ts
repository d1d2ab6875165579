// SPDX-License-Identifier: Apache-2.0
// One of two sums of each level of each tree, as an oblivious transfer: C = A·delta + B of a bit of A makes B and B + delta two
// keys, of which the side of A has one (Ishai et al., CRYPTO 2003, section 3).
import type { Primitives } from "@koplamp/crypto";
import { CELL_BYTES, CELL_WORDS } from "./okvs-layout.ts";
import type { SilentShape } from "./silent-code.ts";
import { addElements, bytesOf, wordsOf } from "./words.ts";

/** What stands before the input of a pad. */
const PAD: Uint8Array = Uint8Array.of(5);

/** Bytes of what is said of all trees: two sums for each level of each, and what is missing for its last leaf. */
export function treesBytes({ trees, levels }: SilentShape): number {
  return (2 * levels + 1) * trees * CELL_BYTES;
}

/** The side of all leaves: both sums of each level under their pads, and the last values as they are. `b`: of the bits. */
export function maskSums(
  primitives: Primitives,
  { trees }: SilentShape,
  { delta, b }: { readonly delta: Uint32Array; readonly b: Uint32Array },
  sums: readonly (readonly [Uint32Array, Uint32Array])[],
  last: Uint32Array,
): Uint8Array {
  const run = trees * CELL_WORDS;
  const message = new Uint32Array((2 * sums.length + 1) * run);
  const key = new Uint32Array(run);
  sums.forEach((sides, level) => {
    key.set(b.subarray(level * run, (level + 1) * run));
    for (const [side, sum] of sides.entries()) {
      if (side === 1) addToEach(key, delta);
      const place = (2 * level + side) * run;
      const masked = padsOf(primitives, key, level * trees);
      addElements(masked, sum);
      message.set(masked, place);
    }
  });
  key.fill(0);
  message.set(last, message.length - run);
  return bytesOf(message);
}

/** The other side: for each tree the sum of a level that its bit chose. `c`: of the bits. No branch depends on these. */
export function chosenSums(
  primitives: Primitives,
  { trees }: SilentShape,
  { sides, c }: { readonly sides: Uint8Array; readonly c: Uint32Array },
  message: Uint32Array,
  level: number,
): Uint32Array {
  const run = trees * CELL_WORDS;
  const from = 2 * (level - 1) * run;
  const sums = padsOf(primitives, c.subarray((level - 1) * run, level * run), (level - 1) * trees);
  for (let at = 0; at < run; at += 1) {
    const right = -(sides[(level - 1) * trees + (at >>> 2)] ?? 0);
    const [one, other] = [message[from + at] ?? 0, message[from + run + at] ?? 0];
    sums[at] = (sums[at] ?? 0) ^ one ^ ((one ^ other) & right);
  }
  return sums;
}

/** SHA-256(5, key, number) of each key, first 16 bytes. The first one has the number `first`. */
function padsOf({ sha256Each }: Primitives, keys: Uint32Array, first: number): Uint32Array {
  const rows = new Uint32Array(2 * keys.length);
  for (let from = 0, number = first; from < keys.length; from += CELL_WORDS, number += 1) {
    rows.set(keys.subarray(from, from + CELL_WORDS), 2 * from);
    rows[2 * from + CELL_WORDS] = number;
  }
  const ends = Uint32Array.from({ length: keys.length / CELL_WORDS }, (_, at) => (at + 1) * 2 * CELL_BYTES);
  const pads = sha256Each(PAD, bytesOf(rows), ends, 0, CELL_BYTES);
  rows.fill(0);
  return wordsOf(pads);
}

function addToEach(elements: Uint32Array, element: Uint32Array): void {
  for (let at = 0; at < elements.length; at += CELL_WORDS)
    addElements(elements.subarray(at, at + CELL_WORDS), element);
}
