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
