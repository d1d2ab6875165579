// SPDX-License-Identifier: Apache-2.0
import { type SealKeyPairs, sealKeyPairs } from "@koplamp/crypto";
import type { PartyId } from "@koplamp/protocol";
import { concat, hex, type Line, type Post } from "@koplamp/wire";
import { TransportError } from "./errors.ts";
import { PostInbox } from "./post-inbox.ts";
import {
  type Letter,
  type LetterParts,
  openLetter,
  PART_BYTES,
  sealLetter,
  TOPIC_BYTES,
} from "./post-letter.ts";

/** What a post needs. */
export interface PostParts extends LetterParts {
  readonly line: Line;
  /** 32-byte secret key and 64-byte seed of what this machine's letters are sealed to. */
  readonly sealX25519: Uint8Array;
  readonly sealMlKem: Uint8Array;
  /** Hears of every message that was dropped. `from` is the relay's word unless the signature held. */
  readonly onRefused?: (from: PartyId, reason: string) => void;
}

/** Most bytes of a message; it travels in parts that fit an envelope. */
const MOST_BYTES = 16 * 2 ** 20;
const MOST_PARTS = Math.ceil(MOST_BYTES / PART_BYTES);
/** Runs of one sender's process whose numbers are remembered. */
const MOST_RUNS = 256;

/**
 * Sealed and signed messages to and from the machines on the roster. The relay delivers at least once: what comes
 * twice, late or from another is dropped, and memory for what nobody reads is bounded per sender.
 */
export function openPost(parts: PostParts): Post {
  const inbox = new PostInbox();
  const outgoing = new Outgoing(parts);
  const incoming = new Incoming(parts, inbox);
  void incoming.read();
  return {
    send: (to, topic, body) => outgoing.send(to, topic, body),
    receive: async (from, topic) => {
      expectOnRoster(parts, from);
      return inbox.receive(from, topic);
    },
    listen: (prefix, handler) => inbox.listen({ prefix, handler }, incoming.refuse),
    fail: (prefix, reason) => inbox.fail(prefix, reason),
    giveUp: (peer, reason) => inbox.giveUp(peer, reason),
    takeBack: (peer) => inbox.takeBack(peer),
    close: () => incoming.close(),
  };
}

/** Numbers, cuts, seals and posts; one message after the other per recipient. */
class Outgoing {
  readonly #parts: PostParts;
  readonly #run: Uint8Array;
  readonly #numbers = new Map<PartyId, number>();
  readonly #tails = new Map<PartyId, Promise<void>>();

  constructor(parts: PostParts) {
    this.#parts = parts;
    this.#run = parts.rng(16);
  }

  async send(to: PartyId, topic: string, body: Uint8Array): Promise<void> {
    expectOnRoster(this.#parts, to);
    if (topic.length > TOPIC_BYTES || body.length > MOST_BYTES) {
      throw new TransportError(
        "too-large",
        `expected a message of at most ${MOST_BYTES} B for ${to}, got ${body.length} B`,
      );
    }
    const sent = (this.#tails.get(to) ?? Promise.resolve()).then(() => this.#post(to, topic, body));
    this.#tails.set(
      to,
      sent.catch(() => {}), // its own caller hears of it
    );
    await sent;
  }

  async #post(to: PartyId, topic: string, body: Uint8Array): Promise<void> {
    const from = this.#parts.me;
    const parts = Math.max(1, Math.ceil(body.length / PART_BYTES));
    for (let part = 0; part < parts; part += 1) {
      const number = this.#numbers.get(to) ?? 0;
      this.#numbers.set(to, number + 1);
      const piece = body.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);
      const letter = { from, topic, run: this.#run, number, part, parts, body: piece };
      await this.#parts.line.post(to, sealLetter(this.#parts, to, letter));
    }
  }
}

/** One sender, as far as its letters have come. */
interface Sender {
  /** The next number that each of its runs may use, by run. */
  readonly runs: Map<string, number>;
  /** The message whose parts are coming. */
  readonly pieces: Letter[];
}

