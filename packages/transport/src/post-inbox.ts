// SPDX-License-Identifier: Apache-2.0
import { type PartyId, PeerLost } from "@koplamp/protocol";

/** Takes a message under a topic that begins with `prefix`. */
interface Listener {
  readonly prefix: string;
  readonly handler: (from: PartyId, topic: string, body: Uint8Array) => void;
}

interface Wait {
  readonly from: PartyId;
  readonly topic: string;
  readonly resolve: (body: Uint8Array) => void;
  readonly reject: (reason: Error) => void;
}

interface Unread {
  readonly topic: string;
  readonly body: Uint8Array;
}

/** What one sender's unread messages may take at most: a hostile one shuts out nobody but itself. */
const MOST_UNREAD = 1024;
const MOST_UNREAD_BYTES = 64 * 2 ** 20;
/** Failed prefixes that are remembered; the oldest makes room. */
const MOST_FAILED = 1024;

/** Messages that nobody has asked for yet, and waits that nobody has answered yet. */
export class PostInbox {
  readonly #unread = new Map<PartyId, Unread[]>();
  readonly #waits = new Set<Wait>();
  readonly #listeners = new Set<Listener>();
  readonly #failed = new Map<string, Error>();
  readonly #lost = new Map<PartyId, PeerLost>();
  #closed: Error | undefined;

  /** Hands a message to whoever waits or listens, or keeps it. Gives why one was dropped, if one was. */
  deliver(from: PartyId, topic: string, body: Uint8Array): string | undefined {
    this.#lost.delete(from); // it is heard of again
    if (this.#failure(topic) !== undefined) return undefined; // what it was for is over
    for (const wait of this.#waits) {
      if (wait.from !== from || wait.topic !== topic) continue;
      this.#waits.delete(wait);
      wait.resolve(body);
      return undefined;
    }
    const listener = [...this.#listeners].find(({ prefix }) => topic.startsWith(prefix));
    if (listener !== undefined) return handle(listener, from, topic, body);
    return this.#keep(from, { topic, body });
  }

  /** The next message of `from` under exactly `topic`. */
  receive(from: PartyId, topic: string): Promise<Uint8Array> {
    const failure = this.#closed ?? this.#failure(topic);
    if (failure !== undefined) return Promise.reject(failure);
    const unread = this.#unread.get(from) ?? [];
    const at = unread.findIndex((message) => message.topic === topic);
    const [found] = at < 0 ? [] : unread.splice(at, 1);
    if (found !== undefined) return Promise.resolve(found.body);
    const lost = this.#lost.get(from);
    if (lost !== undefined) return Promise.reject(lost);
    return new Promise((resolve, reject) => this.#waits.add({ from, topic, resolve, reject }));
  }

  /** Begins with what is kept under the prefix. `dropped` hears of a handler that failed. */
  listen(listener: Listener, dropped: (from: PartyId, reason: string) => void): () => void {
    this.#listeners.add(listener);
    for (const [from, topic, body] of this.#take(listener.prefix)) {
      const reason = handle(listener, from, topic, body);
      if (reason !== undefined) dropped(from, reason);
    }
    return () => this.#listeners.delete(listener);
  }

  fail(prefix: string, reason: Error): void {
    this.#failed.delete(prefix);
    this.#failed.set(prefix, reason);
    const [oldest] = this.#failed.keys();
    if (this.#failed.size > MOST_FAILED && oldest !== undefined) this.#failed.delete(oldest);
    this.#take(prefix);
    this.#reject(({ topic }) => topic.startsWith(prefix), reason);
  }

  giveUp(peer: PartyId, reason: string): void {
    const lost = new PeerLost(peer, reason);
    this.#lost.set(peer, lost);
    this.#reject(({ from }) => from === peer, lost);
  }

  takeBack(peer: PartyId): void {
    this.#lost.delete(peer);
  }

  close(reason: Error): void {
    this.#closed ??= reason;
    this.#listeners.clear();
    this.#unread.clear();
    this.#reject(() => true, reason);
  }

  #failure(topic: string): Error | undefined {
    for (const [prefix, reason] of this.#failed) if (topic.startsWith(prefix)) return reason;
    return undefined;
  }

  /** Full means that the oldest makes room: what nobody has asked for so long was for something that is over. */
  #keep(from: PartyId, message: Unread): string | undefined {
    const unread = this.#unread.get(from) ?? [];
    this.#unread.set(from, unread);
    unread.push(message);
    let bytes = unread.reduce((sum, { body }) => sum + body.length, 0);
    let dropped = 0;
    while (unread.length - dropped > MOST_UNREAD || bytes > MOST_UNREAD_BYTES) {
      bytes -= unread[dropped]?.body.length ?? 0;
      dropped += 1;
    }
    unread.splice(0, dropped);
    return dropped > 0 ? "too much unread" : undefined;
  }

  /** Removes and gives what is kept under a prefix. */
  #take(prefix: string): readonly (readonly [PartyId, string, Uint8Array])[] {
    const taken: (readonly [PartyId, string, Uint8Array])[] = [];
    for (const [from, unread] of this.#unread) {
      const kept = unread.filter(({ topic }) => !topic.startsWith(prefix));
      for (const { topic, body } of unread) if (topic.startsWith(prefix)) taken.push([from, topic, body]);
      this.#unread.set(from, kept);
    }
    return taken;
  }

  #reject(concerned: (wait: Wait) => boolean, reason: Error): void {
    for (const wait of [...this.#waits].filter(concerned)) {
      this.#waits.delete(wait);
      wait.reject(reason);
    }
  }
}

/** A handler that fails loses its message and stops nobody else. */
function handle(listener: Listener, from: PartyId, topic: string, body: Uint8Array): string | undefined {
  try {
    listener.handler(from, topic, body);
    return undefined;
  } catch {
    return "not understood";
  }
}
