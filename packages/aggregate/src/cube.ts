// SPDX-License-Identifier: Apache-2.0
// From one party's rows to its numbers, and from summed numbers to cells.
import type { AggregateAsk, Cell, Condition, Input, Measures, Table } from "@koplamp/wire";
import { spreadOf } from "./calibration.ts";
import { SumError } from "./errors.ts";
import { type CubeLayout, LIMB, type SumColumn, summedColumns } from "./layout.ts";

/** One party's numbers in the public order, and what it left out: for its own eyes. */
export interface Cube {
  readonly values: Float64Array;
  /** Rows that pass `where` but whose group is empty or not in the domain. */
  readonly outside: number;
}

/** One cell of an opened sum: the facts by which rules judge it, and the measures that were asked for. */
export interface OpenedCell {
  readonly group: Readonly<Record<string, string>>;
  readonly count: bigint;
  /** Parties with at least one row in it; 1 for any where no rule asks. */
  readonly contributors: bigint;
  readonly measures: Measures;
  /** With noise: how far each measure may be off, 95 times in 100. */
  readonly uncertainty?: Measures;
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
  const cellsOf = placesOf(table, ask);
  const cells = layout.groups.length;
  const rows = new Float64Array(cells);
  const sums = summedColumns(ask).map((of) => new Tally(table, input, of, cells));
  const counted = new Counted(table, input, hidden);
  let outside = 0;
  for (let row = 0; row < table.rows; row += 1) {
    if (!passes(row)) continue;
    const places = cellsOf(row);
    counted.add(row, places.length);
    if (places.length === 0) outside += 1;
    for (const place of places) {
      rows[place] = (rows[place] ?? 0) + 1;
      for (const sum of sums) sum.add(row, place);
    }
  }
  const values = new Float64Array(cells * layout.columns.length);
  layout.columns.forEach((column, at) => {
    values.set(numbersOf(column, rows, sums), at * cells);
  });
  return { values, outside };
}

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
  readonly #subjects: readonly Cell[];
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
    for (const name of valuesOf(this.#subjects[row] ?? null)) {
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

/** The cells of an opened sum, in the public order. `contributors`: how many have added noise, where there is some. */
export function openedCells(
  opened: Float64Array,
  ask: AggregateAsk,
  layout: CubeLayout,
  contributors: number,
): readonly OpenedCell[] {
  return layout.groups.map((group, at) => {
    const cell = new Opened(opened, layout, at);
    const measured = ask.measures.flatMap((measure) => {
      const value = cell.measure(measure);
      return value === undefined ? [] : [[measure, plainNumber(value)] as const];
    });
    const off = measured.map(
      ([measure, value]) => [measure, cell.spread(measure, value, contributors)] as const,
    );
    return {
      group,
      count: cell.number("count", "") ?? 0n,
      contributors: cell.number("contributors", "") ?? 1n,
      measures: Object.fromEntries(measured),
      ...(cell.noisy ? { uncertainty: Object.fromEntries(off) } : {}),
    };
  });
}

/** One cell of an opened sum. */
class Opened {
  readonly #opened: Float64Array;
  readonly #layout: CubeLayout;
  readonly #cell: number;

  constructor(opened: Float64Array, layout: CubeLayout, cell: number) {
    this.#opened = opened;
    this.#layout = layout;
    this.#cell = cell;
  }

  get noisy(): boolean {
    return this.#layout.columns.some(({ noise }) => noise !== undefined);
  }

  number(kind: SumColumn["kind"], of: string): bigint | undefined {
    const at = this.#column(kind, of);
    return at < 0 ? undefined : BigInt(this.#opened[at * this.#layout.groups.length + this.#cell] ?? 0);
  }

  /** A measure's value; none for the mean of a cell without a single value, for zero would be a lie. */
  measure(measure: string): bigint | undefined {
    if (measure === "count") return this.number("count", "");
    const of = columnOf(measure);
    if (measure.startsWith("sum(")) return this.#sum(of);
    const values = this.number("values", of) ?? 0n;
    return values <= 0n ? undefined : roundedMean(this.#sum(of), values);
  }

  /** Half the width of a measure's interval. Of a mean: what sum and number of values move it by, to first order. */
  spread(measure: string, value: number | bigint, contributors: number): number {
    const width = (kind: SumColumn["kind"], of: string): number => {
      const noise = this.#layout.columns[this.#column(kind, of)]?.noise;
      return noise === undefined ? 0 : spreadOf(noise, contributors);
    };
    const of = columnOf(measure);
    if (measure === "count") return width("count", "");
    if (measure.startsWith("sum(")) return width("sum", of);
    const values = Number(this.number("values", of) ?? 1n);
    return Math.ceil((width("sum", of) + Math.abs(Number(value)) * width("values", of)) / values);
  }

  #column(kind: SumColumn["kind"], of: string): number {
    return this.#layout.columns.findIndex((column) => column.kind === kind && column.of === of);
  }

  #sum(of: string): bigint {
    const whole = this.number("sum", of);
    if (whole !== undefined) return whole;
    return (this.number("high", of) ?? 0n) * BigInt(LIMB) + (this.number("low", of) ?? 0n);
  }
}

function columnOf(measure: string): string {
  return /\((.+)\)$/.exec(measure)?.[1] ?? "";
}

/** `sum / values`, rounded half to even to whole units. */
export function roundedMean(sum: bigint, values: bigint): bigint {
  const floor = sum / values - (sum % values < 0n ? 1n : 0n);
  const twice = 2n * (sum - floor * values);
  const up = twice > values || (twice === values && floor % 2n !== 0n);
  return up ? floor + 1n : floor;
}

/** A number where it is exact as one. */
export function plainNumber(value: bigint): number | bigint {
  const plain = Number(value);
  return Number.isSafeInteger(plain) ? plain : value;
}

/** The sum of one column in every cell, exact for any number of rows: in limbs, so that no double overflows. */
class Tally {
  readonly of: string;
  readonly values: Float64Array;
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  readonly #column: readonly Cell[];
  readonly #bounds: Input["bounds"][number] | undefined;
  readonly #party: string;

  constructor(table: Table, { party, bounds }: Input, of: string, cells: number) {
    this.of = of;
    this.values = new Float64Array(cells);
    this.#low = new Float64Array(cells);
    this.#high = new Float64Array(cells);
    this.#column = table.columns[of] ?? [];
    this.#bounds = bounds.find(({ column }) => column === of);
    this.#party = party;
  }

  add(row: number, place: number): void {
    const cell = this.#column[row] ?? null;
    if (cell === null) return;
    const value = this.#bounded(cell);
    const high = Math.floor(value / LIMB);
    this.values[place] = (this.values[place] ?? 0) + 1;
    this.#low[place] = (this.#low[place] ?? 0) + (value - high * LIMB);
    this.#high[place] = (this.#high[place] ?? 0) + high;
  }

  /** The sum as limbs, the low one in 0..2^21-1. */
  limbs(place: number): { readonly low: number; readonly high: number } {
    const low = this.#low[place] ?? 0;
    const carry = Math.floor(low / LIMB);
    return { low: low - carry * LIMB, high: (this.#high[place] ?? 0) + carry };
  }

  #bounded(cell: string | readonly string[]): number {
    const value = typeof cell === "string" ? Number(cell) : Number.NaN;
    const { min, max } = this.#bounds ?? { min: 0, max: -1 };
    if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
    throw new SumError(
      "bounds",
      `a value of "${this.of}" at ${this.#party} is outside the bounds that its dataset declares`,
      "correct the source, or declare wider bounds: nothing is clipped in silence",
    );
  }
}

function numbersOf({ kind, of }: SumColumn, rows: Float64Array, sums: readonly Tally[]): Float64Array {
  if (kind === "count") return rows;
  if (kind === "contributors") return rows.map((count) => Math.min(1, count));
  const sum = sums.find((tally) => tally.of === of);
  if (sum === undefined) throw new SumError("setup", `expected "${of}" among the summed columns`);
  if (kind === "values") return sum.values;
  return rows.map((_, place) => {
    const { low, high } = sum.limbs(place);
    if (kind === "sum") return high * LIMB + low;
    return kind === "low" ? low : high;
  });
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
    return (row: number): boolean => valuesOf(cells[row] ?? null).some(test);
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
  const axes = domain.map(({ column, values }) => ({
    cells: table.columns[column] ?? [],
    places: new Map(values.map((value, at) => [value, at])),
  }));
  return (row) =>
    axes.reduce<readonly number[]>(
      (before, { cells, places }) => {
        const here = [...new Set(valuesOf(cells[row] ?? null))].flatMap((value) => places.get(value) ?? []);
        return before.flatMap((place) => here.map((at) => place * places.size + at));
      },
      [0],
    );
}

function valuesOf(cell: Cell): readonly string[] {
  if (cell === null) return [];
  return typeof cell === "string" ? [cell] : cell;
}
