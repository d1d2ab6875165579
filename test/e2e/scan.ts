// SPDX-License-Identifier: Apache-2.0
// Many needles in much hay, in one pass: a bit map over the first seven bytes, then a hash table.
import type { Needle, Neighbours } from "./needles.ts";

/** A needle that was found, and where. */
export interface Hit {
  readonly needle: Needle;
  readonly source: string;
  readonly offset: number;
}

/** Bytes to search. Parts of one source follow one another. */
export interface Hay {
  readonly source: string;
  readonly bytes: Uint8Array;
  /** Bytes at the beginning that were the end of the part before. */
  readonly carried?: number;
}

/** The shortest needle, and the bytes that a position is looked up by. */
const WINDOW = 7;
const BITMAP_BITS = 24;
const TABLE_BITS = 20;
/** Bytes on each side that tell whether a needle stands alone: a group of base64. */
const CONTEXT = 4;

/** Finds needles. */
export class Scanner {
  /** The longest needle with its neighbours: what the parts of one source must share. */
  readonly overlap: number;
  readonly #needles: readonly Needle[];
  readonly #bitmap = new Uint8Array(2 ** (BITMAP_BITS - 3));
  /** By hash, the first needle plus one; then by needle, the next one. */
  readonly #heads = new Int32Array(2 ** TABLE_BITS);
  readonly #next: Int32Array;

  constructor(needles: readonly Needle[]) {
    this.#needles = needles;
    this.#next = new Int32Array(needles.length);
    let longest = 0;
    for (const [index, { bytes }] of needles.entries()) {
      if (bytes.length < WINDOW) throw new Error(`expected needles of ${WINDOW} bytes, got ${bytes.length}`);
      longest = Math.max(longest, bytes.length);
      const hash = hashAt(bytes, 0);
      const bit = hash >>> (32 - BITMAP_BITS);
      this.#bitmap[bit >>> 3] = (this.#bitmap[bit >>> 3] ?? 0) | (1 << (bit & 7));
      const slot = hash >>> (32 - TABLE_BITS);
      this.#next[index] = this.#heads[slot] ?? 0;
      this.#heads[slot] = index + 1;
    }
    this.overlap = longest + 2 * CONTEXT;
  }

  /** Every needle that stands in the bytes, but those that the part before has had with all their neighbours. */
  find({ source, bytes, carried = 0 }: Hay): readonly Hit[] {
    const hits: Hit[] = [];
    const bitmap = this.#bitmap;
    // The rolling form of hashAt: two words that move on by one byte.
    let [high, low] = [0, 0];
    for (let at = 0; at < bytes.length; at += 1) {
      high = ((high << 8) | (low >>> 24)) & 0xff_ff_ff;
      low = (low << 8) | (bytes[at] ?? 0);
      const hash = mix(high, low);
      const bit = hash >>> (32 - BITMAP_BITS);
      if (((bitmap[bit >>> 3] ?? 0) & (1 << (bit & 7))) === 0 || at < WINDOW - 1) continue;
      const offset = at - WINDOW + 1;
      for (const needle of this.#at(bytes, offset, hash)) {
        if (offset + needle.bytes.length + CONTEXT > carried) hits.push({ needle, source, offset });
      }
    }
    return hits;
  }

  *#at(bytes: Uint8Array, offset: number, hash: number): Generator<Needle> {
    for (let found = this.#heads[hash >>> (32 - TABLE_BITS)] ?? 0; found > 0; ) {
      const needle = this.#needles[found - 1];
      if (needle !== undefined && standsAt(needle, bytes, offset)) yield needle;
      found = this.#next[found - 1] ?? 0;
    }
  }
}

function mix(high: number, low: number): number {
  const mixed = Math.imul(low, 0x9e37_79b1) ^ Math.imul(high, 0x85eb_ca77);
  return Math.imul(mixed ^ (mixed >>> 15), 0x2c1b_3c6d) >>> 0;
}

function hashAt(bytes: Uint8Array, offset: number): number {
  let [high, low] = [0, 0];
  for (const byte of bytes.subarray(offset, offset + WINDOW)) {
    high = ((high << 8) | (low >>> 24)) & 0xff_ff_ff;
    low = (low << 8) | byte;
  }
  return mix(high, low);
}

function standsAt({ bytes, alone }: Needle, hay: Uint8Array, offset: number): boolean {
  if (offset + bytes.length > hay.length) return false;
  for (let at = 0; at < bytes.length; at += 1) if (bytes[at] !== hay[offset + at]) return false;
  return alone === undefined || !neighbours(alone, hay, offset, bytes.length).some((text) => WORD.test(text));
}

/** An ASCII letter or digit, in one byte or two. */
const WORD = /^(?:\0?[0-9A-Za-z]|[0-9A-Za-z]\0)$/;

/** The characters on both sides, of Latin-1. */
function neighbours(as: Neighbours, hay: Uint8Array, offset: number, length: number): readonly string[] {
  const latin1 = (from: number, to: number): string =>
    Buffer.from(hay.subarray(Math.max(0, from), Math.max(0, to))).toString("latin1");
  const end = offset + length;
  if (as === "bytes") return [latin1(offset - 1, offset), latin1(end, end + 1)];
  if (as === "pairs") return [latin1(offset - 2, offset), latin1(end, end + 2)];
  const begin = offset - Math.ceil((8 * as.shift) / 6); // of the first group of four
  const byteAt = (index: number): string => {
    const group = begin + 4 * Math.floor(index / 3);
    const text = latin1(group, group + 4);
    if (!/^[\w+/-]{2,4}={0,2}$/.test(text)) return ""; // the base64 ends here
    return Buffer.from(text, "base64")
      .toString("latin1")
      .charAt(index - 3 * Math.floor(index / 3));
  };
  return [byteAt(as.shift - 1), byteAt(as.shift + as.length)];
}
