// SPDX-License-Identifier: Apache-2.0
import { MOST_MESSAGE_BYTES } from "@koplamp/crypto";
import type { Message, PartyId } from "@koplamp/protocol";
import { TransportError } from "./errors.ts";

/** A message and the SHA-256 over its sealed frames. */
export interface Received extends Message {
  readonly frame: Uint8Array;
}

interface Wait {
  readonly resolve: (message: Received) => void;
  readonly reject: (reason: Error) => void;
}

/** Unread messages of one peer: more than any protocol lets wait, and room for two of the longest. */
const MOST_UNREAD = 256;
const MOST_UNREAD_BYTES = 2 * MOST_MESSAGE_BYTES;

/** The messages of one peer under one pair of keys, in order. What came before the peer was lost can still be read. */
export class ChannelInbox {
  readonly #from: PartyId;
  readonly #unread: Received[] = [];
  readonly #waits: Wait[] = [];
  #bytes = 0;
  #failure: Error | undefined;

  constructor(from: PartyId) {
    this.#from = from;
  }

  /** @throws {TransportError} `limit` when the peer has sent far more than anybody has asked for. */
  put(message: Received): void {
    if (this.#failure !== undefined) return;
    const wait = this.#waits.shift();
    if (wait !== undefined) {
      wait.resolve(message);
      return;
    }
    if (this.#unread.length >= MOST_UNREAD || this.#bytes + message.bytes.length > MOST_UNREAD_BYTES) {
      throw new TransportError("limit", `${this.#from} sent more than anybody here has asked for`);
    }
    this.#unread.push(message);
    this.#bytes += message.bytes.length;
  }

  take(): Promise<Received> {
    const message = this.#unread.shift();
    if (message !== undefined) {
      this.#bytes -= message.bytes.length;
      return Promise.resolve(message);
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => void this.#waits.push({ resolve, reject }));
  }

  /** Ends waits with `reason`; later ones too, once everything unread is read. */
  fail(reason: Error): void {
    this.#failure ??= reason;
    for (const wait of this.#waits.splice(0)) wait.reject(this.#failure);
  }

  /** Drops what is unread as well. */
  abort(reason: Error): void {
    this.#unread.length = 0;
    this.#failure = undefined;
    this.fail(reason);
  }
}
