// SPDX-License-Identifier: Apache-2.0
import { createHash, type Hash } from "node:crypto";
import { FrameOpener, FrameSealer, type PairKeys, type SessionBinding } from "@koplamp/crypto";
import type { PartyId } from "@koplamp/protocol";
import { type HandshakeParts, identityOf } from "./channel-handshake.ts";
import { ChannelInbox } from "./channel-inbox.ts";

/** One direction each way between two parties, under one pair of keys: the protocol's or the gate's. */
export class ChannelLink {
  readonly sealer: FrameSealer;
  readonly inbox: ChannelInbox;
  readonly #opener: FrameOpener;
  #frames: Hash = createHash("sha256");

  constructor(parts: HandshakeParts, binding: SessionBinding, peer: PartyId, keys: PairKeys["frames"]) {
    const { primitives, me, identity } = parts;
    const theirs = identityOf(parts, peer);
    this.sealer = new FrameSealer(primitives, { keys: keys.out, binding, from: me, to: peer }, identity);
    this.#opener = new FrameOpener(primitives, { keys: keys.in, binding, from: peer, to: me }, theirs);
    this.inbox = new ChannelInbox(peer);
  }

  /** Takes the next frame. @throws {CryptoError} for any but the next one; {@link TransportError} `limit`. */
  take(frame: Uint8Array): void {
    const message = this.#opener.open(frame); // attacker-controlled
    this.#frames.update(frame);
    if (message === undefined) return;
    this.inbox.put({ ...message, frame: new Uint8Array(this.#frames.digest()) });
    this.#frames = createHash("sha256");
  }
}

/** SHA-256 over the frames of one message, in order: what ledger entry and receipt name. */
export function framesHash(frames: readonly Uint8Array[]): Uint8Array {
  const hash = createHash("sha256");
  for (const frame of frames) hash.update(frame);
  return new Uint8Array(hash.digest());
}
