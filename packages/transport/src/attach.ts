// SPDX-License-Identifier: Apache-2.0
import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { PartyId } from "@koplamp/protocol";
import { hex } from "@koplamp/wire";
import type { Admission } from "./admission.ts";
import { asBuffer } from "./buffers.ts";
import { TransportError } from "./errors.ts";
import type { AttachRequest__Output } from "./gen/koplamp/session/v1/AttachRequest.ts";
import type { AttachResponse } from "./gen/koplamp/session/v1/AttachResponse.ts";
import type { LetterOut__Output } from "./gen/koplamp/session/v1/LetterOut.ts";
import type { LineStart__Output } from "./gen/koplamp/session/v1/LineStart.ts";
import { LETTER_WINDOW_BYTES, SILENT_BEATS } from "./limits.ts";
import { Signal } from "./queue.ts";
import { POST_BYTES, type Relay } from "./relay.ts";
import { statusOf } from "./status.ts";

type AttachCall = ServerDuplexStream<AttachRequest__Output, AttachResponse>;

/** What the relay remembers of a party's line while its connections come and go. */
export interface LineState {
  readonly line: string;
  /** Number of the last letter that came, and of the last one in its mailbox, by recipient. */
  readonly received: Map<PartyId, number>;
  readonly placed: Map<PartyId, number>;
  readonly pendingBytes: Map<PartyId, number>;
  /** The connection that serves the line now. */
  attachment: Attachment | undefined;
}

/** What an attachment needs of the server. */
export interface AttachParts {
  readonly relay: Relay;
  readonly admission: Admission;
  readonly epoch: Uint8Array;
  readonly party: PartyId;
  readonly aliveMs: number;
  /** The state of a party's line; a new line begins with nothing and ends the one before. */
  stateOf(party: PartyId, line: string): LineState;
}

/** One `Attach` stream of one party, until it ends in any way. */
export class Attachment {
  readonly #call: AttachCall;
  readonly #parts: AttachParts;
  readonly #wake = new Signal();
  readonly #presence = new Map<PartyId, boolean>();
  readonly #placed = new Map<PartyId, number>();
  readonly #ends: (() => void)[] = [];
  #state: LineState | undefined;
  #welcome = false;
  #alive = false;
  #sent = 0;
  #silentBeats = 0;
  #over = false;

