// SPDX-License-Identifier: Apache-2.0
// What follows from a table alone, while its snapshot is in memory: a list that is asked about again and again is not
// read from end to end for each question. A table never changes; another reading of a source is another table.
import { base64, canonicalBytes, type InputContext, type Table } from "@koplamp/wire";
import { countKeys, type Items, itemsOf, nowhere, type Pause } from "./items.ts";
import { longKeys } from "./long-keys.ts";
import type { Scratch } from "./ports.ts";

const COUNTS = new WeakMap<Table, Map<string, Promise<number>>>();
/** Of each table the items under the context that was asked for last: a second copy of a register is enough. */
const ITEMS = new WeakMap<Table, { readonly name: string; readonly items: Promise<Items> }>();

/**
 * Rows of a table, at most, whose items stay in memory from one question to the next: with the inputs made of them they
 * take some hundred bytes a row. A longer list is walked through again.
 */
const MOST_KEPT: number = 2 ** 18;

/** Rows of which the keys are counted in memory. */
const MOST_IN_MEMORY = 2 ** 20;

/** Where a long list is gone through, and what lets other work go on. */
export interface Around {
  readonly scratch: Scratch;
  readonly pause: Pause;
}

/** How many distinct keys a table has. */
export async function distinctCount(table: Table, key: readonly string[], around: Around): Promise<number> {
  const counts = COUNTS.get(table) ?? new Map<string, Promise<number>>();
  COUNTS.set(table, counts);
  const name = nameOf(key);
  const known = counts.get(name) ?? counted(table, key, around);
  counts.set(name, known);
  known.catch(() => counts.delete(name));
  return await known;
}

async function counted(table: Table, key: readonly string[], around: Around): Promise<number> {
  if (table.rows <= MOST_IN_MEMORY) return await countKeys(table, key, around.pause);
  return (await longKeys(table, key, nowhere(key), around)).count;
}

/** As `itemsOf`: the same object while table, columns and context are the same. */
export async function rememberedItems(
  table: Table,
  key: readonly string[],
  context: InputContext,
  pause: Pause,
): Promise<Items> {
  const name = nameOf({ key, context });
  const known = ITEMS.get(table);
  if (known?.name === name) return await known.items;
  const items = itemsOf(table, key, context, pause);
  const entry = { name, items };
  ITEMS.set(table, entry);
  items.catch(() => {
    if (ITEMS.get(table) === entry) ITEMS.delete(table);
  });
  return await items;
}

/** As `rememberedItems` for tables of up to `MOST_KEPT` rows, and as `itemsOf` above. */
export async function itemsAgain(
  table: Table,
  key: readonly string[],
  context: InputContext,
  pause: Pause,
): Promise<Items> {
  const items = table.rows > MOST_KEPT ? itemsOf : rememberedItems;
  return await items(table, key, context, pause);
}

function nameOf(what: unknown): string {
  return base64(canonicalBytes(what));
}
