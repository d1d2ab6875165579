// SPDX-License-Identifier: Apache-2.0
// Sessions of a benchmark: the real generators and the real driver, over links in memory, with an account of each job.
import { randomFillSync } from "node:crypto";
import { inlineWorkers, type SessionPool, type Workers } from "@koplamp/pool";
import {
  type Channel,
  drive,
  type JobTable,
  type Message,
  type Party,
  type PartyId,
  type Rng,
} from "@koplamp/protocol";
import type { BenchRun } from "./bench-record.ts";

/** Fresh randomness for what the protocols run on; only the inputs come from a seed. */
export const benchRng: Rng = (length) => randomFillSync(new Uint8Array(length));

/** The party id of the coordinator. */
export const COORDINATOR = "coordinator";

/** One party of a session: the secrets of its vault, and its side of the protocol. */
export interface BenchParty<Output> {
  readonly secrets: Readonly<Record<string, Uint8Array>>;
  readonly start: (pool: SessionPool) => Promise<Party<Output>>;
}

/** Runs sessions in one thread and keeps account of CPU, by phase, and of bytes. */
export class BenchWorld {
  readonly #workers: Workers;
  readonly #phaseOf: (job: string) => string;
  #phases: Record<string, number> = {};
  #bytes = 0;
  readonly #before = new Map<PartyId, number>();
  readonly #released = new Set<PartyId>();

  constructor(table: JobTable, phaseOf: (job: string) => string) {
    this.#workers = inlineWorkers(table);
    this.#phaseOf = phaseOf;
  }

  /** One session, all parties at once. */
  async session<Output>(
    parties: Readonly<Record<PartyId, BenchParty<Output>>>,
  ): Promise<ReadonlyMap<PartyId, Output>> {
    const channelOf = this.#links();
    this.#released.clear();
    const outputs = Object.entries(parties).map(async ([me, { secrets, start }]) => {
      const pool = this.#counted(await this.#workers.session(secrets));
      const party = await start(pool);
      return [me, await drive(party, { channel: channelOf(me), pool, gate: { open } })] as const;
    });
    return new Map(await Promise.all(outputs));
  }

  /** What `work` costs. Bytes are an average over so many parties. */
  async measure<Value>(
    parties: number,
    work: () => Promise<Value>,
  ): Promise<{ value: Value; run: BenchRun }> {
    this.#phases = {};
    this.#bytes = 0;
    this.#before.clear();
    const wall = performance.now();
    const cpu = process.cpuUsage();
    const value = await work();
    const cpuMs = milliseconds(process.cpuUsage(cpu));
    const counted = Object.values(this.#phases).reduce((sum, ms) => sum + ms, 0);
    const bytes = Math.round(this.#bytes / parties);
    return {
      value,
      run: {
        cpuMs,
        wallMs: performance.now() - wall,
        phasesMs: { ...this.#phases, rest: Math.max(0, cpuMs - counted) },
        bytesUp: bytes,
        bytesDown: bytes, // every byte that is sent is received
        bytesBefore: Math.max(0, ...this.#before.values()),
        bytesAll: this.#bytes,
      },
    };
  }

  #counted(pool: SessionPool): SessionPool {
    return {
      run: (job, args) => {
        const phase = this.#phaseOf(job.name);
        const start = process.cpuUsage();
        const result = pool.run(job, args); // inline: the work is done when it returns
        this.#phases[phase] = (this.#phases[phase] ?? 0) + milliseconds(process.cpuUsage(start));
        return result;
      },
      wipe: () => pool.wipe(),
    };
  }

  #links(): (me: PartyId) => Channel {
    const links = new Map<string, Link>();
    const link = (from: PartyId, to: PartyId): Link => {
      const found = links.get(`${from}>${to}`) ?? new Link();
      links.set(`${from}>${to}`, found);
      return found;
    };
    const put = (from: PartyId, to: PartyId, type: string, bytes: Uint8Array): void => {
      this.#bytes += bytes.length;
      if (from !== COORDINATOR && !this.#released.has(from)) {
        this.#before.set(from, (this.#before.get(from) ?? 0) + bytes.length);
      }
      link(from, to).put({ type, bytes });
    };
    return (me) => ({
      send: async (to, type, bytes) => put(me, to, type, bytes),
      receive: (from) => link(from, me).take(),
      seal: async (disclosure) => ({ ...disclosure, frame: NO_FRAME, sealedBytes: disclosure.bytes.length }),
      release: async ({ to, type, bytes }) => {
        this.#released.add(me);
        put(me, to, type, bytes);
      },
    });
  }
}

/** What the channels of a session export: one secret for each pair. */
export function exportersOf(all: readonly PartyId[]): (me: PartyId) => Readonly<Record<string, Uint8Array>> {
  const pairs = new Map<string, Uint8Array>();
  const secretOf = (left: PartyId, right: PartyId): Uint8Array => {
    const name = [left, right].sort().join("|");
    const found = pairs.get(name) ?? benchRng(32);
    pairs.set(name, found);
    return Uint8Array.from(found);
  };
  return (me) =>
    Object.fromEntries(
      all.filter((other) => other !== me).map((other) => [`exporter/${other}`, secretOf(me, other)]),
    );
}

const NO_FRAME = new Uint8Array(32);

async function open(): Promise<void> {
  // No ledger here: a benchmark is about the protocols.
}

/** A queue between two parties. */
class Link {
  readonly #messages: Message[] = [];
  #waiting: ((message: Message) => void) | undefined;

  put(message: Message): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#messages.push(message);
    else waiting(message);
  }

  take(): Promise<Message> {
    const message = this.#messages.shift();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }
}

function milliseconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000;
}
