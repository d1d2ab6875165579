// SPDX-License-Identifier: Apache-2.0
// In which cells of a cube a row counts.
import type { AggregateAsk, Cell, ColumnDomain, Condition, Input, Table } from "@koplamp/wire";
import { parseRange } from "@koplamp/wire/core";

/** The cells in which a row counts, by their places in the public order: none for a row that does not pass `where`. */
export function cellsOfRows(
  table: Table,
  ask: AggregateAsk,
  input: Input,
): (row: number) => readonly number[] {
  const passes = filterOf(table, ask, input);
  const cellsOf = placesOf(table, ask);
  return (row) => (passes(row) ? cellsOf(row) : []);
}

/** Whether a row passes every condition. */
export function filterOf(
  table: Table,
  { where }: AggregateAsk,
  { columns, kinds }: Input,
): (row: number) => boolean {
  const tests = where.map((condition) => {
    const cells = table.columns[condition.column] ?? [];
    const test = testOf(condition, kinds[columns.indexOf(condition.column)] === "integer");
    return (row: number): boolean => valuesOf(cells.at(row) ?? null).some(test);
  });
  return (row) => tests.every((test) => test(row));
}

function testOf({ op, value }: Condition, numeric: boolean): (text: string) => boolean {
  if (op === "in") {
    const wanted = new Set((typeof value === "object" ? value : [value]).map(String));
    return (text) => wanted.has(text);
  }
  const wanted = String(value);
  if (op === "=") return (text) => text === wanted;
  // Canonical months and dates are in order as text; numbers are not.
  const below = numeric
    ? (text: string): boolean => Number(text) < Number(wanted)
    : (text: string): boolean => text < wanted;
  return op === "<" ? below : (text) => !below(text);
}

/** The cells in which a row counts. */
export function placesOf(
  table: Table,
  { domain }: Pick<AggregateAsk, "domain">,
): (row: number) => readonly number[] {
  const axes = domain.map((axis) => ({
    cells: table.columns[axis.column] ?? [],
    size: axis.values.length,
    placeOf: placeOn(axis),
  }));
  return (row) =>
    axes.reduce<readonly number[]>(
      (before, { cells, size, placeOf }) => {
        const here = new Set(valuesOf(cells.at(row) ?? null).flatMap((value) => placeOf(value) ?? []));
        return before.flatMap((place) => [...here].map((at) => place * size + at));
      },
      [0],
    );
}

/** The place of a value among those of an axis: equal to one of them, or a number in one of the ranges. */
function placeOn({ values, ranges }: ColumnDomain): (value: string) => number | undefined {
  if (ranges === undefined) {
    const places = new Map(values.map((value, at) => [value, at]));
    return (value) => places.get(value);
  }
  const all = values.map((value) => parseRange(value) ?? { least: 0, most: -1 });
  return (value) => {
    const number = Number(value);
    const place = all.findIndex(({ least, most }) => number >= least && number <= most);
    return place < 0 ? undefined : place;
  };
}

/** The values of a cell of a source: none, one, or several. */
export function valuesOf(cell: Cell): readonly string[] {
  if (cell === null) return [];
  return typeof cell === "string" ? [cell] : cell;
}
