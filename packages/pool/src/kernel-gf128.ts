// SPDX-License-Identifier: Apache-2.0
import { type Gf128, portableGf128 } from "@koplamp/crypto";
import { agreeing } from "./agreeing.ts";
import { checkedExports, kernelExports } from "./kernel.ts";
import { bytesOf } from "./words.ts";

/** What of the kernel works in GF(2^128). */
interface Kernel {
  readonly memory: Uint8Array;
  readonly left: number;
  /** `left`: the factor. */
  scaleBegin(): void;
  /** `left`: sixteen elements for each square, which become products. */
  scaleEach(squares: number): void;
  /** `left`: sixteen elements for each square. Sixteen sums, times the factor, take them in; `foldEnd` puts them at `left`. */
  foldEach(squares: number): void;
  foldEnd(): void;
  scaleWipe(squares: number): void;
}

const FUNCTIONS = ["scaleBegin", "scaleEach", "foldEach", "foldEnd", "scaleWipe"];
/** Bytes and words of sixteen elements. */
const SQUARE = 256;
const SQUARE_WORDS = 64;
/** Bytes of a call: they stay in the cache. */
const CHUNK = 128 * SQUARE;
/** Words of so few elements that JavaScript takes no longer. */
const FEW = SQUARE_WORDS;

/** `Gf128` over the kernel, which is made at the first call that is worth it; where it does not serve, in JavaScript. */
export function nodeGf128(make: () => Gf128 = kernelGf128): Gf128 {
  let made: Gf128 | undefined;
  const serving = (elements: Uint32Array): Gf128 => {
    if (elements.length <= FEW) return portableGf128;
    made ??= testedOr(make);
    return made;
  };
  return {
    scale: (factor, elements) => serving(elements).scale(factor, elements),
    evaluate: (point, elements) => serving(elements).evaluate(point, elements),
  };
}

/** The kernel, sixteen elements at a time. Throws where it does not run. */
export function kernelGf128(exports: Readonly<Record<string, unknown>> = kernelExports()): Gf128 {
  const kernel = checkedExports(exports, FUNCTIONS, { left: "LEFT" }) as unknown as Kernel; // every member was checked
  return {
    scale: (factor, elements) => scale(kernel, factor, bytesOf(elements)),
    evaluate: (point, elements) => evaluate(kernel, point, bytesOf(elements)),
  };
}

function scale(kernel: Kernel, factor: Uint32Array, elements: Uint8Array): void {
  const { memory, left } = kernel;
  try {
    memory.set(bytesOf(factor), left);
    kernel.scaleBegin();
    for (let at = 0; at < elements.length; at += CHUNK) {
      const part = elements.subarray(at, at + CHUNK);
      memory.set(part, left);
      kernel.scaleEach(Math.ceil(part.length / SQUARE));
      part.set(memory.subarray(left, left + part.length));
    }
  } finally {
    kernel.scaleWipe(CHUNK / SQUARE);
  }
}

/** Each of sixteen sums takes every sixteenth element, by Horner's rule at the point to the power 16; they are put together then. */
function evaluate(kernel: Kernel, point: Uint32Array, elements: Uint8Array): Uint32Array {
  const { memory, left } = kernel;
  const sums = new Uint32Array(SQUARE_WORDS);
  try {
    memory.set(bytesOf(toPower16(point)), left);
    kernel.scaleBegin();
    const first = elements.length % SQUARE; // the first square has zeros before them
    memory.fill(0, left, left + SQUARE);
    memory.set(elements.subarray(0, first), left + SQUARE - first);
    kernel.foldEach(1);
    for (let at = first; at < elements.length; at += CHUNK) {
      const part = elements.subarray(at, at + CHUNK);
      memory.set(part, left);
      kernel.foldEach(part.length / SQUARE);
    }
    kernel.foldEnd();
    bytesOf(sums).set(memory.subarray(left, left + SQUARE));
    return portableGf128.evaluate(point, sums);
  } finally {
    sums.fill(0);
    kernel.scaleWipe(CHUNK / SQUARE);
  }
}

function toPower16(point: Uint32Array): Uint32Array {
  const power = Uint32Array.from(point);
  for (let squaring = 0; squaring < 4; squaring += 1) portableGf128.scale(power.slice(), power);
  return power;
}

/** The kernel, or JavaScript where that gives anything else. */
function testedOr(make: () => Gf128): Gf128 {
  const factor = Uint32Array.of(0x89abcdef, 0x01234567, 0xfedcba98, 0x76543210);
  const elements = Uint32Array.from({ length: 4 * 37 }, (_, at) => Math.imul(at + 1, 0x9e3779b1));
  return agreeing(make, portableGf128, (gf128) => {
    const scaled = elements.slice();
    gf128.scale(factor, scaled);
    return bytesOf(Uint32Array.of(...scaled, ...gf128.evaluate(factor, elements)));
  });
}
