// SPDX-License-Identifier: Apache-2.0

import { Backoff } from "./backoff.ts";
import { asBuffer } from "./buffers.ts";
import type { Connection, Connections } from "./connections.ts";
import type { TransportError } from "./errors.ts";
import type { PushResponse__Output } from "./gen/koplamp/session/v1/PushResponse.ts";
import { PUSH_BYTES, PUSH_DEADLINE_MS } from "./limits.ts";
import { Signal } from "./queue.ts";
import { routeOf } from "./route.ts";
import { fatalError } from "./status.ts";

/** Bytes of one session that may be here, waiting or under way. */
const WINDOW_BYTES = 8_388_608;
/** Failed sessions whose reason is remembered. */
const MOST_FAILED = 1024;

interface SessionOut {
  readonly id: string;
  /** In order, the next one first. */
  readonly waiting: Uint8Array[];
  /** Waiting and under way. */
  bytes: number;
}

/**
 * Session frames that leave, striped over connections: each stripe has one `Push` under way. A frame stays here until
 * the relay has said that it was taken; what was cut off goes again, and the relay drops what it knows.
 */
export class FramesOut {
  readonly #sessions = new Map<string, SessionOut>();
  readonly #failed = new Map<string, TransportError>();
  readonly #work = new Signal();
  readonly #freed = new Signal();
  readonly #closed: AbortSignal;
  readonly #onFailed: (session: string, error: TransportError) => void;

  constructor(closed: AbortSignal, onFailed: (session: string, error: TransportError) => void) {
    this.#closed = closed;
    this.#onFailed = onFailed;
    closed.addEventListener("abort", () => this.#wakeAll());
  }

  /** Resolves when there was room for the frame; from then on it arrives, or its session fails. */
  async push(frame: Uint8Array): Promise<void> {
    const { session: id } = routeOf(frame);
    for (;;) {
      this.#closed.throwIfAborted();
      const reason = this.#failed.get(id);
      if (reason !== undefined) throw reason;
      const bytes = this.#sessions.get(id)?.bytes ?? 0;
      if (bytes === 0 || bytes + frame.length <= WINDOW_BYTES) break;
      await this.#freed.wait(this.#closed);
    }
    const out = this.#sessions.get(id) ?? { id, waiting: [], bytes: 0 };
    this.#sessions.set(id, out);
    out.waiting.push(frame);
    out.bytes += frame.length;
    this.#work.notify();
  }

  /** Ends a session's sending: what waits is dropped, and later frames are refused with `error`. */
  fail(id: string, error: TransportError): void {
    if (this.#failed.has(id)) return;
    this.#sessions.delete(id);
    this.#failed.set(id, error);
    const [oldest] = this.#failed.keys();
    if (this.#failed.size > MOST_FAILED && oldest !== undefined) this.#failed.delete(oldest);
    this.#onFailed(id, error);
    this.#wakeAll();
  }

  /** The sessions with frames that wait or are under way. */
  get sessions(): readonly string[] {
    return [...this.#sessions.keys()];
  }

  /** Resolves when nothing of a session, or of any, waits or is under way, or when `abort` fires. */
  async flush(abort: AbortSignal, id?: string): Promise<void> {
    while (!abort.aborted && (id === undefined ? this.#sessions.size > 0 : this.#sessions.has(id))) {
      await this.#freed.wait(abort);
    }
  }

  /** Sends over one connection until the line is closed. */
  async stripe(connections: Connections, number: number): Promise<void> {
    const backoff = new Backoff();
    while (!this.#closed.aborted) {
      const out = this.#next();
      if (out === undefined) await this.#work.wait(this.#closed);
      else await this.#sendSome(connections.at(number), out, backoff);
    }
  }

  async #sendSome(connection: Connection, out: SessionOut, backoff: Backoff): Promise<void> {
    const frames = takeBatch(out.waiting);
    const answer = await pushOnce(connection, frames);
    const taken = typeof answer === "number" ? answer : 0;
    this.#settle(out, frames, taken);
    const fatal = typeof answer === "number" ? undefined : fatalError(answer);
    if (fatal !== undefined) this.fail(out.id, fatal);
    else if (taken > 0) backoff.reset();
    else await backoff.wait(this.#closed);
  }

  /** The session that waited longest, so that one cannot hold up the others. */
  #next(): SessionOut | undefined {
    for (const out of this.#sessions.values()) {
      if (out.waiting.length === 0) continue;
      this.#sessions.delete(out.id);
      this.#sessions.set(out.id, out);
      return out;
    }
    return undefined;
  }

  #settle(out: SessionOut, frames: readonly Uint8Array[], taken: number): void {
    for (const frame of frames.slice(0, taken)) out.bytes -= frame.length;
    out.waiting.unshift(...frames.slice(taken));
    if (out.bytes === 0 && this.#sessions.get(out.id) === out) this.#sessions.delete(out.id);
    this.#freed.notify();
    if (out.waiting.length > 0) this.#work.notify();
  }

  #wakeAll(): void {
    this.#work.notify();
    this.#freed.notify();
  }
}

function takeBatch(waiting: Uint8Array[]): Uint8Array[] {
  let bytes = 0;
  let count = 0;
  for (const frame of waiting) {
    if (count > 0 && bytes + frame.length > PUSH_BYTES) break;
    bytes += frame.length;
    count += 1;
  }
  return waiting.splice(0, count);
}

/** One `Push`. Resolves to how many frames were taken, or to the error. */
function pushOnce({ client, gone }: Connection, frames: readonly Uint8Array[]): Promise<unknown> {
  return new Promise((resolve) => {
    const deadline = Date.now() + PUSH_DEADLINE_MS;
    const call = client.push({ deadline }, (error, response?: PushResponse__Output) => {
      gone.removeEventListener("abort", cancel);
      resolve(error ?? response?.taken ?? 0);
    });
    const cancel = (): void => call.cancel();
    gone.addEventListener("abort", cancel);
    call.on("error", () => {}); // the callback has it
    for (const frame of frames) call.write({ frame: asBuffer(frame) });
    call.end();
  });
}
