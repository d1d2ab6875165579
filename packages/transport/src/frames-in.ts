// SPDX-License-Identifier: Apache-2.0
import type { ClientReadableStream } from "@grpc/grpc-js";
import { hex } from "@koplamp/wire";
import { Backoff } from "./backoff.ts";
import { asBuffer } from "./buffers.ts";
import type { Connection, Connections } from "./connections.ts";
import { TransportError } from "./errors.ts";
import type { PullResponse__Output } from "./gen/koplamp/session/v1/PullResponse.ts";
import { PULL_DEADLINE_MS } from "./limits.ts";
import { fatalError } from "./status.ts";

type PullCall = ClientReadableStream<PullResponse__Output>;

const FINISH_DEADLINE_MS = 5_000;

/** Session frames that arrive: one `Pull` after the other, each behind what was taken before. */
export class FramesIn {
  readonly #connections: Connections;
  readonly #closed: AbortSignal;
  readonly #open = new Map<string, AbortController>();

  constructor(connections: Connections, closed: AbortSignal) {
    this.#connections = connections;
    this.#closed = closed;
  }

  /** The sessions that are read. */
  get sessions(): readonly string[] {
    return [...this.#open.keys()];
  }

  /** Frames in order per sender until `done` resolves or the line closes. @throws why the session failed. */
  async *pull(session: Uint8Array, done: Promise<void>): AsyncGenerator<Uint8Array, void> {
    const id = hex(session);
    const failing = new AbortController();
    const ending = new AbortController();
    const end = (): void => ending.abort();
    done.then(end, end);
    this.#open.get(id)?.abort(new TransportError("closed", "another reader of the session took over"));
    this.#open.set(id, failing);
    const over = AbortSignal.any([failing.signal, ending.signal, this.#closed]);
    try {
      yield* this.#read(session, over);
      if (!ending.signal.aborted) failing.signal.throwIfAborted();
    } finally {
      if (this.#open.get(id) === failing) this.#open.delete(id);
    }
  }

  /** Ends the reading of a session with an error. */
  fail(id: string, error: TransportError): void {
    this.#open.get(id)?.abort(error);
  }

  /** Tells the relay that nothing more is needed. If that does not reach it, the session expires by itself. */
  finish(session: Uint8Array): Promise<void> {
    if (this.#closed.aborted) return Promise.resolve();
    const request = { session: asBuffer(session), finished: true };
    const call = this.#connection(session).client.pull(request, {
      deadline: Date.now() + FINISH_DEADLINE_MS,
    });
    return new Promise((resolve) => {
      for (const event of ["end", "error"]) call.on(event, () => resolve());
      call.resume();
    });
  }

  async *#read(session: Uint8Array, over: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const backoff = new Backoff();
    for (let taken = 0; !over.aborted; ) {
      const request = { session: asBuffer(session), taken };
      const { client, gone } = this.#connection(session);
      const call: PullCall = client.pull(request, { deadline: Date.now() + PULL_DEADLINE_MS });
      const error = yield* framesOf(call, AbortSignal.any([over, gone]), (number) => {
        if (number !== taken + 1)
          throw new TransportError("expired", `expected frame ${taken + 1}, got ${number}`);
        taken = number;
        backoff.reset();
      });
      const fatal = fatalError(error);
      if (fatal !== undefined && !over.aborted) throw fatal;
      if (error !== undefined) await backoff.wait(over);
    }
  }

  #connection(session: Uint8Array): Connection {
    return this.#connections.at(session[0] ?? 0);
  }
}

/** The frames of one call. Returns the error that ended it, if one did. */
async function* framesOf(
  call: PullCall,
  over: AbortSignal,
  expect: (number: number) => void,
): AsyncGenerator<Uint8Array, unknown> {
  const cancel = (): void => call.cancel();
  over.addEventListener("abort", cancel);
  call.on("error", () => {}); // the iterator has it; one that comes later belongs to nobody
  try {
    for await (const { number, frame } of call as AsyncIterable<PullResponse__Output>) {
      if (over.aborted) return undefined;
      expect(number);
      yield frame;
    }
    return undefined;
  } catch (error) {
    return error;
  } finally {
    over.removeEventListener("abort", cancel);
    call.cancel();
  }
}
