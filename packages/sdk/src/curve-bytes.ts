// SPDX-License-Identifier: Apache-2.0
// What each measured session sends, by the description from which its contract is made.
import { cellsPerBlock, joinSumPair, mostNumbers, sumMasked, sumThreshold } from "@koplamp/aggregate";
import { parameterSet } from "@koplamp/he";
import type { EgressRow, PartyId } from "@koplamp/protocol";
import {
  batchesOf,
  bulkPair,
  describePreparation,
  describePublication,
  lookup,
  matchPair,
  matchThreshold,
  matchTokens,
  overlapHub,
} from "@koplamp/psi";
import { bucket } from "@koplamp/wire";
import { COORDINATOR } from "./bench-session.ts";

/** A point of a curve. */
export interface Scale {
  /** Items of each party, cells, rows of an index: what the curve is about. */
  readonly items: number;
  readonly parties: number;
}

/** The messages of a session at a scale. @throws the protocol's own error where one session does not take so much. */
export type Bytes = (scale: Scale) => readonly EgressRow[];

/** All bytes of these messages. */
export function bytesOf(rows: readonly EgressRow[]): number {
  return rows.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Bytes that go to an agency, of all agencies together: what the coordinator receives is not in it. */
export function bytesDown(rows: readonly EgressRow[]): number {
  return bytesOf(rows.filter(({ to }) => to !== COORDINATOR));
}

/** Bytes that leave an agency, of all agencies together. */
export function bytesUp(rows: readonly EgressRow[]): number {
  return bytesOf(rows.filter(({ from }) => from !== COORDINATOR));
}

const NO_QUOTA = 0; // changes what a contract says, and no length

/** As the benchmarks name them: from 1, with a leading nought where more than nine can be. */
function named(parties: number, digits: number): readonly PartyId[] {
  return Array.from({ length: parties }, (_, at) => `party-${`${at + 1}`.padStart(digits, "0")}`).sort();
}

function listsOf(parties: readonly PartyId[], items: number) {
  return Object.fromEntries(parties.map((party) => [party, bucket(items)]));
}

function quotasOf(parties: readonly PartyId[]) {
  return Object.fromEntries(parties.map((party) => [party, NO_QUOTA]));
}

/** `match-tokens/1`, everybody a recipient: the query alone. */
export const laterBytes: Bytes = ({ items, parties: count }) => {
  const parties = named(count, 1);
  const rowsPadded = listsOf(parties, items);
  return matchTokens.describe({ parties, recipients: parties, rowsPadded, quotas: quotasOf(parties) }).egress;
};

/** The same with keys and evaluations before it. */
export const firstBytes: Bytes = (scale) => {
  const query = laterBytes(scale); // first: it refuses what is too much for a session
  const parties = named(scale.parties, 1);
  const rowsPadded = listsOf(parties, scale.items);
  return [...describePreparation({ parties, rowsPadded, quota: () => NO_QUOTA }).egress, ...query];
};

/** `match-pair/1`, the second one the recipient. */
export const pairBytes: Bytes = ({ items }) => {
  const parties = named(2, 1);
  return matchPair.describe({ parties, recipients: parties.slice(1), rowsPadded: listsOf(parties, items) })
    .egress;
};

/** `overlap-hub/1`, everybody a recipient of a histogram. */
export const overlapBytes: Bytes = ({ items, parties: count }) => {
  const parties = named(count, 1);
  const rowsPadded = listsOf(parties, items);
  const shape = { shape: "histogram", atLeast: null } as const;
  return overlapHub.describe({
    ...shape,
    parties,
    recipients: parties,
    rowsPadded,
    quotas: quotasOf(parties),
  }).egress;
};

/** `match-threshold/1` of three or more, everybody a recipient. */
export const thresholdBytes: Bytes = ({ items, parties: count }) => {
  const parties = named(count, 2);
  const common = {
    parties,
    recipients: parties,
    rowsPadded: listsOf(parties, items),
    quotas: quotasOf(parties),
  };
  return matchThreshold.describe({ ...common, atLeast: Math.min(3, count), tell: "count", flagged: false })
    .egress;
};

/** `bulk-pair/1`, the second one the recipient; the coordinator deals. */
export const bulkBytes: Bytes = ({ items }) => {
  const parties = named(2, 2);
  const recipients = parties.slice(1);
  return bulkPair.describe({ parties, recipients, rowsPadded: listsOf(parties, items), dealer: COORDINATOR })
    .egress;
};

/** `sum-masked/1`, the first one the recipient. */
export const maskedBytes: Bytes = ({ items, parties }) => {
  const contributors = named(parties, 2);
  const recipients = contributors.slice(0, 1);
  return sumMasked.describe({ contributors, recipients, params: "words-64", cells: items, columns: 1 })
    .egress;
};

/** `sum-threshold/1`, the first one the recipient. */
export const sumBytes: Bytes = ({ items, parties }) => {
  const contributors = named(parties, 2);
  const recipients = contributors.slice(0, 1);
  return sumThreshold.describe({ contributors, recipients, params: SUM_SET, cells: items, columns: 1 })
    .egress;
};

const SUM_SET = "bfv-amt-50-pq";
/** The most cells of one session of `sum-threshold/1`. */
export const MOST_SUM_CELLS: number = mostNumbers(parameterSet(SUM_SET));
/** Cells that it encrypts together: fewer cost as much. */
export const SUM_BLOCK_CELLS: number = cellsPerBlock(parameterSet(SUM_SET));
const JOIN_SET = "bfv-join-46-pq";

/** The homomorphic part of `join-sum-pair/1`: one column, one group. What matches the rows is measured by itself. */
export const joinBytes: Bytes = ({ items }) => {
  const contributors = named(2, 1);
  const [owner = ""] = contributors;
  const columns = [{ party: owner, ranges: { least: -1, most: 1 } }];
  const common = { contributors, recipients: [owner], params: JOIN_SET, minCount: 1, cells: 1, columns };
  const { egress } = joinSumPair.describe({ ...common, rowsPadded: listsOf(contributors, items) });
  return egress.filter(({ what }) => HOMOMORPHIC.has(what));
};

const HOMOMORPHIC: ReadonlySet<string> = new Set(["pkr", "ct", "acc"]);

const DESK = { asker: "asker", holder: "holder" } as const;

/** Publishing an index for `lookup/1`. */
export const indexBytes: Bytes = ({ items }) =>
  describePublication({ ...DESK, publication: { kind: "index", rows: items }, quota: NO_QUOTA }).egress;

/** One question of `lookup/1`. */
export const questionBytes: Bytes = ({ items }) =>
  lookup.describe({ ...DESK, batches: batchesOf(1), tell: "asker", rowsPadded: items }).egress;
