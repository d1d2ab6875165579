// SPDX-License-Identifier: Apache-2.0
// Ledgers of a few parties over a post in memory, on which a test can hold, drop and change messages.
import type { Membership } from "@koplamp/covenant";
import { publicKeyText } from "@koplamp/crypto";
import { verifierKeyText } from "@koplamp/ledger";
import { type PartyId, PeerLost } from "@koplamp/protocol";
import type { Card, Covenant, Post } from "@koplamp/wire";
import { nodePrimitives } from "../../pool/src/index.ts";
import { openStore } from "../../store/src/index.ts";
import { type LedgerParts, type NodeLedger, openLedger } from "../src/ledger.ts";
import type { Clock, LogEvent, Store } from "../src/ports.ts";

export const primitives = nodePrimitives();
export const PLAN = `sha256:${"1".repeat(64)}`;
const HASH = `sha256:${"0".repeat(64)}`;

/** A message on its way. */
export interface Letter {
  readonly from: PartyId;
  readonly to: PartyId;
  readonly topic: string;
  readonly body: Uint8Array;
}

/** Delivers in a later turn. `route` says what becomes of a letter: `undefined` drops it. */
export class Office {
  readonly seen: Letter[] = [];
  route: (letter: Letter) => Letter | undefined | Promise<Letter | undefined> = (letter) => letter;
  readonly #boxes = new Map<PartyId, Box>();

  post(me: PartyId): Post {
    const box = new Box();
    this.#boxes.set(me, box);
    return {
      send: async (to, topic, body) => {
        const letter = { from: me, to, topic, body };
        this.seen.push(letter);
        void Promise.resolve(this.route(letter)).then((kept) => {
          if (kept !== undefined) setImmediate(() => this.#boxes.get(to)?.deliver(kept));
        });
      },
      receive: (from, topic) => box.receive(from, topic),
      listen: (prefix, handler) => box.listen(prefix, handler),
      fail: (prefix, reason) => box.fail((topic) => topic.startsWith(prefix), reason),
      giveUp: (peer, reason) => box.giveUp(peer, new PeerLost(peer, reason)),
      takeBack: (peer) => box.takeBack(peer),
      close: () => box.fail(() => true, new Error("closed")),
    };
  }
}

interface Wait {
  readonly from: PartyId;
  readonly topic: string;
  readonly resolve: (body: Uint8Array) => void;
  readonly reject: (reason: Error) => void;
}

class Box {
  #waits: Wait[] = [];
  #unread: Letter[] = [];
  readonly #lost = new Map<PartyId, PeerLost>();
  readonly #listeners: {
    prefix: string;
    handler: (from: PartyId, topic: string, body: Uint8Array) => void;
  }[] = [];

  deliver(letter: Letter): void {
    const { from, topic, body } = letter;
    const wait = this.#waits.find((each) => each.from === from && each.topic === topic);
    const listener = this.#listeners.find(({ prefix }) => topic.startsWith(prefix));
    this.#waits = this.#waits.filter((each) => each !== wait);
    if (wait !== undefined) wait.resolve(body);
    else if (listener !== undefined) listener.handler(from, topic, body);
    else this.#unread.push(letter);
  }

  receive(from: PartyId, topic: string): Promise<Uint8Array> {
    const found = this.#unread.find((letter) => letter.from === from && letter.topic === topic);
    this.#unread = this.#unread.filter((letter) => letter !== found);
    const lost = this.#lost.get(from);
    if (found !== undefined) return Promise.resolve(found.body);
    if (lost !== undefined) return Promise.reject(lost);
    return new Promise((resolve, reject) => this.#waits.push({ from, topic, resolve, reject }));
  }

  listen(prefix: string, handler: (from: PartyId, topic: string, body: Uint8Array) => void): () => void {
    const listener = { prefix, handler };
    this.#listeners.push(listener);
    return () => this.#listeners.splice(this.#listeners.indexOf(listener), 1);
  }

  fail(concerned: (topic: string) => boolean, reason: Error): void {
    const ended = this.#waits.filter(({ topic }) => concerned(topic));
    this.#waits = this.#waits.filter((wait) => !ended.includes(wait));
    for (const { reject } of ended) reject(reason);
  }

  giveUp(peer: PartyId, lost: PeerLost): void {
    this.#lost.set(peer, lost);
    const ended = this.#waits.filter(({ from }) => from === peer);
    this.#waits = this.#waits.filter((wait) => !ended.includes(wait));
    for (const { reject } of ended) reject(lost);
  }

  takeBack(peer: PartyId): void {
    this.#lost.delete(peer);
  }
}

/** A clock that a test sets; it stands still unless somebody sleeps. */
export class TestClock implements Clock {
  ms = Date.parse("2026-11-23T10:00:00Z");

