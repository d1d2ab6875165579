// SPDX-License-Identifier: Apache-2.0
import { addDense, denseTables, fillDense } from "./okvs-dense.ts";
import { binStart, CELL_WORDS } from "./okvs-layout.ts";
import type { OkvsRows } from "./okvs-rows.ts";
import { addElement } from "./words.ts";

/**
 * What a store gives for each row, four words each, in the order of the rows. Linear in the cells: the sum of two stores
 * gives the sum of what they give. Which cells are read depends on the row, so on the item, as in any such store.
 */
export function okvsDecode(rows: OkvsRows, cells: Uint32Array): Uint32Array {
  const { layout, starts, count } = rows;
  const decoded = new Uint32Array(count * CELL_WORDS);
  const tables = denseTables();
  for (let bin = 0; bin < layout.bins; bin += 1) {
    const from = binStart(layout, bin);
    fillDense(tables, cells, from + layout.sparse);
    decodeBin(rows, cells, { from, tables, first: starts[bin] ?? 0, end: starts[bin + 1] ?? 0 }, decoded);
  }
  tables.fill(0);
  return decoded;
}

interface Bin {
  readonly from: number;
  readonly first: number;
  readonly end: number;
  readonly tables: Uint32Array;
}

function decodeBin(
  { places, dense }: OkvsRows,
  cells: Uint32Array,
  { from, first, end, tables }: Bin,
  decoded: Uint32Array,
): void {
  for (let row = first; row < end; row += 1) {
    const at = row * CELL_WORDS;
    for (let place = row * 3; place < row * 3 + 3; place += 1) {
      addElement(decoded, at, cells, (from + (places[place] ?? 0)) * CELL_WORDS);
    }
    addDense(tables, dense[row * 2] ?? 0, dense[row * 2 + 1] ?? 0, decoded, at);
  }
}
