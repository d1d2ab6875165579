// SPDX-License-Identifier: Apache-2.0
import { type Codec, ProtocolError } from "@koplamp/protocol";
import { concat } from "@koplamp/wire/core";
import { MASKED_BYTES } from "./messages.ts";
import { isReceipt, P25 } from "./threshold-field.ts";
import { cellBytes, TABLES, type ThresholdLayout, tableBytes } from "./threshold-layout.ts";

/** Bytes of a hit row: table 1, bin 4, receipt 8, holders or their number 4. */
export const HIT_BYTES = 17;
/** What stands in place of a table in a row of padding; the rest of it is zero. */
const PADDING_TABLE = 0xff;

/** `A`: one party's tables of one shard, cell by cell: filter 4, receipt 8 [, flag 4], little-endian, reduced. */
export function tablesCodec(layout: ThresholdLayout): Codec<Uint8Array> {
  const [length, width] = [tableBytes(layout), cellBytes(layout)];
  const checked = (bytes: Uint8Array): Uint8Array => {
    if (bytes.length !== length)
      throw new ProtocolError("invalid-message", `expected ${length} bytes of A, got ${bytes.length}`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < length; at += width) {
      if (
        view.getUint32(at, true) < P25 &&
        isReceipt(view.getUint32(at + 4, true), view.getUint32(at + 8, true))
      )
        continue;
      throw new ProtocolError("invalid-message", "expected numbers of the two fields in A, got a larger one");
    }
    return bytes;
  };
  return { type: "A", encode: checked, decode: checked };
}

/** The tables of a count, and before the first of them the sender's masked number of items where singles are counted. */
export interface CountedTables {
  /** 16 bytes, little-endian, mod 2^128; empty where no answer depends on singles, and in every shard but the first. */
  readonly number: Uint8Array;
  readonly tables: Uint8Array;
}

/** `A` of a count: a masked number (16 bytes, or none), then the tables as in `tablesCodec`. */
export function countedTablesCodec(layout: ThresholdLayout, withNumber: boolean): Codec<CountedTables> {
  const plain = tablesCodec(layout);
  const before = withNumber ? MASKED_BYTES : 0;
  const length = before + tableBytes(layout);
  const checked = (bytes: Uint8Array): Uint8Array => {
    if (bytes.length === length) return bytes;
    throw new ProtocolError("invalid-message", `expected ${length} bytes of A, got ${bytes.length}`);
  };
  return {
    type: plain.type,
    encode: ({ number, tables }) => checked(concat(number, plain.encode(tables))),
    decode: (bytes) => ({
      number: checked(bytes).slice(0, before),
      tables: plain.decode(bytes.slice(before)),
    }),
  };
}

/** One item that enough parties hold, as the coordinator tells one of them. */
export interface Hit {
  readonly table: number;
  readonly bin: number;
  readonly low: number;
  readonly high: number;
  /** A bitmap of holders, their number, or zero. */
  readonly told: number;
}

/** `H`: one row for each hit, ascending by table and bin, then padding up to `rows`. */
export function hitsCodec({ rows, bins }: Pick<ThresholdLayout, "rows" | "bins">): Codec<readonly Hit[]> {
  return {
    type: "H",
    encode: (hits) => encodeHits(hits, rows),
    decode: (bytes) => {
      if (bytes.length !== rows * HIT_BYTES)
        throw new ProtocolError(
          "invalid-message",
          `expected ${rows * HIT_BYTES} bytes of H, got ${bytes.length}`,
        );
      const hits = decodeHits(bytes);
      let last = -1;
      for (const { table, bin, low, high } of hits) {
        const place = table * bins + bin;
        if (table >= TABLES || bin >= bins || place <= last || !isReceipt(low, high)) throw unfit();
        last = place;
      }
      return hits;
    },
  };
}

function encodeHits(hits: readonly Hit[], rows: number): Uint8Array {
  if (hits.length > rows)
    throw new ProtocolError("invalid-message", `expected at most ${rows} hits, got ${hits.length}`);
  const bytes = new Uint8Array(rows * HIT_BYTES);
  const view = new DataView(bytes.buffer);
  hits.forEach(({ table, bin, low, high, told }, row) => {
    const at = row * HIT_BYTES;
    view.setUint8(at, table);
    view.setUint32(at + 1, bin, true);
    view.setUint32(at + 5, low, true);
    view.setUint32(at + 9, high, true);
    view.setUint32(at + 13, told, true);
  });
  for (let row = hits.length; row < rows; row += 1) bytes[row * HIT_BYTES] = PADDING_TABLE;
  return bytes;
}

/** The rows before the padding. @throws {ProtocolError} when something else than padding follows. */
function decodeHits(bytes: Uint8Array): readonly Hit[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const hits: Hit[] = [];
  let at = 0;
  for (; at < bytes.length && bytes[at] !== PADDING_TABLE; at += HIT_BYTES) {
    hits.push({
      table: view.getUint8(at),
      bin: view.getUint32(at + 1, true),
      low: view.getUint32(at + 5, true),
      high: view.getUint32(at + 9, true),
      told: view.getUint32(at + 13, true),
    });
  }
  const rest = bytes.subarray(at);
  if (rest.some((byte, offset) => byte !== (offset % HIT_BYTES === 0 ? PADDING_TABLE : 0))) throw unfit();
  return hits;
}

function unfit(): ProtocolError {
  return new ProtocolError("invalid-message", "expected ascending cells of the tables, then padding, in H");
}

/** `next`: one byte, by which who is told nothing learns that the next part may go. */
export const NEXT: Codec<Uint8Array> = { type: "next", encode: one, decode: one };

function one(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 1 && bytes[0] === 0) return bytes;
  throw new ProtocolError("invalid-message", `expected one zero byte of next, got ${bytes.length}`);
}
