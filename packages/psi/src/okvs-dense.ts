// SPDX-License-Identifier: Apache-2.0
import { CELL_WORDS, DENSE } from "./okvs-layout.ts";

const BYTES = DENSE / 8;
/** Words of the table of one byte of dense bits. */
const TABLE = 256 * CELL_WORDS;

/** Tables by which the 64 dense bits of a row take eight look-ups. Reused from bin to bin. */
export function denseTables(): Uint32Array {
  return new Uint32Array(BYTES * TABLE);
}

/** Fills the tables with the sums of the dense cells at `from`: each entry is one with a bit less, and a cell. */
export function fillDense(tables: Uint32Array, cells: Uint32Array, from: number): void {
  for (let byte = 0; byte < BYTES; byte += 1) {
    const table = byte * TABLE;
    for (let entry = 1; entry < 256; entry += 1) {
      const lowest = 31 - Math.clz32(entry & -entry);
      const less = table + (entry & (entry - 1)) * CELL_WORDS;
      const cell = (from + byte * 8 + lowest) * CELL_WORDS;
      for (let word = 0; word < CELL_WORDS; word += 1) {
        tables[table + entry * CELL_WORDS + word] = (tables[less + word] ?? 0) ^ (cells[cell + word] ?? 0);
      }
    }
  }
}

/** Adds the dense part of a row to the four words at `at` of `sums`. */
export function addDense(
  tables: Uint32Array,
  low: number,
  high: number,
  sums: Uint32Array,
  at: number,
): void {
  let a = sums[at] ?? 0;
  let b = sums[at + 1] ?? 0;
  let c = sums[at + 2] ?? 0;
  let d = sums[at + 3] ?? 0;
  for (let byte = 0; byte < BYTES; byte += 1) {
    const bits = byte < 4 ? low >>> (byte * 8) : high >>> (byte * 8 - 32);
    const entry = byte * TABLE + (bits & 255) * CELL_WORDS;
    a ^= tables[entry] ?? 0;
    b ^= tables[entry + 1] ?? 0;
    c ^= tables[entry + 2] ?? 0;
    d ^= tables[entry + 3] ?? 0;
  }
  sums[at] = a;
  sums[at + 1] = b;
  sums[at + 2] = c;
  sums[at + 3] = d;
}
