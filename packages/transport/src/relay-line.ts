// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import type { Line, Posted } from "@koplamp/wire";
import { TransportError } from "./errors.ts";
import type { Mailbox } from "./mailbox.ts";
import type { RelaySession } from "./relay-session.ts";

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
  push(from: PartyId, frame: Uint8Array, abort: AbortSignal): Promise<void>;
  reader(party: PartyId, session: Uint8Array): SessionReader | undefined;
  finish(party: PartyId, session: Uint8Array): void;
}

/** The line of a party that lives in the relay's own process. Messages pass as references, never as copies. */
export class RelayLine implements Line {
  readonly party: PartyId;
  readonly #relay: Carrier;
  readonly #leave: () => void;
  readonly #stops: (() => void)[] = [];
  readonly #closing = new AbortController();

  constructor(relay: Carrier, party: PartyId) {
    this.party = party;
    this.#relay = relay;
    this.#leave = relay.enter(party);
  }

  async post(to: PartyId, envelope: Uint8Array): Promise<void> {
    this.#closed.throwIfAborted();
    await this.#relay.post(this.party, to, envelope);
  }

  async *posts(): AsyncGenerator<Posted, void> {
    const box = this.#relay.mailbox(this.party);
    while (!this.#closed.aborted && !box.closed) {
      const next = box.letters.after(0);
      if (next === undefined) {
        await box.letters.changed.wait(this.#closed);
        continue;
      }
      box.acknowledge(next.number);
      yield { from: next.item.from, envelope: next.item.envelope };
    }
  }

  async push(frame: Uint8Array): Promise<void> {
    this.#closed.throwIfAborted();
    await this.#relay.push(this.party, frame, this.#closed);
  }

  async *pull(session: Uint8Array, done: Promise<void>): AsyncGenerator<Uint8Array, void> {
    this.#closed.throwIfAborted();
    const reader = this.#relay.reader(this.party, session);
    if (reader === undefined) return; // everybody was done with it, this party too
    const ending = new AbortController();
    const end = (): void => ending.abort();
    done.then(end, end);
    try {
      yield* taken(reader, AbortSignal.any([ending.signal, this.#closed]));
    } finally {
      reader.leave();
      if (!this.#closed.aborted) this.#relay.finish(this.party, session);
    }
  }

  onPresence(listener: (party: PartyId, online: boolean) => void): () => void {
    const stop = this.#relay.onPresence((party, online) => {
      if (party !== this.party) listener(party, online);
    });
    this.#stops.push(stop);
    return stop;
  }

  async close(): Promise<void> {
    if (this.#closed.aborted) return;
    const said = `expected an open line of ${this.party}, got one that is closed`;
    this.#closing.abort(new TransportError("closed", said));
    for (const stop of this.#stops) stop();
    this.#leave();
  }

  get #closed(): AbortSignal {
    return this.#closing.signal;
  }
}

async function* taken({ session, tag }: SessionReader, over: AbortSignal): AsyncGenerator<Uint8Array, void> {
  const inbox = session.inbox(tag);
  while (!over.aborted) {
    if (session.ended !== undefined) throw session.ended;
    const next = inbox.after(0);
    if (next === undefined) {
      await inbox.changed.wait(over);
      continue;
    }
    session.acknowledge(tag, next.number);
    yield next.item.frame;
  }
}
