// SPDX-License-Identifier: Apache-2.0
import {
  CryptoError,
  confirmation,
  equal,
  type PairKeys,
  parseHeader,
  partyTag,
  type SessionBinding,
  wipePairKeys,
} from "@koplamp/crypto";
import { type Channel, type Disclosure, type PartyId, PeerLost, type Sealed } from "@koplamp/protocol";
import { hex, type Line } from "@koplamp/wire";
import { channelTopic, type HandshakeParts, shakeHands } from "./channel-handshake.ts";
import type { Received } from "./channel-inbox.ts";
import { ChannelLink, framesHash } from "./channel-link.ts";
import { TransportError } from "./errors.ts";

/** What a session's channel is opened for. */
export interface ChannelRequest extends SessionBinding {
  readonly peers: readonly PartyId[];
  /** Rejects when what the session is for is over; the session ends with it, also while hands are shaken. */
  readonly stopped?: Promise<never>;
}

/** Where it is opened. `Line` and `Post` outlive it. */
export interface ChannelParts extends HandshakeParts {
  readonly line: Line;
}

/** Messages of one type that have left for one party. */
interface EgressCount {
  readonly to: PartyId;
  readonly channel: "send" | "disclose";
  readonly what: string;
  readonly messages: number;
  /** Plaintext bytes. */
  readonly bytes: number;
}

/** A session's sealed channel. Its functions may be taken off it: none needs `this`. */
export interface SessionChannel extends Channel {
  /** 32 bytes that only this party and `peer` know, for masks and peppers. */
  readonly exporter: (peer: PartyId) => Uint8Array;
  /** Messages beside the protocol, under keys of their own: they pass frames that the gate still holds. */
  readonly gate: {
    readonly send: (to: PartyId, body: Uint8Array) => Promise<void>;
    readonly receive: (from: PartyId) => Promise<Uint8Array>;
  };
  readonly egress: () => readonly EgressCount[];
  /** SHA-256 over the sealed frames of the message that the last `receive(from)` gave. */
  readonly receivedFrame: (from: PartyId) => Uint8Array;
  /** Ends the session: waits reject with `reason`, keys are wiped, peers are told nothing but an end. */
  readonly abort: (reason: Error) => void;
  /** Ends it after everything sent has left. */
  readonly close: () => Promise<void>;
}

/**
 * Shakes hands with every peer, and resolves when each has shown that it has the same keys and transcript.
 * @throws what aborts the session, naming the party: a bad hello, frame or confirmation; {@link PeerLost}.
 */
export async function openSessionChannel(
  parts: ChannelParts,
  request: ChannelRequest,
): Promise<SessionChannel> {
  const run = new ChannelRun(parts, request);
  request.stopped?.catch((reason: unknown) => void run.abort(reason));
  try {
    run.begin(await shakeHands(parts, request, request.peers));
    await Promise.all(request.peers.map((peer) => run.confirm(peer)));
  } catch (reason) {
    throw run.abort(reason);
  }
  return {
    send: (to, type, bytes) => run.send(to, type, bytes),
    receive: (from) => run.receive(from),
    seal: async (disclosure) => run.seal(disclosure),
    release: (sealed) => run.release(sealed),
    exporter: (peer) => run.peer(peer).keys.exporter.slice(),
    gate: {
      send: (to, body) => run.push(to, run.peer(to).gate.sealer.seal("notice", body)),
      receive: async (from) => (await run.peer(from).gate.inbox.take()).bytes,
    },
    egress: () => run.egress(),
    receivedFrame: (from) => run.receivedFrame(from),
    abort: (reason) => void run.abort(reason),
    close: () => run.close(),
  };
}

/** Frames of one message that may be on their way to the relay at once. */
const FRAMES_IN_FLIGHT = 8;
/** From this kind on a frame is sealed under the gate's keys. */
const FIRST_GATE_KIND = 40;

/** What a session shares with one peer. */
interface Peer {
  readonly keys: PairKeys;
  readonly frames: ChannelLink;
  readonly gate: ChannelLink;
  /** Settles when everything sealed for this peer so far has been taken by the relay. */
  tail: Promise<void>;
  /** Of its last message the hash alone: what waits for a question to stop keeps this until then. */
  lastFrame: Uint8Array | undefined;
}

