// SPDX-License-Identifier: Apache-2.0
import {
  bind,
  type Codec,
  compute,
  type Effect,
  type Handle,
  type Job,
  type JobEntry,
  job,
  type PartyId,
  type Rng,
} from "@koplamp/protocol";
import { concat, lp } from "@koplamp/wire/core";
import { equal, wipe } from "./bytes.ts";
import { commitEcho } from "./commit-echo.ts";
import { CryptoError } from "./errors.ts";
import type { Primitives } from "./primitives.ts";
import { type Conversation, exchangeMessages, hashCodec, sha256Of } from "./ready.ts";

/** The messages of a group secret: commitment, hash over all commitments, contribution. */
const COMMIT: Codec<Uint8Array> = hashCodec("commit");
const ECHO: Codec<Uint8Array> = hashCodec("echo");
const CONTRIBUTION: Codec<Uint8Array> = hashCodec("alpha");

/** Under which handle the secret of a use is kept. */
export function groupSecretHandle(use: string): Handle {
  return `group/${use}`;
}

/** Puts HKDF-SHA-256(contributions, info = lp("koplamp/group/1") ‖ transcript ‖ lp(use)) in the vault. */
const deriveGroupSecret: Job<[contributions: Uint8Array, transcript: Uint8Array, use: string], void> = job(
  "crypto.group-secret.derive",
);

/**
 * A secret that exactly the parties of `among` know, to which each of them contributed (aggregation.md, section 5):
 *
 *   commit    SHA-256 over its 32 random bytes   ------>  all          then echo: all saw the same commitments
 *   alpha     the 32 bytes                       ------>  all          must fit the commitment
 *
 * It stays in the vault under `groupSecretHandle(use)`. Whoever is not of `among` learns that it was made.
 * @throws {CryptoError} `echo` or `commitment`, naming the party.
 */
export function* groupSecret(
  talk: Conversation,
  among: readonly PartyId[],
  transcript: Uint8Array,
  use: string,
  rng: Rng,
): Generator<Effect, void, unknown> {
  const mine = rng(32);
  const own = yield* compute(sha256Of, commitmentInput(transcript, use, talk.me, mine));
  const commitments = yield* commitEcho(talk, { commit: COMMIT, echo: ECHO, among }, own);
  const contributions = yield* exchangeMessages(talk, { codec: CONTRIBUTION, mine, among });
  for (const [party, contribution] of contributions) {
    const hash = yield* compute(sha256Of, commitmentInput(transcript, use, party, contribution));
    if (equal(hash, commitments.get(party) ?? NOTHING)) continue;
    throw new CryptoError("commitment", `${party} opened another contribution than it had committed to`);
  }
  yield* compute(deriveGroupSecret, concat(...contributions.values()), transcript, use);
}

const NOTHING: Uint8Array = new Uint8Array();

function commitmentInput(
  transcript: Uint8Array,
  use: string,
  party: PartyId,
  contribution: Uint8Array,
): Uint8Array {
  return concat(lp("koplamp/group/1/commit"), transcript, lp(use), lp(party), contribution);
}

/** The code behind `deriveGroupSecret`. */
export function groupSecretJobs({ hkdfExtract, hkdfExpand }: Primitives): readonly JobEntry[] {
  return [
    bind(deriveGroupSecret, (vault, contributions, transcript, use) => {
      const prk = hkdfExtract(new Uint8Array(32), contributions);
      const info = concat(lp("koplamp/group/1"), transcript, lp(use));
      vault.put(groupSecretHandle(use), hkdfExpand(prk, info, 32));
      wipe(prk, contributions);
    }),
  ];
}
