// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from "node:crypto";
import type { ClientDuplexStream } from "@grpc/grpc-js";
import type { PartyId } from "@koplamp/protocol";
import { hex, type Posted } from "@koplamp/wire";
import { Backoff } from "./backoff.ts";
import type { Connections } from "./connections.ts";
import type { AttachRequest } from "./gen/koplamp/session/v1/AttachRequest.ts";
import type { AttachResponse__Output } from "./gen/koplamp/session/v1/AttachResponse.ts";
import type { LetterIn__Output } from "./gen/koplamp/session/v1/LetterIn.ts";
import { LettersOut } from "./letters.ts";
import { ATTACH_DEADLINE_MS, SILENT_BEATS } from "./limits.ts";
import type { LogTransport } from "./log.ts";
import { Signal } from "./queue.ts";
import { fatalError, reasonOf } from "./status.ts";

type AttachCall = ClientDuplexStream<AttachRequest, AttachResponse__Output>;
type PresenceListener = (party: PartyId, online: boolean) => void;

/** What the loop needs of its line. */
export interface AttachLoopParts {
  readonly connections: Connections;
  readonly aliveMs: number;
  readonly closed: AbortSignal;
  readonly log: LogTransport;
  /** The relay has forgotten every session: it is another one, or was started again. */
  onForgotten(): void;
}

/** A letter that arrived, with its number in the epoch that it came in. */
interface Arrived extends Posted {
  readonly number: number;
  readonly epoch: Buffer;
}

/** Keeps one `Attach` stream up for as long as the line lives, and takes up where the last one was cut. */
export class AttachLoop {
  readonly out: LettersOut;
  readonly #parts: AttachLoopParts;
  readonly #line = randomBytes(16);
  readonly #backoff = new Backoff();
  readonly #attached = Promise.withResolvers<void>();
  readonly #arrived: Arrived[] = [];
  readonly #arrival = new Signal();
  readonly #presence = new Map<PartyId, boolean>();
  readonly #listeners = new Set<PresenceListener>();
  #epoch: Buffer = Buffer.alloc(0);
  #received = 0;
  #taken = 0;
  #silentBeats = 0;
  #call: AttachCall | undefined;
  #up = false;
  /** Why the line is not up, as far as it is known. */
  reason = "no answer yet";

  constructor(parts: AttachLoopParts) {
    this.#parts = parts;
    this.out = new LettersOut((request) => this.#send(request), parts.closed);
  }

  /** Resolves when the relay has welcomed this line for the first time. */
  get attached(): Promise<void> {
    return this.#attached.promise;
  }

  /** Attaches again and again until the line is closed. */
  async run(): Promise<void> {
    const { closed, log, connections } = this.#parts;
    while (!closed.aborted) {
      const error = await this.#attach();
      if (this.#up) {
        log({ event: "line.down" });
        connections.renew();
      } else this.reason = reasonOf(error);
      this.#up = false;
      const refused = fatalError(error);
      if (refused !== undefined) log({ event: "line.refused", code: refused.code });
      for (const party of this.#presence.keys()) this.#note(party, false);
      await this.#backoff.wait(closed);
    }
  }

  /** Letters for this party; each is acknowledged when it is handed out. */
  async *posts(): AsyncGenerator<Posted, void> {
    const { closed } = this.#parts;
    while (!closed.aborted) {
      const next = this.#arrived.shift();
      if (next === undefined) {
        await this.#arrival.wait(closed);
        continue;
      }
      if (next.epoch === this.#epoch) {
        this.#taken = next.number;
        this.#send({ taken: next.number });
      }
      yield { from: next.from, envelope: next.envelope };
    }
  }

  onPresence(listener: PresenceListener): () => void {
    this.#listeners.add(listener);
    for (const [party, online] of this.#presence) listener(party, online);
    return () => this.#listeners.delete(listener);
  }

  /** Says goodbye; the relay ends the stream. */
  end(): void {
    this.#call?.end();
  }

  /** One stream, from its first word to its end. Resolves to why it ended. */
  #attach(): Promise<unknown> {
    const { connections, closed, aliveMs } = this.#parts;
    const { client } = connections.at(0);
    const call: AttachCall = client.attach({ deadline: Date.now() + ATTACH_DEADLINE_MS });
    this.#call = call;
    this.#silentBeats = 0;
    const cancel = (): void => call.cancel();
    const timer = setInterval(() => this.#beat(call), aliveMs).unref();
    closed.addEventListener("abort", cancel);
    call.on("data", (response: AttachResponse__Output) => this.#take(response));
    call.write({ start: { line: this.#line, epoch: this.#epoch, taken: this.#taken } });
    return new Promise<unknown>((resolve) => {
      call.on("error", resolve);
      call.on("end", () => resolve(undefined));
    }).finally(() => {
      clearInterval(timer);
      closed.removeEventListener("abort", cancel);
      this.#call = undefined;
      call.cancel();
    });
  }

  #take(response: AttachResponse__Output): void {
    this.#silentBeats = 0;
    if (response.welcome != null) this.#welcome(response.welcome.epoch);
    else if (response.letter != null) this.#letter(response.letter);
    else if (response.taken != null) this.out.confirm(response.taken.to, response.taken.number);
    else if (response.presence != null) this.#note(response.presence.party, response.presence.online);
  }

  #welcome(epoch: Buffer): void {
    const { log, onForgotten } = this.#parts;
    const known = this.#epoch.length > 0;
    const same = hex(epoch) === hex(this.#epoch);
    if (!same) {
      this.#epoch = Buffer.from(epoch);
      this.#received = 0;
      this.#taken = 0;
    }
    this.#backoff.reset();
    this.#up = true;
    log({ event: "line.up" });
    this.out.resend();
    this.#attached.resolve();
    if (known && !same) onForgotten();
  }

  #letter({ from, number, envelope }: LetterIn__Output): void {
    if (number <= this.#received) return; // it came before the cut
    this.#received = number;
    this.#arrived.push({ from, envelope, number, epoch: this.#epoch });
    this.#arrival.notify();
  }

  #note(party: PartyId, online: boolean): void {
    if ((this.#presence.get(party) ?? false) === online && this.#presence.has(party)) return;
    this.#presence.set(party, online);
    for (const listener of this.#listeners) listener(party, online);
  }

  #beat(call: AttachCall): void {
    this.#silentBeats += 1;
    if (this.#silentBeats > SILENT_BEATS) call.cancel();
    else this.#send({ taken: this.#taken });
  }

  /** What cannot be sent now is sent after the next welcome: letters are kept, the rest is told anew. */
  #send(request: AttachRequest): void {
    if (this.#up) this.#call?.write(request);
  }
}
