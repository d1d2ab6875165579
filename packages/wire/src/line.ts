// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";

/** A control message as it came off the relay. `from` is the relay's word: the seal inside says who it really was. */
export interface Posted {
  readonly from: PartyId;
  readonly envelope: Uint8Array;
}

/**
 * A party's line to the relay: bytes only, and whoever implements it can read none of them. `post` and `push` resolve
 * when the relay has taken the bytes (back-pressure). Control messages arrive at least once, in order per sender;
 * a session's frames exactly once, in order per sender.
 */
export interface Line {
  readonly party: PartyId;
  /** Hands a sealed control message of at most 256 KiB to the relay. */
  post(to: PartyId, envelope: Uint8Array): Promise<void>;
  /** Control messages for this party. One reader. */
  posts(): AsyncIterable<Posted>;
  /** Queues one sealed session frame of at most 262,384 bytes; its header names session, sender and recipient. */
  push(frame: Uint8Array): Promise<void>;
  /** Frames for this party in one session (16 bytes), until `done` resolves or the line closes. */
  pull(session: Uint8Array, done: Promise<void>): AsyncIterable<Uint8Array>;
  /** Tells when another party's line goes up or down, beginning with its present state. Returns a way to stop. */
  onPresence(listener: (party: PartyId, online: boolean) => void): () => void;
  close(): Promise<void>;
}

/**
 * Sealed, signed messages between machines outside a session: documents, handshakes, checkpoints, receipts, aborts.
 * The relay sees sender, recipient and length. A message arrives once, or the wait for it fails.
 */
export interface Post {
  /** Seals `body` to the machine of `to`, signs it and hands it to the relay. */
  send(to: PartyId, topic: string, body: Uint8Array): Promise<void>;
  /** The next unread message of `from` under exactly `topic`. Rejects with `PeerLost`, or with what `fail` was given. */
  receive(from: PartyId, topic: string): Promise<Uint8Array>;
  /** Takes messages under topics that begin with `prefix` as they come, from anybody on the roster. Returns a way to stop. */
  listen(prefix: string, handler: (from: PartyId, topic: string, body: Uint8Array) => void): () => void;
  /** Rejects present and future waits under topics that begin with `prefix`, and drops what is kept under them. */
  fail(prefix: string, reason: Error): void;
  /** Rejects all waits for `peer` with `PeerLost` until it is heard of again, or is back. */
  giveUp(peer: PartyId, reason: string): void;
  /** The peer is back: new waits for it wait. */
  takeBack(peer: PartyId): void;
  close(): void;
}
