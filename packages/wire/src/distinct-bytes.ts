// SPDX-License-Identifier: Apache-2.0
import { WireError } from "./errors.ts";

/** Strings of bytes, one after the other. */
export interface PackedBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each string ends in `bytes`. */
  readonly ends: Uint32Array<ArrayBuffer>;
}

/** Places in the table of a set without members. */
const FEWEST = 128;

/**
 * Strings of bytes, each once, in the order of first appearance. Beside its bytes a string takes twelve to twenty more: where
 * it ends, its hash, and a place in a table.
 */
export class DistinctBytes {
  #bytes = new Uint8Array();
  #ends = new Uint32Array();
  #hashes = new Uint32Array();
  /** Position and one of each string, at its hash or the next free place. At most three quarters of it are taken. */
  #table = new Uint32Array();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** All strings so far, with room behind them. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Where the next string goes in `bytes`, with room for `most`. @throws {WireError} `too-long` beyond 2^32 - 1 bytes. */
  reserve(most: number): number {
    const from = this.#startOf(this.#count);
    const needed = from + most;
    if (needed >= 2 ** 32) throw new WireError("too-long", "expected values of less than 2^32 bytes in all");
    if (needed > this.#bytes.length)
      this.#bytes = resized(this.#bytes, Math.min(2 ** 32 - 1, Math.ceil(needed * 1.5)));
    return from;
  }

  /** The position of the string that was put there, at the end where it is new. */
  keep(length: number): number {
    if (this.#count === this.#ends.length) this.#grow();
    const from = this.#startOf(this.#count);
    const end = from + length;
    const hash = hashOf(this.#bytes, from, end);
    const place = this.#placeOf(hash, from, end);
    const known = this.#table[place] ?? 0;
    if (known > 0) return known - 1;
    this.#ends[this.#count] = end;
    this.#hashes[this.#count] = hash;
    this.#count += 1;
    this.#table[place] = this.#count;
    return this.#count - 1;
  }

  /** All strings, which are no longer here then. */
  take(): PackedBytes {
    const bytes = resized(this.#bytes, this.#startOf(this.#count));
    const ends = words(this.#ends, this.#count);
    this.#bytes = new Uint8Array();
    this.#ends = new Uint32Array();
    this.#hashes = new Uint32Array();
    this.#table = new Uint32Array();
    this.#count = 0;
    return { bytes, ends };
  }

  #startOf(at: number): number {
    return at === 0 ? 0 : (this.#ends[at - 1] ?? 0);
  }

  /** Where a string with this hash is in the table, or would be. */
  #placeOf(hash: number, from: number, end: number): number {
    const mask = this.#table.length - 1;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const known = (this.#table[place] ?? 0) - 1;
      if (known < 0) return place;
      if (this.#hashes[known] === hash && this.#isAt(known, from, end)) return place;
    }
  }

  #isAt(known: number, from: number, end: number): boolean {
    const start = this.#startOf(known);
    if ((this.#ends[known] ?? 0) - start !== end - from) return false;
    for (let at = from; at < end; at += 1)
      if (this.#bytes[start + at - from] !== this.#bytes[at]) return false;
    return true;
  }

  #grow(): void {
    const table = new Uint32Array(Math.max(FEWEST, 2 * this.#table.length));
    const most = (table.length / 4) * 3;
    this.#ends = words(this.#ends, most);
    this.#hashes = words(this.#hashes, most);
    const mask = table.length - 1;
    for (let at = 0; at < this.#count; at += 1) {
      let place = (this.#hashes[at] ?? 0) & mask;
      while (table[place] !== 0) place = (place + 1) & mask;
      table[place] = at + 1;
    }
    this.#table = table;
  }
}

/** The same bytes in a buffer of another length; the old array is empty then. */
export function resized(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.buffer.transfer(length));
}

/** As `resized`, for words. */
function words(old: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  return new Uint32Array(old.buffer.transfer(length * Uint32Array.BYTES_PER_ELEMENT));
}

/** FNV-1a with MurmurHash3's last step, so that low bits depend on all. Strings that were chosen to meet cost time, and no more. */
export function hashOf(bytes: Uint8Array, from: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
