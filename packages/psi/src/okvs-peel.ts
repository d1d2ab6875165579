// SPDX-License-Identifier: Apache-2.0

/** The order in which the rows of a bin can be solved, last one first. */
export interface Peeled {
  /** Rows and, for each, the cell that only it still used: `length` of them count. */
  readonly rows: Uint16Array;
  readonly pivots: Uint16Array;
  readonly length: number;
  /** Rows that would not peel. */
  readonly gap: readonly number[];
}

/** Takes rows of weight 3 apart; made once for bins of at most `most` rows and `sparse` cells. */
export class Peeler {
  readonly #sparse: number;
  readonly #degrees: Uint16Array;
  /** The sum (exclusive or) of the rows that still use a cell: of one row that is its number. */
  readonly #users: Uint16Array;
  readonly #waiting: Uint16Array;
  readonly #rows: Uint16Array;
  readonly #pivots: Uint16Array;
  #places: Uint16Array = new Uint16Array();
  #removed: Uint8Array = new Uint8Array();
  #ready = 0;
  #length = 0;

  constructor(sparse: number) {
    this.#sparse = sparse;
    this.#degrees = new Uint16Array(sparse);
    this.#users = new Uint16Array(sparse);
    this.#waiting = new Uint16Array(sparse);
    this.#rows = new Uint16Array(sparse);
    this.#pivots = new Uint16Array(sparse);
  }

  /**
   * Peels the rows whose places are given, three a row: a row leaves by a cell that no other one uses any more. Where
   * there is no such cell, a row of a cell with the fewest users goes into the gap (section 2, "Triangulation").
   * Undefined when there are more rows than cells, or more than `most` in the gap.
   */
  peel(places: Uint16Array, most: number): Peeled | undefined {
    const count = places.length / 3;
    if (count > this.#sparse) return undefined;
    this.#begin(places, count);
    const gap: number[] = [];
    this.#drain();
    while (this.#length + gap.length < count) {
      if (gap.length === most) return undefined;
      const row = this.#stuckRow(count);
      gap.push(row);
      this.#remove(row);
      this.#drain();
    }
    return { rows: this.#rows, pivots: this.#pivots, length: this.#length, gap };
  }

  #begin(places: Uint16Array, count: number): void {
    this.#places = places;
    this.#removed = new Uint8Array(count);
    this.#length = 0;
    this.#ready = 0;
    this.#degrees.fill(0);
    this.#users.fill(0);
    for (let at = 0, row = 0; row < count; row += 1) {
      for (const end = at + 3; at < end; at += 1) {
        const cell = places[at] ?? 0;
        this.#degrees[cell] = (this.#degrees[cell] ?? 0) + 1;
        this.#users[cell] = (this.#users[cell] ?? 0) ^ row;
      }
    }
    for (let cell = 0; cell < this.#sparse; cell += 1) {
      if (this.#degrees[cell] === 1) this.#waiting[this.#ready++] = cell;
    }
  }

  /** A cell comes to have one user at most once, so the list of those that wait never overflows. */
  #drain(): void {
    while (this.#ready > 0) {
      this.#ready -= 1;
      const cell = this.#waiting[this.#ready] ?? 0;
      if (this.#degrees[cell] !== 1) continue; // its last user left by another cell
      const row = this.#users[cell] ?? 0;
      this.#rows[this.#length] = row;
      this.#pivots[this.#length] = cell;
      this.#length += 1;
      this.#remove(row);
    }
  }

  #remove(row: number): void {
    this.#removed[row] = 1;
    for (let at = row * 3; at < row * 3 + 3; at += 1) {
      const cell = this.#places[at] ?? 0;
      const left = (this.#degrees[cell] ?? 0) - 1;
      this.#degrees[cell] = left;
      this.#users[cell] = (this.#users[cell] ?? 0) ^ row;
      if (left === 1) this.#waiting[this.#ready++] = cell;
    }
  }

  /** A row of a cell with the fewest users. Nothing is ready, so that is two or more. */
  #stuckRow(count: number): number {
    let least = -1;
    for (let cell = 0; cell < this.#sparse; cell += 1) {
      const users = this.#degrees[cell] ?? 0;
      if (users > 1 && (least < 0 || users < (this.#degrees[least] ?? 0))) least = cell;
    }
    for (let row = 0; row < count; row += 1) {
      if (this.#removed[row] === 0 && this.#places.subarray(row * 3, row * 3 + 3).includes(least)) return row;
    }
    return -1;
  }
}
