// SPDX-License-Identifier: Apache-2.0
// The groups that a question leaves to the owners of its columns.
import type { PartyId } from "@koplamp/protocol";
import {
  type Ask,
  type ColumnDomain,
  type ColumnSpec,
  type DatasetSpec,
  derivedTextUnit,
  ownColumn,
  type Table,
} from "@koplamp/wire";
import type { CatalogueEntry, Reading } from "./catalogue.ts";
import { QueryError } from "./errors.ts";

/** The columns of one party whose declared values a question asks for. */
export function undeclaredAt(ask: Ask, party: PartyId): readonly string[] {
  if (!("domain" in ask)) return [];
  const open = ask.domain.filter(({ values }) => values.length === 0).map(({ column }) => column);
  if (ask.kind !== "join-aggregate") return open;
  return open.flatMap((column) => ownColumn(column, party) ?? []);
}

/**
 * The ask with every list of values filled in: that of the owner in a join, otherwise all that any party declares, in
 * the order of first appearance.
 * @throws {QueryError} `no-domain`, naming the party that declares none.
 */
export function withDomains(ask: Ask, entries: readonly CatalogueEntry[]): Ask {
  if (!("domain" in ask)) return ask;
  const domain = ask.domain.map((axis): ColumnDomain => {
    if (axis.values.length > 0) return axis;
    const { column } = axis;
    const declared =
      ask.kind === "join-aggregate"
        ? entries.flatMap((entry) => {
            const own = ownColumn(column, entry.party);
            return own === undefined ? [] : declaredBy(entry, own);
          })
        : entries.flatMap((entry) => declaredBy(entry, column));
    return { column, values: [...new Set(declared)] };
  });
  return { ...ask, domain };
}

function declaredBy({ party, dataset, columns }: CatalogueEntry, name: string): readonly string[] {
  const column = columns.find((one) => one.name === name);
  if (column === undefined) return []; // what is not there at all is refused with the columns that are
  if (column.values !== undefined) return column.values;
  throw new QueryError("no-domain", `${party} declares no values for "${name}" of ${dataset}`, {
    party,
    hint: "every party sends every cell, empty ones too, so the list must be public: list them in `domain`, or have `values` declared on the column",
  });
}

/**
 * The columns of a dataset as its owner offers them: of those that a question groups by, also the values. `lab`: in a lab
 * the data, whose values stand for a list that nobody declared.
 */
export function offeredColumns(
  { columns }: DatasetSpec,
  groups: readonly string[],
  lab: Table | undefined,
): CatalogueEntry["columns"] {
  return Object.entries(columns).map(([name, spec]) => {
    const { kind, min = null, max = null, unit = null, values, derive } = spec;
    const listed = groups.includes(name) ? (values ?? valuesIn(lab, name)) : undefined;
    const form = derive?.kind === "text" ? derivedTextUnit(derive) : unit;
    const more = { ...(listed === undefined ? {} : { values: listed }), ...readingOf(spec) };
    return { name, kind, min, max, unit: form, ...more };
  });
}

function readingOf({ padLeft, region, country, format, transliteration }: ColumnSpec): {
  readonly reading?: Reading;
} {
  const reading: Reading = {
    ...(padLeft === undefined ? {} : { padLeft }),
    ...(region === undefined ? {} : { region }),
    ...(country === undefined ? {} : { country }),
    ...(format === undefined ? {} : { format }),
    ...(transliteration === undefined ? {} : { transliteration }),
  };
  return Object.keys(reading).length === 0 ? {} : { reading };
}

/** More than this in one column make no list for a question. */
const MOST_VALUES = 1000;

function valuesIn(table: Table | undefined, name: string): readonly string[] | undefined {
  const found = new Set<string>();
  for (const cell of table?.columns[name] ?? []) {
    for (const value of [cell ?? []].flat()) found.add(value);
    if (found.size > MOST_VALUES) return undefined;
  }
  return found.size === 0 ? undefined : [...found].sort();
}
