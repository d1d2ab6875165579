// SPDX-License-Identifier: Apache-2.0
// A party's cells (protocols.md, section 9): Shamir shares of zero where an item stands, uniform numbers elsewhere.
import type { Primitives } from "@koplamp/crypto";
import { concat, i2osp, lp } from "@koplamp/wire/core";
import { kdf } from "./keyed.ts";
import { Limbs, mod25, P25, read25 } from "./threshold-field.ts";
import { cellBytes, TABLES, type ThresholdLayout } from "./threshold-layout.ts";
import {
  binOf,
  noWishes,
  PLACE_BYTES,
  placed,
  readWishes,
  VALUE_AT,
  type Wishes,
} from "./threshold-places.ts";

/** "FLAG": what a flagged item's third number is, under its pad. */
const FLAG = 0x464c4147;
const COEFFICIENT_BYTES = 16;
/** Random bytes for one cell: filter 8, receipt 16, flag 4. */
const DUMMY_BYTES = 28;
const ITEM_KEY_BYTES = 32;
/** Bytes of an item's receipt v_x, as in a cell. */
const VALUE_BYTES = 8;

/** The items of one shard of one party. */
export interface ShardItems {
  /** KDF(s_x, sid, "threshold"), 32 bytes each. */
  readonly keys: Uint8Array;
  /** One byte each: not zero where flagged. Empty where no flags are asked for. */
  readonly flags: Uint8Array;
}

/** What a party's cells of a shard depend on beside its items. */
export interface CellTerms {
  readonly layout: ThresholdLayout;
  readonly sid: Uint8Array;
  /** The party's point: its position in id order, from 1. */
  readonly point: number;
  /** 32 fresh bytes, for what stands in empty cells. */
  readonly seed: Uint8Array;
}

/** One party's tables of a shard, and what it must remember to check an answer. */
export interface Cells {
  readonly tables: Uint8Array;
  /** By table and bin: `2 * item + insertion`, or -1. */
  readonly places: Int32Array;
  /** By item: v_x in two limbs, 8 bytes little-endian. */
  readonly values: Uint8Array;
}

/** Puts the items of a shard into tables. */
export function makeCells(primitives: Primitives, terms: CellTerms, items: ShardItems): Cells {
  const { layout } = terms;
  const count = items.keys.length / ITEM_KEY_BYTES;
  const wishes = noWishes(count);
  for (let item = 0; item < count; item += 1) {
    readWishes(wishes, item, streamOf(primitives, items, item, PLACE_BYTES), layout.bins);
  }
  const places = placed(wishes, layout.bins);
  const tables = randomTables(primitives, terms);
  const values = new Uint8Array(count * VALUE_BYTES);
  const writer = new CellWriter(primitives, terms, wishes, places, tables);
  for (let item = 0; item < count; item += 1) {
    const stream = streamOf(primitives, items, item, PLACE_BYTES + coefficientBytes(layout));
    writer.write(
      item,
      stream,
      (items.flags[item] ?? 0) !== 0,
      new DataView(values.buffer, item * VALUE_BYTES),
    );
  }
  return { tables, places, values };
}

function coefficientBytes({ atLeast }: ThresholdLayout): number {
  return TABLES * 2 * 2 * (atLeast - 1) * COEFFICIENT_BYTES;
}

function streamOf({ aes256Ctr }: Primitives, { keys }: ShardItems, item: number, length: number): DataView {
  const stream = aes256Ctr(keys.subarray(item * ITEM_KEY_BYTES, (item + 1) * ITEM_KEY_BYTES), length);
  return new DataView(stream.buffer, stream.byteOffset, length);
}

/** Tables in which nothing stands: uniform in both fields, and any flag. */
function randomTables(primitives: Primitives, { layout, seed, sid }: CellTerms): Uint8Array {
  const { bins, flagged } = layout;
  const width = cellBytes(layout);
  const tables = new Uint8Array(TABLES * bins * width);
  const into = new DataView(tables.buffer);
  const receipt = new Limbs();
  for (let table = 0; table < TABLES; table += 1) {
    const key = kdf(primitives, seed, sid, "dummy", [table], 32);
    const { buffer, byteOffset } = primitives.aes256Ctr(key, bins * DUMMY_BYTES);
    const random = new DataView(buffer, byteOffset, bins * DUMMY_BYTES);
    for (let bin = 0; bin < bins; bin += 1) {
      const [from, to] = [bin * DUMMY_BYTES, (table * bins + bin) * width];
      receipt.read(random, from + 8);
      writeCell(into, to, read25(random, from, 2), receipt);
      if (flagged) into.setUint32(to + 12, random.getUint32(from + 24), true);
    }
  }
  return tables;
}

