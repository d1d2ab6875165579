// SPDX-License-Identifier: Apache-2.0
import type { Language } from "@koplamp/sdk";
import { type PlainStatistic, statisticLines } from "./statistic-lines.ts";
import { columns, counted, grouped, listed } from "./table.ts";
import { type PlainTrend, trendLines } from "./trend-lines.ts";

/** An answer document as it stands in JSON (lab-format.md). */
export interface PlainAnswer {
  readonly query: string;
  readonly status: "released" | "refused" | "failed";
  readonly results: Readonly<Record<string, PlainResult>>;
  readonly stored?: { readonly planHash: string; readonly at: string };
  readonly refusal?: {
    readonly party: string;
    readonly rule: string;
    readonly message: string;
    readonly hint: string;
  };
}

/** One recipient's result as it stands in JSON. */
export type PlainResult =
  | { readonly kind: "match"; readonly matches: readonly PlainMatch[] }
  | ({ readonly kind: "overlap-count" } & Readonly<Partial<Record<Shape, PlainCounts>>>)
  | PlainLookup
  | PlainSums
  | PlainTrend;

/** Cells of a sum or of a join. */
export interface PlainSums {
  readonly kind: "aggregate" | "join-aggregate";
  readonly cells: readonly PlainCell[];
  readonly others?: PlainOthers;
  /** Measures, or `withheld`. */
  readonly total?: Readonly<Record<string, unknown>>;
  readonly margins?: readonly PlainCell[];
  readonly rounding?: number;
  readonly flow?: PlainFlow;
  readonly statistics?: readonly PlainStatistic[];
  readonly precision?: Readonly<Record<string, string>>;
}

/** Cells that are told as one. */
export interface PlainOthers {
  readonly cells: number;
  readonly withheld: string | readonly string[];
  readonly hint?: string;
}

/** Which columns of the groups are the ends of a money flow. */
export interface PlainFlow {
  readonly origin: string;
  readonly destination: string;
  readonly period?: string;
}

/** Answers to single questions. */
export interface PlainLookup {
  readonly kind: "lookup";
  readonly answers: readonly { readonly key: readonly string[]; readonly hit: boolean }[];
}

interface PlainMatch {
  readonly key: readonly string[];
  readonly holders?: readonly string[] | number;
  readonly agreed?: readonly number[];
  readonly band?: string;
}

type Shape = "histogram" | "pairs" | "atLeast";
type PlainNumber = number | string;
type PlainCounts = Readonly<Record<string, PlainNumber | { readonly withheld: string }>>;
/** `group`, and either measures, with noise also their `uncertainty`, or `withheld`. */
type PlainCell = Readonly<Record<string, unknown>> & { readonly group: Readonly<Record<string, string>> };

/** What a person reads besides the answer itself. */
export interface AnswerOptions {
  /** How to get what is not shown. */
  readonly all: string;
  readonly minCount?: number;
  readonly atLeast?: number;
  readonly lang?: Language;
}

const FIRST_KEYS = 2;
const FIRST_CELLS = 24;

/** The results as tables: recipients with the same result once, withheld cells with their rule. */
export function answerLines({ results }: PlainAnswer, options: AnswerOptions): readonly string[] {
  const alike = new Map<string, { readonly to: string[]; readonly result: PlainResult }>();
  for (const [party, result] of Object.entries(results)) {
    const text = JSON.stringify(result);
    const found = alike.get(text) ?? { to: [], result };
    found.to.push(party);
    alike.set(text, found);
  }
  const lines = [...alike.values()].map(({ to, result }) => resultLines(listed(to), result, options));
  const first = lines.findIndex((block) => block.some(isMore));
  const shown = lines.flatMap((block, at) =>
    at === first ? block.map((line) => withAll(line, options)) : block,
  );
  return Object.values(results).some(({ kind }) => kind === "match")
    ? [...shown, notReleased(options)]
    : shown;
}

const isMore = (line: string): boolean => line.startsWith("  … ");

function withAll(line: string, { all }: AnswerOptions): string {
  return isMore(line) ? `${line.padEnd(24)}${all}` : line;
}

