// SPDX-License-Identifier: Apache-2.0

import { expectType, type Message } from "./drive.ts";
import type { Effect, Party, PartyId } from "./effects.ts";
import { ProtocolError } from "./errors.ts";
import { type JobTable, MemoryVault, runJob } from "./vault.ts";

/** One message as an observer of all links would see it before sealing. `output` is set on a disclosure. */
export interface Sent {
  readonly from: PartyId;
  readonly to: PartyId;
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly output?: string;
  /** The number of this release at `from`, counted from 0; set on a disclosure. */
  readonly release?: number;
}

/** How a simulated world behaves. Everything that could be chance is an argument. */
export interface World {
  /** Which of `count` enabled parties steps next: 0 ≤ pick < count. Default: the first. */
  readonly pick?: (count: number) => number;
  /** Messages a link holds; 0 means that a send completes only when it is received. Default: unlimited. */
  readonly buffer?: number;
  /** Whether `party`'s gate opens for this release. Default: it does. */
  readonly gate?: (party: PartyId, release: readonly Sent[]) => boolean;
  /** Sees each message at the moment it leaves. */
  readonly observe?: (sent: Sent) => void;
  /** The code behind the jobs. */
  readonly jobs?: JobTable;
  /** The vault that a party starts with; wiped at the end. */
  readonly vaults?: Readonly<Record<PartyId, MemoryVault>>;
}

/** What a simulated run gave. */
export interface Simulated {
  readonly outputs: ReadonlyMap<PartyId, unknown>;
  readonly transcript: readonly Sent[];
}

/**
 * Runs all parties in one thread, synchronously: any interleaving, bounded links, a gate that may stay shut, and an
 * adversary is just another generator. Holds and releases disclosures as `drive` does.
 * @throws {ProtocolError} `deadlock` or `gate-shut`, naming who waits for what; and whatever a party throws.
 */
export function simulate(parties: Readonly<Record<PartyId, Party<unknown>>>, world: World = {}): Simulated {
  const { pick = () => 0, vaults = {} } = world;
  const links = new Links(world.buffer ?? Number.POSITIVE_INFINITY, world.observe);
  const actors = Object.entries(parties).map(
    ([id, party]) => new Actor(id, party, links, vaults[id] ?? new MemoryVault(), world),
  );
  try {
    for (;;) {
      const waiting = actors.filter((actor) => !actor.done);
      if (waiting.length === 0) break;
      const enabled = waiting.filter((actor) => actor.enabled(actors));
      if (enabled.length === 0) throw stuck(waiting);
      enabled[pick(enabled.length)]?.step();
    }
    return { outputs: new Map(actors.map(({ id, output }) => [id, output])), transcript: links.transcript };
  } finally {
    for (const actor of actors) actor.end();
  }
}

function stuck(waiting: readonly Actor[]): ProtocolError {
  const code = waiting.some((actor) => actor.shut) ? "gate-shut" : "deadlock";
  return new ProtocolError(code, waiting.map((actor) => actor.wait()).join("; "));
}

/** The queues between the parties, one for each ordered pair. */
class Links {
  readonly transcript: Sent[] = [];
  readonly #queues = new Map<string, Message[]>();
  readonly #buffer: number;
  readonly #observe: World["observe"];

  constructor(buffer: number, observe: World["observe"]) {
    this.#buffer = buffer;
    this.#observe = observe;
  }

  queue(from: PartyId, to: PartyId): Message[] {
    const name = `${from}>${to}`;
    const found = this.#queues.get(name) ?? [];
    this.#queues.set(name, found);
    return found;
  }

  /** With no buffer at all there is room exactly when the recipient already waits. */
  hasRoom(from: PartyId, to: PartyId, recipientWaits: boolean): boolean {
    const held = this.queue(from, to).length;
    return this.#buffer === 0 ? recipientWaits && held === 0 : held < this.#buffer;
  }

