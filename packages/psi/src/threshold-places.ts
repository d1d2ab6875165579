// SPDX-License-Identifier: Apache-2.0
// Where the items of a party stand in its hash tables. Equal items of two parties want the same cells, in the same order
// of preference, since everything follows from s_x and the session.
import { TABLES } from "./threshold-layout.ts";

const PAIRS: number = TABLES / 2;
const NUMBER_BYTES = 8;
/** Where the parts of an item's stream begin: its receipt, an order for each pair of tables, two bins for each table. */
export const VALUE_AT = 0;
const ORDER_AT: number = VALUE_AT + 16;
const BINS_AT: number = ORDER_AT + PAIRS * NUMBER_BYTES;
/** Bytes of the stream that say where an item wants to stand. */
export const PLACE_BYTES: number = BINS_AT + TABLES * 2 * NUMBER_BYTES;

const TWO_32: number = 2 ** 32;

/** Where some items want to stand. */
export interface Wishes {
  readonly items: number;
  /** By item and pair of tables: 53 bits. */
  readonly order: Float64Array;
  /** By item, table and insertion. */
  readonly bins: Uint32Array;
}

/** Room for the wishes of so many items. */
export function noWishes(items: number): Wishes {
  return {
    items,
    order: new Float64Array(items * PAIRS),
    bins: new Uint32Array(items * TABLES * 2),
  };
}

/** Reads what one item wants from its stream. */
export function readWishes(
  { order, bins: wanted }: Wishes,
  item: number,
  stream: DataView,
  bins: number,
): void {
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const at = ORDER_AT + pair * NUMBER_BYTES;
    order[item * PAIRS + pair] = stream.getUint32(at) * 2 ** 21 + (stream.getUint32(at + 4) >>> 11);
  }
  for (let place = 0; place < TABLES * 2; place += 1) {
    const at = BINS_AT + place * NUMBER_BYTES;
    wanted[item * TABLES * 2 + place] =
      ((stream.getUint32(at) % bins) * TWO_32 + stream.getUint32(at + 4)) % bins;
  }
}

/** The bin that an item wants in a table, by insertion (0 or 1). */
export function binOf({ bins }: Wishes, item: number, table: number, insertion: number): number {
  return bins[(item * TABLES + table) * 2 + insertion] ?? 0;
}

/**
 * Who stands where: `2 * item + insertion`, or -1, for each table and bin. First everybody at the first bin, the smallest
 * (in odd tables the largest) in order; then everybody at the second, where nobody came first, with the other preference.
 */
export function placed(wishes: Wishes, bins: number): Int32Array {
  const places = new Int32Array(TABLES * bins).fill(-1);
  for (let table = 0; table < TABLES; table += 1) {
    const own = places.subarray(table * bins, (table + 1) * bins);
    const smallest = table % 2 === 0;
    insert(wishes, own, { table, insertion: 0, smallest });
    insert(wishes, own, { table, insertion: 1, smallest: !smallest });
  }
  return places;
}

interface Insertion {
  readonly table: number;
  readonly insertion: 0 | 1;
  /** Whether the smaller in order stays. */
  readonly smallest: boolean;
}

function insert(wishes: Wishes, own: Int32Array, { table, insertion, smallest }: Insertion): void {
  for (let item = 0; item < wishes.items; item += 1) {
    const bin = binOf(wishes, item, table, insertion);
    const there = own[bin] ?? -1;
    if (there >= 0 && (there & 1) !== insertion) continue; // taken in the first insertion
    if (there < 0 || isSmaller(wishes, table, item, there >> 1) === smallest) own[bin] = 2 * item + insertion;
  }
}

function isSmaller({ order }: Wishes, table: number, item: number, other: number): boolean {
  const pair = table >> 1;
  return (order[item * PAIRS + pair] ?? 0) < (order[other * PAIRS + pair] ?? 0);
}
