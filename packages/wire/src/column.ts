// SPDX-License-Identifier: Apache-2.0
import { resized } from "./distinct-bytes.ts";
import { WireError } from "./errors.ts";
import type { Pieces } from "./parted-bytes.ts";
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

/** Rows of a page. */
const PAGE = 2 ** 14;
/** Pages of a column that stay in memory: a million rows. */
const MOST_IN_MEMORY = 64;

/** A column in pages: where each cell ends in its page, four bytes each, and then their bytes. */
export interface ColumnPages {
  readonly rows: number;
  /** The pages themselves, or how they are called where they stand. */
  readonly pages: readonly Uint8Array[] | readonly number[];
}

/** A column as bytes: some five bytes a row beside its text, and no object. */
export class PackedColumn implements Column {
  readonly packed: ColumnPages;
  readonly #pieces: Pick<Pieces, "get"> | undefined;
  /** The page that was read last. */
  #page = -1;
  #ends: Uint32Array = new Uint32Array();
  #bytes: Uint8Array = new Uint8Array();

  /** `pieces`: where pages stand that are not in memory. */
  constructor(packed: ColumnPages, pieces?: Pick<Pieces, "get">) {
    this.packed = packed;
    this.#pieces = pieces;
  }

  get length(): number {
    return this.packed.rows;
  }

  at(row: number): Cell | undefined {
    if (!(row >= 0 && row < this.packed.rows)) return undefined;
    const page = Math.floor(row / PAGE);
    if (page !== this.#page) this.#turn(page);
    const at = row - page * PAGE;
    const end = this.#ends[at] ?? 0;
    const from = at === 0 ? 0 : (this.#ends[at - 1] ?? 0);
    if (from === end) return null;
    const text = fromUtf8(this.#bytes.subarray(from + 1, end));
    return this.#bytes[from] === SEVERAL ? text.split(END).slice(0, -1) : text;
  }

  *[Symbol.iterator](): Generator<Cell> {
    for (let row = 0; row < this.length; row += 1) yield this.at(row) ?? null;
  }

  #turn(page: number): void {
    const kept = this.packed.pages[page] ?? 0;
    const bytes = typeof kept === "number" ? this.#pieces?.get(kept) : kept;
    if (bytes === undefined) throw new Error("expected a page of a column that is in memory");
    const rows = Math.min(PAGE, this.packed.rows - page * PAGE);
    this.#ends = new Uint32Array(bytes.buffer, bytes.byteOffset, rows);
    this.#bytes = bytes.subarray(4 * rows);
    this.#page = page;
  }
}

/** Cells of a column, packed as they come. */
export class ColumnWriter {
  readonly #pieces: Pieces | undefined;
  #pages: Uint8Array[] = [];
  #kept: number[] = [];
  #rows = 0;
  #bytes = new Uint8Array();
  readonly #ends = new Uint32Array(PAGE);
  #end = 0;

  /** `pieces`: where a column goes that is too long for memory. Without, it stays there. */
  constructor(pieces?: Pieces) {
    this.#pieces = pieces;
  }

  get length(): number {
    return this.#rows;
  }

  /** @throws {WireError} `too-long` where a page would not fit 2^32 - 1 bytes. */
  put(cell: Cell): void {
    if (cell !== null) {
      const isOne = typeof cell === "string";
      this.#put(isOne ? ONE : SEVERAL, isOne ? cell : cell.map((value) => value + END).join(""));
    }
    this.#ends[this.#rows % PAGE] = this.#end;
    this.#rows += 1;
    if (this.#rows % PAGE === 0) this.#turn();
  }

  /** All cells, which are no longer here then. */
  take(): PackedColumn {
    if (this.#rows % PAGE > 0) this.#turn();
    const packed = { rows: this.#rows, pages: this.#kept.length > 0 ? this.#kept : this.#pages };
    [this.#pages, this.#kept, this.#rows, this.#bytes] = [[], [], 0, new Uint8Array()];
    return new PackedColumn(packed, this.#pieces);
  }

  #turn(): void {
    const rows = (this.#rows - 1) % PAGE;
    const page = new Uint8Array(4 * (rows + 1) + this.#end);
    page.set(new Uint8Array(this.#ends.buffer, 0, 4 * (rows + 1)));
    page.set(this.#bytes.subarray(0, this.#end), 4 * (rows + 1));
    this.#end = 0;
    this.#pages.push(page);
    if (this.#pieces === undefined) return;
    if (this.#kept.length === 0 && this.#pages.length <= MOST_IN_MEMORY) return;
    for (const one of this.#pages) this.#kept.push(this.#pieces.put(one));
    this.#pages = [];
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
