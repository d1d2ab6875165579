// SPDX-License-Identifier: Apache-2.0
import { type PickSums, portablePickSums, SUMS_AT_ONCE } from "@koplamp/crypto";
import { agreeing } from "./agreeing.ts";
import { checkedExports, kernelExports } from "./kernel.ts";
import { bytesOf } from "./words.ts";

/** What of the kernel sums picked elements. */
interface Kernel {
  readonly memory: Uint8Array;
  readonly band: number;
  readonly picks: number;
  readonly sums: number;
  readonly mostBand: number;
  readonly mostSums: number;
  /** `sums`, those of one vector: each takes in the element of `band` that its pick stands for. */
  pickEach(length: number, count: number, vector: number): void;
  picksWipe(vectors: number): void;
}

const FUNCTIONS = ["pickEach", "picksWipe"];
const PLACES = {
  band: "BAND",
  picks: "PICKS",
  sums: "SUMS",
  mostBand: "MOST_BAND",
  mostSums: "MOST_SUMS",
};
/** Bytes of an element. */
const SIZE = 16;
/** Vectors of a call, and pages of memory that their sums take. */
const MOST_VECTORS = 2;
const MORE_PAGES = 112;
/** So few sums that JavaScript takes no longer. */
const FEW = 256;

/** `PickSums` over the kernel, an instance of its own from the first call that is worth it; where none serves, in JavaScript. */
export function nodePickSums(make: () => PickSums = kernelPickSums): PickSums {
  let made: PickSums | undefined;
  return (vectors, bands, count, picks) => {
    if (count <= FEW) return portablePickSums(vectors, bands, count, picks);
    made ??= testedOr(make);
    return made(vectors, bands, count, picks);
  };
}

/** The kernel: an instance whose memory grows. Longer bands and more vectors than fit are left to JavaScript. */
export function kernelPickSums(exports: Readonly<Record<string, unknown>> = kernelExports()): PickSums {
  (exports["memory"] as { grow(pages: number): number }).grow(MORE_PAGES); // a kernel's
  const kernel = checkedExports(exports, FUNCTIONS, PLACES) as unknown as Kernel; // every member was checked
  return (vectors, bands, count, picks) => {
    const fits = vectors.every(({ length }) => length / 4 / bands <= kernel.mostBand);
    if (!fits || vectors.length > MOST_VECTORS) return portablePickSums(vectors, bands, count, picks);
    return pickSums(kernel, vectors, bands, count, picks);
  };
}

function pickSums(kernel: Kernel, ...[vectors, bands, count, picks]: Parameters<PickSums>): Uint32Array[] {
  const { memory } = kernel;
  const sums = vectors.map(() => new Uint8Array(count * SIZE));
  const placeOf = (vector: number): number => kernel.sums + vector * kernel.mostSums * SIZE;
  try {
    for (let from = 0; from < count; from += SUMS_AT_ONCE) {
      const to = Math.min(from + SUMS_AT_ONCE, count);
      kernel.picksWipe(vectors.length);
      for (let band = 0; band < bands; band += 1) {
        memory.set(bytesOf(picks(band, from, to)), kernel.picks);
        vectors.forEach((vector, at) => {
          const length = vector.length / bands;
          memory.set(bytesOf(vector.subarray(band * length, (band + 1) * length)), kernel.band);
          kernel.pickEach(length / 4, to - from, at);
        });
      }
      sums.forEach((sum, at) => {
        sum.set(memory.subarray(placeOf(at), placeOf(at) + (to - from) * SIZE), from * SIZE);
      });
    }
    return sums.map(({ buffer }) => new Uint32Array(buffer));
  } finally {
    kernel.picksWipe(vectors.length);
  }
}

/** The kernel, or JavaScript where that gives anything else. */
function testedOr(make: () => PickSums): PickSums {
  const vector = Uint32Array.from({ length: 4 * 37 * 3 }, (_, at) => Math.imul(at + 1, 0x9e3779b1));
  const picks = (band: number): Uint32Array =>
    Uint32Array.from({ length: 50 }, (_, at) => Math.imul(at + band, 0x85ebca6b));
  return agreeing(make, portablePickSums, (pickSums) => {
    const sums = pickSums([vector, vector.toReversed()], 3, 50, picks);
    return bytesOf(Uint32Array.from(sums.flatMap((words) => [...words])));
  });
}
