// SPDX-License-Identifier: Apache-2.0
// The few rows of a bin that do not peel are solved with the dense cells: section 2, steps 3 and 4, of the paper that
// `okvs-layout.ts` names.
import { CELL_WORDS, DENSE } from "./okvs-layout.ts";
import type { Peeled } from "./okvs-peel.ts";
import type { OkvsRows } from "./okvs-rows.ts";

/** A bin that is being encoded: its rows from `first` on, its cells from `from` on. */
export interface Encoding {
  readonly rows: OkvsRows;
  readonly cells: Uint32Array;
  readonly first: number;
  readonly from: number;
  readonly peeled: Peeled;
}

/** A sum of dense cells (64 bits in two words) that has to be `value` (four words). */
interface Equation {
  readonly bits: Uint32Array;
  readonly value: Uint32Array;
}

/** An equation that gives the dense cell of its pivot. */
interface Solved extends Equation {
  readonly pivot: number;
}

/**
 * Sets dense cells so that the rows of the gap hold, whatever the peeled ones make of their pivots. False when the
 * equations are not independent.
 */
export function solveGap(encoding: Encoding): boolean {
  const solved: Solved[] = [];
  for (const equation of gapEquations(encoding)) {
    for (const earlier of solved) if (hasBit(equation.bits, earlier.pivot)) addTo(equation, earlier);
    const pivot = lowestBit(equation.bits);
    if (pivot < 0) return false;
    solved.push({ ...equation, pivot });
  }
  const dense = encoding.from + encoding.rows.layout.sparse;
  for (const equation of solved.toReversed()) setCell(encoding.cells, dense, equation);
  return true;
}

/** Sets the cell of the pivot to what the others of its equation leave: those that have a pivot too stand already. */
function setCell(cells: Uint32Array, dense: number, { bits, value, pivot }: Solved): void {
  for (let bit = 0; bit < DENSE; bit += 1) {
    if (bit !== pivot && hasBit(bits, bit)) addCell(value, cells, dense + bit);
  }
  cells.set(value, (dense + pivot) * CELL_WORDS);
}

/** Each peeled pivot as its value and the dense cells that it takes in; then the rows of the gap in these terms. */
function gapEquations({ rows, cells, first, from, peeled }: Encoding): readonly Equation[] {
  const { places, dense, values, layout } = rows;
  const taken = new Uint32Array(layout.sparse * 2);
  const known = cells.slice(from * CELL_WORDS, (from + layout.sparse) * CELL_WORDS);
  const equationOf = (local: number, pivot: number): Equation => {
    const row = first + local;
    const bits = dense.slice(row * 2, row * 2 + 2);
    const value = values.slice(row * CELL_WORDS, (row + 1) * CELL_WORDS);
    for (const place of places.subarray(row * 3, row * 3 + 3)) {
      if (place === pivot) continue;
      bits[0] = (bits[0] ?? 0) ^ (taken[place * 2] ?? 0);
      bits[1] = (bits[1] ?? 0) ^ (taken[place * 2 + 1] ?? 0);
      addCell(value, known, place);
    }
    return { bits, value };
  };
  for (let step = peeled.length - 1; step >= 0; step -= 1) {
    const pivot = peeled.pivots[step] ?? 0;
    const { bits, value } = equationOf(peeled.rows[step] ?? 0, pivot);
    taken.set(bits, pivot * 2);
    known.set(value, pivot * CELL_WORDS);
  }
  return peeled.gap.map((row) => equationOf(row, -1));
}

function addCell(value: Uint32Array, cells: Uint32Array, cell: number): void {
  for (let word = 0; word < CELL_WORDS; word += 1) {
    value[word] = (value[word] ?? 0) ^ (cells[cell * CELL_WORDS + word] ?? 0);
  }
}

function addTo(sum: Equation, { bits, value }: Equation): void {
  sum.bits[0] = (sum.bits[0] ?? 0) ^ (bits[0] ?? 0);
  sum.bits[1] = (sum.bits[1] ?? 0) ^ (bits[1] ?? 0);
  addCell(sum.value, value, 0);
}

function hasBit(bits: Uint32Array, bit: number): boolean {
  return (((bits[bit >>> 5] ?? 0) >>> (bit & 31)) & 1) === 1;
}

/** The position of the lowest bit that is set, or -1. */
function lowestBit(bits: Uint32Array): number {
  const word = bits[0] === 0 ? 1 : 0;
  const found = bits[word] ?? 0;
  return found === 0 ? -1 : word * 32 + 31 - Math.clz32(found & -found);
}
