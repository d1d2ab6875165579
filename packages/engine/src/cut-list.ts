// SPDX-License-Identifier: Apache-2.0
import { type PackedInputs, PartedBytes } from "@koplamp/wire";
import type { Scratch, ScratchFile } from "./ports.ts";

/** Part of a list, and where its inputs stand in the whole of it. */
export interface Part {
  readonly inputs: PackedInputs;
  readonly positions: Uint32Array;
}

/** All of a list that goes into one session. */
export function wholePart(inputs: PackedInputs): Part {
  const positions = new Uint32Array(inputs.ends.length);
  for (let at = 0; at < positions.length; at += 1) positions[at] = at;
  return { inputs, positions };
}

/** A list in parts, of which one at a time is in memory. Nothing of it is left when it is closed. */
export class CutList {
  readonly #head: Uint8Array;
  readonly #file: ScratchFile;
  readonly #parted: PartedBytes;
  #next = 0;

  /** `head`: what every input begins with. */
  constructor(scratch: Scratch, head: Uint8Array, parts: number) {
    this.#head = head;
    this.#file = scratch.open();
    this.#parted = new PartedBytes(this.#file, parts);
  }

  /** How many inputs are in each part. */
  get sizes(): Uint32Array {
    return this.#parted.counts;
  }

  get count(): number {
    return this.#next;
  }

  /** Takes the next inputs of the list. `partAt`: the part of each. */
  put({ bytes, ends }: PackedInputs, partAt: Uint16Array): void {
    for (let at = 0; at < ends.length; at += 1) {
      const from = (at === 0 ? 0 : (ends[at - 1] ?? 0)) + this.#head.length;
      this.#parted.put(partAt[at] ?? 0, this.#next, bytes, from, ends[at] ?? 0);
      this.#next += 1;
    }
  }

  /** Takes chosen inputs of a part of another cut of the same list, with the positions that they have there. */
  putChosen(part: number, { inputs: { bytes, ends }, positions }: Part, chosen: Uint32Array): void {
    for (const at of chosen) {
      const from = (at === 0 ? 0 : (ends[at - 1] ?? 0)) + this.#head.length;
      this.#parted.put(part, positions[at] ?? 0, bytes, from, ends[at] ?? 0);
    }
    this.#next += chosen.length;
  }

  /** Keeps bytes beside the list, as long as it is open. */
  keep(bytes: Uint8Array): number {
    return this.#file.put(bytes);
  }

  kept(at: number): Uint8Array {
    return this.#file.get(at);
  }

  /** Nothing more comes. */
  end(): void {
    this.#parted.end();
  }

  /** One part, in the order in which it came. */
  part(at: number): Part {
    const count = this.sizes[at] ?? 0;
    const positions = new Uint32Array(count);
    const ends = new Uint32Array(count);
    const bytes = new Uint8Array(this.#parted.bytesOf(at) + count * this.#head.length);
    let [place, end] = [0, 0];
    this.#parted.each(at, (number, piece, from, to) => {
      bytes.set(this.#head, end);
      bytes.set(piece.subarray(from, to), end + this.#head.length);
      end += this.#head.length + to - from;
      positions[place] = number;
      ends[place] = end;
      place += 1;
    });
    return { inputs: { bytes, ends }, positions };
  }

  close(): void {
    this.#file.close();
  }
}
