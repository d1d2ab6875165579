// SPDX-License-Identifier: Apache-2.0
import { encodeInput, type InputContext, type PackedInputs, packInputs, type Cell, type Table } from "@koplamp/wire";

/** A party's distinct keys, and their OPRF inputs at the same positions. */
export interface Items {
  /** One canonical string per key column. */
  readonly keys: readonly (readonly string[])[];
  readonly inputs: PackedInputs;
}

/**
 * The distinct keys of a table. A row with an empty key column has no key and never matches; a cell with several
 * values (`split`) gives one key for each. Duplicates fall before anything else (protocols.md, section 1.2).
 */
export function itemsOf(table: Table, key: readonly string[], context: InputContext): Items {
  const keys = distinctKeys(table, key);
  return { keys, inputs: packInputs(keys.map((values) => encodeInput(context, values))) };
}

/** The distinct keys of a table, in order of first appearance. */
export function distinctKeys(table: Table, key: readonly string[]): readonly (readonly string[])[] {
  const seen = new Map<string, readonly string[]>();
  const columns = key.map((name) => table.columns[name] ?? []);
  for (let row = 0; row < table.rows; row += 1) {
    for (const values of combinations(columns.map((column) => column[row] ?? null))) {
      seen.set(values.join("\u0000"), values); // safe because canonical values hold no control characters
    }
  }
  return [...seen.values()];
}

function combinations(cells: readonly Cell[]): readonly (readonly string[])[] {
  return cells.reduce<readonly (readonly string[])[]>((rows, cell) => {
    const values = cell === null ? [] : typeof cell === "string" ? [cell] : cell;
    return rows.flatMap((row) => values.map((value) => [...row, value]));
  }, [[]]);
}
