// SPDX-License-Identifier: Apache-2.0
// From one party's rows to its numbers, and from summed numbers to cells.
import {
  type AggregateAsk,
  type Cell,
  type ColumnDomain,
  type Condition,
  type Decimals,
  type Input,
  type Measures,
  measuredColumns,
  parseRange,
  type Table,
} from "@koplamp/wire";
import { spreadOf } from "./calibration.ts";
import { SumError } from "./errors.ts";
import { rounded } from "./exact.ts";
import { addedColumns, type CubeLayout } from "./layout.ts";
import { type Moment, momentName } from "./moments.ts";
import { Parts, type PartyPart } from "./parts.ts";
import { statisticsOf } from "./statistics.ts";
import type { SumColumn } from "./sum-column.ts";
import { limbWorth } from "./sum-limbs.ts";
import { Tallies } from "./tallies.ts";

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
  /** For each summed column what every party put in; where dominance is tested. */
  readonly parts?: readonly (readonly PartyPart[])[];
  readonly measures: Measures;
  /** The sums of columns that are added up as they are, in the order of `addedColumns`. */
  readonly sums: readonly bigint[];
  /** Statistics, where the question asks for some. */
  readonly decimals?: Decimals;
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
  const tallies = new Tallies({ table, input, ...layout, cells });
  const parts = new Parts(table, input, layout, cells);
  const counted = new Counted(table, input, hidden);
  let outside = 0;
  for (let row = 0; row < table.rows; row += 1) {
    if (!passes(row)) continue;
    const places = cellsOf(row);
    counted.add(row, places.length);
    if (places.length === 0) outside += 1;
    for (const place of places) {
      rows[place] = (rows[place] ?? 0) + 1;
      tallies.add(row, place);
      parts.add(row, place);
    }
  }
  const values = new Float64Array(cells * layout.columns.length);
  layout.columns.forEach((column, at) => {
    values.set(parts.numbersOf(column, cells) ?? numbersOf(column, rows, tallies), at * cells);
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

/**
 * The cells of an opened sum, in the public order. `contributors`: how many have added noise, where there is some. A
 * statistic that stands on fewer than `minRows` rows is left out.
 */
export function openedCells(
  opened: Float64Array,
  ask: Pick<AggregateAsk, "measures">,
  layout: CubeLayout,
  contributors: number,
  minRows = 1,
): readonly OpenedCell[] {
  const lines = layout.groups.map((group, at) => ({ group, cells: [at] }));
  return openedLines({ opened, ask, layout, contributors, minRows }, lines);
}

/** Cells that are told as one: a total, or a margin. */
export interface CubeLine {
  readonly group: Readonly<Record<string, string>>;
  /** Their places in the public order. */
  readonly cells: readonly number[];
}

/** An opened sum, and how it is read. */
export interface OpenedSum {
  readonly opened: Float64Array;
  readonly ask: Pick<AggregateAsk, "measures">;
  readonly layout: CubeLayout;
  readonly contributors: number;
  readonly minRows?: number;
}

/** The lines of an opened sum, each as if it were one cell. */
export function openedLines(
  { opened, ask, layout, contributors, minRows = 1 }: OpenedSum,
  lines: readonly CubeLine[],
): readonly OpenedCell[] {
  return lines.map(({ group, cells }) => {
    const cell = new Opened(opened, layout, cells);
    const measured = ask.measures.flatMap((measure) => {
      const value = cell.measure(measure);
      return value === undefined ? [] : [[measure, plainNumber(value)] as const];
    });
    // Not of several cells: with the statistics of those that are shown, they would tell of those that are withheld.
    const told = cells.length > 1 ? [] : ask.measures;
    const decimals = told.flatMap((measure) => cell.decimals(measure, BigInt(minRows)));
    const off = measured.map(
      ([measure, value]) => [measure, cell.spread(measure, value, contributors)] as const,
    );
    return {
      group,
      count: cell.number("count", "") ?? 0n,
      contributors: cell.contributors,
      ...cell.parts,
      measures: Object.fromEntries(measured),
      sums: addedColumns(ask).map((of) => cell.number("sum", of) ?? 0n),
      ...(decimals.length === 0 ? {} : { decimals: Object.fromEntries(decimals) }),
      ...(cell.noisy ? { uncertainty: Object.fromEntries(off) } : {}),
    };
  });
}

/** Cells of an opened sum, as one. */
class Opened {
  readonly #opened: Float64Array;
  readonly #layout: CubeLayout;
  readonly #cells: readonly number[];

  constructor(opened: Float64Array, layout: CubeLayout, cells: readonly number[]) {
    this.#opened = opened;
    this.#layout = layout;
    this.#cells = cells;
  }

  get noisy(): boolean {
    return this.#layout.columns.some(({ noise }) => noise !== undefined);
  }

  /** A sum, put together from its limbs. */
  number(kind: SumColumn["kind"], of: string): bigint | undefined {
    return this.#sumOf((column) => column.kind === kind && column.of === of);
  }

  /** How many parties have a row in it: of several cells, at least as many as in any. */
  get contributors(): bigint {
    const at = this.#column("contributors", "");
    if (at < 0) return 1n;
    return this.#cells.reduce((most, cell) => {
      const own = BigInt(this.#opened[at * this.#layout.groups.length + cell] ?? 0);
      return own > most ? own : most;
    }, 0n);
  }

  /** What every party put in, where a rule asks. */
  get parts(): Pick<OpenedCell, "parts"> {
    const { columns, dominance } = this.#layout;
    if (dominance === undefined) return {};
    const judged = columns.filter(({ kind, limb }) => kind === "part" && (limb?.at ?? 0) === 0);
    const names = [...new Set(judged.map(({ of }) => of))];
    return {
      parts: names.map((of) =>
        judged.filter((column) => column.of === of).map(({ party = "" }) => this.#part(of, party)),
      ),
    };
  }

  #part(of: string, party: string): PartyPart {
    const isOwn = (column: SumColumn): boolean => column.of === of && column.party === party;
    const tops = this.#layout.columns.flatMap((column, at) => {
      if (column.kind !== "top" || !isOwn(column)) return [];
      return this.#cells.map((cell) => BigInt(this.#opened[at * this.#layout.groups.length + cell] ?? 0));
    });
    return {
      sum: this.#sumOf((column) => column.kind === "part" && isOwn(column)) ?? 0n,
      tops: tops.sort((a, b) => (a < b ? 1 : a > b ? -1 : 0)),
    };
  }

  #sumOf(wanted: (column: SumColumn) => boolean): bigint | undefined {
    let sum: bigint | undefined;
    this.#layout.columns.forEach((column, at) => {
      if (!wanted(column)) return;
      for (const cell of this.#cells) {
        const part = BigInt(this.#opened[at * this.#layout.groups.length + cell] ?? 0);
        sum = (sum ?? 0n) + (column.limb === undefined ? part : limbWorth(part, column.limb));
      }
    });
    return sum;
  }

  /** A sum's value; none for the mean of a cell without a single value, for zero would be a lie. */
  measure(measure: string): bigint | undefined {
    if (measure === "count") return this.number("count", "");
    const [of = ""] = measuredColumns(measure);
    if (measure.startsWith("sum(")) return this.number("sum", of);
    if (!measure.startsWith("mean(")) return undefined;
    const values = this.number("values", of) ?? 0n;
    return values <= 0n ? undefined : roundedMean(this.number("sum", of) ?? 0n, values);
  }

  /** What a measure of products comes to: several numbers for a regression, none on too few rows. */
  decimals(measure: string, minRows: bigint): readonly (readonly [string, string])[] {
    const read = (moment: Moment): bigint => this.number("moment", momentName(moment)) ?? 0n;
    const made = statisticsOf(measure, read, this.#layout.midpoints);
    return made === undefined || made.rows < minRows ? [] : Object.entries(made.values);
  }

  /** Half the width of a measure's interval. Of a mean: what sum and number of values move it by, to first order. */
  spread(measure: string, value: number | bigint, contributors: number): number {
    const width = (kind: SumColumn["kind"], of: string): number => {
      const noise = this.#layout.columns[this.#column(kind, of)]?.noise;
      return noise === undefined ? 0 : spreadOf(noise, contributors);
    };
    const [of = ""] = measuredColumns(measure);
    if (measure === "count") return width("count", "");
    if (measure.startsWith("sum(")) return width("sum", of);
    const values = Number(this.number("values", of) ?? 1n);
    return Math.ceil((width("sum", of) + Math.abs(Number(value)) * width("values", of)) / values);
  }

  #column(kind: SumColumn["kind"], of: string): number {
    return this.#layout.columns.findIndex((column) => column.kind === kind && column.of === of);
  }
}

/** `sum / values`, rounded half to even to whole units. */
export function roundedMean(sum: bigint, values: bigint): bigint {
  return rounded(sum, values);
}

/** A number where it is exact as one. */
export function plainNumber(value: bigint): number | bigint {
  const plain = Number(value);
  return Number.isSafeInteger(plain) ? plain : value;
}

function numbersOf(column: SumColumn, rows: Float64Array, tallies: Tallies): Float64Array {
  if (column.kind === "count") return rows;
  if (column.kind === "contributors") return rows.map((count) => Math.min(1, count));
  return tallies.numbersOf(column, rows.length);
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
  const axes = domain.map((axis) => ({
    cells: table.columns[axis.column] ?? [],
    size: axis.values.length,
    placeOf: placeOn(axis),
  }));
  return (row) =>
    axes.reduce<readonly number[]>(
      (before, { cells, size, placeOf }) => {
        const here = new Set(valuesOf(cells[row] ?? null).flatMap((value) => placeOf(value) ?? []));
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

function valuesOf(cell: Cell): readonly string[] {
  if (cell === null) return [];
  return typeof cell === "string" ? [cell] : cell;
}
