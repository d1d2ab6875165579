// SPDX-License-Identifier: Apache-2.0

/**
 * A generator of numbers that are the same for a seed on every machine (splitmix32). For generated data only: nothing
 * that a protocol runs on may come from it.
 */
export class Seeded {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A generator of its own for each name: more of one thing leaves the others as they were. */
  branch(name: string): Seeded {
    let state = this.#state;
    for (const character of name) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);
    return new Seeded(state);
  }

  /** A whole number from 0 to `limit - 1`; `limit` is at most 2^32. */
  below(limit: number): number {
    return Math.floor((this.#next() / 2 ** 32) * limit);
  }

  /** `length` decimal digits. */
  digits(length: number): string {
    return Array.from({ length }, () => this.below(10)).join("");
  }

  /** One of a list that is not empty. */
  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.below(items.length)] ?? items[0];
  }

  /** The items in another order. */
  shuffled<Item>(items: readonly Item[]): readonly Item[] {
    const keyed = items.map((item) => ({ item, place: this.#next() }));
    return keyed.sort((a, b) => a.place - b.place).map(({ item }) => item);
  }

  #next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let mixed = this.#state ^ (this.#state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }
}