  put(sent: Sent): void {
    this.transcript.push(sent);
    this.#observe?.(sent);
    this.queue(sent.from, sent.to).push({ type: sent.type, bytes: sent.bytes });
  }
}

/** One party in the world: its pending effect and the release that it holds back. */
class Actor {
  readonly id: PartyId;
  output: unknown;
  done = false;
  shut = false;
  readonly #party: Party<unknown>;
  readonly #links: Links;
  readonly #vault: MemoryVault;
  readonly #world: World;
  #step: IteratorResult<Effect, unknown>;
  readonly #held: Sent[] = [];
  #releases = 0;

  constructor(id: PartyId, party: Party<unknown>, links: Links, vault: MemoryVault, world: World) {
    this.id = id;
    this.#party = party;
    this.#links = links;
    this.#vault = vault;
    this.#world = world;
    this.#step = party.next();
  }

  waitsFor(peer: PartyId): boolean {
    const effect = this.#step.done ? undefined : this.#step.value;
    return effect?.kind === "receive" && effect.from === peer && this.#held.length === 0;
  }

  enabled(actors: readonly Actor[]): boolean {
    if (this.shut) return false;
    if (this.#step.done || this.#held.length > 0) return true;
    const effect = this.#step.value;
    if (effect.kind === "receive") return this.#links.queue(effect.from, this.id).length > 0;
    if (effect.kind !== "send") return true;
    const peer = actors.find(({ id }) => id === effect.to);
    return this.#links.hasRoom(this.id, effect.to, peer?.waitsFor(this.id) ?? false);
  }

  /** One indivisible move: try the gate, or perform one effect. */
  step(): void {
    const effect = this.#step.done ? undefined : this.#step.value;
    if (effect?.kind === "compute") this.#compute(effect);
    else if (effect?.kind === "disclose") this.#hold(effect);
    else if (this.#held.length > 0) this.#tryGate();
    else if (effect === undefined) this.#finish();
    else this.#exchange(effect);
  }

  wait(): string {
    if (this.shut)
      return `${this.id} waits for its gate (${this.#held.map((sent) => sent.output).join(", ")})`;
    const effect = this.#step.done ? undefined : this.#step.value;
    if (effect?.kind === "receive") return `${this.id} waits for ${effect.type} from ${effect.from}`;
    return effect?.kind === "send"
      ? `${this.id} waits for room to send ${effect.type} to ${effect.to}`
      : this.id;
  }

  end(): void {
    // Safe because the value is only seen by a generator that has not returned, and that one is thrown away.
    this.#party.return(undefined as never);
    this.#vault.wipe();
  }

  #finish(): void {
    this.output = this.#step.value;
    this.done = true;
  }

  #compute(effect: Extract<Effect, { kind: "compute" }>): void {
    const value = runJob(this.#world.jobs ?? new Map(), this.#vault, effect.job.name, effect.args);
    this.#step = this.#party.next(value);
  }

  #hold({ to, type, bytes, output }: Extract<Effect, { kind: "disclose" }>): void {
    this.#held.push({ from: this.id, to, type, bytes, output, release: this.#releases });
    this.#step = this.#party.next();
  }

  #tryGate(): void {
    const open = this.#world.gate ?? (() => true);
    this.shut = !open(this.id, this.#held);
    if (this.shut) return;
    // A release was sealed and held in memory, so it leaves without waiting for room on the link.
    for (const sent of this.#held.splice(0)) this.#links.put(sent);
    this.#releases += 1;
  }

  #exchange(effect: Exclude<Effect, { kind: "compute" } | { kind: "disclose" }>): void {
    if (effect.kind === "send") {
      this.#links.put({ from: this.id, to: effect.to, type: effect.type, bytes: effect.bytes });
      this.#step = this.#party.next();
      return;
    }
    const message = this.#links.queue(effect.from, this.id).shift();
    if (message === undefined) throw new ProtocolError("deadlock", `${this.wait()}, and nothing is there`);
    this.#step = this.#party.next(expectType(effect, message));
  }
}
