// SPDX-License-Identifier: Apache-2.0
import { conversation, exchangeMessages, exchangeReady, fresh } from "@koplamp/crypto";
import {
  compute,
  type Description,
  defineProtocol,
  disclose,
  type Party,
  type Protocol,
  type Rng,
  receive,
  send,
  sent,
  type View,
} from "@koplamp/protocol";
import { presence, TOKEN_ASSUMPTIONS } from "./description-parts.ts";
import { cellsLine } from "./match-threshold.ts";
import { loadSession } from "./match-tokens.ts";
import { countsCodec, ROOT } from "./messages.ts";
import { cellNames, countsByHolders, type OverlapCounts, shownFrom } from "./overlap-cells.ts";
import { countItem, type HubNodeSetup, type HubSetup, type OverlapParameters } from "./overlap-hub.ts";
import { COORDINATOR, checkQuery } from "./session.ts";
import { COORDINATOR_APART, patternOf, withCoordinator } from "./threshold-description.ts";
import { countHits, cutShards, makeTables, type ThresholdRoute } from "./threshold-jobs.ts";
import { type ThresholdLayout, tableBytes, thresholdLayout } from "./threshold-layout.ts";
import { NEXT, tablesCodec } from "./threshold-messages.ts";

/** One node's view of a count at a threshold. */
export interface OverlapThresholdSetup extends HubNodeSetup {
  /** 32 bytes. */
  readonly planHash: Uint8Array;
}

const NO_FLAGS: Uint8Array = new Uint8Array();

/**
 * `overlap-threshold/1` at a node (protocols.md, section 10, mode atLeast): how many items at least t parties hold, in
 * all or by the number of holders from t on.
 *
 *   party i                                             every other node
 *              R, ready                                 as in match-threshold/1
 *   party i, for each shard s                           coordinator
 *              A        ======>                         disclose: cells.<i>.<s>, via the coordinator
 *              next     <------                         that the next shard may go
 *   recipient  C        <------                         the numbers, withheld below minCount
 *
 * Recipients learn the numbers. The coordinator learns who holds each item that at least t hold, in pseudonyms, and
 * nothing of the others; with any party what it learns in match-threshold/1. They must not collude.
 *
 * Vault: `cacheKey`, `salt`. Gives the counts at a recipient, nothing elsewhere.
 */
export function* overlapThresholdNode(
  setup: OverlapThresholdSetup,
  rng: Rng,
): Party<OverlapCounts | undefined> {
  checkQuery(setup, setup.items);
  const layout = layoutOf(setup);
  const { me, parties, recipients, transcript, sid, planHash, items } = setup;
  const route: ThresholdRoute = { sid, planHash, layout, party: parties.indexOf(me) };
  const root = items === undefined ? {} : { mine: yield* loadSession(items) };
  if (items !== undefined) yield* compute(cutShards, route);
  const talk = conversation(me, [...new Set([...parties, ...recipients])]);
  yield* exchangeMessages(talk, { codec: ROOT, senders: parties, ...root });
  yield* exchangeReady(talk, transcript);

  for (let shard = 0; items !== undefined && shard < layout.shards; shard += 1) {
    const tables = yield* fresh(rng, (seed) => compute(makeTables, route, shard, NO_FLAGS, seed));
    yield* disclose(COORDINATOR, cellsLine(me, shard), tablesCodec(layout), tables);
    yield* receive(COORDINATOR, NEXT);
  }
  if (!recipients.includes(me)) return undefined;
  const cells = cellNames(setup, parties);
  return { cells, counts: yield* receive(COORDINATOR, countsCodec(cells.length)) };
}

/** The coordinator's side: it holds one shard at a time, and no key of anybody. */
export function* overlapThresholdCoordinator(setup: HubSetup): Party<undefined> {
  checkQuery({ ...setup, me: COORDINATOR }, undefined);
  const { parties, recipients, minCount } = setup;
  const layout = layoutOf(setup);
  const found = new Array<number>(parties.length + 1).fill(0);
  for (let shard = 0; shard < layout.shards; shard += 1) {
    const tables: Uint8Array[] = [];
    for (const party of parties) tables.push(yield* receive(party, tablesCodec(layout)));
    for (const [holders, items] of (yield* compute(countHits, layout, tables)).entries())
      found[holders] = (found[holders] ?? 0) + items;
    for (const to of parties) yield* send(to, NEXT, new Uint8Array(1));
  }
  const counts = countsByHolders(setup, found).map((count) => shownFrom(count, minCount));
  for (const to of recipients) yield* send(to, countsCodec(counts.length), counts);
  return undefined;
}

/** @throws {PsiError} `setup` or `too-large`, before anything leaves. */
function layoutOf({
  parties,
  rowsPadded,
  atLeast,
}: Pick<HubSetup, "parties" | "rowsPadded" | "atLeast">): ThresholdLayout {
  return thresholdLayout({ parties, rowsPadded, atLeast: atLeast ?? 0, flagged: false });
}

/** `overlap-threshold/1` as data. */
export const overlapThreshold: Protocol<OverlapParameters> = defineProtocol({
  id: "overlap-threshold/1",
  roles: ["party", "coordinator", "recipient"],
  model: "semi-honest",
  source: "docs/protocols/overlap-count.md",
  describe: (parameters): Description => {
    const { parties, recipients, rowsPadded, atLeast } = parameters;
    const layout = layoutOf(parameters);
    const { shards } = layout;
    const nodes = [...new Set([...parties, ...recipients])].sort();
    const [only = COORDINATOR, ...more] = recipients;
    const target = more.length === 0 ? ({ to: only, via: COORDINATOR } as const) : { to: COORDINATOR };
    const bytes = shards * tableBytes(layout);
    const pattern = { ...parameters, atLeast: atLeast ?? 0, flagged: false };
    return {
      disclosures: Array.from({ length: shards }, (_, shard) => shard).flatMap((release) =>
        parties.map((from) => ({
          id: cellsLine(from, release),
          from,
          ...target,
          release,
          output: "overlap",
        })),
      ),
      outputs: recipients.map((to) => ({ id: "overlap", to, item: countItem(parameters, to) })),
      egress: [
        ...sent(parties, nodes, "R", 32),
        ...sent(nodes, nodes, "ready", 32),
        ...parties.map((from) => {
          const row = { from, to: COORDINATOR, channel: "disclose", what: "A" } as const;
          return { ...row, messages: shards, bytes };
        }),
        ...sent([COORDINATOR], parties, "next", 1, shards),
        ...sent([COORDINATOR], recipients, "C", cellNames(parameters, parties).length * 8),
      ],
      debits: [],
      views: [
        ...nodes.map((who): View => {
          const counts = recipients.includes(who) ? [countItem(parameters, who)] : [];
          return { who, learns: [...presence(who, parties, rowsPadded), ...counts], atMost: [] };
        }),
        {
          who: COORDINATOR,
          learns: [...presence(COORDINATOR, parties, rowsPadded), patternOf(pattern)],
          atMost: [],
        },
      ],
      together: parties.map((party) => withCoordinator(parameters, party)),
      assumptions: [...TOKEN_ASSUMPTIONS, COORDINATOR_APART],
    };
  },
});