function notReleased({ atLeast }: AnswerOptions): string {
  return `not released: keys of others${atLeast === undefined ? "" : `, and keys on fewer than ${atLeast} lists`}`;
}

function resultLines(to: string, result: PlainResult, options: AnswerOptions): readonly string[] {
  if (result.kind === "match") return matchLines(to, result.matches);
  if (result.kind === "lookup") return lookupLines(to, result);
  if ("cells" in result) return aggregateLines(to, result, options);
  if (result.kind === "trend") return trendLines(to, result);
  return countLines(to, result, options);
}

function matchLines(to: string, matches: readonly PlainMatch[]): readonly string[] {
  const shown = matches.slice(0, matches.length > FIRST_KEYS + 1 ? FIRST_KEYS : undefined);
  const rows = shown.map(({ key, holders, agreed, band }) => [
    `  ${key.join("  ")}`,
    holdersText(holders),
    band === undefined ? "" : `${band}: ${(agreed ?? []).join(" ")}`,
  ]);
  const more = matches.length - shown.length;
  return [
    `released to ${to}: ${counted(matches.length, bandsOf(matches).length === 0 ? "key" : "record")}${bandCounts(matches)}`,
    ...columns(rows),
    ...(more === 0 ? [] : [`  … ${grouped(more)} more`]),
  ];
}

/** Every answer: whoever asked wants all of them. */
function lookupLines(to: string, { answers }: PlainLookup): readonly string[] {
  if (answers.length === 0) return [`released to ${to}: no hit`]; // nothing met, or nothing was asked
  const hits = answers.filter(({ hit }) => hit).length;
  const rows = answers.map(({ key, hit }) => [`  ${key.join("  ")}`, hit ? "hit" : "no hit"]);
  return [
    `released to ${to}: ${counted(answers.length, "answer")}, ${counted(hits, "hit")}`,
    ...columns(rows),
  ];
}

/** The bands that there are, the best first. */
function bandsOf(matches: readonly PlainMatch[]): readonly string[] {
  return [...new Set(matches.flatMap(({ band }) => band ?? []))].sort();
}

/** `, A 12, B 3`: how many records are in each band. */
function bandCounts(matches: readonly PlainMatch[]): string {
  return bandsOf(matches)
    .map((band) => `, ${band} ${grouped(matches.filter((match) => match.band === band).length)}`)
    .join("");
}

function holdersText(holders: PlainMatch["holders"]): string {
  if (holders === undefined) return "";
  return typeof holders === "number" ? counted(holders, "holder") : holders.join(", ");
}

function countLines(
  to: string,
  result: Extract<PlainResult, { kind: "overlap-count" }>,
  options: AnswerOptions,
): readonly string[] {
  const rows = (["histogram", "pairs", "atLeast"] as const).flatMap((shape) =>
    Object.entries(result[shape] ?? {}).map(([name, value]) => [
      `  ${countLabel(shape, name)}`,
      typeof value === "object" ? withheldText([value.withheld], options) : grouped(value),
    ]),
  );
  return [`released to ${to}: numbers of keys, no key`, ...columns(rows, [1])];
}

function countLabel(shape: Shape, name: string): string {
  if (shape === "pairs") return name.replace("&", " and ");
  const parties = name === "1" ? "1 party" : `${name} parties`;
  return shape === "histogram" ? `at exactly ${parties}` : `at ${parties} or more`;
}

