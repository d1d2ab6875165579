// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import type { Line, Posted } from "@koplamp/wire";
import { TransportError } from "./errors.ts";
import type { Mailbox } from "./mailbox.ts";
import type { GiveUp, RelaySession } from "./relay-session.ts";

/** A party's place in one session, to read from. */
export interface SessionReader {
  readonly session: RelaySession;
  readonly tag: string;
  /** To be called once, when the reader goes away for now. */
  leave(): void;
}

/** What a line needs of the relay. */
interface Carrier {
  enter(party: PartyId): () => void;
  onPresence(listener: (party: PartyId, online: boolean) => void): () => void;
  post(from: PartyId, to: PartyId, envelope: Uint8Array): Promise<void>;
  mailbox(party: PartyId): Mailbox;
  push(from: PartyId, frame: Uint8Array, given: GiveUp): Promise<void>;
  reader(party: PartyId, session: Uint8Array): SessionReader | undefined;
  finish(party: PartyId, session: Uint8Array): void;
}

/** The line of a party that lives in the relay's own process. Messages pass as references, never as copies. */
export class RelayLine implements Line {
  readonly party: PartyId;
  readonly #relay: Carrier;
  readonly #leave: () => void;
  readonly #stops = new Set<() => void>();
  #closed = false;

  constructor(relay: Carrier, party: PartyId) {
    this.party = party;
    this.#relay = relay;
    this.#leave = relay.enter(party);
  }

  async post(to: PartyId, envelope: Uint8Array): Promise<void> {
    this.#expectOpen();
    await this.#relay.post(this.party, to, envelope);
  }

  async *posts(): AsyncGenerator<Posted, void> {
    const box = this.#relay.mailbox(this.party);
    const stop = (): void => box.letters.changed.notify();
    this.#stops.add(stop);
    try {
      while (!this.#closed && !box.closed) {
        const next = box.letters.after(0);
        if (next === undefined) {
          await box.letters.changed.wait();
          continue;
        }
        box.acknowledge(next.number);
        yield { from: next.item.from, envelope: next.item.envelope };
      }
    } finally {
      this.#stops.delete(stop);
    }
  }

  async push(frame: Uint8Array): Promise<void> {
    this.#expectOpen();
    await this.#relay.push(this.party, frame, () => this.#ended());
  }

  async *pull(session: Uint8Array, done: Promise<void>): AsyncGenerator<Uint8Array, void> {
    this.#expectOpen();
    const reader = this.#relay.reader(this.party, session);
    if (reader === undefined) return; // everybody was done with it, this party too
    const inbox = reader.session.inbox(reader.tag);
    let over = false;
    const stop = (): void => inbox.changed.notify();
    const end = (): void => {
      over = true;
      stop();
    };
    done.then(end, end);
    this.#stops.add(stop);
    try {
      while (!over && !this.#closed) {
        if (reader.session.ended !== undefined) throw reader.session.ended;
        const next = inbox.after(0);
        if (next === undefined) {
          await inbox.changed.wait();
          continue;
        }
        reader.session.acknowledge(reader.tag, next.number);
        yield next.item.frame;
      }
    } finally {
      this.#stops.delete(stop);
      reader.leave();
      if (!this.#closed) this.#relay.finish(this.party, session);
    }
  }

  onPresence(listener: (party: PartyId, online: boolean) => void): () => void {
    const stop = this.#relay.onPresence((party, online) => {
      if (party !== this.party) listener(party, online);
    });
    this.#stops.add(stop);
    return stop;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const stop of this.#stops) stop();
    this.#leave();
  }

  #expectOpen(): void {
    const reason = this.#ended();
    if (reason !== undefined) throw reason;
  }

  #ended(): TransportError | undefined {
    if (!this.#closed) return undefined;
    return new TransportError("closed", `expected an open line of ${this.party}, got one that is closed`);
  }
}