  constructor(call: AttachCall, parts: AttachParts) {
    this.#call = call;
    this.#parts = parts;
    call.on("data", (request: AttachRequest__Output) => this.#guard(() => this.#take(request)));
    for (const event of ["drain", "close"]) call.on(event, () => this.#wake.notify());
    for (const event of ["end", "cancelled", "error", "close"]) call.on(event, () => this.end());
    const timer = setInterval(() => this.#beat(), parts.aliveMs).unref();
    this.#ends.push(() => clearInterval(timer));
    void this.#pump().catch((error: unknown) => this.end(error));
  }

  /** Ends the stream, for a reason or because the node is done. */
  end(error?: unknown): void {
    if (this.#over) return;
    this.#over = true;
    for (const end of this.#ends) end();
    if (this.#state?.attachment === this) this.#state.attachment = undefined;
    this.#wake.notify();
    if (error === undefined) this.#call.end();
    else this.#call.emit("error", statusOf(error));
  }

  /** Tells that letters to `to` are in its mailbox up to `number`. */
  tellPlaced(to: PartyId, number: number): void {
    this.#placed.set(to, number);
    this.#wake.notify();
  }

  #guard(step: () => void): void {
    if (this.#over) return;
    try {
      step();
    } catch (error) {
      this.end(error);
    }
  }

  #take(request: AttachRequest__Output): void {
    this.#silentBeats = 0;
    if (this.#state === undefined) {
      if (request.start == null) throw new TransportError("refused", "expected a start, got something else");
      this.#start(request.start);
    } else if (request.letter != null) this.#letter(this.#state, request.letter);
    else if (request.item === "taken") this.#acknowledge(request.taken ?? 0);
  }

  #start({ line, epoch, taken }: LineStart__Output): void {
    const { relay, party } = this.#parts;
    if (line.length !== 16) throw new TransportError("refused", `expected 16 B for a line of ${party}`);
    this.#ends.push(relay.enter(party)); // before the old connection ends: the party was never away
    const state = this.#parts.stateOf(party, hex(line));
    state.attachment?.end(new TransportError("closed", `another connection of ${party} took over`));
    state.attachment = this;
    this.#state = state;
    this.#welcome = true;
    for (const [to, number] of state.placed) this.#placed.set(to, number);
    const letters = relay.mailbox(party).letters;
    this.#sent = letters.acknowledged;
    if (hex(epoch) === hex(this.#parts.epoch)) this.#acknowledge(taken);
    this.#ends.push(
      letters.changed.listen(() => this.#wake.notify()),
      relay.onPresence((other, online) => this.#note(other, online)),
    );
    this.#wake.notify();
  }

  #note(other: PartyId, online: boolean): void {
    if (other === this.#parts.party) return;
    this.#presence.set(other, online);
    this.#wake.notify();
  }

  #acknowledge(taken: number): void {
    const { relay, party } = this.#parts;
    const box = relay.mailbox(party);
    const known = box.letters.acknowledged + box.letters.length;
    if (taken > known) throw new TransportError("refused", `expected at most number ${known} from ${party}`);
    box.acknowledge(taken);
    this.#sent = Math.max(this.#sent, taken);
  }

  /** Letters come in order; one that came before is dropped, and its confirmation told again. */
  #letter(state: LineState, { to, number, envelope }: LetterOut__Output): void {
    const { relay, admission, party } = this.#parts;
    admission.expectRecipient(party, to);
    const last = state.received.get(to);
    if (last !== undefined && number <= last) {
      this.tellPlaced(to, state.placed.get(to) ?? 0);
      return;
    }
    if (last !== undefined && number !== last + 1) {
      throw new TransportError("refused", `expected letter ${last + 1} of ${party}, got ${number}`);
    }
    const pending = (state.pendingBytes.get(to) ?? 0) + envelope.length;
    if (pending > LETTER_WINDOW_BYTES + POST_BYTES) {
      throw new TransportError(
        "limit",
        `expected at most ${LETTER_WINDOW_BYTES} B on their way from ${party}`,
      );
    }
    state.received.set(to, number);
    state.pendingBytes.set(to, pending);
    relay.post(party, to, envelope).then(
      () => {
        state.pendingBytes.set(to, (state.pendingBytes.get(to) ?? 0) - envelope.length);
        state.placed.set(to, number);
        state.attachment?.tellPlaced(to, number);
      },
      (error: unknown) => state.attachment?.end(error),
    );
  }

  #beat(): void {
    this.#silentBeats += 1;
    if (this.#silentBeats > SILENT_BEATS) {
      this.end(new TransportError("unreachable", `expected a sign of life of ${this.#parts.party}`));
    }
    this.#alive = true;
    this.#wake.notify();
  }

  /** One writer, so that a slow reader makes the relay wait and not hold more. */
  async #pump(): Promise<void> {
    while (!this.#over) {
      const next = this.#call.writableNeedDrain ? undefined : this.#next();
      if (next === undefined) await this.#wake.wait();
      else this.#call.write(next);
    }
  }

  #next(): AttachResponse | undefined {
    if (this.#state === undefined) return undefined;
    if (this.#welcome) {
      this.#welcome = false;
      return { welcome: { epoch: asBuffer(this.#parts.epoch) } };
    }
    for (const [party, online] of this.#presence) {
      this.#presence.delete(party);
      return { presence: { party, online } };
    }
    for (const [to, number] of this.#placed) {
      this.#placed.delete(to);
      return { taken: { to, number } };
    }
    if (this.#alive) {
      this.#alive = false;
      return { alive: true };
    }
    return this.#nextLetter();
  }

  #nextLetter(): AttachResponse | undefined {
    const next = this.#parts.relay.mailbox(this.#parts.party).letters.after(this.#sent);
    if (next === undefined) return undefined;
    this.#sent = next.number;
    return { letter: { from: next.item.from, number: next.number, envelope: asBuffer(next.item.envelope) } };
  }
}
