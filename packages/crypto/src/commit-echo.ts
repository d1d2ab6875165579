// SPDX-License-Identifier: Apache-2.0
import { type Codec, compute, type Effect, type PartyId } from "@koplamp/protocol";
import { concat } from "@koplamp/wire/core";
import { equal } from "./bytes.ts";
import { CryptoError } from "./errors.ts";
import { type Conversation, exchangeMessages, sha256Of } from "./ready.ts";

/** What is committed to, and by which messages. */
export interface Commitments {
  readonly commit: Codec<Uint8Array>;
  readonly echo: Codec<Uint8Array>;
  /** Who commits, this node included. Absent: every node of the conversation. */
  readonly among?: readonly PartyId[];
}

/**
 * Commit, then echo (protocols.md, section 4, steps 1 and 2): everybody's 32-byte commitment, and the certainty that
 * everybody holds the same ones. Only then may anything be opened, so nobody's value depends on another's.
 * @throws {CryptoError} `echo` when a party saw other commitments: somebody told two nodes different things.
 */
export function* commitEcho(
  talk: Conversation,
  { commit, echo, among }: Commitments,
  mine: Uint8Array,
): Generator<Effect, ReadonlyMap<PartyId, Uint8Array>, unknown> {
  const only = among === undefined ? {} : { among };
  const commitments = yield* exchangeMessages(talk, { codec: commit, mine, ...only });
  const seen = yield* compute(sha256Of, concat(...commitments.values()));
  const echoes = yield* exchangeMessages(talk, { codec: echo, mine: seen, ...only });
  for (const [party, theirs] of echoes) {
    if (!equal(theirs, seen)) throw new CryptoError("echo", `${party} saw other commitments than ${talk.me}`);
  }
  return commitments;
}
