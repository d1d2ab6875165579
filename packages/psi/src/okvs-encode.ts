// SPDX-License-Identifier: Apache-2.0
import { addDense, denseTables, fillDense } from "./okvs-dense.ts";
import { type Encoding, solveGap } from "./okvs-gap.ts";
import { binStart, CELL_WORDS, DENSE } from "./okvs-layout.ts";
import { Peeler } from "./okvs-peel.ts";
import type { OkvsRows } from "./okvs-rows.ts";

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
    cells.fill(0, pivot, pivot + CELL_WORDS); // one of the three that are added
    addSparse(rows, row, cells, from, pivot);
    for (let word = 0; word < CELL_WORDS; word += 1) {
      cells[pivot + word] = (cells[pivot + word] ?? 0) ^ (values[row * CELL_WORDS + word] ?? 0);
    }
    addDense(tables, dense[row * CELL_WORDS] ?? 0, dense[row * CELL_WORDS + 1] ?? 0, cells, pivot);
  }
}

/** Sets four words at `to` to the sum of the three sparse cells of a row. */
function addSparse({ places }: OkvsRows, row: number, cells: Uint32Array, from: number, to: number): void {
  const one = (from + (places[row * 3] ?? 0)) * CELL_WORDS;
  const two = (from + (places[row * 3 + 1] ?? 0)) * CELL_WORDS;
  const three = (from + (places[row * 3 + 2] ?? 0)) * CELL_WORDS;
  for (let word = 0; word < CELL_WORDS; word += 1) {
    cells[to + word] = (cells[one + word] ?? 0) ^ (cells[two + word] ?? 0) ^ (cells[three + word] ?? 0);
  }
}
