// SPDX-License-Identifier: Apache-2.0
import { WireError } from "./errors.ts";
import {
  type InputContext,
  type InputForm,
  inputForm,
  MOST_BYTES,
  type PackedInputs,
  putInput,
} from "./input.ts";

/**
 * Inputs of one context, each key once, in the order of first appearance. Nothing is held for an item but its bytes, where
 * they end, a word of their hash and a place in a table: some 25 bytes beside the input.
 */
export class DistinctInputs {
  readonly #form: InputForm;
  #bytes = new Uint8Array(2 * MOST_BYTES);
  #ends = new Uint32Array(64);
  #hashes = new Uint32Array(64);
  /** Position and one of each input, at its hash or the next free place. At most half of it is taken. */
  #table = new Uint32Array(128);
  #count = 0;

  /** @throws {WireError} `too-long` for a context that leaves no room for a value. */
  constructor(context: InputContext) {
    this.#form = inputForm(context);
  }

  get count(): number {
    return this.#count;
  }

  /**
   * The position of a key's input, at the end where it is new; -1 for a key that is too long to have one.
   * @throws {WireError} `too-long` where all inputs together would not fit 2^32 - 1 bytes.
   */
  put(values: readonly string[]): number {
    const end = this.#startOf(this.#count);
    this.#makeRoom(end);
    const length = putInput(this.#form, values, this.#bytes, end);
    if (length < 0) return -1;
    const from = end + this.#form.head.length;
    const hash = hashOf(this.#bytes, from, end + length);
    const place = this.#placeOf(hash, from, length - this.#form.head.length);
    const known = this.#table[place] ?? 0;
    if (known > 0) return known - 1;
    this.#ends[this.#count] = end + length;
    this.#hashes[this.#count] = hash;
    this.#count += 1;
    this.#table[place] = this.#count;
    return this.#count - 1;
  }

  /** All inputs, which are no longer here then. */
  take(): PackedInputs {
    const bytes = resized(this.#bytes, this.#startOf(this.#count));
    const ends = new Uint32Array(this.#ends.buffer.transfer(this.#count * Uint32Array.BYTES_PER_ELEMENT));
    this.#bytes = new Uint8Array();
    this.#ends = new Uint32Array();
    this.#hashes = new Uint32Array();
    this.#table = new Uint32Array(2);
    this.#count = 0;
    return { bytes, ends };
  }

  #startOf(at: number): number {
    return at === 0 ? 0 : (this.#ends[at - 1] ?? 0);
  }

  /** Where an input with this hash and this tail is in the table, or would be. */
  #placeOf(hash: number, from: number, length: number): number {
    const mask = this.#table.length - 1;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const known = (this.#table[place] ?? 0) - 1;
      if (known < 0 || (this.#hashes[known] === hash && this.#isAt(known, from, length))) return place;
    }
  }

  #isAt(known: number, from: number, length: number): boolean {
    const start = this.#startOf(known) + this.#form.head.length;
    if ((this.#ends[known] ?? 0) - start !== length) return false;
    for (let at = 0; at < length; at += 1)
      if (this.#bytes[start + at] !== this.#bytes[from + at]) return false;
    return true;
  }

  #makeRoom(end: number): void {
    const most = end + MOST_BYTES;
    if (most >= 2 ** 32) throw new WireError("too-long", "expected inputs of less than 2^32 bytes in all");
    if (most > this.#bytes.length)
      this.#bytes = resized(this.#bytes, Math.min(2 ** 32, Math.max(2 * this.#bytes.length, 2 * MOST_BYTES)));
    if (this.#count === this.#ends.length) this.#moreInputs(Math.max(64, 2 * this.#count));
  }

  #moreInputs(most: number): void {
    this.#ends = new Uint32Array(this.#ends.buffer.transfer(most * Uint32Array.BYTES_PER_ELEMENT));
    this.#hashes = new Uint32Array(this.#hashes.buffer.transfer(most * Uint32Array.BYTES_PER_ELEMENT));
    const table = new Uint32Array(2 * most);
    const mask = table.length - 1;
    for (let at = 0; at < this.#count; at += 1) {
      let place = (this.#hashes[at] ?? 0) & mask;
      while (table[place] !== 0) place = (place + 1) & mask;
      table[place] = at + 1;
    }
    this.#table = table;
  }
}

function resized(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.buffer.transfer(length));
}

/** FNV-1a with MurmurHash3's last step, so that low bits depend on all. Keys that were chosen to meet cost time, and no more. */
function hashOf(bytes: Uint8Array, from: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
