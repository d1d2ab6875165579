// SPDX-License-Identifier: Apache-2.0
import { conversation, exchangeMessages, exchangeReady, fresh } from "@koplamp/crypto";
import { compute, disclose, type Party, type PartyId, type Rng, receive, send } from "@koplamp/protocol";
import { PsiError } from "./errors.ts";
import { loadSession } from "./match-tokens.ts";
import { ROOT } from "./messages.ts";
import { type CachedItems, COORDINATOR, checkQuery, inputCount, type QuerySession } from "./session.ts";
import type { Tell, Told } from "./tell.ts";
import { acceptHits, cutShards, findHits, makeTables, type ThresholdRoute } from "./threshold-jobs.ts";
import { type ThresholdLayout, thresholdLayout } from "./threshold-layout.ts";
import { hitsCodec, NEXT, tablesCodec } from "./threshold-messages.ts";

/** What coordinator and parties know of a threshold match. */
export interface ThresholdSession extends Omit<QuerySession, "me"> {
  readonly atLeast: number;
  readonly tell: Tell;
  /** Whether an item counts only when one of its holders has flagged it. */
  readonly flagged: boolean;
}

/** One party's view of a threshold match. */
export interface ThresholdSetup extends ThresholdSession {
  readonly me: PartyId;
  readonly items: CachedItems;
  /** 32 bytes. */
  readonly planHash: Uint8Array;
  /** One byte for each input, not zero where this party has flagged it; empty where no flags are asked for. */
  readonly flags: Uint8Array;
}

/** What a party has at the end of a threshold match. */
export interface ThresholdMatched {
  /** Everybody's input root, for the ledger. */
  readonly roots: ReadonlyMap<PartyId, Uint8Array>;
  /** At a recipient: its own items that enough parties hold, and what it is told of each. Absent at the others. */
  readonly told?: readonly Told[];
}

/**
 * `match-threshold/1` at a party (protocols.md, section 9): own items that at least t of n hold, and nothing below t.
 *
 *   party i                                             every other party
 *              R        ------>                         root of the salted inputs: the list is fixed
 *              ready    <----->  (all pairs)            everybody saw the same
 *
 *   party i, for each shard s                           coordinator
 *              A        ======>                         disclose: cells.<i>.<s>, via the coordinator
 *                24 tables; where x stands, a share of 0 mod p25 and one of v_x mod p61, at the point i, with
 *                coefficients from s_x, sid and the place; elsewhere uniform numbers
 *                                                       all t-subsets: 0 mod p25? then v; counts when found in two cells
 *   recipient  H        <------                         its own items among them: a cell, v, and as `tell` says
 *   others     next     <------                         that the next shard may go
 *
 * A recipient learns which own items enough parties hold: v proves that t shares of x came together. The coordinator
 * learns how many items at least t hold, and which parties hold each; of items below t nothing. With any party it learns
 * who holds each item that this party has evaluated or will evaluate: they must not collude.
 *
 * Vault: `cacheKey`, `salt`.
 */
export function* matchThresholdParty(setup: ThresholdSetup, rng: Rng): Party<ThresholdMatched> {
  checkQuery(setup, setup.items);
  const layout = layoutOf(setup);
  const { me, parties, recipients, transcript, sid, planHash, items, tell } = setup;
  if (planHash.length !== 32 || (setup.flagged ? inputCount(items.inputs) : 0) !== setup.flags.length)
    throw new PsiError(
      "setup",
      "expected a plan's hash of 32 bytes, and a flag for each item where they count",
    );
  const route: ThresholdRoute = { sid, planHash, layout, party: parties.indexOf(me) };
  const root = yield* loadSession(items);
  yield* compute(cutShards, route);
  const talk = conversation(me, parties);
  const roots = yield* exchangeMessages(talk, { codec: ROOT, mine: root });
  yield* exchangeReady(talk, transcript);

  const found: Told[] = [];
  for (let shard = 0; shard < layout.shards; shard += 1) {
    const tables = yield* fresh(rng, (seed) => compute(makeTables, route, shard, setup.flags, seed));
    yield* disclose(COORDINATOR, cellsLine(me, shard), tablesCodec(layout), tables);
    if (!recipients.includes(me)) {
      yield* receive(COORDINATOR, NEXT);
      continue;
    }
    const hits = yield* receive(COORDINATOR, hitsCodec(layout));
    const own = yield* compute(acceptHits, route, tell, hits);
    own.items.forEach((item, at) => void found.push(toldOf(setup, item, own.told[at] ?? 0)));
  }
  if (!recipients.includes(me)) return { roots };
  return { roots, told: found.sort((a, b) => a.item - b.item) };
}

/** The coordinator's side: it holds one shard at a time, and no key of anybody. */
export function* thresholdCoordinator(session: ThresholdSession): Party<undefined> {
  checkQuery({ ...session, me: COORDINATOR }, undefined);
  const { parties, recipients, sid, tell } = session;
  const layout = layoutOf(session);
  for (let shard = 0; shard < layout.shards; shard += 1) {
    const tables: Uint8Array[] = [];
    for (const party of parties) tables.push(yield* receive(party, tablesCodec(layout)));
    const hits = yield* compute(findHits, { sid, layout, tell }, tables);
    for (const [at, to] of parties.entries()) {
      if (recipients.includes(to)) yield* send(to, hitsCodec(layout), hits[at] ?? []);
      else yield* send(to, NEXT, new Uint8Array(1));
    }
  }
  return undefined;
}

/** The line of the contract by which a party's tables of a shard go to the coordinator. */
export function cellsLine(party: PartyId, shard: number): string {
  return `cells.${party}.${shard + 1}`;
}

/** The tables of a session. @throws {PsiError} `setup` or `too-large`, before anything leaves. */
function layoutOf({ parties, recipients, ...session }: ThresholdSession): ThresholdLayout {
  if (recipients.every((recipient) => parties.includes(recipient)))
    return thresholdLayout({ parties, ...session });
  throw new PsiError("setup", "expected recipients that are parties: a match tells of own items only");
}

function toldOf({ parties, tell }: ThresholdSession, item: number, told: number): Told {
  if (tell === "count") return { item, count: told };
  if (tell === "nothing") return { item };
  return { item, holders: parties.filter((_, bit) => ((told >>> bit) & 1) === 1) };
}
