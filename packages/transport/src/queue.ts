// SPDX-License-Identifier: Apache-2.0

/** Wakes whoever waits. A wake-up promises nothing: look again. */
export class Signal {
  readonly #waiting: (() => void)[] = [];

  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  notify(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** An item and its number in its queue; the first is 1. */
export interface Numbered<Item> {
  readonly number: number;
  readonly item: Item;
}

/** Items in order that stay until they are acknowledged, so that a reader may come back and read on. */
export class NumberedQueue<Item> {
  readonly changed: Signal = new Signal();
  readonly #items: Item[] = [];
  #acknowledged = 0;

  /** The number up to which everything was acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  get length(): number {
    return this.#items.length;
  }

  push(item: Item): void {
    this.#items.push(item);
    this.changed.notify();
  }

  /** The first item behind `number` that is still here. */
  after(number: number): Numbered<Item> | undefined {
    const at = Math.max(0, number - this.#acknowledged);
    const item = this.#items[at];
    return item === undefined ? undefined : { number: this.#acknowledged + at + 1, item };
  }

  /** Lets go of the items up to `number` and gives them. A number that was never handed out means the last one. */
  acknowledge(number: number): readonly Item[] {
    const gone = this.#items.splice(0, Math.max(0, number - this.#acknowledged));
    this.#acknowledged += gone.length;
    return gone;
  }
}
