// SPDX-License-Identifier: Apache-2.0
import { equal, sha256Of } from "@koplamp/crypto";
import { compute, type Effect, type Party, type PartyId, type Rng, receive, send } from "@koplamp/protocol";
import { concat } from "@koplamp/wire/core";
import { SumError } from "./errors.ts";
import { encryptSelection, selectRows, takeCollectiveKey } from "./join-hub-jobs.ts";
import { chunkOfSelection, chunksAt, geometryOf } from "./join-hub-layout.ts";
import {
  collectiveKeyCodec,
  groupNumberCodec,
  KEY_HASH,
  orderCodec,
  selectionCodec,
  tokensCodec,
} from "./join-hub-messages.ts";
import { blocksOf, type DistinctSession, type Hub, hubOfDistinct, hubOfJoin } from "./join-hub-session.ts";
import type { Selection, SentTokens } from "./join-hub-tokens.ts";
import type { JoinSession } from "./join-session.ts";
import { useSet } from "./sum-jobs.ts";
import { handOut, passOnKeys, takeAll } from "./threshold-coordinator.ts";

/** The coordinator of `join-sum-hub/1`. Gives the seed of its selections, for an auditor who has the tokens. */
export function joinHubCoordinator(session: JoinSession, rng: Rng): Party<Uint8Array> {
  return coordinator(hubOfJoin(session), rng);
}

/** The coordinator of `distinct-sum/1`. Gives the seed of its selections, for an auditor who has the tokens. */
export function distinctCoordinator(session: DistinctSession, rng: Rng): Party<Uint8Array> {
  return coordinator(hubOfDistinct(session), rng);
}

/**
 * It sees who holds which pseudonym, selects, and then adds as in any sum. It is trusted for the correctness of the
 * selection and never for secrecy: it holds no key, and what it gets back is masked and encrypted.
 */
function* coordinator(hub: Hub, rng: Rng): Party<Uint8Array> {
  const { set, recipients, rule } = hub;
  yield* compute(useSet, set.id);
  const session = blocksOf(hub);
  const recipientKeys = yield* passOnKeys(session);
  const sent = yield* takeTokens(hub);
  const seed = rng(32); // the order of the groups and all randomness of the ciphertexts come from it
  const selection = yield* compute(selectRows, hub, sent, seed);
  const listed = yield* sendSelections(hub, selection, seed);

  const handedIn = yield* takeAll(session, recipientKeys);
  yield* handOut(session, { ...handedIn, list: { ...handedIn.list, more: listed } });
  for (const to of rule === "all" ? recipients : []) yield* send(to, orderCodec(hub), selection.order);
  return seed;
}

/**
 * Everybody's tokens, and the collective key. All contributors must have made the same one: who could give the
 * coordinator a key of its own would read which of its rows others hold.
 */
function* takeTokens(hub: Hub): Generator<Effect, Readonly<Record<PartyId, SentTokens>>, unknown> {
  const { contributors, set } = hub;
  const sent: Record<PartyId, SentTokens> = {};
  let key: Uint8Array | undefined;
  let expected = new Uint8Array();
  for (const party of contributors) {
    sent[party] = yield* receive(party, tokensCodec(hub, party));
    const hash = yield* receive(party, KEY_HASH);
    if (key === undefined) {
      key = yield* receive(party, collectiveKeyCodec(set));
      expected = (yield* compute(sha256Of, key)).slice();
    }
    if (!equal(hash, expected)) {
      throw new SumError("key", `${party} made another collective key than ${contributors[0]} sent`);
    }
  }
  if (key !== undefined && (yield* compute(takeCollectiveKey, key))) return sent;
  throw new SumError("key", `${contributors[0]} sent a collective key that is not of the agreed form`);
}

/** Gives each owner its selections. Gives what the list says of them: the hash of the seed, and of each owner's. */
function* sendSelections(
  hub: Hub,
  { groups, blocks }: Selection,
  seed: Uint8Array,
): Generator<Effect, Uint8Array, unknown> {
  const { owners, rule, set, transcript } = hub;
  const geometry = geometryOf(set, groups);
  const listed = [yield* compute(sha256Of, seed)];
  for (const party of owners) {
    if (rule === "all") yield* send(party, groupNumberCodec(hub), groups);
    const hashes: Uint8Array[] = [];
    for (let chunk = 0; chunk < chunksAt(hub, party, groups); chunk += 1) {
      const slots = chunkOfSelection(hub, geometry, blocks[party] ?? new Int32Array(), chunk);
      const frame = yield* compute(encryptSelection, { transcript, party, chunk }, slots, seed);
      hashes.push(yield* compute(sha256Of, frame));
      yield* send(party, selectionCodec(set), frame);
    }
    listed.push(yield* compute(sha256Of, concat(...hashes)));
  }
  return concat(...listed);
}