  now(): number {
    return this.ms;
  }

  async sleep(ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, Math.min(ms, 5)));
    this.ms += ms;
  }
}

const seedOf = (party: PartyId, role: string): Uint8Array =>
  primitives.sha256(Buffer.from(`${party}/${role}`));
export const keysOf = (party: PartyId): LedgerParts["keys"] => ({
  ledger: seedOf(party, "ledger"),
  witness: seedOf(party, "witness"),
  storage: seedOf(party, "storage"),
});
export const originOf = (party: PartyId): string => `koplamp.example/${party}`;

/** A membership as far as ledgers look at it. */
export function membershipOf(parties: readonly PartyId[], witnessQuorum: number): Membership {
  const key = (party: PartyId, role: string): Uint8Array => primitives.ed25519PublicKey(seedOf(party, role));
  const cards = parties.map((party): readonly [PartyId, Card] => [
    party,
    {
      koplamp: "card/v1",
      party,
      serial: 1,
      covenantHash: HASH,
      identity: publicKeyText(key(party, "identity")),
      seal: { x25519: "", mlkem768Hash: HASH },
      ledger: verifierKeyText(primitives.sha256, originOf(party), 1, key(party, "ledger")),
      witness: verifierKeyText(primitives.sha256, `${originOf(party)}/witness`, 4, key(party, "witness")),
      tlsPins: [],
      people: [],
    },
  ]);
  const roster = {
    koplamp: "roster/v1" as const,
    id: "test",
    epoch: 1,
    previous: null,
    covenantHash: HASH,
    cards: parties.map((party) => ({ party, cardHash: HASH })),
    witnessQuorum,
    coordinator: {
      name: "relay",
      operator: "nobody",
      identity: publicKeyText(key("coordinator", "identity")),
      seal: { x25519: "", mlkem768Hash: HASH },
      tlsPins: [],
    },
  };
  // Safe because ledgers read nothing else of a covenant.
  const covenant = { witnesses: { quorum: witnessQuorum, external: [] } } as unknown as Covenant;
  const signed = { bytes: new Uint8Array(), signatures: [] };
  return {
    covenant,
    covenantHash: HASH,
    roster,
    rosterHash: HASH,
    cards: new Map(cards),
    addresses: new Map(),
    charter: { covenant: signed, possession: [], cards: [], roster: signed, mlkem: {} },
  };
}

/** One party of a test. */
export interface Node {
  readonly ledger: NodeLedger;
  readonly store: Store;
  readonly clock: TestClock;
  readonly logged: LogEvent[];
  readonly stop: () => void;
}

/** A party's ledger on a store of its own, serving as a witness. */
export function nodeOf(
  office: Office,
  me: PartyId,
  membership: Membership,
  changes: Partial<LedgerParts> = {},
): Node {
  const [store, clock, logged] = [changes.store ?? openStore(":memory:"), new TestClock(), [] as LogEvent[]];
  const log = (event: LogEvent): void => void logged.push(event);
  const parts = {
    me,
    origin: originOf(me),
    post: changes.post ?? office.post(me),
    membership,
    keys: keysOf(me),
    primitives,
    log,
  };
  const ledger = openLedger({ ...parts, clock, deadlineMs: 30_000, ...changes, store });
  return { ledger, store, clock, logged, stop: ledger.serveWitness() };
}

/** Some parties, all honest, all witnesses of each other. */
export function federation(
  names: readonly PartyId[],
  quorum: number,
): { readonly office: Office; readonly of: (name: PartyId) => Node; readonly membership: Membership } {
  const office = new Office();
  const membership = membershipOf(names, quorum);
  const nodes = new Map(names.map((name) => [name, nodeOf(office, name, membership)]));
  const of = (name: PartyId): Node => {
    const node = nodes.get(name);
    if (node === undefined) throw new Error(`expected a party of the test, got ${name}`);
    return node;
  };
  return { office, of, membership };
}