function writeCell(into: DataView, at: number, filter: number, { low, high }: Limbs): void {
  into.setUint32(at, filter, true);
  into.setUint32(at + 4, low, true);
  into.setUint32(at + 8, high, true);
}

/** Writes the cells of one item after the other. */
class CellWriter {
  readonly #primitives: Primitives;
  readonly #terms: CellTerms;
  readonly #wishes: Wishes;
  readonly #places: Int32Array;
  readonly #tables: DataView;
  readonly #value = new Limbs();
  readonly #share = new Limbs();
  readonly #coefficient = new Limbs();

  constructor(
    primitives: Primitives,
    terms: CellTerms,
    wishes: Wishes,
    places: Int32Array,
    tables: Uint8Array,
  ) {
    this.#primitives = primitives;
    this.#terms = terms;
    this.#wishes = wishes;
    this.#places = places;
    this.#tables = new DataView(tables.buffer);
  }

  write(item: number, stream: DataView, flagged: boolean, value: DataView): void {
    const { layout, sid, point } = this.#terms;
    this.#value.read(stream, VALUE_AT);
    value.setUint32(0, this.#value.low, true);
    value.setUint32(4, this.#value.high, true);
    const pads = layout.flagged ? flagPads(this.#primitives, this.#value, sid, point) : undefined;
    for (let place = 0; place < TABLES * 2; place += 1) {
      const cell = (place >> 1) * layout.bins + binOf(this.#wishes, item, place >> 1, place & 1);
      if (this.#places[cell] !== 2 * item + (place & 1)) continue;
      const at = cell * cellBytes(layout);
      writeCell(this.#tables, at, this.#shares(stream, place), this.#share);
      if (pads === undefined) continue;
      // What is not flagged keeps the random number that stands there: under a pad it is as random.
      if (flagged) this.#tables.setUint32(at + 12, (FLAG ^ pads.getUint32(place * 4)) >>> 0, true);
    }
  }

  /** The shares of one place: coefficients of their own, so that an item that stands twice shows no equal numbers. */
  #shares(stream: DataView, place: number): number {
    const { layout, point } = this.#terms;
    const terms = layout.atLeast - 1;
    const filters = PLACE_BYTES + place * 2 * terms * COEFFICIENT_BYTES;
    const receipts = filters + terms * COEFFICIENT_BYTES;
    let filter = 0;
    this.#share.set(0, 0);
    for (let term = terms - 1; term >= 0; term -= 1) {
      filter = mod25(filter * point + read25(stream, filters + term * COEFFICIENT_BYTES, 4));
      this.#coefficient.read(stream, receipts + term * COEFFICIENT_BYTES);
      this.#share.timesPlus(point, this.#coefficient);
    }
    this.#share.timesPlus(point, this.#value);
    return (filter * point) % P25;
  }
}

/** What hides a party's flags of one item, a number for each of its places: whoever has the receipt can make it. */
export function flagPads(primitives: Primitives, value: Limbs, sid: Uint8Array, point: number): DataView {
  const receipt = concat(i2osp(value.high, 4), i2osp(value.low, 4));
  const secret = primitives.sha256(concat(lp("koplamp/flag/1"), receipt));
  const pads = primitives.aes256Ctr(kdf(primitives, secret, sid, "flag", [point], 32), TABLES * 2 * 4);
  return new DataView(pads.buffer, pads.byteOffset, pads.length);
}

/** Whether what stands in a cell is a flag, under either pad of the table: whoever reads it does not know the insertion. */
export function isFlag(cell: number, pads: DataView, table: number): boolean {
  const opened = [0, 4].map((insertion) => (cell ^ pads.getUint32(table * 8 + insertion)) >>> 0);
  return opened.includes(FLAG);
}
