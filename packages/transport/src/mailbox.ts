// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import type { Posted } from "@koplamp/wire";
import { TransportError } from "./errors.ts";
import { NumberedQueue, Signal } from "./queue.ts";

interface Letter extends Posted {
  readonly atMs: number;
}

/** One sender's letters in a mailbox. */
interface Sender {
  bytes: number;
  /** Settles when the sender's previous letter is in: letters of one sender keep their order. */
  tail: Promise<void>;
}

/** Control messages for one party. Each sender has its own room, so that one cannot shut out another. */
export class Mailbox {
  readonly letters: NumberedQueue<Letter> = new NumberedQueue<Letter>();
  readonly #freed = new Signal();
  readonly #senders = new Map<PartyId, Sender>();
  readonly #bytesPerSender: number;
  #closed = false;

  get closed(): boolean {
    return this.#closed;
  }

  constructor(bytesPerSender: number) {
    this.#bytesPerSender = bytesPerSender;
  }

  /** Resolves when the letter is in. @throws {TransportError} `closed`. */
  put(letter: Letter): Promise<void> {
    const sender = this.#senders.get(letter.from) ?? { bytes: 0, tail: Promise.resolve() };
    this.#senders.set(letter.from, sender);
    const put = sender.tail.then(() => this.#place(sender, letter));
    sender.tail = put.catch(() => {}); // its own caller hears of it
    return put;
  }

  /** Lets go of the letters up to `number`. */
  acknowledge(number: number): void {
    for (const { from, envelope } of this.letters.acknowledge(number)) {
      const sender = this.#senders.get(from);
      if (sender !== undefined) sender.bytes -= envelope.length;
    }
    this.#freed.notify();
  }

  /** Lets go of letters from before `timeMs`. Gives how many. */
  expire(timeMs: number): number {
    const first = this.letters.acknowledged;
    let last = first;
    for (let at = this.letters.after(first); at !== undefined && at.item.atMs < timeMs; ) {
      last = at.number;
      at = this.letters.after(last);
    }
    if (last > first) this.acknowledge(last);
    return last - first;
  }

  close(): void {
    this.#closed = true;
    this.#freed.notify();
    this.letters.changed.notify();
  }

  async #place(sender: Sender, letter: Letter): Promise<void> {
    const bytes = letter.envelope.length;
    while (!this.#closed && sender.bytes > 0 && sender.bytes + bytes > this.#bytesPerSender) {
      await this.#freed.wait();
    }
    if (this.#closed) throw new TransportError("closed", "expected an open relay, got one that is closed");
    sender.bytes += bytes;
    this.letters.push(letter);
  }
}
