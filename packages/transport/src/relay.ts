// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import { hex, type Line } from "@koplamp/wire";
import { TransportError } from "./errors.ts";
import type { LogTransport } from "./log.ts";
import { Mailbox } from "./mailbox.ts";
import { Signal } from "./queue.ts";
import { RelayLine, type SessionReader } from "./relay-line.ts";
import { type Equivocation, RelaySession } from "./relay-session.ts";
import { partyTag, routeOf } from "./route.ts";

/** The largest control message. */
export const POST_BYTES = 262_144;

const SESSION_BYTES = 16;
const MOST_EVIDENCE = 64;
const MOST_ENDED = 4096;

/** What a relay keeps at most. Whoever brings more waits. */
export interface RelayLimits {
  /** Frames held in one session. */
  readonly sessionBytes: number;
  /** Frames held for one recipient, over all sessions. */
  readonly partyBytes: number;
  /** Control messages held between one sender and one recipient. */
  readonly postBytes: number;
  /** Live sessions that one party opened. */
  readonly sessionsPerParty: number;
  /** A session that nobody reads or feeds for so long is given up. */
  readonly idleMs: number;
  /** A control message for a party that stays away for so long is dropped. */
  readonly postMs: number;
}

const LIMITS: RelayLimits = {
  sessionBytes: 128 * 2 ** 20,
  partyBytes: 512 * 2 ** 20,
  postBytes: 8 * 2 ** 20,
  sessionsPerParty: 256,
  idleMs: 120_000,
  postMs: 900_000,
};

interface LiveSession {
  readonly session: RelaySession;
  readonly opener: PartyId;
  readers: number;
  touchedMs: number;
}

/**
 * Store and forward between parties. It carries bytes that it cannot read, each session frame once and in order per
 * sender and recipient, control messages in order per sender; it keeps them in bounded memory until they are taken.
 */
export class Relay {
  readonly limits: RelayLimits;
  readonly evidence: Equivocation[] = [];
  readonly #log: LogTransport;
  readonly #sessions = new Map<string, LiveSession>();
  /** Sessions that are over; a late frame finds the reason, or silence. */
  readonly #ended = new Map<string, TransportError | undefined>();
  readonly #mail = new Map<PartyId, Mailbox>();
  readonly #lines = new Map<PartyId, number>();
  readonly #tags = new Map<string, PartyId>();
  readonly #local = new Set<string>();
  readonly #listeners = new Set<(party: PartyId, online: boolean) => void>();
  readonly #held = new Map<string, number>();
  readonly #freed = new Signal();
  readonly #timer: NodeJS.Timeout;
  #closed = false;

  constructor(limits: Partial<RelayLimits> = {}, log: LogTransport = () => {}) {
    this.limits = { ...LIMITS, ...limits };
    this.#log = log;
    this.#timer = setInterval(() => this.#sweep(), Math.max(10, this.limits.idleMs / 4)).unref();
  }

  /** A line for a party in this process. The party is online until its last line closes. */
  line(party: PartyId): Line {
    this.#local.add(partyTag(party));
    return new RelayLine(this, party);
  }

  /** The party behind a header's tag, if it ever had a line here. */
  partyOf(tag: string): PartyId | undefined {
    return this.#tags.get(tag);
  }

  /** Whether the party behind a tag has a line in this process, as the coordinator has. */
  isLocal(tag: string): boolean {
    return this.#local.has(tag);
  }

  /** Notes that a line of `party` is up. Gives the way to say that it is down. */
  enter(party: PartyId): () => void {
    this.#tags.set(partyTag(party), party);
    const lines = (this.#lines.get(party) ?? 0) + 1;
    this.#lines.set(party, lines);
    if (lines === 1) this.#tell(party, true);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const rest = (this.#lines.get(party) ?? 1) - 1;
      this.#lines.set(party, rest);
      if (rest === 0) this.#tell(party, false);
    };
  }

