// SPDX-License-Identifier: Apache-2.0
// Own members of an answer's cells, packed: a question may have as many cells as there are pairs of places, and only those
// in which somebody is take room.

/** Lanes of a member of a cell: the cell, its name in two halves, and a number for its values. */
export const MEMBER_LANES = 4;
const MEMBER_BYTES = 4 * MEMBER_LANES;

/** Who is in which cell: four lanes each, in the order of cells and then of names, each name once in a cell. */
export type Members = Uint32Array;

/** A name that only this node can make. */
export type Name = readonly [high: number, low: number];

/** Members as they are found. */
export class MemberList {
  #lanes = new Uint32Array(1024 * MEMBER_LANES);
  #length = 0;

  /** One more row of a member in a cell. `value`: what it adds to the sums, as a number below 2^32. */
  add(cell: number, [high, low]: Name, value: number): void {
    const end = this.#length + MEMBER_LANES;
    if (end > this.#lanes.length) {
      const grown = new Uint32Array(2 * this.#lanes.length);
      grown.set(this.#lanes);
      this.#lanes = grown;
    }
    this.#lanes.set([cell, high, low, value], this.#length);
    this.#length = end;
  }

  /** Each member of each cell once, with the values of all its rows added up, in whatever order they came. */
  get members(): Members {
    const found = this.#lanes;
    const order = inOrder(found, this.#length, [0, 1, 2]);
    const members = new Uint32Array(this.#length);
    let end = 0;
    for (const at of order) {
      const last = end - MEMBER_LANES;
      if (end > 0 && [0, 1, 2].every((lane) => members[last + lane] === found[at + lane])) {
        members[last + 3] = (members[last + 3] ?? 0) + (found[at + 3] ?? 0); // modulo 2^32
      } else {
        members.set(found.subarray(at, at + MEMBER_LANES), end);
        end += MEMBER_LANES;
      }
    }
    return members.slice(0, end);
  }
}

/** Where members begin, in the order of their names. */
export function byName(members: Members): Uint32Array {
  return inOrder(members, members.length, [1, 2]);
}

function inOrder(lanes: Uint32Array, length: number, keys: readonly number[]): Uint32Array {
  const order = Uint32Array.from({ length: length / MEMBER_LANES }, (_, at) => at * MEMBER_LANES);
  return order.sort((a, b) => {
    for (const key of keys) {
      const difference = (lanes[a + key] ?? 0) - (lanes[b + key] ?? 0);
      if (difference !== 0) return difference;
    }
    return a - b;
  });
}

/** The cells in which somebody is, and how many. */
export class Filled {
  /** Ascending. */
  readonly cells: readonly number[];
  readonly #sizes: ReadonlyMap<number, number>;

  constructor(members: Members) {
    const sizes = new Map<number, number>();
    for (let at = 0; at < members.length; at += MEMBER_LANES) {
      const cell = members[at] ?? 0;
      sizes.set(cell, (sizes.get(cell) ?? 0) + 1);
    }
    this.cells = [...sizes.keys()];
    this.#sizes = sizes;
  }

  sizeOf(cell: number): number {
    return this.#sizes.get(cell) ?? 0;
  }
}

/** Sixteen bytes each, the most significant first. */
export function packed(members: Members): Uint8Array {
  const bytes = new Uint8Array(4 * members.length);
  const view = new DataView(bytes.buffer);
  for (const [at, lane] of members.entries()) view.setUint32(4 * at, lane);
  return bytes;
}

/** What {@link packed} packed. */
export function unpacked(bytes: Uint8Array): Members {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length - (bytes.length % MEMBER_BYTES));
  return Uint32Array.from({ length: view.byteLength / 4 }, (_, at) => view.getUint32(4 * at));
}
