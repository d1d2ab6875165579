// SPDX-License-Identifier: Apache-2.0
import { type Ask, type Covenant, columnsAt, type Input } from "@koplamp/wire";
import type { CatalogueEntry } from "./catalogue.ts";

/** What each party contributes, by public bounds only, in party order. The ask must have been checked against them. */
export function inputsOf(ask: Ask, entries: readonly CatalogueEntry[], covenant: Covenant): readonly Input[] {
  return entries.map((entry) => {
    const { party, dataset, rowsPadded, maxRowsPerCell, snapshot } = entry;
    const columns = columnsAt(ask, party);
    const offered = columns.flatMap((name) => entry.columns.filter((column) => column.name === name));
    return {
      party,
      dataset,
      dataClass: dataClassOf(covenant, entry, columns),
      columns,
      kinds: offered.map(({ kind }) => kind),
      rowsPadded,
      bounds: offered.flatMap(({ name, min, max }) =>
        min === null || max === null ? [] : [{ column: name, min, max }],
      ),
      maxRowsPerCell,
      snapshot,
    };
  });
}

/**
 * The data class that covers all columns, or else any of the dataset. Where there is none the plan names the dataset,
 * and the owner's node refuses it by its rule.
 */
function dataClassOf(
  { dataClasses }: Covenant,
  { party, dataset }: CatalogueEntry,
  columns: readonly string[],
): string {
  const own = dataClasses.filter((entry) => entry.party === party && entry.dataset === dataset);
  const covering = own.find((entry) => columns.every((column) => entry.columns.includes(column)));
  return (covering ?? own[0])?.id ?? dataset;
}