/** One session, from its keys to their end. */
class ChannelRun {
  readonly #parts: ChannelParts;
  readonly #request: ChannelRequest;
  readonly #peers = new Map<PartyId, Peer>();
  readonly #tags: ReadonlyMap<string, PartyId>;
  readonly #held = new Map<Sealed, readonly Uint8Array[]>();
  readonly #egress = new Map<string, EgressCount>();
  readonly #done = Promise.withResolvers<void>();
  /** Rejects when the session is over before its time. */
  readonly #aborted = Promise.withResolvers<never>();
  #over: Error | undefined;

  constructor(parts: ChannelParts, request: ChannelRequest) {
    this.#parts = parts;
    this.#request = request;
    this.#tags = new Map(request.peers.map((peer) => [hex(partyTag(parts.primitives, peer)), peer]));
    this.#aborted.promise.catch(() => {}); // who waits for it hears of it
    for (const peer of request.peers) void this.#watch(peer);
  }

  begin(keys: ReadonlyMap<PartyId, PairKeys>): void {
    if (this.#over !== undefined) {
      for (const pair of keys.values()) wipePairKeys(pair);
      throw this.#over; // a peer ended it while hands were shaken
    }
    for (const [peer, pair] of keys) {
      this.#peers.set(peer, {
        keys: pair,
        frames: new ChannelLink(this.#parts, this.#request, peer, pair.frames),
        gate: new ChannelLink(this.#parts, this.#request, peer, pair.gate),
        tail: Promise.resolve(),
        lastFrame: undefined,
      });
    }
    void this.#read();
  }