function aggregateLines(to: string, result: PlainSums, options: AnswerOptions): readonly string[] {
  const { cells, others, total, margins = [] } = result;
  const given = cells.filter((cell) => cell["withheld"] === undefined);
  const measures = [
    ...new Set([...given, ...margins, total ?? {}].flatMap((cell) => Object.keys(cell))),
  ].filter((name) => !NO_MEASURES.has(name));
  const group = groupColumns(result);
  const shown = cells.slice(0, FIRST_CELLS);
  const noisy = given.some(({ uncertainty }) => uncertainty !== undefined);
  const row = (cell: PlainCell, absent: string): readonly string[] => [
    ...group.map((name) => cell.group[name] ?? absent),
    ...measures.map((name) => `${valueText(cell[name])}${spreadText(cell, name)}`),
    cell["withheld"] === undefined ? "" : withheldText([cell["withheld"]].flat().map(String), options, noisy),
  ];
  const sums = [
    ...margins.slice(0, FIRST_CELLS).map((line) => row(line, "all")),
    ...(total === undefined ? [] : [["total", ...row({ ...total, group: {} }, "").slice(1)]]),
  ];
  const right = measures.map((_, at) => group.length + at);
  const table = columns([[...group, ...measures, ""], ...shown.map((cell) => row(cell, "")), ...sums], right);
  const more = cells.length - shown.length;
  const hidden = cells.length - given.length + (others?.cells ?? 0);
  return [
    `released to ${to}: ${counted(given.length, "cell")}, ${grouped(hidden)} withheld`,
    ...table.map((line) => `  ${line}`),
    ...(more === 0 ? [] : [`  … ${grouped(more)} more`]),
    ...(others === undefined ? [] : [`  all others: ${othersText(others, options)}`]),
    ...adviceLines(result),
    ...statisticLines(result),
  ];
}

/** How many cells are told as one, and why they are withheld. */
function othersText(
  { cells, withheld }: PlainOthers,
  options: Pick<AnswerOptions, "minCount" | "lang">,
): string {
  return `${counted(cells, "cell")}, ${withheldText([withheld].flat(), options)}`;
}

/** The columns that cells are grouped by; of a flow, from where before to where before when. */
export function groupColumns({ cells, flow }: PlainSums): readonly string[] {
  const ends = flow === undefined ? [] : [flow.origin, flow.destination];
  return [...new Set([...ends, ...cells.flatMap(({ group }) => Object.keys(group))])];
}

const NO_MEASURES: ReadonlySet<string> = new Set(["group", "uncertainty", "withheld", "hint"]);

/** What numbers are multiples of, and for each reason that cells are withheld what to ask instead, once. */
function adviceLines({ cells, others, margins = [], total, rounding }: PlainSums): readonly string[] {
  const hints = [...cells, ...margins, total ?? {}, others ?? {}].flatMap((cell) => {
    const hint: unknown = Reflect.get(cell, "hint");
    return typeof hint === "string" ? [hint] : [];
  });
  return [
    ...(rounding === undefined ? [] : [`  numbers are multiples of ${grouped(rounding)}`]),
    ...[...new Set(hints)].sort().map((hint) => `  hint: ${hint}`),
  ];
}

function valueText(value: unknown): string {
  return typeof value === "number" || typeof value === "string" ? grouped(value) : "";
}

/** How far a noisy value may be off. */
function spreadText({ uncertainty }: PlainCell, name: string): string {
  const off = valueText(Object(uncertainty)[name]);
  return off === "" ? "" : ` ± ${off}`;
}

/** A withheld cell's rules in words: the cell is there, its number is not. */
export function withheldText(
  rules: readonly string[],
  { minCount, lang = "en" }: Pick<AnswerOptions, "minCount" | "lang">,
  noisy = false,
): string {
  const { withheld, few, fewer, notSurely, ...words } = WORDS[lang];
  const count = minCount === undefined ? few : `${noisy ? notSurely : fewer} ${minCount}`;
  const told: Readonly<Record<string, string>> = { ...words, minCount: count };
  return `${withheld}: ${rules.map((rule) => told[rule] ?? rule).join(", ")}`;
}

const WORDS = {
  nl: {
    withheld: "achtergehouden",
    few: "te weinig",
    fewer: "minder dan",
    notSurely: "niet zeker minstens",
    minContributors: "te weinig partijen",
    dominance: "één partij overheerst",
    derivable: "verraadt een andere cel",
  },
  en: {
    withheld: "withheld",
    few: "too few",
    fewer: "fewer than",
    notSurely: "not surely at least",
    minContributors: "too few contributors",
    dominance: "one contributor stands out",
    derivable: "would give away another cell",
  },
} as const;
