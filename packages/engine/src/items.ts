// SPDX-License-Identifier: Apache-2.0
import {
  type Ask,
  type Cell,
  DistinctInputs,
  type Input,
  type InputContext,
  type InputList,
  keyOf,
  type PackedInputs,
  type Table,
  wholeOf,
} from "@koplamp/wire";
import { sharedBytes, sharedWords } from "./shared-memory.ts";

/** A party's distinct keys, as the OPRF inputs that they are in: `keyAt` gives one back. */
export interface Items {
  readonly list: InputList;
}

/** A list of inputs, to be gone through from the beginning, as often as somebody wants. */
export interface Stretches {
  readonly count: number;
  /** What all of them begin with. */
  readonly head: Uint8Array;
  /** All inputs, packed, at most 2^14 at a time and some of them none: no step takes long. */
  stretches(): Iterable<PackedInputs>;
}

/** A party's distinct keys where they go in several sessions, and are made as somebody goes through them. */
export interface LongItems {
  readonly keys: Stretches;
}

const WHOLE = new WeakMap<InputList, PackedInputs>();

/** The inputs of a list that goes into one session: the same object while the list is the same. */
export function inputsOf(items: Items | LongItems): PackedInputs {
  if ("keys" in items) throw new Error("expected a list that goes into one session");
  const { list } = items;
  const known = WHOLE.get(list);
  if (known !== undefined) return known;
  const { bytes, ends } = wholeOf(list);
  const inputs = { bytes: sharedBytes(bytes), ends: sharedWords(ends) };
  WHOLE.set(list, inputs);
  return inputs;
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
  const found = await distinctInputs(table, key, context, pause);
  return { list: found.take() };
}

/** What stands in the place of names where keys are only counted. */
const NOWHERE = { covenantId: "", purposeId: "", epoch: "", normVersion: "" };

/** A context that names nothing, for keys that are only counted. */
export function nowhere(key: readonly string[]): InputContext {
  return { ...NOWHERE, keySpec: key.join("+") };
}

/** How many distinct keys a table has. */
export async function countKeys(table: Table, key: readonly string[], pause: Pause): Promise<number> {
  return (await distinctInputs(table, key, nowhere(key), pause)).count;
}

async function distinctInputs(
  table: Table,
  key: readonly string[],
  context: InputContext,
  pause: Pause,
): Promise<DistinctInputs> {
  const found = new DistinctInputs(context);
  const columns = key.map((name) => table.columns[name] ?? []);
  for (let row = 0; row < table.rows; row += 1) {
    if (row % STRETCH === STRETCH - 1) await pause();
    for (const values of combinations(columns.map((column) => column.at(row) ?? null))) found.put(values);
  }
  return found;
}

/** Every key that a row stands under: one, but for cells with several values. */
export function combinations(cells: readonly Cell[]): readonly (readonly string[])[] {
  if (cells.includes(null)) return [];
  if (isSingle(cells)) return [cells];
  return cells.reduce<readonly (readonly string[])[]>(
    (rows, cell) => {
      const values = cell === null ? [] : typeof cell === "string" ? [cell] : cell;
      return rows.flatMap((row) => values.map((value) => [...row, value]));
    },
    [[]],
  );
}

function isSingle(cells: readonly Cell[]): cells is readonly string[] {
  return cells.every((cell) => typeof cell === "string");
}
