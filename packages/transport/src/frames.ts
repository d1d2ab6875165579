// SPDX-License-Identifier: Apache-2.0
import type { ServerReadableStream, ServerWritableStream } from "@grpc/grpc-js";
import type { PartyId } from "@koplamp/protocol";
import { hex } from "@koplamp/wire";
import type { Admission } from "./admission.ts";
import { asBuffer } from "./buffers.ts";
import { TransportError } from "./errors.ts";
import type { PullRequest__Output } from "./gen/koplamp/session/v1/PullRequest.ts";
import type { PullResponse } from "./gen/koplamp/session/v1/PullResponse.ts";
import type { PushRequest__Output } from "./gen/koplamp/session/v1/PushRequest.ts";
import { PULL_BYTES, PULL_WAIT_MS, PUSH_DEADLINE_MS, ROOM_WAIT_MS } from "./limits.ts";
import { Signal } from "./queue.ts";
import type { Relay } from "./relay.ts";
import type { SessionReader } from "./relay-line.ts";
import { partyTag } from "./route.ts";

type PushCall = ServerReadableStream<PushRequest__Output, unknown>;
type PullCall = ServerWritableStream<PullRequest__Output, PullResponse>;

/**
 * Takes frames until the call ends, its deadline passes, or the relay has had no room for a while. Gives how many were
 * taken; the sender brings the others again.
 */
export async function servePush(
  call: PushCall,
  relay: Relay,
  admission: Admission,
  party: PartyId,
): Promise<number> {
  const ended = new Promise<IteratorResult<PushRequest__Output, undefined>>((resolve) => {
    const end = (): void => resolve({ done: true, value: undefined });
    const timer = setTimeout(end, PUSH_DEADLINE_MS).unref();
    for (const event of ["cancelled", "close"]) call.on(event, end);
    call.on("close", () => clearTimeout(timer));
  });
  const frames: AsyncIterator<PushRequest__Output, undefined> = call[Symbol.asyncIterator]();
  for (let taken = 0; ; taken += 1) {
    const next = await Promise.race([frames.next(), ended]);
    if (next.done === true) return taken;
    const frame = compact(next.value.frame);
    admission.expectFrame(party, frame);
    if (!(await roomFor(relay, party, frame))) return taken;
  }
}

/** Whether the relay took the frame before its sender had waited long enough. */
async function roomFor(relay: Relay, party: PartyId, frame: Uint8Array): Promise<boolean> {
  const waited = new AbortController();
  const timer = setTimeout(() => waited.abort(), ROOM_WAIT_MS).unref();
  try {
    await relay.push(party, frame, waited.signal);
    return true;
  } catch (error) {
    if (waited.signal.aborted && error === waited.signal.reason) return false;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** A small frame must not keep alive the large buffer that it came in. */
function compact(frame: Uint8Array): Uint8Array {
  return frame.byteLength * 2 < frame.buffer.byteLength ? frame.slice() : frame;
}

/** The readers of all parties and sessions: a new one takes over from the one before. */
export class Pulls {
  readonly #relay: Relay;
  readonly #stops = new Map<string, () => void>();

  constructor(relay: Relay) {
    this.#relay = relay;
  }

  /** Sends what waits behind `taken` until nothing more does, it was much, or nothing has come for a while. */
  async serve(call: PullCall, party: PartyId): Promise<void> {
    const { session, taken, finished } = call.request;
    if (finished) this.#relay.finish(party, session);
    const reader = finished ? undefined : this.#relay.reader(party, session);
    if (finished) return;
    if (reader === undefined) {
      throw new TransportError(
        "expired",
        `expected a live session of ${party}, got one that all have finished`,
      );
    }
    const name = `${partyTag(party)}${hex(session)}`;
    this.#stops.get(name)?.();
    const pull = new Pull(call, reader, taken);
    const stop = (): void => pull.stop();
    this.#stops.set(name, stop);
    try {
      await pull.run();
    } finally {
      if (this.#stops.get(name) === stop) this.#stops.delete(name);
      reader.leave();
    }
  }
}

class Pull {
  readonly #call: PullCall;
  readonly #reader: SessionReader;
  readonly #wake = new Signal();
  #sent: number;
  #bytes = 0;
  #stopped = false;

  constructor(call: PullCall, reader: SessionReader, taken: number) {
    this.#call = call;
    this.#reader = reader;
    this.#sent = taken;
  }

  stop(): void {
    this.#stopped = true;
    this.#wake.notify();
  }

  async run(): Promise<void> {
    const { session, tag } = this.#reader;
    session.acknowledge(tag, this.#sent);
    const timer = setTimeout(() => this.stop(), PULL_WAIT_MS).unref();
    for (const event of ["cancelled", "close", "error"]) this.#call.on(event, () => this.stop());
    this.#call.on("drain", () => this.#wake.notify());
    const deaf = session.inbox(tag).changed.listen(() => this.#wake.notify());
    try {
      while (!this.#stopped && this.#bytes < PULL_BYTES) {
        if (session.ended !== undefined) throw session.ended;
        const sent = !this.#call.writableNeedDrain && this.#sendNext();
        if (!sent && !this.#call.writableNeedDrain && this.#bytes > 0) return;
        if (!sent) await this.#wake.wait();
      }
    } finally {
      clearTimeout(timer);
      deaf();
    }
  }

  #sendNext(): boolean {
    const next = this.#reader.session.inbox(this.#reader.tag).after(this.#sent);
    if (next === undefined) return false;
    this.#sent = next.number;
    this.#bytes += next.item.frame.length;
    this.#call.write({ number: next.number, frame: asBuffer(next.item.frame) });
    return true;
  }
}
