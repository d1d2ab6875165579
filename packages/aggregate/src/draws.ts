// SPDX-License-Identifier: Apache-2.0
import type { Primitives } from "@koplamp/crypto";
import { concat, i2osp, lp } from "@koplamp/wire/core";

const CHUNK = 16_384;
const WORD = 2 ** 32;

/**
 * Uniform draws from a seed, for samplers that take an unknown number of them: AES-256-CTR, a chunk under each key
 * HKDF-Expand(seed, lp("koplamp/noise/1") ‖ info ‖ I2OSP(chunk, 4)). Two of the same seed and info draw the same.
 */
export class Draws {
  readonly #primitives: Pick<Primitives, "hkdfExpand" | "aes256Ctr">;
  readonly #seed: Uint8Array;
  readonly #info: Uint8Array;
  #words = new Uint32Array(0);
  #at = 0;
  #chunk = 0;

  constructor(primitives: Pick<Primitives, "hkdfExpand" | "aes256Ctr">, seed: Uint8Array, info: Uint8Array) {
    this.#primitives = primitives;
    this.#seed = seed;
    this.#info = concat(lp("koplamp/noise/1"), info);
  }

  /** Uniform in 0..2^32-1. */
  word(): number {
    if (this.#at === this.#words.length) this.#fill();
    const word = this.#words[this.#at] ?? 0;
    this.#words[this.#at] = 0; // what was drawn says what the noise is
    this.#at += 1;
    return word;
  }

  /** Uniform in 0..bound-1, for a bound of at most 2^32: by rejection, so that no value is likelier than another. */
  below(bound: number): number {
    const most = WORD - (WORD % bound);
    let word = this.word();
    while (word >= most) word = this.word();
    return word % bound;
  }

  /** True with probability `numerator / denominator`, exactly: a uniform real is compared with it, word by word. */
  chance(numerator: bigint, denominator: bigint): boolean {
    let rest = numerator;
    while (rest > 0n) {
      const scaled = rest << 32n;
      const digit = Number(scaled / denominator);
      const word = this.word();
      if (word !== digit) return word < digit;
      rest = scaled % denominator;
    }
    return false;
  }

  /** Overwrites what was drawn ahead. */
  wipe(): void {
    this.#words.fill(0);
    this.#at = this.#words.length;
  }

  #fill(): void {
    const { hkdfExpand, aes256Ctr } = this.#primitives;
    const key = hkdfExpand(this.#seed, concat(this.#info, i2osp(this.#chunk, 4)), 32);
    const bytes = aes256Ctr(key, CHUNK).slice();
    key.fill(0);
    this.#words = new Uint32Array(bytes.buffer, bytes.byteOffset, CHUNK / 4);
    this.#at = 0;
    this.#chunk += 1;
  }
}
