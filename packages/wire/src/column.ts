// SPDX-License-Identifier: Apache-2.0
import { type PackedBytes, resized, words } from "./distinct-bytes.ts";
import { WireError } from "./errors.ts";
import { fromUtf8, putUtf8 } from "./text.ts";

/** A canonical value, several of them (`split`), or nothing: missing, empty or rejected. */
export type Cell = string | readonly string[] | null;

/** The cells of one column, in the order of its rows: an array, or a `PackedColumn`. */
export interface Column extends Iterable<Cell> {
  readonly length: number;
  /** The cell of a row, from 0; undefined beyond the last. */
  at(row: number): Cell | undefined;
}

/** What a present cell begins with: one value, or several with a zero behind each. Nothing stands for a null. */
const ONE = 1;
const SEVERAL = 2;
/** Canonical values hold no control characters. */
const END = "\u0000";

/** A column as bytes: some five bytes a row beside its text, and no object. */
export class PackedColumn implements Column {
  readonly packed: PackedBytes;

  constructor(packed: PackedBytes) {
    this.packed = packed;
  }

  get length(): number {
    return this.packed.ends.length;
  }

  at(row: number): Cell | undefined {
    const { bytes, ends } = this.packed;
    const end = ends[row];
    if (end === undefined) return undefined;
    const from = row === 0 ? 0 : (ends[row - 1] ?? 0);
    if (from === end) return null;
    const text = fromUtf8(bytes.subarray(from + 1, end));
    return bytes[from] === SEVERAL ? text.split(END).slice(0, -1) : text;
  }

  *[Symbol.iterator](): Generator<Cell> {
    for (let row = 0; row < this.length; row += 1) yield this.at(row) ?? null;
  }
}

/** Cells of a column, packed as they come. */
export class ColumnWriter {
  #bytes = new Uint8Array();
  #ends = new Uint32Array();
  #rows = 0;
  #end = 0;

  get length(): number {
    return this.#rows;
  }

  /** @throws {WireError} `too-long` where a column would not fit 2^32 - 1 bytes. */
  put(cell: Cell): void {
    if (cell !== null) {
      const isOne = typeof cell === "string";
      this.#put(isOne ? ONE : SEVERAL, isOne ? cell : cell.map((value) => value + END).join(""));
    }
    if (this.#rows === this.#ends.length)
      this.#ends = words(this.#ends, Math.max(64, Math.ceil(1.5 * this.#rows)));
    this.#ends[this.#rows] = this.#end;
    this.#rows += 1;
  }

  /** All cells, which are no longer here then. */
  take(): PackedColumn {
    const packed = { bytes: resized(this.#bytes, this.#end), ends: words(this.#ends, this.#rows) };
    this.#bytes = new Uint8Array();
    this.#ends = new Uint32Array();
    this.#rows = 0;
    this.#end = 0;
    return new PackedColumn(packed);
  }

  #put(form: number, text: string): void {
    const room = 3 * text.length;
    const needed = this.#end + 1 + room;
    if (needed >= 2 ** 32) throw new WireError("too-long", "expected a column of less than 2^32 bytes");
    if (needed > this.#bytes.length)
      this.#bytes = resized(this.#bytes, Math.min(2 ** 32 - 1, Math.ceil(1.5 * needed)));
    this.#bytes[this.#end] = form;
    this.#end += 1 + putUtf8(text, this.#bytes, this.#end + 1, room);
  }
}