  /** Tells of every party that was ever seen, now and at each change. */
  onPresence(listener: (party: PartyId, online: boolean) => void): () => void {
    this.#listeners.add(listener);
    for (const [party, lines] of this.#lines) listener(party, lines > 0);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when a control message is in its recipient's mailbox. */
  async post(from: PartyId, to: PartyId, envelope: Uint8Array): Promise<void> {
    this.#expectOpen();
    if (envelope.length > POST_BYTES) {
      const got = `${envelope.length} B from ${from}`;
      throw new TransportError(
        "too-large",
        `expected a control message of at most ${POST_BYTES} B, got ${got}`,
      );
    }
    await this.mailbox(to).put({ from, envelope, atMs: Date.now() });
  }

  /** The control messages for one party. */
  mailbox(party: PartyId): Mailbox {
    const known = this.#mail.get(party);
    if (known !== undefined) return known;
    const box = new Mailbox(this.limits.postBytes);
    this.#mail.set(party, box);
    return box;
  }

  /**
   * Resolves when the relay has taken a session frame. `abort` ends the wait for room.
   * @throws {TransportError} `refused` for a frame in another party's name, `equivocation` for a name that was used
   * for other bytes: that ends the session for everybody.
   */
  async push(from: PartyId, frame: Uint8Array, abort?: AbortSignal): Promise<void> {
    this.#expectOpen();
    const route = routeOf(frame);
    if (route.from !== partyTag(from)) {
      const got = this.partyOf(route.from) ?? "another one";
      throw new TransportError(
        "refused",
        `expected a frame from ${from} itself, got one in the name of ${got}`,
      );
    }
    if (route.to === route.from)
      throw new TransportError("refused", `expected a recipient other than ${from}`);
    const live = this.#live(route.session, from);
    if (live === undefined) return; // everybody is done with that session
    live.touchedMs = Date.now();
    const proof = await live.session.push(route, frame, abort);
    if (proof !== undefined) throw this.#equivocated(from, proof);
  }

  /** A place to read one session's frames from. @throws {TransportError} why the session is over. */
  reader(party: PartyId, session: Uint8Array): SessionReader | undefined {
    this.#expectOpen();
    if (session.length !== SESSION_BYTES) {
      throw new TransportError(
        "refused",
        `expected a session of ${SESSION_BYTES} B, got ${session.length} B`,
      );
    }
    const live = this.#live(hex(session), party);
    if (live === undefined) return undefined;
    const tag = partyTag(party);
    live.session.inbox(tag);
    live.readers += 1;
    const leave = (): void => {
      live.readers -= 1;
      live.touchedMs = Date.now();
    };
    return { session: live.session, tag, leave };
  }

  /** A party needs nothing more of a session. When all have said so, the session is forgotten. */
  finish(party: PartyId, session: Uint8Array): void {
    const live = this.#sessions.get(hex(session));
    if (live === undefined) return;
    live.session.finish(partyTag(party));
    if (live.session.finished) this.#forget(live.session, undefined);
  }

  /** Frames held now, in bytes. */
  get heldBytes(): number {
    return [...this.#held.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Ends every session, wait and mailbox. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    const reason = new TransportError("closed", "expected an open relay, got one that is closed");
    for (const { session } of this.#sessions.values()) this.#forget(session, reason);
    for (const box of this.#mail.values()) box.close();
    this.#freed.notify();
  }

  #expectOpen(): void {
    if (this.#closed) throw new TransportError("closed", "expected an open relay, got one that is closed");
  }

  #live(id: string, opener: PartyId): LiveSession | undefined {
    const live = this.#sessions.get(id);
    if (live !== undefined) return live;
    const reason = this.#ended.get(id);
    if (reason !== undefined) throw reason;
    if (this.#ended.has(id)) return undefined;
    const opened = [...this.#sessions.values()].filter((other) => other.opener === opener).length;
    if (opened >= this.limits.sessionsPerParty) {
      throw new TransportError(
        "limit",
        `expected at most ${opened} live sessions of ${opener}, got one more`,
      );
    }
    const session = new RelaySession(id, {
      sessionBytes: this.limits.sessionBytes,
      freed: this.#freed,
      full: (tag, bytes) => (this.#held.get(tag) ?? 0) + bytes > this.limits.partyBytes,
      add: (tag, bytes) => this.#held.set(tag, (this.#held.get(tag) ?? 0) + bytes),
    });
    const begun = { session, opener, readers: 0, touchedMs: Date.now() };
    this.#sessions.set(id, begun);
    return begun;
  }

  #equivocated(from: PartyId, proof: Equivocation): TransportError {
    const { session: id, seq } = proof.route;
    const to = this.partyOf(proof.route.to) ?? "a party that is not here";
    const said = `expected one frame ${seq} from ${from} to ${to}, got two that differ`;
    const reason = new TransportError("equivocation", said);
    this.#log({ event: "relay.equivocation", peer: from, session: id });
    if (this.evidence.length < MOST_EVIDENCE) this.evidence.push(proof);
    const live = this.#sessions.get(id);
    if (live !== undefined) this.#forget(live.session, reason);
    return reason;
  }

  #forget(session: RelaySession, reason: TransportError | undefined): void {
    if (reason !== undefined) session.end(reason);
    this.#sessions.delete(session.id);
    this.#ended.set(session.id, reason);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > MOST_ENDED && oldest !== undefined) this.#ended.delete(oldest);
  }

  #sweep(): void {
    const now = Date.now();
    for (const { session, readers, touchedMs } of this.#sessions.values()) {
      if (readers > 0 || now - touchedMs < this.limits.idleMs) continue;
      this.#log({ event: "relay.session-expired", session: session.id, bytes: session.bytes });
      const idle = `expected a reader or a frame within ${this.limits.idleMs / 1000} s, got none`;
      this.#forget(session, new TransportError("expired", idle));
    }
    for (const [party, box] of this.#mail) {
      if ((this.#lines.get(party) ?? 0) > 0) continue;
      const count = box.expire(now - this.limits.postMs);
      if (count > 0) this.#log({ event: "relay.posts-expired", peer: party, count });
    }
  }

  #tell(party: PartyId, online: boolean): void {
    this.#log({ event: online ? "relay.online" : "relay.offline", peer: party });
    for (const listener of this.#listeners) listener(party, online);
  }
}
