// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import { asBuffer } from "./buffers.ts";
import { TransportError } from "./errors.ts";
import type { AttachRequest } from "./gen/koplamp/session/v1/AttachRequest.ts";
import { LETTER_WINDOW_BYTES } from "./limits.ts";
import { Signal } from "./queue.ts";
import { POST_BYTES } from "./relay.ts";

interface Letter {
  readonly number: number;
  readonly envelope: Uint8Array;
  readonly placed: PromiseWithResolvers<void>;
}

/** What is on its way to one recipient, in order. */
interface Recipient {
  next: number;
  bytes: number;
  readonly unplaced: Letter[];
  /** Settles when the letter before is under way: letters keep their order. */
  tail: Promise<unknown>;
}

/** Control messages that leave: kept and numbered per recipient until the relay says that they are in its mailbox. */
export class LettersOut {
  readonly #recipients = new Map<PartyId, Recipient>();
  readonly #freed = new Signal();
  readonly #send: (request: AttachRequest) => void;
  readonly #closed: AbortSignal;

  /** `send` is called in order of the numbers; it may drop what it cannot send now. */
  constructor(send: (request: AttachRequest) => void, closed: AbortSignal) {
    this.#send = send;
    this.#closed = closed;
    closed.addEventListener("abort", () => this.#fail());
  }

  /** Resolves when the letter is in its recipient's mailbox. */
  async post(party: PartyId, to: PartyId, envelope: Uint8Array): Promise<void> {
    this.#closed.throwIfAborted();
    if (envelope.length > POST_BYTES) {
      const got = `${envelope.length} B from ${party}`;
      throw new TransportError(
        "too-large",
        `expected a control message of at most ${POST_BYTES} B, got ${got}`,
      );
    }
    const recipient = this.#recipient(to);
    const entered = recipient.tail.then(() => this.#enter(recipient, to, envelope));
    recipient.tail = entered.catch(() => {}); // its own caller hears of it
    const letter = await entered;
    await letter.placed.promise;
  }

  /** Sends again what was not confirmed. */
  resend(): void {
    for (const [to, { unplaced }] of this.#recipients) {
      for (const letter of unplaced) this.#send(requestOf(to, letter));
    }
  }

  /** The relay has every letter to `to` up to `number`. */
  confirm(to: PartyId, number: number): void {
    const recipient = this.#recipient(to);
    while ((recipient.unplaced[0]?.number ?? Number.POSITIVE_INFINITY) <= number) {
      const letter = recipient.unplaced.shift();
      recipient.bytes -= letter?.envelope.length ?? 0;
      letter?.placed.resolve();
    }
    this.#freed.notify();
  }

  /** Resolves when nothing is on its way, or when `abort` fires. */
  async flush(abort: AbortSignal): Promise<void> {
    while (!abort.aborted && [...this.#recipients.values()].some(({ unplaced }) => unplaced.length > 0)) {
      await this.#freed.wait(abort);
    }
  }

  async #enter(recipient: Recipient, to: PartyId, envelope: Uint8Array): Promise<Letter> {
    while (recipient.bytes > 0 && recipient.bytes + envelope.length > LETTER_WINDOW_BYTES) {
      this.#closed.throwIfAborted();
      await this.#freed.wait(this.#closed);
    }
    this.#closed.throwIfAborted();
    const letter = { number: recipient.next, envelope, placed: Promise.withResolvers<void>() };
    recipient.next += 1;
    recipient.bytes += envelope.length;
    recipient.unplaced.push(letter);
    this.#send(requestOf(to, letter));
    return letter;
  }

  #recipient(to: PartyId): Recipient {
    const known = this.#recipients.get(to);
    if (known !== undefined) return known;
    const recipient = { next: 1, bytes: 0, unplaced: [], tail: Promise.resolve() };
    this.#recipients.set(to, recipient);
    return recipient;
  }

  #fail(): void {
    for (const { unplaced } of this.#recipients.values()) {
      for (const { placed } of unplaced.splice(0)) placed.reject(this.#closed.reason);
    }
    this.#freed.notify();
  }
}

function requestOf(to: PartyId, { number, envelope }: Letter): AttachRequest {
  return { letter: { to, number, envelope: asBuffer(envelope) } };
}
