// SPDX-License-Identifier: Apache-2.0
import {
  type Ask,
  type Cell,
  type Input,
  type InputContext,
  inputEncoder,
  keyOf,
  type PackedInputs,
  packInputs,
  type Table,
  WireError,
} from "@koplamp/wire";

/** A party's distinct keys, and their OPRF inputs at the same positions. */
export interface Items {
  /** One canonical string per key column. */
  readonly keys: readonly (readonly string[])[];
  readonly inputs: PackedInputs;
}

/** Lets other work go on: long lists must not keep a node from answering. */
export type Pause = () => Promise<void>;

/** Rows between two pauses: a few milliseconds of work. */
const STRETCH = 2048;

/** Stands for all keys of which any may agree: each alternative has a keySpec of its own in its inputs. */
const ALTERNATIVES = "alternatives";

/** The kinds of a question's key columns: they stand first among the columns that an input names. */
export function keySpecOf(ask: Ask, input: Pick<Input, "kinds"> | undefined): string {
  if (ask.kind === "match" && ask.anyKey !== undefined) return ALTERNATIVES;
  return (input?.kinds ?? []).slice(0, keyOf(ask).length).join("+");
}

/**
 * The distinct keys of a table. A row with an empty key column has no key and never matches; a cell with several
 * values (`split`) gives one key for each. Duplicates fall before anything else (protocols.md, section 1.2), and so do
 * keys that are too long for an input.
 */
export async function itemsOf(
  table: Table,
  key: readonly string[],
  context: InputContext,
  pause: Pause,
): Promise<Items> {
  const encode = inputEncoder(context);
  const keys: (readonly string[])[] = [];
  const inputs: Uint8Array[] = [];
  for (const [at, values] of (await distinctKeys(table, key, pause)).entries()) {
    if (at % STRETCH === STRETCH - 1) await pause();
    const input = encodedOrNothing(encode, values);
    if (input === undefined) continue;
    keys.push(values);
    inputs.push(input);
  }
  return { keys, inputs: packInputs(inputs) };
}

/** The distinct keys of a table, in order of first appearance. */
export async function distinctKeys(
  table: Table,
  key: readonly string[],
  pause: Pause,
): Promise<readonly (readonly string[])[]> {
  const seen = new Map<string, readonly string[]>();
  const columns = key.map((name) => table.columns[name] ?? []);
  for (let row = 0; row < table.rows; row += 1) {
    if (row % STRETCH === STRETCH - 1) await pause();
    for (const values of combinations(columns.map((column) => column[row] ?? null))) {
      const name = values.join("\u0000"); // safe because canonical values hold no control characters
      if (!seen.has(name)) seen.set(name, values);
    }
  }
  return [...seen.values()];
}

/** Every key that a row stands under: one, but for cells with several values. */
export function combinations(cells: readonly Cell[]): readonly (readonly string[])[] {
  return cells.reduce<readonly (readonly string[])[]>(
    (rows, cell) => {
      const values = cell === null ? [] : typeof cell === "string" ? [cell] : cell;
      return rows.flatMap((row) => values.map((value) => [...row, value]));
    },
    [[]],
  );
}

/** The OPRF input of a key, or nothing for one that is too long to have any. */
export function encodedOrNothing(
  encode: (values: readonly string[]) => Uint8Array,
  values: readonly string[],
): Uint8Array | undefined {
  try {
    return encode(values);
  } catch (reason) {
    if (reason instanceof WireError && reason.code === "too-long") return undefined; // rejected, and nobody learns it
    throw reason;
  }
}
