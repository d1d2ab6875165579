// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from "node:timers/promises";
import type { PartyId } from "@koplamp/protocol";
import { hex, type Line, type Posted } from "@koplamp/wire";
import { AttachLoop } from "./attach-loop.ts";
import { Connections, type Target } from "./connections.ts";
import { TransportError } from "./errors.ts";
import { FramesIn } from "./frames-in.ts";
import { FramesOut } from "./frames-out.ts";
import { ALIVE_MS } from "./limits.ts";
import type { LogTransport } from "./log.ts";

/** What a node needs to reach its relay. */
export interface DialParts extends Target {
  readonly party: PartyId;
  /** Connections for uploads: `ceil(rate x round trip / 64 KiB)`, at most 8. */
  readonly stripes?: number;
  /** How often both sides of `Attach` give a sign of life; three missing ones end a connection. */
  readonly aliveMs?: number;
  /** How long the first connection may take. */
  readonly connectMs?: number;
  /** How long `close` waits for what is under way. */
  readonly flushMs?: number;
  readonly log?: LogTransport;
}

const STRIPES = 4;
const MOST_STRIPES = 8;
const CONNECT_MS = 15_000;
const FLUSH_MS = 5_000;

/**
 * A node's line to its relay over gRPC and mutual TLS 1.3. It dials again by itself and takes up where it was cut.
 * @throws {TransportError} `unreachable` when the relay has not answered in time.
 */
export async function dialRelay(parts: DialParts): Promise<Line> {
  const line = new RemoteLine(parts);
  const timer = new AbortController();
  const late = sleep(parts.connectMs ?? CONNECT_MS, "late", { signal: timer.signal, ref: true }).catch(
    () => "",
  );
  const first = await Promise.race([line.attached, late]);
  timer.abort();
  if (first !== "late") return line;
  const reason = line.reason;
  await line.close();
  throw new TransportError(
    "unreachable",
    `expected an answer of the relay to ${parts.party}, got: ${reason}\nhint: is its address right, and are both certificates pinned on the roster?`,
  );
}

class RemoteLine implements Line {
  readonly party: PartyId;
  readonly #connections: Connections;
  readonly #closing = new AbortController();
  readonly #attach: AttachLoop;
  readonly #out: FramesOut;
  readonly #in: FramesIn;
  readonly #loops: readonly Promise<void>[];
  readonly #finishing = new Set<Promise<void>>();
  readonly #flushMs: number;
  #shut = false;

  constructor(parts: DialParts) {
    this.party = parts.party;
    this.#flushMs = parts.flushMs ?? FLUSH_MS;
    const closed = this.#closing.signal;
    // The first is for `Attach`; the others are the stripes.
    const count = 1 + Math.min(MOST_STRIPES, Math.max(1, parts.stripes ?? STRIPES));
    this.#connections = new Connections(parts, count, closed);
    this.#in = new FramesIn(this.#connections, closed);
    this.#out = new FramesOut(closed, (session, error) => this.#in.fail(session, error));
    this.#attach = new AttachLoop({
      connections: this.#connections,
      closed,
      aliveMs: parts.aliveMs ?? ALIVE_MS,
      log: parts.log ?? (() => {}),
      onForgotten: () => this.#forgotten(),
    });
    const stripes = Array.from({ length: count - 1 }, (_, at) => this.#out.stripe(this.#connections, at + 1));
    this.#loops = [this.#attach.run(), ...stripes];
  }

  get attached(): Promise<void> {
    return this.#attach.attached;
  }

  get reason(): string {
    return this.#attach.reason;
  }

  async post(to: PartyId, envelope: Uint8Array): Promise<void> {
    this.#expectOpen();
    await this.#attach.out.post(this.party, to, envelope);
  }

  posts(): AsyncIterable<Posted> {
    return this.#attach.posts();
  }

  async push(frame: Uint8Array): Promise<void> {
    this.#expectOpen();
    await this.#out.push(frame);
  }

  async *pull(session: Uint8Array, done: Promise<void>): AsyncGenerator<Uint8Array, void> {
    this.#expectOpen();
    try {
      yield* this.#in.pull(session, done);
    } finally {
      const finished = this.#finish(session).finally(() => this.#finishing.delete(finished));
      this.#finishing.add(finished);
    }
  }

  onPresence(listener: (party: PartyId, online: boolean) => void): () => void {
    return this.#attach.onPresence(listener);
  }

  async close(): Promise<void> {
    if (!this.#shut) {
      this.#shut = true;
      const late = AbortSignal.timeout(this.#flushMs);
      const flushed = [this.#out.flush(late), this.#attach.out.flush(late), ...this.#finishing];
      await Promise.race([Promise.all(flushed), once(late)]);
      this.#attach.end();
      this.#closing.abort(closedError(this.party));
    }
    await Promise.all(this.#loops);
    this.#connections.close();
  }

  /** The relay may forget a session's frames for this party, once its own have arrived. */
  async #finish(session: Uint8Array): Promise<void> {
    await this.#out.flush(this.#closing.signal, hex(session));
    await this.#in.finish(session);
  }

  #forgotten(): void {
    const reason = new TransportError(
      "expired",
      "expected the relay that began the session, got another one",
    );
    for (const session of [...this.#out.sessions, ...this.#in.sessions]) {
      this.#out.fail(session, reason);
      this.#in.fail(session, reason);
    }
  }

  #expectOpen(): void {
    if (this.#shut) throw closedError(this.party);
  }
}

function once(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}

function closedError(party: PartyId): TransportError {
  return new TransportError("closed", `expected an open line of ${party}, got one that is closed`);
}
