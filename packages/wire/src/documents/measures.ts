// SPDX-License-Identifier: Apache-2.0
// What is told of a cell or of a table: `sum(amount)`, `regression(y ~ x1 + x2)`, `quantile(amount; 0.5)`.

/** A measure, taken apart. */
export type Measure =
  | { readonly kind: "count" }
  | { readonly kind: "sum" | "mean"; readonly of: readonly [column: string] }
  /** Of a sample: divided by one less than the rows with a value. */
  | { readonly kind: "variance"; readonly of: readonly [column: string] }
  | { readonly kind: "correlation"; readonly of: readonly [one: string, other: string] }
  /** What is explained, then what explains it: 1 to 16 columns. */
  | { readonly kind: "regression"; readonly of: readonly [explained: string, ...by: string[]] }
  /** Whether two columns of `groupBy` depend on each other. Nothing is summed for it: it follows from counts. */
  | { readonly kind: "chi-square"; readonly axes: readonly [one: string, other: string] }
  /** Where a part of the rows lies below, by a column of `groupBy` in ranges. It follows from counts too. */
  | { readonly kind: "quantile"; readonly axes: readonly [column: string]; readonly part: string };

/** Most characters of a measure: a line of the contract. */
export const MOST_TEXT: number = 200;
/** Most columns that explain another. */
const MOST_BY = 16;
/** The constant of a regression. No column in it may be called so. */
export const INTERCEPT = "intercept";
/** The part of the variance that a regression explains. No column in it may be called so. */
export const R_SQUARED = "r-squared";
const COLUMN = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const CALL = /^([a-z-]+)\((.*)\)$/;
const PART = /^0\.(?:\d{0,2}[1-9])$/;

/** The measure that a text names; nothing where it names none. Blanks between its parts are as people like them. */
export function parseMeasure(text: string): Measure | undefined {
  if (text === "count") return { kind: "count" };
  const [, kind = "", inside = ""] = CALL.exec(text) ?? [];
  if (kind === "sum" || kind === "mean" || kind === "variance") {
    const [of, ...rest] = columnsIn(inside, ",");
    return of === undefined || rest.length > 0 ? undefined : { kind, of: [of] };
  }
  if (kind === "correlation" || kind === "chi-square") return pairOf(kind, inside);
  if (kind === "quantile") return quantileOf(inside);
  return kind === "regression" ? regressionOf(inside) : undefined;
}

/** The measure in its one spelling. */
export function measureText(measure: Measure): string {
  if (measure.kind === "count") return measure.kind;
  if (measure.kind === "quantile") return `${measure.kind}(${measure.axes[0]}; ${measure.part})`;
  if (measure.kind === "chi-square") return `${measure.kind}(${measure.axes.join(", ")})`;
  if (measure.kind !== "regression") return `${measure.kind}(${measure.of.join(", ")})`;
  const [explained, ...by] = measure.of;
  return `${measure.kind}(${explained} ~ ${by.join(" + ")})`;
}

/** The columns of the rows that a measure is made from; none for `count` and for what follows from counts. */
export function measuredColumns(measure: string): readonly string[] {
  const parsed = parseMeasure(measure);
  return parsed !== undefined && "of" in parsed ? parsed.of : [];
}

/** What a statistic of a table is made in. */
interface MeasuredTable {
  readonly domain: readonly { readonly column: string; readonly ranges?: true }[];
  readonly measures: readonly string[];
  readonly distinctBy?: readonly string[];
}

/**
 * Whether a table can tell a measure: what follows from counts stands on columns of `groupBy` and on `count`, a quantile on
 * ranges, and products are summed row by row, so that they do not go with `distinctBy`.
 */
export function isMade(measure: string, { domain, measures, distinctBy }: MeasuredTable): boolean {
  const parsed = parseMeasure(measure);
  if (parsed === undefined) return false;
  if (!("axes" in parsed)) return distinctBy === undefined || SUMS.has(parsed.kind);
  const axes = parsed.axes.map((name) => domain.find(({ column }) => column === name));
  const numbers = parsed.kind !== "quantile" || axes.every((axis) => axis?.ranges === true);
  return measures.includes("count") && numbers && axes.every((axis) => axis !== undefined);
}

const SUMS: ReadonlySet<string> = new Set(["count", "sum", "mean"]);

/** A range of whole numbers, both ends in it. */
export interface NumberRange {
  readonly least: number;
  readonly most: number;
}

/** The range that `least..most` names; nothing where it names none. */
export function parseRange(text: string): NumberRange | undefined {
  const [, low, high] = /^(0|-?[1-9]\d{0,15})\.\.(0|-?[1-9]\d{0,15})$/.exec(text) ?? [];
  const [least, most] = [Number(low ?? Number.NaN), Number(high ?? Number.NaN)];
  return Number.isSafeInteger(least) && Number.isSafeInteger(most) && least <= most
    ? { least, most }
    : undefined;
}

/** Whether all are ranges, each above the one before. */
export function areRanges(values: readonly string[]): boolean {
  const ranges = values.map(parseRange);
  return ranges.every((range, at) => {
    const before = ranges[at - 1];
    return range !== undefined && (at === 0 || (before !== undefined && before.most < range.least));
  });
}

function pairOf(kind: "correlation" | "chi-square", inside: string): Measure | undefined {
  const [one, other, ...rest] = columnsIn(inside, ",");
  if (one === undefined || other === undefined || rest.length > 0) return undefined;
  return kind === "correlation" ? { kind, of: [one, other] } : { kind, axes: [one, other] };
}

function quantileOf(inside: string): Measure | undefined {
  const [name = "", part = "", ...rest] = inside.split(";").map((text) => text.trim());
  const [column] = columnsIn(name, ",");
  if (column === undefined || rest.length > 0 || !PART.test(part)) return undefined;
  return { kind: "quantile", axes: [column], part };
}

function regressionOf(inside: string): Measure | undefined {
  const [left = "", right = "", ...rest] = inside.split("~");
  const by = columnsIn(right, "+");
  const [explained, ...all] = columnsIn([left, ...by].join(","), ",");
  if (explained === undefined || rest.length > 0 || by.length === 0 || by.length > MOST_BY) return undefined;
  return all.length !== by.length || all.includes(INTERCEPT) || all.includes(R_SQUARED)
    ? undefined
    : { kind: "regression", of: [explained, ...all] };
}

/** Names of columns, each once; none at all where one of them is no name. */
function columnsIn(text: string, between: string): readonly string[] {
  const names = text.split(between).map((name) => name.trim());
  return names.every((name) => COLUMN.test(name)) && new Set(names).size === names.length ? names : [];
}
