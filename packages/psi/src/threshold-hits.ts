// SPDX-License-Identifier: Apache-2.0
// What the coordinator finds in the tables of all parties: receipts that stand in two cells or more, and who holds them.
import type { Primitives } from "@koplamp/crypto";
import type { Tell } from "./tell.ts";
import { flagPads, isFlag } from "./threshold-cells.ts";
import { Limbs, P25, type Subset, subsetsOf, weigh } from "./threshold-field.ts";
import { cellBytes, TABLES, type ThresholdLayout } from "./threshold-layout.ts";
import type { Hit } from "./threshold-messages.ts";

const PER_P25: number = 1 / P25;
/** So many products of two numbers below 2^25 and two more are added exactly. */
const EXACT_TERMS = 6;
/** A receipt counts only when it was reconstructed in so many different cells. */
const CELLS = 2;
/** As many of a holder's flags of one item must open. */
const FLAGS = 2;

/** A receipt in a cell, and the parties whose shares gave it. */
interface Cell {
  readonly table: number;
  readonly bin: number;
  readonly mask: number;
}

/** A receipt, and the cells in which it was found. */
interface Found {
  readonly low: number;
  readonly high: number;
  readonly cells: Cell[];
}

/** An item that at least `atLeast` parties hold. */
export interface Held extends Found {
  /** A bit for each party. */
  readonly holders: number;
}

/**
 * All subsets of `atLeast` parties in all cells, table by table: where their filter shares give zero, the receipt; what
 * was found in two different cells is an item, held by all whose shares gave its receipt in one of them.
 */
export function findHeld(layout: ThresholdLayout, tables: readonly Uint8Array[]): readonly Held[] {
  const subsets = subsetsOf(layout.parties, layout.atLeast);
  const found = new Receipts();
  const search = new TableSearch(layout, tables);
  for (let table = 0; table < TABLES; table += 1) {
    search.open(table);
    for (const subset of subsets) search.try(subset);
    search.each((low, high, bin, mask) => void found.add(low, high, { table, bin, mask }));
  }
  return found
    .all()
    .filter(({ cells }) => cells.length >= CELLS)
    .map((one) => ({ ...one, holders: one.cells.reduce((bits, { mask }) => bits | mask, 0) }));
}

/** Receipts by value. */
class Receipts {
  readonly #byLow = new Map<number, Found[]>();

  add(low: number, high: number, cell: Cell): void {
    const same = this.#byLow.get(low);
    const known = same?.find((one) => one.high === high);
    if (known !== undefined) known.cells.push(cell);
    else if (same !== undefined) same.push({ low, high, cells: [cell] });
    else this.#byLow.set(low, [{ low, high, cells: [cell] }]);
  }

  all(): readonly Found[] {
    return [...this.#byLow.values()].flat();
  }
}

/** The search of one table after the other. What it works on is made once. */
class TableSearch {
  readonly #layout: ThresholdLayout;
  readonly #tables: readonly Uint8Array[];
  /** By party: its cells of the table, and their filter shares as numbers. */
  #views: readonly DataView[] = [];
  readonly #filters: readonly Float64Array[];
  readonly #carried: Float64Array;
  /** By bin: what was found there first, and whose shares gave it. Most subsets after it find the same again. */
  readonly #masks: Uint32Array;
  readonly #lows: Float64Array;
  readonly #highs: Float64Array;
  /** Whatever else was found in a bin: another item of other parties, or a false one. */
  readonly #more = new Map<number, { readonly low: number; readonly high: number; mask: number }[]>();
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  readonly #receipt = new Limbs();

  constructor(layout: ThresholdLayout, tables: readonly Uint8Array[]) {
    const { bins, atLeast } = layout;
    this.#layout = layout;
    this.#tables = tables;
    this.#filters = tables.map(() => new Float64Array(bins));
    this.#carried = new Float64Array(bins);
    this.#masks = new Uint32Array(bins);
    this.#lows = new Float64Array(bins);
    this.#highs = new Float64Array(bins);
    this.#low = new Float64Array(atLeast);
    this.#high = new Float64Array(atLeast);
  }

  open(table: number): void {
    const { bins } = this.#layout;
    const width = cellBytes(this.#layout);
    this.#views = this.#tables.map(
      ({ buffer, byteOffset }) => new DataView(buffer, byteOffset + table * bins * width, bins * width),
    );
    for (const [party, view] of this.#views.entries()) {
      const filters = this.#filters[party] ?? this.#carried;
      for (let bin = 0; bin < bins; bin += 1) filters[bin] = view.getUint32(bin * width, true);
    }
    this.#masks.fill(0);
    this.#more.clear();
  }

