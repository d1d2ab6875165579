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
import { PsiError } from "./errors.ts";
import { maskItems, sumMasked } from "./masked-numbers.ts";
import { cellsLine } from "./match-threshold.ts";
import { loadSession } from "./match-tokens.ts";
import { countsCodec, MASKED_BYTES, ROOT } from "./messages.ts";
import {
  cellNames,
  countsByHolders,
  countsSingles,
  type OverlapCounts,
  shownFrom,
  singlesOf,
  tablesFrom,
} from "./overlap-cells.ts";
import {
  countItem,
  type HubNodeSetup,
  type HubSetup,
  itemsInAll,
  numberOfLast,
  type OverlapParameters,
} from "./overlap-hub.ts";
import { COORDINATOR, checkQuery, rowsOf } from "./session.ts";
import { COORDINATOR_APART, patternOf, withCoordinator } from "./threshold-description.ts";
import { countHits, cutShards, makeTables, type ThresholdRoute } from "./threshold-jobs.ts";
import { type ThresholdLayout, tableBytes, thresholdLayout } from "./threshold-layout.ts";
import { countedTablesCodec, NEXT } from "./threshold-messages.ts";

/** One node's view of a count at a threshold. */
export interface OverlapThresholdSetup extends HubNodeSetup {
  /** 32 bytes. */
  readonly planHash: Uint8Array;
}

const NO_FLAGS: Uint8Array = new Uint8Array();
const NO_NUMBER: Uint8Array = new Uint8Array();

/**
 * `overlap-threshold/1` at a node (protocols.md, section 10, mode atLeast): how many items at least t parties hold, in
 * all or by the number of holders from t on. Where one party is enough the tables find what two hold or more, and how
 * many items one party alone holds follows from how many all parties have together.
 *
 *   party i                                             every other node
 *              R, ready                                 as in match-threshold/1
 *   party i, for each shard s                           coordinator
 *              A        ======>                         disclose: cells.<i>.<s>, via the coordinator
 *                where singles count, before the first tables how many items i has, masked so that only the sum shows
 *              next     <------                         that the next shard may go
 *   recipient  C        <------                         the numbers, withheld below minCount
 *
 * Recipients learn the numbers. The coordinator learns who holds each item that at least t hold (two, where singles
 * count), in pseudonyms, and of the others nothing but, where singles count, how many there are in all; with any party
 * what it learns in match-threshold/1. They must not collude.
 *
 * Vault: `cacheKey`, `salt`, `exporter/<party>`. Gives the counts at a recipient, nothing elsewhere.
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
    const counted = countsItems(setup, shard);
    const number = counted ? yield* compute(maskItems, { sid, me, among: parties }) : NO_NUMBER;
    const codec = countedTablesCodec(layout, counted);
    yield* disclose(COORDINATOR, cellsLine(me, shard), codec, { number, tables });
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
  const numbers: Uint8Array[] = [];
  for (let shard = 0; shard < layout.shards; shard += 1) {
    const tables: Uint8Array[] = [];
    for (const party of parties) {
      const part = yield* receive(party, countedTablesCodec(layout, countsItems(setup, shard)));
      tables.push(part.tables);
      numbers.push(part.number);
    }
    for (const [holders, items] of (yield* compute(countHits, layout, tables)).entries())
      found[holders] = (found[holders] ?? 0) + items;
    for (const to of parties) yield* send(to, NEXT, new Uint8Array(1));
  }
  if (countsSingles(setup)) found[1] = singlesOf(sumMasked(numbers, "items"), found, mostItems(setup));
  const counts = countsByHolders(setup, found).map((count) => shownFrom(count, minCount));
  for (const to of recipients) yield* send(to, countsCodec(counts.length), counts);
  return undefined;
}

function mostItems({ parties, rowsPadded }: HubSetup): number {
  return parties.reduce((sum, party) => sum + rowsOf(rowsPadded, party), 0);
}

/** Whether the masked number of items stands before the tables of a shard: once, where singles are counted. */
function countsItems(setup: HubSetup, shard: number): boolean {
  return shard === 0 && countsSingles(setup);
}

/** @throws {PsiError} `setup` or `too-large`, before anything leaves. */
function layoutOf({
  parties,
  rowsPadded,
  shape,
  atLeast,
}: Pick<HubSetup, "parties" | "rowsPadded" | "shape" | "atLeast">): ThresholdLayout {
  if (shape === "pairs")
    throw new PsiError("setup", "expected a histogram or atLeast: tables tell numbers of holders, not pairs");
  return thresholdLayout({ parties, rowsPadded, atLeast: tablesFrom({ atLeast }), flagged: false });
}

/** `overlap-threshold/1` as data. */
export const overlapThreshold: Protocol<OverlapParameters> = defineProtocol({
  id: "overlap-threshold/1",
  roles: ["party", "coordinator", "recipient"],
  model: "semi-honest",
  source: "docs/protocols/overlap-count.md",
  describe: (parameters): Description => {
    const { parties, recipients, rowsPadded } = parameters;
    const layout = layoutOf(parameters);
    const { shards } = layout;
    const nodes = [...new Set([...parties, ...recipients])].sort();
    const [only = COORDINATOR, ...more] = recipients;
    const target = more.length === 0 ? ({ to: only, via: COORDINATOR } as const) : { to: COORDINATOR };
    const bytes = shards * tableBytes(layout) + (countsSingles(parameters) ? MASKED_BYTES : 0);
    const pattern = { ...parameters, atLeast: layout.atLeast, flagged: false };
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
          learns: [
            ...presence(COORDINATOR, parties, rowsPadded),
            patternOf(pattern),
            ...itemsInAll(parameters),
          ],
          atMost: [],
        },
      ],
      together: [...parties.map((party) => withCoordinator(parameters, party)), ...numberOfLast(parameters)],
      assumptions: [...TOKEN_ASSUMPTIONS, COORDINATOR_APART],
    };
  },
});
