// SPDX-License-Identifier: Apache-2.0
// Tables over the same rows by different columns, in parts that all of them are made of: every combination of what their
// columns tell apart. A value that no table names, and an empty cell, is one more thing that a column can hold.
import { type AggregateAsk, addPeriod, type ColumnDomain, isTime, parseRange } from "@koplamp/wire";
import { passes } from "./predicate.ts";

/** What of a question says which rows are in which cell. */
export type Shape = Pick<AggregateAsk, "where" | "domain">;

/** Tables in common parts. */
export interface Refinement {
  readonly parts: number;
  /** For each table and each of its cells, in the public order, the parts of it. */
  readonly cells: readonly (readonly (readonly number[])[])[];
  /** The parts of rows with a value in some column that a table names nothing of. */
  readonly outside: readonly number[];
}

/** More parts than this are not looked at (aggregation.md, section 9.1). */
const MOST_PARTS = 100_000;

/** The parts of these tables; undefined where there would be too many. */
export function refinementOf(shapes: readonly Shape[]): Refinement | undefined {
  const columns = [...new Set(shapes.flatMap(columnsOf))].sort();
  const kinds = columns.map((column) => kindsOf(column, shapes));
  const parts = kinds.reduce((product, { length }) => product * length, 1);
  if (parts > MOST_PARTS) return undefined;
  const cells = shapes.map(({ domain }) =>
    Array.from(
      { length: domain.reduce((product, { values }) => product * values.length, 1) },
      (): number[] => [],
    ),
  );
  const outside: number[] = [];
  for (let part = 0; part < parts; part += 1) {
    const chosen = chosenIn(part, kinds);
    if (chosen.some(({ named }) => !named)) outside.push(part);
    for (const [at, shape] of shapes.entries()) {
      const cell = cellIn(shape, at, columns, chosen);
      if (cell !== undefined) cells[at]?.[cell]?.push(part);
    }
  }
  return { parts, cells, outside };
}

function columnsOf({ where, domain }: Shape): readonly string[] {
  return [...where, ...domain].map(({ column }) => column);
}

/** What a column can hold, as far as the tables tell it apart. */
interface Kind {
  readonly named: boolean;
  /** For each table the place on its axis, `any` where it does not look, or undefined where the row is left out. */
  readonly places: readonly (number | "any" | undefined)[];
}

function kindsOf(column: string, shapes: readonly Shape[]): readonly Kind[] {
  const found = new Map<string, Kind>();
  const named = valuesOf(column, shapes);
  for (const value of [...named, ...between(named, column, shapes), undefined]) {
    const places = shapes.map((shape) => placeOf(shape, column, value));
    const name = JSON.stringify(places.map((place) => place ?? null));
    const before = found.get(name);
    found.set(name, {
      places,
      named: (value !== undefined && named.includes(value)) || before?.named === true,
    });
  }
  return [...found.values()];
}

/** Every value that a table names; of conditions on an order also one below all of them. */
function valuesOf(column: string, shapes: readonly Shape[]): readonly (string | number | boolean)[] {
  const axes = shapes.flatMap(({ domain }) => domain.filter((axis) => axis.column === column));
  const conditions = shapes.flatMap(({ where }) => where.filter((condition) => condition.column === column));
  const values = [...axes.flatMap(namedOn), ...conditions.flatMap(({ value }) => [value].flat())];
  const least = values.some((value) => typeof value === "number") ? Number.NEGATIVE_INFINITY : "";
  return [...new Set(isOrdered(column, shapes) ? [least, ...values] : values)];
}

function isOrdered(column: string, shapes: readonly Shape[]): boolean {
  return shapes.some(
    ({ where, domain }) =>
      domain.some((axis) => axis.column === column && axis.ranges) ||
      where.some((one) => one.column === column && (one.op === ">=" || one.op === "<")),
  );
}

/** On an order, the value that comes next after each one that is named: a condition may take it where no axis has it. */
function between(
  named: readonly (string | number | boolean)[],
  column: string,
  shapes: readonly Shape[],
): readonly (string | number)[] {
  if (!isOrdered(column, shapes)) return [];
  return named.flatMap((value) => (typeof value === "boolean" || value === "" ? [] : nextAfter(value)));
}

/** Of a month or a day the next one: conditions compare nothing else that is text. */
function nextAfter(value: string | number): string | number {
  if (typeof value === "number") return value + 1;
  const month = value.length === "2026-01".length;
  const morning = `${value}${month ? "-01" : ""}T00:00:00Z`;
  return isTime(morning) ? addPeriod(morning, month ? "P1M" : "P1D").slice(0, value.length) : value;
}

/** Of ranges their ends: what lies between two of those is in the same ranges as the lower one. */
function namedOn({ values, ranges }: ColumnDomain): readonly (string | number)[] {
  if (ranges === undefined) return values;
  return values.flatMap((value) => {
    const range = parseRange(value);
    return range === undefined ? [] : [range.least, range.most + 1];
  });
}

function placeOn({ values, ranges }: ColumnDomain, value: string | number | boolean): number | undefined {
  const inside = (text: string): boolean => {
    const range = parseRange(text);
    return range !== undefined && Number(value) >= range.least && Number(value) <= range.most;
  };
  const place = ranges === undefined ? values.indexOf(String(value)) : values.findIndex(inside);
  return place < 0 ? undefined : place;
}

function placeOf(
  { where, domain }: Shape,
  column: string,
  value: string | number | boolean | undefined,
): Kind["places"][number] {
  const conditions = where.filter((condition) => condition.column === column);
  const axis = domain.find((one) => one.column === column);
  if (conditions.length === 0 && axis === undefined) return "any";
  if (value === undefined || !conditions.every((condition) => passes(value, condition))) return undefined;
  return axis === undefined ? "any" : placeOn(axis, value);
}

function chosenIn(part: number, kinds: readonly (readonly Kind[])[]): readonly Kind[] {
  const chosen: Kind[] = [];
  let rest = part;
  for (const own of kinds) {
    const kind = own[rest % own.length];
    if (kind !== undefined) chosen.push(kind);
    rest = Math.floor(rest / own.length);
  }
  return chosen;
}

/** The cell of a table in which a part is; undefined where it leaves it out. */
function cellIn(
  { domain }: Shape,
  at: number,
  columns: readonly string[],
  chosen: readonly Kind[],
): number | undefined {
  if (chosen.some(({ places }) => places[at] === undefined)) return undefined;
  return domain.reduce((cell, { column, values }) => {
    const place = chosen[columns.indexOf(column)]?.places[at];
    return cell * values.length + (typeof place === "number" ? place : 0);
  }, 0);
}
