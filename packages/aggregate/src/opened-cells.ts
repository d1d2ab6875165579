// SPDX-License-Identifier: Apache-2.0
// From summed numbers to cells.
import type { AggregateAsk, Decimals, Measures } from "@koplamp/wire";
import { measuredColumns } from "@koplamp/wire/core";
import { spreadOf } from "./calibration.ts";
import { rounded } from "./exact.ts";
import { addedColumns, type CubeLayout, groupAt } from "./layout.ts";
import { type Moment, momentName } from "./moments.ts";
import type { PartyPart } from "./parts.ts";
import { statisticsOf } from "./statistics.ts";
import type { SumColumn } from "./sum-column.ts";
import { limbWorth } from "./sum-limbs.ts";

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
  const cells = Array.from({ length: layout.cells }, (_, cell) => cell);
  return openedLines({ opened, ask, layout, contributors, minRows }, linesAt(layout, cells));
}

/** Single cells, each as a line of its own. */
export function linesAt(
  { domain }: Pick<CubeLayout, "domain">,
  cells: readonly number[],
): readonly CubeLine[] {
  return cells.map((cell) => ({ group: groupAt(domain, cell), cells: [cell] }));
}

/** Cells that are told as one: a total, or a margin. */
export interface CubeLine {
  readonly group: Readonly<Record<string, string>>;
  /** Their places in the public order. */
  readonly cells: readonly number[];
}

/** An opened sum, and how it is read. */
export interface OpenedSum {
  /** The numbers in the public order, or where each of them is found. */
  readonly opened: Float64Array | ((column: number, cell: number) => number);
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
  readonly #numberAt: (column: number, cell: number) => number;
  readonly #layout: CubeLayout;
  readonly #cells: readonly number[];

  constructor(opened: OpenedSum["opened"], layout: CubeLayout, cells: readonly number[]) {
    this.#numberAt =
      typeof opened === "function" ? opened : (column, cell) => opened[column * layout.cells + cell] ?? 0;
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
      const own = BigInt(this.#numberAt(at, cell));
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
      return this.#cells.map((cell) => BigInt(this.#numberAt(at, cell)));
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
        const part = BigInt(this.#numberAt(at, cell));
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
