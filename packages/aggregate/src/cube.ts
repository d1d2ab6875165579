// SPDX-License-Identifier: Apache-2.0
// From one party's rows to its numbers.
import type { AggregateAsk, Column, Input, Table } from "@koplamp/wire";
import { filterOf, placesOf, valuesOf } from "./cube-places.ts";
import { SumError } from "./errors.ts";
import type { CubeLayout } from "./layout.ts";
import { Parts } from "./parts.ts";
import type { SumColumn } from "./sum-column.ts";
import { Tallies } from "./tallies.ts";

/** One party's numbers, and what it left out: for its own eyes. Cells in which it has no row take no room. */
export class Cube {
  /** The cells in which it has rows, by their places in the public order, ascending. */
  readonly places: Uint32Array;
  /** By column of the layout, the numbers of these cells; those of all others are 0. */
  readonly numbers: readonly Float64Array[];
  /** Rows that pass `where` but whose group is empty or not in the domain. */
  readonly outside: number;
  readonly #cells: number;
  readonly #indexOf: ReadonlyMap<number, number>;

  constructor(
    cells: number,
    filled: Pick<Cube, "places" | "numbers" | "outside">,
    indexOf: ReadonlyMap<number, number>,
  ) {
    this.places = filled.places;
    this.numbers = filled.numbers;
    this.outside = filled.outside;
    this.#cells = cells;
    this.#indexOf = indexOf;
  }

  /** All numbers in the public order. */
  get values(): Float64Array {
    return this.range(0, this.#cells * this.numbers.length);
  }

  /** The numbers from `from` on, before `to`, in the public order. */
  range(from: number, to: number): Float64Array {
    const values = new Float64Array(to - from);
    for (const [column, numbers] of this.numbers.entries()) {
      const start = column * this.#cells - from;
      for (let at = firstFrom(this.places, -start); at < this.places.length; at += 1) {
        const place = start + (this.places[at] ?? 0);
        if (place >= values.length) break;
        values[place] = numbers[at] ?? 0;
      }
    }
    return values;
  }

  /** One number of a cell. */
  numberAt(column: number, cell: number): number {
    const index = this.#indexOf.get(cell);
    return index === undefined ? 0 : (this.numbers[column]?.[index] ?? 0);
  }
}

/** Where the first of these places is that is not before one. */
function firstFrom(places: Uint32Array, place: number): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((places[middle] ?? 0) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The numbers of one party. A null passes no condition, belongs to no group and adds to no sum; a row with several
 * values in a column of `groupBy` counts in each of their groups.
 * @throws {SumError} `bounds` when a number is outside what the dataset declares, naming party and column.
 */
export function cubeOf(
  table: Table,
  ask: AggregateAsk,
  input: Input,
  layout: CubeLayout,
  hidden: Hidden = NOTHING_HIDDEN,
): Cube {
  const passes = filterOf(table, ask, input);
  const placesAt = placesOf(table, ask);
  const cellsOf = (row: number): readonly number[] | undefined => (passes(row) ? placesAt(row) : undefined);
  const counted = new Counted(table, input, hidden);
  const found = new Set<number>();
  let outside = 0;
  for (let row = 0; row < table.rows; row += 1) {
    const places = cellsOf(row);
    if (places === undefined) continue;
    counted.add(row, places.length);
    if (places.length === 0) outside += 1;
    for (const place of places) found.add(place);
  }
  const places = Uint32Array.from(found).sort();
  const indexOf = new Map(Array.from(places, (place, index) => [place, index]));
  const adding = new Adding(table, input, layout, places.length);
  for (let row = 0; row < table.rows; row += 1) {
    for (const place of cellsOf(row) ?? []) adding.add(row, indexOf.get(place) ?? 0);
  }
  const numbers = layout.columns.map((column) => adding.numbersOf(column));
  return new Cube(layout.cells, { places, numbers, outside }, indexOf);
}

/** The sums of one party in the cells in which it has rows. */
class Adding {
  readonly #rows: Float64Array;
  readonly #tallies: Tallies;
  readonly #parts: Parts;

  constructor(table: Table, input: Input, layout: CubeLayout, cells: number) {
    this.#rows = new Float64Array(cells);
    this.#tallies = new Tallies({ table, input, ...layout, cells });
    this.#parts = new Parts(table, input, layout, cells);
  }

  add(row: number, cell: number): void {
    this.#rows[cell] = (this.#rows[cell] ?? 0) + 1;
    this.#tallies.add(row, cell);
    this.#parts.add(row, cell);
  }

  numbersOf(column: SumColumn): Float64Array {
    if (column.kind === "count") return this.#rows;
    if (column.kind === "contributors") return this.#rows.map((count) => Math.min(1, count));
    const cells = this.#rows.length;
    return this.#parts.numbersOf(column, cells) ?? this.#tallies.numbersOf(column, cells);
  }
}

/** What the plan's noise hides at one party: a row, or a subject that counts so often at most. */
export interface Hidden {
  /** How often one counts; absent without noise. */
  readonly most?: number;
  /** The column that names subjects; absent where rows are hidden. */
  readonly subject?: string;
}

const NOTHING_HIDDEN: Hidden = {};

/** How often each subject has counted. A row without a subject is one of its own. */
class Counted {
  readonly #subjects: Column;
  readonly #input: Input;
  readonly #hidden: Hidden;
  readonly #times = new Map<string, number>();

  constructor(table: Table, input: Input, hidden: Hidden) {
    this.#subjects = hidden.subject === undefined ? [] : (table.columns[hidden.subject] ?? []);
    this.#input = input;
    this.#hidden = hidden;
  }

  /** @throws {SumError} `noise` when one counts more often than the noise is made for; it does not say which. */
  add(row: number, cells: number): void {
    const { most, subject } = this.#hidden;
    if (most === undefined) return;
    let times = cells;
    for (const name of valuesOf(this.#subjects.at(row) ?? null)) {
      const all = (this.#times.get(name) ?? 0) + cells;
      this.#times.set(name, all);
      times = Math.max(times, all);
    }
    if (times <= most) return;
    const { party, dataset } = this.#input;
    throw subject === undefined
      ? new SumError(
          "noise",
          `a row at ${party} belongs to several cells, and the noise of the plan is for one`,
          "group by columns with one value in a row",
        )
      : new SumError(
          "noise",
          `a subject of ${dataset} at ${party} counts more often than the ${most} times that the dataset declares`,
          "declare a larger maxRowsPerSubject, or ask about fewer rows: nothing is left out in silence",
        );
  }
}