  /** The first message each way: HMAC(confirm, lp(sender) ‖ T). */
  async confirm(party: PartyId): Promise<void> {
    const { primitives, me } = this.#parts;
    const { keys, frames } = this.peer(party);
    const own = confirmation(primitives, keys, me, this.#request);
    const expected = confirmation(primitives, keys, party, this.#request);
    const sent = this.send(party, "confirm", own);
    const [{ type, bytes }] = await Promise.all([frames.inbox.take(), sent]);
    if (type === "confirm" && equal(bytes, expected)) return;
    throw new TransportError("refused", `expected ${party} to confirm the keys of this session, got ${type}`);
  }

  /** @throws {TransportError} `refused` for a party of another session; what ended this one. */
  peer(party: PartyId): Peer {
    if (this.#over !== undefined) throw this.#over;
    const peer = this.#peers.get(party);
    if (peer !== undefined) return peer;
    throw new TransportError("refused", `expected a party of this session, got ${party}`);
  }

  async send(to: PartyId, type: string, bytes: Uint8Array): Promise<void> {
    const frames = this.peer(to).frames.sealer.seal(type, bytes);
    this.#count(to, "send", type, bytes.length);
    await this.push(to, frames);
  }

  async receive(from: PartyId): Promise<Received> {
    const peer = this.peer(from);
    const message = await peer.frames.inbox.take();
    peer.lastFrame = message.frame;
    return message;
  }

  seal(disclosure: Disclosure): Sealed {
    const frames = this.peer(disclosure.to).frames.sealer.seal(disclosure.type, disclosure.bytes);
    const sealedBytes = frames.reduce((sum, frame) => sum + frame.length, 0);
    const sealed = { ...disclosure, frame: framesHash(frames), sealedBytes };
    this.#held.set(sealed, frames);
    return sealed;
  }

  /** @throws {TransportError} `refused` for what was not sealed here, or has left already. */
  async release(sealed: Sealed): Promise<void> {
    const frames = this.#held.get(sealed);
    if (frames === undefined || !this.#held.delete(sealed)) {
      throw new TransportError("refused", `expected a disclosure that is held for ${sealed.to}, got another`);
    }
    this.#count(sealed.to, "disclose", sealed.type, sealed.bytes.length);
    await this.push(sealed.to, frames);
  }

  receivedFrame(from: PartyId): Uint8Array {
    const { lastFrame } = this.peer(from);
    if (lastFrame !== undefined) return lastFrame;
    throw new TransportError("refused", `expected a message that ${from} has sent, got none yet`);
  }

  egress(): readonly EgressCount[] {
    return [...this.#egress.values()];
  }

  /** Frames leave in the order in which they were sealed. Resolves when the relay has taken them. */
  async push(to: PartyId, frames: readonly Uint8Array[]): Promise<void> {
    const peer = this.peer(to);
    const pushed = peer.tail.then(() => this.#pushAll(frames));
    peer.tail = pushed.catch(() => {}); // its own caller hears of it
    await this.#orAbort(pushed);
  }

  /** Ends the session; the first reason stands. Gives it. */
  abort(reason: unknown): Error {
    if (this.#over !== undefined) return this.#over;
    const error = named(reason);
    const topic = `${channelTopic(this.#request)}end`;
    for (const peer of this.#request.peers) {
      this.#parts.post.send(peer, topic, new Uint8Array()).catch(() => {}); // as far as it can be told
    }
    this.#end(error);
    return error;
  }

  async close(): Promise<void> {
    if (this.#over !== undefined) return;
    await this.#orAbort(Promise.all([...this.#peers.values()].map(({ tail }) => tail))).catch(() => {});
    const { me } = this.#parts;
    this.#end(new TransportError("closed", `expected an open session of ${me}, got one that is closed`));
  }

  #end(reason: Error): void {
    if (this.#over !== undefined) return;
    this.#over = reason;
    this.#aborted.reject(reason);
    this.#done.resolve();
    this.#held.clear();
    this.#parts.post.fail(channelTopic(this.#request), reason);
    for (const { keys, frames, gate } of this.#peers.values()) {
      frames.inbox.abort(reason);
      gate.inbox.abort(reason);
      wipePairKeys(keys);
    }
  }

  /** Waits for the end of a peer's side: its abort, or that the post gives it up. */
  async #watch(party: PartyId): Promise<void> {
    const topic = channelTopic(this.#request);
    const reason = await this.#parts.post.receive(party, `${topic}end`).then(
      () => new PeerLost(party, "it ended the session"),
      (failure: unknown) => failure,
    );
    if (this.#over !== undefined) return;
    const peer = this.#peers.get(party);
    if (peer === undefined || !(reason instanceof PeerLost)) {
      this.abort(reason); // hands were not shaken yet, or the post is closed
      return;
    }
    peer.frames.inbox.fail(reason);
    peer.gate.inbox.fail(reason);
  }

  async #read(): Promise<void> {
    const { line, me } = this.#parts;
    try {
      for await (const frame of line.pull(this.#request.session, this.#done.promise)) {
        if (this.#over !== undefined) return;
        this.#take(frame);
      }
      this.abort(
        new TransportError("closed", `expected frames until the session ends, but the line of ${me} closed`),
      );
    } catch (reason) {
      this.abort(reason);
    }
  }

  #take(frame: Uint8Array): void {
    const { from, kind } = parseHeader(frame); // attacker-controlled
    const peer = this.#peers.get(this.#tags.get(hex(from)) ?? "");
    if (peer === undefined) {
      throw new TransportError(
        "invalid-frame",
        "expected frames of the session's parties, got one of another",
      );
    }
    (kind < FIRST_GATE_KIND ? peer.frames : peer.gate).take(frame);
  }

  async #pushAll(frames: readonly Uint8Array[]): Promise<void> {
    const flying = new Set<Promise<void>>();
    for (const frame of frames) {
      const pushed = this.#parts.line.push(frame).finally(() => flying.delete(pushed));
      pushed.catch(() => {}); // the race or the end hears of it
      flying.add(pushed);
      if (flying.size >= FRAMES_IN_FLIGHT) await Promise.race(flying);
    }
    await Promise.all(flying);
  }

  #orAbort<Value>(step: Promise<Value>): Promise<Value> {
    return Promise.race([step, this.#aborted.promise]);
  }

  #count(to: PartyId, channel: "send" | "disclose", what: string, bytes: number): void {
    const name = `${to}/${channel}/${what}`;
    const { messages, bytes: before } = this.#egress.get(name) ?? { messages: 0, bytes: 0 };
    this.#egress.set(name, { to, channel, what, messages: messages + 1, bytes: before + bytes });
  }
}

/** What a library said about bytes becomes this package's word for it; all else stays what it is. */
function named(reason: unknown): Error {
  if (reason instanceof CryptoError) {
    const code =
      reason.code === "invalid-frame" || reason.code === "invalid-seal" ? "invalid-frame" : "refused";
    return new TransportError(code, reason.message);
  }
  return reason instanceof Error ? reason : new TransportError("closed", "the session ended");
}