/** Opens, checks and puts together; hands whole messages to the inbox, each once. */
class Incoming {
  readonly #parts: PostParts;
  readonly #inbox: PostInbox;
  readonly #keys: SealKeyPairs;
  readonly #senders = new Map<PartyId, Sender>();
  readonly #letters: AsyncIterator<{ readonly from: PartyId; readonly envelope: Uint8Array }>;
  #closed = false;

  constructor(parts: PostParts, inbox: PostInbox) {
    this.#parts = parts;
    this.#inbox = inbox;
    this.#keys = sealKeyPairs(parts.primitives, parts.sealX25519, parts.sealMlKem);
    this.#letters = parts.line.posts()[Symbol.asyncIterator]();
  }

  /** Reads until the line ends; then every wait ends too. */
  async read(): Promise<void> {
    let failure: unknown;
    try {
      for (let next = await this.#letters.next(); !next.done; next = await this.#letters.next()) {
        if (this.#closed) return;
        this.#take(next.value.from, next.value.envelope);
      }
    } catch (reason) {
      failure = reason;
    }
    this.#inbox.close(failure instanceof Error ? failure : closed(this.#parts.me));
  }

  close(): void {
    this.#closed = true;
    this.#inbox.close(closed(this.#parts.me));
    this.#letters.return?.().catch(() => {}); // the line may be gone already
  }

  readonly refuse = (from: PartyId, reason: string): void => this.#parts.onRefused?.(from, reason);

  #take(from: PartyId, envelope: Uint8Array): void {
    const letter = this.#open(from, envelope);
    if (letter === undefined) return;
    const sender = this.#sender(letter.from);
    if (!isNew(sender, letter)) return; // the line delivers at least once
    const whole = assembled(sender, letter);
    const dropped = whole === "incomplete" ? undefined : this.#deliver(letter, whole);
    if (dropped !== undefined) this.refuse(letter.from, dropped);
  }

  #open(from: PartyId, envelope: Uint8Array): Letter | undefined {
    try {
      return openLetter(this.#parts, this.#keys, envelope);
    } catch (reason) {
      this.refuse(from, reason instanceof Error ? reason.message : "unreadable");
      return undefined;
    }
  }

  #deliver({ from, topic }: Letter, body: Uint8Array | "misplaced"): string | undefined {
    if (body === "misplaced") return "a part of a message out of its place";
    return this.#inbox.deliver(from, topic, body);
  }

  #sender(party: PartyId): Sender {
    const known = this.#senders.get(party);
    if (known !== undefined) return known;
    const sender: Sender = { runs: new Map(), pieces: [] };
    this.#senders.set(party, sender);
    return sender;
  }
}

/**
 * Whether a letter is later than all of its run before it. What a process has forgotten when it starts again can be
 * replayed to it: whoever relies on freshness puts a nonce or a session into the topic.
 */
function isNew({ runs }: Sender, { run, number }: Letter): boolean {
  const name = hex(run);
  const next = runs.get(name) ?? 0;
  if (number < next) return false;
  runs.delete(name); // the run heard last goes to the end
  runs.set(name, number + 1);
  const [oldest] = runs.keys();
  if (runs.size > MOST_RUNS && oldest !== undefined) runs.delete(oldest);
  return true;
}

/** The message that a letter completes. A sender's parts come one after the other; another order drops them. */
function assembled({ pieces }: Sender, letter: Letter): Uint8Array | "incomplete" | "misplaced" {
  const [first = letter] = pieces;
  const fits = letter.topic === first.topic && letter.parts === first.parts && letter.part === pieces.length;
  if (!fits) pieces.length = 0; // what its sender did not finish
  if ((!fits && letter.part > 0) || letter.parts > MOST_PARTS) return "misplaced";
  if (letter.parts === 1) return letter.body;
  pieces.push(letter);
  if (pieces.length < letter.parts) return "incomplete";
  return concat(...pieces.splice(0).map(({ body }) => body));
}

function expectOnRoster({ addresses, me }: PostParts, party: PartyId): void {
  if (addresses.has(party) && party !== me) return;
  throw new TransportError("refused", `expected another party on the roster, got ${party}`);
}

function closed(me: PartyId): TransportError {
  return new TransportError("closed", `expected an open post of ${me}, got one that is closed`);
}
