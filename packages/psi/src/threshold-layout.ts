// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import { PsiError } from "./errors.ts";
import { MOST_ROWS } from "./session.ts";
import { binomial } from "./threshold-field.ts";

/** Hash tables of a party in a shard: twelve pairs. */
export const TABLES = 24;
/** Most parties of a threshold match. */
const MOST_THRESHOLD_PARTIES = 16;
/** Most combinations of cells that the coordinator tries for one question. */
const MOST_TESTS: number = 5 * 10 ** 10;
/** Most items of a shard before padding. */
const MOST_SHARD_ROWS: number = 2 ** 14;
/** Bytes of all tables of one shard, at most: what the coordinator holds at a time. */
const MOST_SHARD_BYTES: number = 2 ** 27;
/** Lines of one contract that the tables may take. */
const MOST_LINES = 512;
const ROUND = 256;

/** What everybody knows of the tables of a threshold match. It follows from the plan. */
export interface ThresholdLayout {
  readonly parties: number;
  /** An item counts when so many parties hold it. */
  readonly atLeast: number;
  /** Whether an item counts only when one of its holders has flagged it. */
  readonly flagged: boolean;
  /** Parts into which each list is cut, one after the other: a power of two. */
  readonly shards: number;
  /** Most items of a party in a shard. */
  readonly rows: number;
  /** Cells of a table. */
  readonly bins: number;
}

/** What a layout follows from. */
export interface ThresholdTerms {
  readonly parties: readonly PartyId[];
  readonly rowsPadded: Readonly<Record<PartyId, number>>;
  readonly atLeast: number;
  readonly flagged: boolean;
}

/** Bytes of a cell: filter, receipt, and the flag where there is one. */
export function cellBytes({ flagged }: Pick<ThresholdLayout, "flagged">): number {
  return flagged ? 16 : 12;
}

/** Bytes of one party's tables of one shard. */
export function tableBytes(layout: ThresholdLayout): number {
  return TABLES * layout.bins * cellBytes(layout);
}

/** Combinations of cells that the coordinator tries. */
export function thresholdTests({ parties, atLeast, bins, shards }: ThresholdLayout): number {
  return binomial(parties, atLeast) * bins * TABLES * shards;
}

/**
 * The tables of a threshold match. All parties' are of one size, that of the longest list.
 * @throws {PsiError} `setup` or `too-large`, before anything runs.
 */
export function thresholdLayout(terms: ThresholdTerms): ThresholdLayout {
  const { parties, rowsPadded, atLeast, flagged } = terms;
  const count = parties.length;
  if (count < 2 || count > MOST_THRESHOLD_PARTIES)
    throw new PsiError(
      "too-large",
      `a threshold match takes 2 to ${MOST_THRESHOLD_PARTIES} parties, got ${count}`,
    );
  if (!Number.isSafeInteger(atLeast) || atLeast < 2 || atLeast > count)
    throw new PsiError("setup", `expected a threshold from 2 to ${count} parties, got ${atLeast}`);
  const longest = Math.max(...parties.map((party) => rowsPadded[party] ?? 0));
  if (!(longest >= 1 && longest <= MOST_ROWS))
    throw new PsiError(
      "too-large",
      `a threshold match takes up to ${MOST_ROWS} items of a party, got ${longest}`,
    );
  const bytesPerRow = count * atLeast * TABLES * cellBytes({ flagged });
  const most = Math.min(MOST_SHARD_ROWS, Math.floor(MOST_SHARD_BYTES / bytesPerRow));
  const shards = 2 ** Math.max(0, Math.ceil(Math.log2(longest / most)));
  if (shards * count > MOST_LINES)
    throw new PsiError(
      "too-large",
      `lists of ${longest} items of ${count} parties would take ${shards} parts, and at most ${Math.floor(MOST_LINES / count)} fit a contract`,
    );
  const rows = shards === 1 ? longest : shardRows(longest / shards);
  const layout = { parties: count, atLeast, flagged, shards, rows, bins: rows * atLeast };
  const tests = thresholdTests(layout);
  if (tests <= MOST_TESTS) return layout;
  throw new PsiError(
    "too-large",
    `the coordinator would try ${tests} combinations of cells, and at most ${MOST_TESTS} are allowed`,
  );
}

/** Eight standard deviations above the mean: a shard is larger with a chance below 2^-40. */
function shardRows(mean: number): number {
  return Math.ceil((mean + 8 * Math.sqrt(mean)) / ROUND) * ROUND;
}
