// SPDX-License-Identifier: Apache-2.0
import { hash } from "node:crypto";
import type { TransportError } from "./errors.ts";
import { NumberedQueue, type Signal } from "./queue.ts";
import type { Route } from "./route.ts";

/** How far ahead of the next one a frame may arrive on another connection. */
const EARLY_FRAMES = 1024;
/** Names whose hash is remembered per link; an older repeat is dropped without a comparison. */
const REMEMBERED_HASHES = 4096;

/** Two frames under one name. The earlier one may have been delivered and forgotten but for its hash. */
export interface Equivocation {
  readonly route: Route;
  readonly hashes: readonly [first: string, second: string];
  readonly frames: readonly [first: Uint8Array | undefined, second: Uint8Array];
}

/** A frame that waits for its recipient. */
export interface Waiting {
  readonly frame: Uint8Array;
  readonly link: Link;
}

/** One direction between two parties under one key. */
interface Link {
  next: number;
  /** Frames in the recipient's queue. */
  queued: number;
  readonly early: Map<number, Uint8Array>;
  readonly hashes: Map<number, string>;
}

/** What a session shares with the relay: room, and the count of what each recipient has not yet taken. */
export interface Room {
  readonly sessionBytes: number;
  readonly freed: Signal;
  full(to: string, bytes: number): boolean;
  add(to: string, bytes: number): void;
}

/** One session's frames on their way, under the names that their headers give them. */
export class RelaySession {
  readonly id: string;
  #bytes = 0;
  #ended: TransportError | undefined;
  readonly #room: Room;
  readonly #links = new Map<string, Link>();
  readonly #inboxes = new Map<string, NumberedQueue<Waiting>>();
  readonly #finished = new Set<string>();

  constructor(id: string, room: Room) {
    this.id = id;
    this.#room = room;
  }

  /** Bytes held for all recipients. */
  get bytes(): number {
    return this.#bytes;
  }

  get ended(): TransportError | undefined {
    return this.#ended;
  }

  /** Whether every party that was seen here has said that it is done. */
  get finished(): boolean {
    return this.#finished.size > 0 && [...this.#inboxes.keys()].every((tag) => this.#finished.has(tag));
  }

  isFinishedFor(tag: string): boolean {
    return this.#finished.has(tag);
  }

  /** What waits for one party, in order per sender. */
  inbox(tag: string): NumberedQueue<Waiting> {
    const known = this.#inboxes.get(tag);
    if (known !== undefined) return known;
    const inbox = new NumberedQueue<Waiting>();
    this.#inboxes.set(tag, inbox);
    return inbox;
  }

  /**
   * Takes a frame once there is room. A repeat is dropped; a frame that comes before its turn waits for it here.
   * Resolves to the proof when the name was used for other bytes. `abort` ends the wait for room.
   * @throws {TransportError} why the session ended.
   */
  async push(route: Route, frame: Uint8Array, abort?: AbortSignal): Promise<Equivocation | undefined> {
    const link = this.#link(route);
    for (;;) {
      if (this.#ended !== undefined) throw this.#ended;
      if (this.#finished.has(route.to)) return undefined;
      if (route.seq < link.next || link.early.has(route.seq)) return this.#again(link, route, frame);
      if (this.#admits(link, route, frame.length)) break;
      abort?.throwIfAborted();
      await this.#room.freed.wait(abort);
    }
    this.#take(link, route, frame);
    return undefined;
  }

  /** Lets go of what `tag` has read up to `number`. */
  acknowledge(tag: string, number: number): void {
    const gone = this.inbox(tag).acknowledge(number);
    for (const { frame, link } of gone) {
      link.queued -= 1;
      this.#count(tag, -frame.length);
    }
    if (gone.length > 0) this.#room.freed.notify();
  }

  /** A party reads no more: what waits for it is dropped, and what still comes. */
  finish(tag: string): void {
    this.#finished.add(tag);
    this.#drop(tag);
    this.#room.freed.notify();
  }

  /** Ends the session for everybody and frees what it holds. */
  end(reason: TransportError): void {
    this.#ended ??= reason;
    for (const tag of this.#inboxes.keys()) this.#drop(tag);
    this.#room.freed.notify();
  }

  #link(route: Route): Link {
    const name = `${route.from}${route.to}${route.role}`;
    const known = this.#links.get(name);
    if (known !== undefined) return known;
    const link: Link = { next: 0, queued: 0, early: new Map(), hashes: new Map() };
    this.#links.set(name, link);
    this.inbox(route.from);
    this.inbox(route.to);
    return link;
  }

  /** The next frame of an empty link always fits, so that full queues of others cannot stop a protocol for good. */
  #admits(link: Link, { seq, to }: Route, bytes: number): boolean {
    if (seq === link.next && link.queued === 0) return true;
    if (seq >= link.next + EARLY_FRAMES) return false;
    return this.#bytes + bytes <= this.#room.sessionBytes && !this.#room.full(to, bytes);
  }

  #take(link: Link, { seq, to }: Route, frame: Uint8Array): void {
    link.hashes.set(seq, hash("sha256", frame, "hex"));
    link.hashes.delete(seq - REMEMBERED_HASHES);
    link.early.set(seq, frame);
    this.#count(to, frame.length);
    for (let ready = link.early.get(link.next); ready !== undefined; ready = link.early.get(link.next)) {
      link.early.delete(link.next);
      link.next += 1;
      link.queued += 1;
      this.inbox(to).push({ frame: ready, link });
    }
    this.#room.freed.notify(); // whoever was too early may come now
  }

  #again(link: Link, route: Route, frame: Uint8Array): Equivocation | undefined {
    const first = link.hashes.get(route.seq);
    const second = hash("sha256", frame, "hex");
    if (first === undefined || first === second) return undefined;
    return { route, hashes: [first, second], frames: [this.#held(link, route), frame] };
  }

  #held(link: Link, { seq, to }: Route): Uint8Array | undefined {
    if (link.early.has(seq)) return link.early.get(seq);
    const inbox = this.inbox(to);
    let at = seq - (link.next - link.queued);
    for (let next = inbox.after(0); next !== undefined; next = inbox.after(next.number)) {
      if (next.item.link === link && at-- === 0) return next.item.frame;
    }
    return undefined;
  }

  #drop(tag: string): void {
    this.acknowledge(tag, Number.MAX_SAFE_INTEGER);
    for (const [name, { early }] of this.#links) {
      if (!name.startsWith(tag, 32)) continue;
      for (const frame of early.values()) this.#count(tag, -frame.length);
      early.clear();
    }
    this.inbox(tag).changed.notify();
  }

  #count(tag: string, bytes: number): void {
    this.#bytes += bytes;
    this.#room.add(tag, bytes);
  }
}
