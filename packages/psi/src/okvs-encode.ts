// SPDX-License-Identifier: Apache-2.0
import { addDense, denseTables, fillDense } from "./okvs-dense.ts";
import { type Encoding, solveGap } from "./okvs-gap.ts";
import { binStart, CELL_WORDS, DENSE } from "./okvs-layout.ts";
import { Peeler } from "./okvs-peel.ts";
import type { OkvsRows } from "./okvs-rows.ts";
import { addElement } from "./words.ts";

/** Dense columns that stay to spare, so that the gap can be solved but for a chance of 2^-40 (lemma 2.1). */
const SPARE = 40;

/**
 * Sets cells so that each row gives its value. Those that no row fixes keep what they hold: the caller fills all of them
 * with random bytes first. False when the rows cannot all be encoded; then the cells are of no use, and another seed has
 * to be tried: no row is ever left out.
 */
export function okvsEncode(rows: OkvsRows, cells: Uint32Array): boolean {
  const { layout, starts, places } = rows;
  const peeler = new Peeler(layout.sparse);
  const tables = denseTables();
  for (let bin = 0; bin < layout.bins; bin += 1) {
    const [first, end] = [starts[bin] ?? 0, starts[bin + 1] ?? 0];
    const peeled = peeler.peel(places.subarray(first * 3, end * 3), DENSE - SPARE);
    if (peeled === undefined) return false;
    const found = { rows, cells, first, from: binStart(layout, bin), peeled };
    if (peeled.gap.length > 0 && !solveGap(found)) return false;
    fillDense(tables, cells, found.from + layout.sparse);
    substitute(found, tables);
  }
  tables.fill(0);
  return true;
}

/** Sets the pivot of each row, the last peeled first: all other cells of a row stand by then. */
function substitute({ rows, cells, first, from, peeled }: Encoding, tables: Uint32Array): void {
  const { dense, values } = rows;
  for (let step = peeled.length - 1; step >= 0; step -= 1) {
    const row = first + (peeled.rows[step] ?? 0);
    const pivot = (from + (peeled.pivots[step] ?? 0)) * CELL_WORDS;
    setWords(cells, pivot, values, row * CELL_WORDS);
    addSparse(rows, row, cells, from, pivot);
    addDense(tables, dense[row * 2] ?? 0, dense[row * 2 + 1] ?? 0, cells, pivot);
  }
}

function setWords(cells: Uint32Array, to: number, values: Uint32Array, from: number): void {
  cells[to] = values[from] ?? 0;
  cells[to + 1] = values[from + 1] ?? 0;
  cells[to + 2] = values[from + 2] ?? 0;
  cells[to + 3] = values[from + 3] ?? 0;
}

/** Adds the two sparse cells of a row that are not its pivot to that. */
function addSparse({ places }: OkvsRows, row: number, cells: Uint32Array, from: number, pivot: number): void {
  for (let place = row * 3; place < row * 3 + 3; place += 1) {
    const cell = (from + (places[place] ?? 0)) * CELL_WORDS;
    if (cell !== pivot) addElement(cells, pivot, cells, cell);
  }
}
