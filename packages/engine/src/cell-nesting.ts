// SPDX-License-Identifier: Apache-2.0
// Which cells of one cube lie within which of another, by their conditions and without looking at each pair: a condition
// is about one column, so that cells compare column by column.
import type { ColumnDomain } from "@koplamp/wire";
import { conditionsOf, isWithin, type Predicate } from "./predicate.ts";
import type { Shape } from "./refinement.ts";

/** How the places on one column's axes lie to each other; a cube without such an axis has a single place there. */
interface ColumnNesting {
  readonly inner: Steps;
  readonly outer: Steps;
  /** For each place of the inner cube those of the outer one that hold it. */
  readonly outerOf: Places;
  /** For each place of the outer cube those of the inner one within it. */
  readonly innerOf: Places;
}

/** How a column's place is part of a cell's. */
interface Steps {
  readonly size: number;
  readonly stride: number;
}

type Places = readonly (readonly number[])[];

/** Which cells of `inner` lie within which cells of `outer`, as far as their conditions tell. */
export class Nesting {
  readonly columns: readonly ColumnNesting[];

  constructor(inner: Shape, outer: Shape) {
    const all = [inner, outer].flatMap(({ where, domain }) => [...where, ...domain]);
    const names = [...new Set(all.map(({ column }) => column))].sort();
    this.columns = names.map((name) => nestingOn(name, inner, outer));
  }

  /** Whether every row of a cell of `inner` is one of a cell of `outer`. */
  holds(inside: number, outside: number): boolean {
    return this.columns.every(({ inner, outer, outerOf }) =>
      outerOf[placeOn(inner, inside)]?.includes(placeOn(outer, outside)),
    );
  }

  /** The cells of `outer` that hold a cell of `inner`. */
  outerOf(cell: number): Generator<number> {
    const axes = this.columns.map(({ inner, outer, outerOf }) => ({
      stride: outer.stride,
      places: outerOf[placeOn(inner, cell)] ?? [],
    }));
    return combined(axes);
  }

  /** The cells of `inner` within a cell of `outer`. */
  innerOf(cell: number): Generator<number> {
    const axes = this.columns.map(({ inner, outer, innerOf }) => ({
      stride: inner.stride,
      places: innerOf[placeOn(outer, cell)] ?? [],
    }));
    return combined(axes);
  }
}

/** Cells of two cubes that mean the same rows, of which each is within the other. */
export function* equalCells(
  { columns }: Nesting,
  back: Nesting,
): Generator<readonly [one: number, other: number]> {
  const same = columns.map(({ inner, outer, outerOf }, column) =>
    outerOf.flatMap((places, place) =>
      places
        .filter((other) => back.columns[column]?.outerOf[other]?.includes(place))
        .map((other) => [place * inner.stride, other * outer.stride] as const),
    ),
  );
  yield* pairsOf(same, 0, [0, 0]);
}

type Pair = readonly [one: number, other: number];

function* pairsOf(columns: readonly (readonly Pair[])[], at: number, [one, other]: Pair): Generator<Pair> {
  const column = columns[at];
  if (column === undefined) return yield [one, other];
  for (const [first, second] of column) yield* pairsOf(columns, at + 1, [one + first, other + second]);
}

interface Axis {
  readonly stride: number;
  readonly places: readonly number[];
}

/** Every choice of a place on each axis, as a cell: the first axis runs fastest. */
function* combined(axes: readonly Axis[]): Generator<number> {
  const chosen = axes.map(() => 0);
  let turned = axes.some(({ places }) => places.length === 0);
  while (!turned) {
    let cell = 0;
    for (const [at, { stride, places }] of axes.entries()) cell += stride * (places[chosen[at] ?? 0] ?? 0);
    yield cell;
    turned = axes.every(({ places }, at) => isTurned(chosen, at, places.length));
  }
}

/** The next place on an axis; after the last one the first, and then it is the next axis's turn. */
function isTurned(chosen: number[], at: number, size: number): boolean {
  const next = (chosen[at] ?? 0) + 1;
  chosen[at] = next % size;
  return next === size;
}

function placeOn({ size, stride }: Steps, cell: number): number {
  return Math.floor(cell / stride) % size;
}

function nestingOn(column: string, inner: Shape, outer: Shape): ColumnNesting {
  const [own, other] = [columnOf(column, inner), columnOf(column, outer)];
  const within = placesWithin(own, other);
  const innerOf: number[][] = Array.from({ length: other.size }, () => []);
  for (const [place, places] of within.entries()) {
    for (const outside of places) innerOf[outside]?.push(place);
  }
  return { inner: own, outer: other, outerOf: within, innerOf };
}

/** What a cube says of one column: the conditions that all cells share, and the axis. */
interface Column extends Steps {
  readonly where: Predicate;
  readonly axis?: ColumnDomain;
}

function columnOf(column: string, { where, domain }: Shape): Column {
  const at = domain.findIndex((axis) => axis.column === column);
  const axis = domain[at];
  const shared = where.filter((condition) => condition.column === column);
  if (axis === undefined) return { where: shared, size: 1, stride: 1 };
  const stride = domain.slice(at + 1).reduce((product, { values }) => product * values.length, 1);
  return { where: shared, axis, size: axis.values.length, stride };
}

/** For each place on one axis the places on the other that hold it. */
function placesWithin(inner: Column, outer: Column): Places {
  const wanted = placesOf(outer).map((place) => conditionsAt(outer, place));
  const anyway = placesOf(outer).filter((place) => isWithin(inner.where, wanted[place] ?? []));
  const byValue = new Map<string, number[]>();
  for (const place of placesOf(outer)) {
    const value = outer.axis?.values[place] ?? "";
    byValue.set(value, [...(byValue.get(value) ?? []), place]);
  }
  return placesOf(inner).map((place) => {
    const given = [...inner.where, ...conditionsAt(inner, place)];
    if (!isWithin(given, outer.where)) return [];
    const ranged = outer.axis?.ranges !== undefined;
    if (ranged) return placesOf(outer).filter((other) => isWithin(given, wanted[other] ?? []));
    // Equal values and no others: of all conditions an axis of names has none but "=".
    const value = inner.axis?.ranges === undefined ? inner.axis?.values[place] : undefined;
    const equal = value === undefined || outer.axis === undefined ? [] : (byValue.get(value) ?? []);
    return [...new Set([...anyway, ...equal])];
  });
}

function placesOf({ size }: Steps): readonly number[] {
  return Array.from({ length: size }, (_, place) => place);
}

function conditionsAt({ axis }: Column, place: number): Predicate {
  const value = axis?.values[place];
  return axis === undefined || value === undefined ? [] : conditionsOf(axis, value);
}
