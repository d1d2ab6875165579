// SPDX-License-Identifier: Apache-2.0
// A relay that does not do as it should, as a line that stands before a good one.
import type { PartyId } from "@koplamp/protocol";
import type { Line, Posted } from "@koplamp/wire";

/** What becomes of each thing that passes: itself, others, several, or nothing. */
export interface Mischief {
  readonly post?: (to: PartyId, envelope: Uint8Array) => readonly Uint8Array[];
  readonly posted?: (posted: Posted) => readonly Posted[];
  readonly push?: (frame: Uint8Array) => readonly Uint8Array[];
  readonly pulled?: (frame: Uint8Array) => readonly Uint8Array[];
}

export function through(line: Line, { post, posted, push, pulled }: Mischief): Line {
  return {
    party: line.party,
    async post(to, envelope) {
      for (const each of post?.(to, envelope) ?? [envelope]) await line.post(to, each);
    },
    async *posts() {
      for await (const one of line.posts()) yield* posted?.(one) ?? [one];
    },
    async push(frame) {
      for (const each of push?.(frame) ?? [frame]) await line.push(each);
    },
    async *pull(session, done) {
      for await (const frame of line.pull(session, done)) yield* pulled?.(frame) ?? [frame];
    },
    onPresence: (listener) => line.onPresence(listener),
    close: () => line.close(),
  };
}

/** Notes control messages and hands on, or keeps, them. */
export function noting(log: Uint8Array[], handOn = true): Mischief {
  return {
    post: (_to, envelope) => {
      log.push(envelope);
      return handOn ? [envelope] : [];
    },
  };
}

/** Notes what passes, and lets it. */
export function keeping(log: Uint8Array[]): (bytes: Uint8Array) => readonly Uint8Array[] {
  return (bytes) => {
    log.push(bytes);
    return [bytes];
  };
}

/** The bytes with one bit of one byte changed. */
export function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
