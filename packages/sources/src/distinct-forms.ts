// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { type ColumnQuality, DistinctBytes, hashOf, PartedBytes, type Pieces, putUtf8 } from "@koplamp/wire";

const LONG = "koplamp/long-text/1";
/** Parts by hash, of which one at a time is looked through. */
const PARTS = 64;
/** What stands for a value that came as it is. */
const AS_IT_IS = 1;
/** Of longer texts their SHA-256 is held in their place. */
const MOST_BYTES = 4000;

/**
 * Which raw forms became which values, to be counted when all are there. A form that is its value is not held twice, and neither
 * of them in memory.
 */
export class DistinctForms {
  readonly #values: PartedBytes;
  readonly #others: PartedBytes;
  #bytes = new Uint8Array();

  constructor(pieces: Pieces) {
    this.#values = new PartedBytes(pieces, PARTS);
    this.#others = new PartedBytes(pieces, PARTS);
  }

  put(raw: string, value: string): void {
    this.#put(this.#values, value, raw === value ? AS_IT_IS : 0);
    if (raw !== value) this.#put(this.#others, raw, 0);
  }

  /** `accepted`: how many values there were. */
  counts(accepted: number): Pick<ColumnQuality, "duplicates" | "collisions"> {
    let [distinct, same, others] = [0, 0, 0];
    for (let part = 0; part < PARTS; part += 1) {
      const values = distinctIn(this.#values, part);
      distinct += values.count;
      same += values.asTheyAre;
      others += distinctIn(this.#others, part).count;
    }
    return { duplicates: accepted - distinct, collisions: same + others - distinct };
  }

  #put(parted: PartedBytes, text: string, number: number): void {
    const room = 3 * text.length;
    if (room > this.#bytes.length) this.#bytes = new Uint8Array(2 * room);
    const length = putUtf8(text, this.#bytes, 0, room);
    const held = length > MOST_BYTES ? digestOf(this.#bytes.subarray(0, length)) : this.#bytes;
    const end = length > MOST_BYTES ? held.length : length;
    parted.put(Math.floor((hashOf(held, 0, end) / 2 ** 32) * PARTS), number, held, 0, end);
  }
}

function distinctIn(
  parted: PartedBytes,
  part: number,
): { readonly count: number; readonly asTheyAre: number } {
  const found = new DistinctBytes();
  const isAsItIs = new Uint8Array(parted.counts[part] ?? 0);
  parted.each(part, (number, bytes, from, end) => {
    const to = found.reserve(end - from);
    found.bytes.set(bytes.subarray(from, end), to);
    const at = found.keep(end - from);
    if (number === AS_IT_IS) isAsItIs[at] = 1;
  });
  return { count: found.count, asTheyAre: isAsItIs.reduce((sum, one) => sum + one, 0) };
}

function digestOf(text: Uint8Array): Uint8Array {
  return createHash("sha256").update(LONG).update(text).digest();
}
