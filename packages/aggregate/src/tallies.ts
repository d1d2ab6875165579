// SPDX-License-Identifier: Apache-2.0
// One party's sums in every cell, exact for any number of rows and any size.
import type { Input, Table } from "@koplamp/wire";
import { SumError } from "./errors.ts";
import { type Midpoints, type Moment, momentName, momentRange } from "./moments.ts";
import type { SumColumn } from "./sum-column.ts";
import { limbOf } from "./sum-limbs.ts";

/** What tallies are made for. */
export interface TallyRequest {
  readonly table: Table;
  readonly input: Input;
  readonly columns: readonly SumColumn[];
  readonly midpoints: Midpoints;
  readonly cells: number;
}

/** All sums of a layout that depend on values. */
export class Tallies {
  readonly #families: readonly Family[];

  constructor(request: TallyRequest) {
    const terms = request.columns.flatMap((column) => termOf(column) ?? []);
    const names = [...new Set(terms.map(({ moment }) => moment.over.join(",")))];
    this.#families = names.map(
      (name) =>
        new Family(
          request,
          terms.filter(({ moment }) => moment.over.join(",") === name),
        ),
    );
  }

  /** Adds a row to a cell. @throws {SumError} `bounds` for a value outside what the dataset declares. */
  add(row: number, place: number): void {
    for (const family of this.#families) family.add(row, place);
  }

  /** The numbers of a column, cell by cell. */
  numbersOf(column: SumColumn, cells: number): Float64Array {
    const name = termOf(column)?.name;
    for (const family of this.#families) {
      const total = name === undefined ? undefined : family.totals.get(name);
      if (total !== undefined)
        return Float64Array.from({ length: cells }, (_, at) => partOf(total, at, column));
    }
    throw new SumError("setup", `expected "${column.of}" among the summed columns`);
  }
}

function partOf(total: Total, place: number, { limb }: SumColumn): number {
  const value = total.sums[place] ?? 0;
  return limb === undefined ? Number(value) : limbOf(BigInt(value), limb);
}

/** A moment, and whether its columns are taken less their midpoints. */
interface Term {
  readonly name: string;
  readonly moment: Moment;
  readonly shifted: boolean;
}

function termOf({ kind, of, moment }: SumColumn): Term | undefined {
  if (moment !== undefined) return { name: `shifted ${of}`, moment, shifted: true };
  if (kind !== "sum" && kind !== "values") return undefined;
  const plain = { over: [of], factors: kind === "sum" ? [of] : [] };
  return { name: momentName(plain), moment: plain, shifted: false };
}

/** The sums of one term: doubles while nothing can pass 2^53, or else big integers. */
interface Total {
  readonly sums: Float64Array | bigint[];
  readonly factors: readonly number[];
  readonly shifts: readonly number[];
}

/** The terms over rows with a value in the same columns. */
class Family {
  readonly totals: ReadonlyMap<string, Total>;
  readonly #reads: readonly ((row: number) => number | undefined)[];
  readonly #values: number[];

  constructor({ table, input, midpoints, cells }: TallyRequest, terms: readonly Term[]) {
    const over = terms[0]?.moment.over ?? [];
    this.#reads = over.map((of) => numberReader(table, input, of));
    this.#values = over.map(() => 0);
    this.totals = new Map(
      terms.map(({ name, moment, shifted }): [string, Total] => {
        const middles = shifted ? midpoints : {};
        const { least, most } = momentRange(input, moment, middles);
        const safe = Number.isSafeInteger(Number(least)) && Number.isSafeInteger(Number(most));
        const factors = moment.factors.map((column) => over.indexOf(column));
        const shifts = moment.factors.map((column) => middles[column] ?? 0);
        const sums = safe ? new Float64Array(cells) : Array.from({ length: cells }, () => 0n);
        return [name, { sums, factors, shifts }];
      }),
    );
  }

  add(row: number, place: number): void {
    for (const [at, read] of this.#reads.entries()) {
      const value = read(row);
      if (value === undefined) return;
      this.#values[at] = value;
    }
    for (const total of this.totals.values()) this.#addTo(total, place);
  }

  #addTo({ sums, factors, shifts }: Total, place: number): void {
    const one = this.#factor(factors[0], shifts[0]);
    const other = this.#factor(factors[1], shifts[1]);
    if (sums instanceof Float64Array) sums[place] = (sums[place] ?? 0) + one * other;
    else sums[place] = (sums[place] ?? 0n) + BigInt(one) * BigInt(other);
  }

  #factor(at: number | undefined, shift = 0): number {
    return at === undefined ? 1 : (this.#values[at] ?? 0) - shift;
  }
}

/** The number in a row; none for a null. @throws {SumError} `bounds`, when read, for a value outside what is declared. */
export function numberReader(
  table: Table,
  { party, bounds }: Input,
  of: string,
): (row: number) => number | undefined {
  const cells = table.columns[of] ?? [];
  const { min, max } = bounds.find(({ column }) => column === of) ?? { min: 0, max: -1 };
  return (row) => {
    const cell = cells.at(row) ?? null;
    if (cell === null) return undefined;
    const value = typeof cell === "string" ? Number(cell) : Number.NaN;
    if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
    throw new SumError(
      "bounds",
      `a value of "${of}" at ${party} is outside the bounds that its dataset declares`,
      "correct the source, or declare wider bounds: nothing is clipped in silence",
    );
  };
}
