// SPDX-License-Identifier: Apache-2.0
// A federation under a clock that stands still while anybody has something to do. Every message takes a millisecond, and
// so does every job, entry and write of whoever sends it: what a node does longer in one world leaves it later.
import { setImmediate as turn } from "node:timers/promises";
import type { PartyId } from "@koplamp/protocol";
import type { Line, Post } from "@koplamp/wire";
import type { NodePorts } from "../src/index.ts";
import { changedLedger, changedPost, TestClock, type Wishes } from "./federation.ts";

/** Time that moves on to the next sleeper once nothing else goes on in this process. */
export class StilledClock extends TestClock {
  readonly #sleepers: { readonly until: number; readonly wake: () => void }[] = [];
  #now = Date.parse("2026-11-24T09:00:00Z");
  #stopped = false;

  override now(): number {
    return this.#now;
  }

  override sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#sleepers.push({ until: this.#now + ms, wake: resolve });
    return promise;
  }

  /** Moves time on to a moment: whoever sleeps until then wakes up in order. */
  override jump(to: number): void {
    this.#now = Math.max(this.#now, to);
  }

  /** Lets time pass until {@link stop}. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      await turn(); // all that waits for nothing but each other is done by then: no file, socket or thread is in a test
      const next = Math.min(...this.#sleepers.map(({ until }) => until));
      if (!Number.isFinite(next)) continue;
      this.#now = Math.max(this.#now, next);
      const at = this.#sleepers.findIndex(({ until }) => until === next);
      this.#sleepers.splice(at, 1)[0]?.wake();
    }
  }

  /** Waits for what comes about while time passes. */
  async until(what: () => boolean): Promise<void> {
    for (let look = 0; !what(); look += 1) {
      if (look > 200_000) throw new Error("it did not come about");
      await turn();
    }
  }

  stop(): void {
    this.#stopped = true;
  }
}

/** Something that left: when, from whom, what it is and how long. */
export type Moment = readonly [ms: number, from: PartyId, what: string, bytes: number];

/** What is seen of a federation while it runs. */
export interface Seen {
  /** What the coordinator carries: envelopes and frames, by sender and recipient. */
  readonly carried: Moment[];
  /** What each party sends, as its recipients see it when they have opened it: topics and types of messages. */
  readonly opened: Moment[];
}

/** A name without what is drawn anew in every world. */
const plain = (name: string): string => name.replace(/[0-9a-f]{16,}/g, "#");

/** The wishes of a federation whose messages are noted with their moments. */
export function stilled(clock: StilledClock, seen: Seen): Wishes {
  const owed = new Map<PartyId, number>();
  const work = (party: PartyId): void => void owed.set(party, (owed.get(party) ?? 0) + 1);
  const line = (own: Line, party: PartyId): Line => {
    const later = async (what: string, bytes: number): Promise<void> => {
      const more = owed.get(party) ?? 0;
      owed.set(party, 0);
      await clock.sleep(1 + more);
      seen.carried.push([clock.now(), party, what, bytes]);
    };
    return {
      party,
      post: async (to, envelope) => {
        await later(`post to ${to}`, envelope.length);
        await own.post(to, envelope);
      },
      push: async (frame) => {
        await later("frame", frame.length);
        await own.push(frame);
      },
      posts: () => own.posts(),
      pull: (session, done) => own.pull(session, done),
      onPresence: (listener) => own.onPresence(listener),
      close: () => own.close(),
    };
  };
  const note = (party: PartyId, what: string, bytes: number): void =>
    void seen.opened.push([clock.now(), party, plain(what), bytes]);
  const noted = <Channel extends object>(channel: Channel, party: PartyId): Channel =>
    new Proxy(channel, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...args: readonly unknown[]) => {
          if (name === "send") note(party, `${args[1]} to ${args[0]}`, (args[2] as Uint8Array).length);
          return value.apply(target, args);
        };
      },
    });
  return {
    clock,
    line,
    graceMs: 60_000,
    post: (post: Post, party) =>
      changedPost(post, async (to, topic, body) => {
        note(party, `${topic} to ${to}`, body.length);
        await post.send(to, topic, body);
      }),
    jobs: (table, party) =>
      new Map(
        [...table].map(([name, job]) => [
          name,
          (...args: Parameters<typeof job>) => {
            work(party);
            return job(...args);
          },
        ]),
      ),
    ports: (ports, { party }) => {
      const durable = new Durable(() => work(party));
      const { ledger } = ports;
      const append: NodePorts["ledger"]["append"] = (...args) => durable.write(() => ledger.append(...args));
      return {
        ...ports,
        ledger: changedLedger(ledger, { append }),
        store: durable.of(ports.store),
        openChannel: async (request) => noted(await ports.openChannel(request), party),
      };
    },
  };
}

/** Counts durable writes: what is written together is one. */
class Durable {
  readonly #work: () => void;
  #depth = 0;

  constructor(work: () => void) {
    this.#work = work;
  }

  /** Does what is durable at once when it returns. */
  write<T>(act: () => T): T {
    if (this.#depth === 0) this.#work();
    this.#depth += 1;
    try {
      return act();
    } finally {
      this.#depth -= 1;
    }
  }

  /** The store, of which every write counts. */
  of(store: NodePorts["store"]): NodePorts["store"] {
    return new Proxy(store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        if (!/^(?:together|append|put|drop|replace)/.test(String(name))) return value.bind(target);
        return (...args: readonly unknown[]) => this.write(() => value.apply(target, args));
      },
    });
  }
}
