// SPDX-License-Identifier: Apache-2.0
// Statistics of a whole table, from its released cells alone: they tell nothing that the cells do not.
import type { AggregateAsk, AggregateCell, AggregateResult, TableStatistic, Withheld } from "@koplamp/wire";
import { measureText, parseMeasure, parseRange } from "@koplamp/wire/core";
import { decimalText, rounded } from "./exact.ts";
import { DECIMALS, precisionOf } from "./statistics.ts";

/** The result of a cube: its released cells, and what follows from them. */
export function cubeResult(
  cells: readonly AggregateCell[],
  ask: Pick<AggregateAsk, "measures" | "groupBy" | "domain" | "flow">,
  minCount: number,
): AggregateResult {
  const statistics = tableStatistics(cells, ask, minCount);
  const precision = precisionOf(ask.measures);
  return {
    kind: "aggregate",
    cells,
    ...(ask.flow === undefined ? {} : { flow: ask.flow }),
    ...(statistics.length === 0 ? {} : { statistics }),
    ...(Object.keys(precision).length === 0 ? {} : { precision }),
  };
}

/** Cells of one group of the columns that a statistic is not about. */
interface Slice {
  readonly group: Readonly<Record<string, string>>;
  readonly cells: readonly AggregateCell[];
}

/**
 * Every statistic that the question asks of its table, for each group of the other columns. `minCount`: below how many
 * rows a cell is withheld.
 */
function tableStatistics(
  cells: readonly AggregateCell[],
  { measures, groupBy, domain }: Pick<AggregateAsk, "measures" | "groupBy" | "domain">,
  minCount: number,
): readonly TableStatistic[] {
  return measures.flatMap((text) => {
    const measure = parseMeasure(text);
    if (measure === undefined || !("axes" in measure)) return [];
    const statistic = measureText(measure);
    const others = groupBy.filter((column) => !measure.axes.some((axis) => axis === column));
    const valuesOf = (name: string): readonly string[] =>
      domain.find(({ column }) => column === name)?.values ?? [];
    return slicesOf(cells, others).map((slice): TableStatistic => {
      const made =
        measure.kind === "chi-square"
          ? chiSquare(slice, measure.axes)
          : quantile(slice, measure.axes[0], valuesOf(measure.axes[0]), measure.part, BigInt(minCount));
      return { statistic, group: slice.group, ...made };
    });
  });
}

function slicesOf(cells: readonly AggregateCell[], columns: readonly string[]): readonly Slice[] {
  const slices = new Map<string, { group: Readonly<Record<string, string>>; cells: AggregateCell[] }>();
  for (const cell of cells) {
    const group = Object.fromEntries(columns.map((column) => [column, cell.group[column] ?? ""]));
    const name = JSON.stringify(Object.values(group));
    const slice = slices.get(name) ?? { group, cells: [] };
    slices.set(name, slice);
    slice.cells.push(cell);
  }
  return [...slices.values()];
}

type Made =
  | { readonly value: string; readonly degrees?: number }
  | { readonly withheld: readonly [Withheld, ...Withheld[]] };

/** Decimals of every part of a chi-square: so many more than are told that what they cut off is never seen. */
const FINE = 40;
/** Decimals of their sum, from which it is rounded: a sum that stands exactly between two is found to stand there. */
const MIDDLE = 20;

/** Pearson's: the sum of (seen - expected)² / expected. Rows and columns without a single row of data do not count. */
function chiSquare({ cells }: Slice, [one, other]: readonly [string, string]): Made {
  const rules = rulesIn(cells);
  if (rules !== undefined) return { withheld: rules };
  const [ones, others] = [new Map<string, bigint>(), new Map<string, bigint>()];
  let all = 0n;
  for (const cell of cells) {
    const count = countOf(cell) ?? 0n;
    add(ones, cell.group[one] ?? "", count);
    add(others, cell.group[other] ?? "", count);
    all += count;
  }
  const unit = 10n ** BigInt(FINE);
  const sum = cells.reduce((total, cell) => {
    const expected = (ones.get(cell.group[one] ?? "") ?? 0n) * (others.get(cell.group[other] ?? "") ?? 0n);
    const off = (countOf(cell) ?? 0n) * all - expected; // times `all`, as `expected` is
    return expected === 0n ? total : total + (off * off * unit) / (expected * all);
  }, 0n);
  const sharp = rounded(sum, 10n ** BigInt(FINE - MIDDLE));
  const degrees = Math.max(0, present(ones) - 1) * Math.max(0, present(others) - 1);
  return { value: decimalText(sharp, 10n ** BigInt(MIDDLE), DECIMALS), degrees };
}

function add(to: Map<string, bigint>, name: string, count: bigint): void {
  to.set(name, (to.get(name) ?? 0n) + count);
}

function present(totals: ReadonlyMap<string, bigint>): number {
  return [...totals.values()].filter((total) => total > 0n).length;
}

/** What is known of how many rows a bin has. */
interface Bin {
  readonly least: bigint;
  /** Absent where nothing bounds it. */
  readonly most: bigint | undefined;
}

/**
 * The ranges in which the quantile lies for certain, as one: the first range up to which at least the part of all rows
 * lies. A bin that is withheld for `minCount` has fewer rows than that, any other withheld one as many as one likes.
 */
function quantile(
  { cells }: Slice,
  axis: string,
  ranges: readonly string[],
  part: string,
  minCount: bigint,
): Made {
  const rules = rulesIn(cells);
  if (rules !== undefined && cells.every((cell) => "withheld" in cell)) return { withheld: rules };
  const bins = ranges.map((range) =>
    binOf(
      cells.find(({ group }) => group[axis] === range),
      minCount,
    ),
  );
  const below = BigInt(part.slice(2).padEnd(3, "0"));
  const reaches = (at: number, low: Side, high: Side): boolean => {
    const [left, right] = [total(bins.slice(0, at + 1), low), total(bins.slice(at + 1), high)];
    if (right === undefined) return false;
    return left === undefined || left * (1000n - below) >= right * below;
  };
  const first = bins.findIndex((_, at) => reaches(at, "most", "least"));
  const last = bins.findIndex((_, at) => reaches(at, "least", "most"));
  const { least = 0 } = parseRange(ranges[first] ?? "") ?? {};
  const { most = 0 } = parseRange(ranges[last] ?? "") ?? {};
  return { value: `${least}..${most}` };
}

type Side = "least" | "most";

function total(bins: readonly Bin[], side: Side): bigint | undefined {
  return bins.reduce<bigint | undefined>((sum, bin) => {
    const rows = bin[side];
    return sum === undefined || rows === undefined ? undefined : sum + rows;
  }, 0n);
}

function binOf(cell: AggregateCell | undefined, minCount: bigint): Bin {
  const count = cell === undefined ? 0n : countOf(cell);
  if (count !== undefined) return { least: count, most: count };
  const few = cell !== undefined && "withheld" in cell && cell.withheld.includes("minCount");
  return { least: 0n, most: few ? minCount - 1n : undefined };
}

/** The rows in a released cell. */
function countOf(cell: AggregateCell): bigint | undefined {
  return "measures" in cell ? BigInt(cell.measures["count"] ?? 0) : undefined;
}

function rulesIn(cells: readonly AggregateCell[]): readonly [Withheld, ...Withheld[]] | undefined {
  const [first, ...more] = [
    ...new Set(cells.flatMap((cell) => ("withheld" in cell ? cell.withheld : []))),
  ].sort();
  return first === undefined ? undefined : [first, ...more];
}