  try(subset: Subset): void {
    const { members, factors } = subset;
    const shares = members.map((member) => this.#filters[member] ?? this.#carried);
    const last = shares.at(-1) ?? this.#carried;
    const [first = this.#carried, second = this.#carried, ...more] = shares.slice(0, -1);
    const [one = 0, two = 0, ...others] = factors;
    const carried = this.#carried.fill(0);
    more.forEach((share, at) => {
      addTimes(carried, share, others[at] ?? 0, at % EXACT_TERMS === EXACT_TERMS - 1);
    });
    for (let bin = 0; bin < last.length; bin += 1) {
      const sum = (carried[bin] ?? 0) + one * (first[bin] ?? 0) + two * (second[bin] ?? 0);
      const rest = sum - Math.floor(sum * PER_P25) * P25 - (last[bin] ?? 0);
      if (rest === 0 || rest === P25 || rest === -P25) this.#candidate(bin, subset);
    }
  }

  /** What was found in the open table, one call for each receipt in a bin. */
  each(visit: (low: number, high: number, bin: number, mask: number) => void): void {
    for (let bin = 0; bin < this.#masks.length; bin += 1) {
      const mask = this.#masks[bin] ?? 0;
      if (mask !== 0) visit(this.#lows[bin] ?? 0, this.#highs[bin] ?? 0, bin, mask);
    }
    for (const [bin, all] of this.#more) for (const { low, high, mask } of all) visit(low, high, bin, mask);
  }

  /** A false one gives a receipt that no other cell has. */
  #candidate(bin: number, { members, mask, weights }: Subset): void {
    const before = this.#masks[bin] ?? 0;
    if ((before & mask) === mask) return;
    const at = bin * cellBytes(this.#layout);
    for (let place = 0; place < members.length; place += 1) {
      const view = this.#views[members[place] ?? 0];
      this.#low[place] = view?.getUint32(at + 4, true) ?? 0;
      this.#high[place] = view?.getUint32(at + 8, true) ?? 0;
    }
    weigh(this.#receipt, this.#low, this.#high, weights);
    const { low, high } = this.#receipt;
    if (before !== 0 && (this.#lows[bin] !== low || this.#highs[bin] !== high)) {
      this.#another(bin, low, high, mask);
      return;
    }
    this.#lows[bin] = low;
    this.#highs[bin] = high;
    this.#masks[bin] = before | mask;
  }

  #another(bin: number, low: number, high: number, mask: number): void {
    const here = this.#more.get(bin) ?? [];
    const known = here.find((one) => one.low === low && one.high === high);
    if (known === undefined) here.push({ low, high, mask });
    else known.mask |= mask;
    this.#more.set(bin, here);
  }
}

function addTimes(sum: Float64Array, share: Float64Array, factor: number, reduce: boolean): void {
  for (let bin = 0; bin < sum.length; bin += 1) {
    const value = (sum[bin] ?? 0) + (share[bin] ?? 0) * factor;
    sum[bin] = reduce ? value - Math.floor(value * PER_P25) * P25 : value;
  }
}

/** Who is asked what about the flags of what was found. */
export interface FlagTerms {
  readonly layout: ThresholdLayout;
  readonly sid: Uint8Array;
}

/** The items of which one holder's flag opens in two different cells. */
export function flaggedOnly(
  primitives: Primitives,
  { layout, sid }: FlagTerms,
  tables: readonly Uint8Array[],
  held: readonly Held[],
): readonly Held[] {
  const views = tables.map((bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
  const value = new Limbs();
  return held.filter(({ low, high, cells }) => {
    value.set(low, high);
    return views.some((view, party) => {
      const own = cells.filter(({ mask }) => (mask & (1 << party)) !== 0);
      if (own.length < FLAGS) return false;
      const pads = flagPads(primitives, value, sid, party + 1);
      const flags = own.filter(({ table, bin }) =>
        isFlag(view.getUint32((table * layout.bins + bin) * cellBytes(layout) + 12, true), pads, table),
      );
      return flags.length >= FLAGS;
    });
  });
}

/** One row for each item that a party holds, at a cell in which its own share was found, in the order of the cells. */
export function hitsFor(party: number, held: readonly Held[], tell: Tell): readonly Hit[] {
  const bit = 1 << party;
  return held
    .flatMap(({ low, high, cells, holders }): readonly Hit[] => {
      const own = cells.find(({ mask }) => (mask & bit) !== 0);
      return own === undefined
        ? []
        : [{ table: own.table, bin: own.bin, low, high, told: toldOf(tell, holders) }];
    })
    .sort((a, b) => a.table - b.table || a.bin - b.bin);
}

function toldOf(tell: Tell, holders: number): number {
  if (tell === "holders") return holders;
  return tell === "count" ? bitCount(holders) : 0;
}

/** The number of bits of a bitmap of parties. */
export function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits >>> 0; rest > 0; rest = (rest & (rest - 1)) >>> 0) count += 1;
  return count;
}
