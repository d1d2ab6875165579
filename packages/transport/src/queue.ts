// SPDX-License-Identifier: Apache-2.0

/** Wakes whoever waits or listens. A wake-up promises nothing: look again. */
export class Signal {
  #waiting: (() => void)[] = [];
  readonly #listeners = new Set<() => void>();

  /** Resolves at the next wake-up, or when `abort` fires. */
  wait(abort?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        abort?.removeEventListener("abort", wake);
        resolve();
      };
      abort?.addEventListener("abort", wake);
      this.#waiting.push(wake);
    });
  }

  /** Calls `listener` at every wake-up. Returns a way to stop. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  notify(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
    for (const listener of this.#listeners) listener();
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
