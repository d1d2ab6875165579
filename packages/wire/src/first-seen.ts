// SPDX-License-Identifier: Apache-2.0
import { DistinctBytes, hashOf } from "./distinct-bytes.ts";
import { PartedBytes, type Pieces } from "./parted-bytes.ts";

/** Strings of a part, about: its table is a few MiB. */
const PART = 2 ** 16;
const MOST_PARTS = 2 ** 12;

/**
 * Which of very many strings come for the first time, at a bit for each of them: equal ones fall into one part by their hash, and
 * parts are looked through one after the other.
 */
export class FirstSeen {
  readonly #parted: PartedBytes;
  readonly #parts: number;
  #first: Uint8Array = new Uint8Array();
  #put = 0;
  #count = 0;

  /** `expected`: how many strings come, about. */
  constructor(pieces: Pieces, expected: number) {
    this.#parts = Math.min(MOST_PARTS, 2 ** Math.ceil(Math.log2(Math.max(1, expected / PART))));
    this.#parted = new PartedBytes(pieces, this.#parts);
  }

  /** How many different strings came, once `settle` has ended. */
  get count(): number {
    return this.#count;
  }

  /** Takes the next string, from between two places of `bytes`. @throws {WireError} `too-long` above 4,090 bytes. */
  put(bytes: Uint8Array, from: number, end: number): void {
    const part = Math.floor((hashOf(bytes, from, end) / 2 ** 32) * this.#parts);
    this.#parted.put(part, this.#put, bytes, from, end);
    this.#put += 1;
  }

  /** Looks for equal ones, a part at each step. What was put is not needed any more then. */
  *settle(): Generator<undefined, void> {
    this.#first = new Uint8Array(Math.ceil(this.#put / 8));
    for (let part = 0; part < this.#parts; part += 1) {
      const found = new DistinctBytes();
      this.#parted.each(part, (number, bytes, from, end) => {
        const [before, to] = [found.count, found.reserve(end - from)];
        found.bytes.set(bytes.subarray(from, end), to);
        found.keep(end - from);
        if (found.count > before) this.#mark(number);
      });
      yield;
    }
  }

  /** Whether the string that came at this position, from 0, was new. */
  isFirst(at: number): boolean {
    return (((this.#first[at >>> 3] ?? 0) >>> (at & 7)) & 1) === 1;
  }

  #mark(number: number): void {
    this.#first[number >>> 3] = (this.#first[number >>> 3] ?? 0) | (1 << (number & 7));
    this.#count += 1;
  }
}
