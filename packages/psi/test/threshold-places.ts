// SPDX-License-Identifier: Apache-2.0
// How often an item that several parties hold is missed: by counting the cells in which it stands at all of them.
import type { Primitives } from "@koplamp/crypto";
import { concat, utf8 } from "@koplamp/wire";
import { makeCells } from "../src/threshold-cells.ts";
import type { ThresholdLayout } from "../src/threshold-layout.ts";

/** Parties with so many items each, of which a few are common to all. */
export interface Crowd {
  readonly parties: number;
  readonly rows: number;
  readonly common: number;
  readonly runs: number;
}

const SESSION = new Uint8Array(32).fill(1);
const SEED = new Uint8Array(32).fill(2);
const PAIRS = 12;

/** By number of common cells in a pair of tables (0 to 4), how often there are so many. */
export function sharesOf(cells: readonly number[]): readonly number[] {
  const counts = [0, 0, 0, 0, 0];
  for (const common of cells) counts[common] = (counts[common] ?? 0) + 1;
  return counts.map((count) => count / cells.length);
}

/** By run, common item and pair of tables: the cells that hold the item at everybody. The same for the same crowd. */
export function commonCells(primitives: Primitives, crowd: Crowd): readonly number[] {
  const { parties, rows, common, runs } = crowd;
  const layout: ThresholdLayout = {
    parties,
    atLeast: parties,
    flagged: false,
    shards: 1,
    rows,
    bins: rows * parties,
  };
  const found: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const sides = Array.from({ length: parties }, (_, party) => {
      const names = Array.from({ length: rows }, (_item, item) =>
        item < common ? `${run}/${item}` : `${run}/${item}/${party}`,
      );
      const keys = concat(...names.map((name) => primitives.sha256(utf8(name))));
      const terms = { layout, sid: SESSION, point: party + 1, seed: SEED };
      return makeCells(primitives, terms, { keys, flags: new Uint8Array() }).places;
    });
    found.push(...cellsOfCommon(sides, common, layout.bins));
  }
  return found;
}

/** By common item and pair of tables, the cells that hold it at everybody. */
function cellsOfCommon(sides: readonly Int32Array[], common: number, bins: number): readonly number[] {
  const cells = new Array<number>(common * PAIRS).fill(0);
  const [first = new Int32Array()] = sides;
  first.forEach((place, at) => {
    const item = place >> 1;
    if (place < 0 || item >= common || sides.some((places) => places[at] !== place)) return;
    const pair = item * PAIRS + (Math.floor(at / bins) >> 1);
    cells[pair] = (cells[pair] ?? 0) + 1;
  });
  return cells;
}

/** Items that would be missed if there were fewer pairs of tables: how many there are, and how many of them stand in fewer than two cells. */
export interface Missed {
  readonly items: number;
  readonly missed: number;
}

/** Cuts the pairs of each item into groups of `pairs`, which divides 12, and counts misses group by group. */
export function missedWithin(cells: readonly number[], pairs: number): Missed {
  const sums = Array.from({ length: cells.length / pairs }, (_, group) =>
    cells.slice(group * pairs, (group + 1) * pairs).reduce((sum, count) => sum + count, 0),
  );
  return { items: sums.length, missed: sums.filter((sum) => sum < 2).length };
}

/** The chance that an item stands in fewer than two cells in so many independent pairs. */
export function missChance([none = 1, one = 1]: readonly number[], pairs: number): number {
  return none ** pairs + pairs * none ** (pairs - 1) * one;
}

/** The binary logarithm of that chance in the twelve pairs of a session. */
export function missBits(found: readonly number[]): number {
  return Math.log2(missChance(found, PAIRS));
}

/** What such shares are at most, at a one-sided level of 1 in 1,000 each: 3.09 standard deviations above. */
export function atMost(shares: readonly number[], cells: readonly number[]): readonly number[] {
  return shares.map((share) => share + 3.09 * Math.sqrt((share * (1 - share)) / cells.length));
}
