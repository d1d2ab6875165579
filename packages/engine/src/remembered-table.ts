// SPDX-License-Identifier: Apache-2.0
// What follows from a table alone, while its snapshot is in memory: a list that is asked about again and again is not
// read from end to end for each question. A table never changes; another reading of a source is another table.
import { base64, canonicalBytes, type InputContext, type Table } from "@koplamp/wire";
import { countKeys, type Items, itemsOf, type Pause } from "./items.ts";

const COUNTS = new WeakMap<Table, Map<string, Promise<number>>>();
/** Of each table the items under the context that was asked for last: a second copy of a register is enough. */
const ITEMS = new WeakMap<Table, { readonly name: string; readonly items: Promise<Items> }>();

/** How many distinct keys a table has. */
export async function distinctCount(table: Table, key: readonly string[], pause: Pause): Promise<number> {
  const counts = COUNTS.get(table) ?? new Map<string, Promise<number>>();
  COUNTS.set(table, counts);
  const name = nameOf(key);
  const known = counts.get(name) ?? countKeys(table, key, pause);
  counts.set(name, known);
  known.catch(() => counts.delete(name));
  return await known;
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

function nameOf(what: unknown): string {
  return base64(canonicalBytes(what));
}
