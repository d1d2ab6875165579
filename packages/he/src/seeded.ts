// SPDX-License-Identifier: Apache-2.0
// What comes from a seed of 32 bytes and can be made again from it, byte for byte.
import type { Primitives } from "@koplamp/crypto";
import { concat, lp } from "@koplamp/wire/core";
import type { Randomness } from "./backend.ts";
import type { Ring } from "./parameters.ts";
import { type PackedPolynomial, packSmall, packUniform } from "./polynomial.ts";

/** Bits behind each half of an error: its variance is half of that (SEAL takes the same distribution). */
const BINOMIAL_BITS = 21;

/** The uniform c1 of a seeded ciphertext, in NTT form: AES-256-CTR, words cut to the bits of their prime, by rejection. */
export function seededUniform(
  { sha256, aes256Ctr }: Pick<Primitives, "sha256" | "aes256Ctr">,
  ring: Ring,
  seed: Uint8Array,
): PackedPolynomial {
  const key = sha256(concat(lp("koplamp/c1/1"), seed));
  return packUniform(ring, (length) => aes256Ctr(key, length));
}

/**
 * The randomness of an encryption with `encryptWith`: u uniform in {-1, 0, 1}, both errors centred binomial of variance
 * 10.5. Whoever has the seed can take the encryption apart.
 */
export function seededRandomness(
  { sha256, aes256Ctr }: Pick<Primitives, "sha256" | "aes256Ctr">,
  ring: Ring,
  seed: Uint8Array,
): Randomness {
  const streamOf = (part: string, length: number): Uint8Array => {
    const key = sha256(concat(lp("koplamp/enc/1"), lp(part), seed));
    const stream = aes256Ctr(key, length);
    key.fill(0);
    return stream;
  };
  const error = (part: string): PackedPolynomial =>
    packSmall(ring, binomials(ring.n, streamOf(part, ring.n * 8)));
  return {
    u: packSmall(ring, ternaries(ring.n, streamOf("u", 2 * ring.n))),
    e0: error("e0"),
    e1: error("e1"),
  };
}

/** Numbers uniform in {-1, 0, 1}: 255 bytes of 256 give one, and twice as many are there as are needed. */
function ternaries(count: number, stream: Uint8Array): Int8Array {
  return Int8Array.from(stream.filter((byte) => byte < 255).subarray(0, count), (byte) => (byte % 3) - 1);
}

/** The bits that are set in 21 less those in 21 others, eight bytes each. */
function binomials(count: number, stream: Uint8Array): Int8Array {
  const words = new Uint32Array(stream.slice().buffer);
  const mask = 2 ** BINOMIAL_BITS - 1;
  return Int8Array.from(
    { length: count },
    (_, at) => weight((words[2 * at] ?? 0) & mask) - weight((words[2 * at + 1] ?? 0) & mask),
  );
}

/** How many bits of a word are set, without a branch on any. */
function weight(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
