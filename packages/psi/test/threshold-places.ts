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

/** By number of common cells in a pair of tables (0 to 4), how often there are so many. The same for the same crowd. */
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
  const counts = [0, 0, 0, 0, 0];
  for (let run = 0; run < runs; run += 1) {
    const sides = Array.from({ length: parties }, (_, party) => {
      const names = Array.from({ length: rows }, (_item, item) =>
        item < common ? `${run}/${item}` : `${run}/${item}/${party}`,
      );
      const keys = concat(...names.map((name) => primitives.sha256(utf8(name))));
      const terms = { layout, sid: SESSION, point: party + 1, seed: SEED };
      return makeCells(primitives, terms, { keys, flags: new Uint8Array() }).places;
    });
    for (const cells of cellsOfCommon(sides, common, layout.bins)) counts[cells] = (counts[cells] ?? 0) + 1;
  }
  const all = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => count / all);
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

/** The binary logarithm of the chance that an item stands in fewer than two cells in twelve independent pairs. */
export function missBits([none = 1, one = 1]: readonly number[]): number {
  return Math.log2(none ** PAIRS + PAIRS * none ** (PAIRS - 1) * one);
}
