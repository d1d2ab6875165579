// SPDX-License-Identifier: Apache-2.0
// The answer document of lab-format.md, as the engine makes it and as people read it.
import type { PartyId } from "@koplamp/protocol";
import { canonicalText } from "./canonical.ts";
import type { MoneyFlow } from "./documents/asks.ts";
import { WireError } from "./errors.ts";

/** What a question came to, for everybody who asked in one process: a lab, or a node with its own result only. */
export interface Answer {
  /** The question's id. */
  readonly query: string;
  readonly status: "released" | "refused" | "failed";
  /** Recipient to what it learned. */
  readonly results: Readonly<Record<PartyId, AnswerResult>>;
  readonly disclosures: readonly AnswerDisclosure[];
  /** Party to the head of its ledger. */
  readonly ledger: Readonly<Record<PartyId, AnswerLedger>>;
  readonly refusal?: AnswerRefusal;
  /** Present when nothing was run: the plan whose answer this is, and when that was given. */
  readonly stored?: { readonly planHash: string; readonly at: string };
}

/** A line of the contract, as it went. */
export interface AnswerDisclosure {
  readonly id: string;
  readonly from: PartyId;
  readonly to: PartyId;
  readonly output: string;
  readonly bytes: number;
  /** The entry in the ledger of `from`; null where this node does not hold it. */
  readonly index: number | null;
}

export interface AnswerLedger {
  readonly origin: string;
  readonly size: number;
  /** base64 of 32 bytes. */
  readonly root: string;
}

export interface AnswerRefusal {
  readonly party: PartyId;
  readonly rule: string;
  readonly message: string;
  readonly hint: string;
}

/** One recipient's result. */
export type AnswerResult = MatchResult | OverlapResult | AggregateResult | TrendResult | LookupResult;

export interface MatchResult {
  readonly kind: "match";
  /** Keys that the recipient itself holds. */
  readonly matches: readonly Match[];
}

export interface Match {
  /** One canonical value for each key column. */
  readonly key: readonly string[];
  /** The holders, how many they are, or absent, as the question told. */
  readonly holders?: readonly PartyId[] | number;
  /** By alternatives: which of them agree, by position, ascending; `key` is a key of the first of these. */
  readonly agreed?: readonly number[];
  /** By alternatives: the band of the holder with the weakest agreement, A the best. */
  readonly band?: string;
}

/** At the asker an answer for each question; at a holder that is told, those that hit. */
export interface LookupResult {
  readonly kind: "lookup";
  readonly answers: readonly LookupAnswer[];
}

export interface LookupAnswer {
  /** One canonical value for each key column. */
  readonly key: readonly string[];
  /** Whether the holder lists it. */
  readonly hit: boolean;
}

/** Why a number is not given. */
export type Withheld = "minCount" | "minContributors" | "dominance" | "derivable";

/** A whole number, exact beyond 2^53, or the word for why it is not given. */
export type Counted = number | bigint | { readonly withheld: Withheld };

export interface OverlapResult {
  readonly kind: "overlap-count";
  /** Number of holders to distinct keys held by exactly so many. */
  readonly histogram?: Readonly<Record<string, Counted>>;
  /** `one&other`, ids in order, to keys that both hold. */
  readonly pairs?: Readonly<Record<string, Counted>>;
  /** Least number of holders to distinct keys. */
  readonly atLeast?: Readonly<Record<string, Counted>>;
}

export interface AggregateResult {
  readonly kind: "aggregate" | "join-aggregate";
  readonly cells: readonly AggregateCell[];
  /** In a table of very many cells, all that are not among `cells`: the same rules withhold each of them. */
  readonly others?: OtherCells;
  /** The sum of all cells, where the question asks for it. */
  readonly total?: Measures | WithheldTotal;
  /** Sums of cells over some of the columns, where the question asks for them; their groups name the other columns. */
  readonly margins?: readonly AggregateCell[];
  /** Every number is a multiple of this; absent where it is told as it is. */
  readonly rounding?: number;
  /** Where cells are money on its way: which columns of their groups say from where, to where, and when. */
  readonly flow?: MoneyFlow;
  /** Where the question asks for statistics of the table. */
  readonly statistics?: readonly TableStatistic[];
  /** By measure, how exact its decimals are; absent where every number is whole. */
  readonly precision?: Readonly<Record<string, string>>;
}

/** A total that is not given. */
export interface WithheldTotal {
  readonly withheld: readonly [Withheld, ...Withheld[]];
  readonly hint?: string;
}

/** Cells that are told together, and how many they are. */
export interface OtherCells extends WithheldTotal {
  readonly cells: number;
}

/** Measure (`count`, `sum(column)`, `mean(column)`) to its value. */
export type Measures = Readonly<Record<string, number | bigint>>;

/** Statistic (`variance(column)`, `regression(y ~ x).x`) to its value as decimal text. */
export type Decimals = Readonly<Record<string, string>>;

/** What follows from released cells alone, for the whole table or for each group of the columns that it is not about. */
export type TableStatistic =
  | {
      /** `chi-square(a, b)` or `quantile(a; 0.5)`. */
      readonly statistic: string;
      readonly group: Readonly<Record<string, string>>;
      /** Decimal text, or the range in which a quantile lies. */
      readonly value: string;
      /** Of a chi-square: (rows - 1) times (columns - 1). */
      readonly degrees?: number;
    }
  | {
      readonly statistic: string;
      readonly group: Readonly<Record<string, string>>;
      readonly withheld: readonly [Withheld, ...Withheld[]];
    };

/** A cell with its measures, or with the rules by which it is withheld. */
export type AggregateCell =
  | {
      readonly group: Readonly<Record<string, string>>;
      readonly measures: Measures;
      /** Statistics, where the question asks for some; one that too few rows determine is left out. */
      readonly decimals?: Decimals;
      /** With noise: how far each measure may be off, 95 times in 100. */
      readonly uncertainty?: Measures;
    }
  | {
      readonly group: Readonly<Record<string, string>>;
      readonly withheld: readonly [Withheld, ...Withheld[]];
      readonly hint?: string;
    };

export interface TrendResult {
  readonly kind: "trend";
  readonly alarms: readonly Alarm[];
  /** How many periods are neither alarm nor quiet, since something that their test takes is withheld; absent for none. */
  readonly unknown?: number;
  /** Every period of every group, where the series was to be revealed. */
  readonly series?: readonly TrendPoint[];
}

/** A period that is out of the ordinary. */
export interface Alarm {
  readonly group: Readonly<Record<string, string>>;
  readonly period: string;
  /** Where the series was to be revealed. */
  readonly value?: number | bigint;
}

/** One period of a group, with its value or with the rules by which that is withheld. */
export type TrendPoint =
  | {
      readonly group: Readonly<Record<string, string>>;
      readonly period: string;
      readonly value: number | bigint;
    }
  | {
      readonly group: Readonly<Record<string, string>>;
      readonly period: string;
      readonly withheld: readonly [Withheld, ...Withheld[]];
      readonly hint?: string;
    };

/**
 * The answer as one line of canonical JSON: names and lists sorted, measures beside their group, integers above
 * 2^53 - 1 as strings. Equal answers give equal text.
 * @throws {WireError} `invalid-value` on a number that JSON cannot say exactly.
 */
export function answerText({ results, disclosures, ...rest }: Answer): string {
  const told = Object.entries(results).map(([party, result]) => [party, resultText(result)] as const);
  const ordered = sortedBy(disclosures, ({ id, from, to }) => [id, from, to]);
  const others = Object.entries({ ...rest, disclosures: ordered })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, canonicalText(value)] as const);
  return objectText([...others, ["results", objectText(told)]]);
}

/** An object of fields whose texts are canonical. */
function objectText(fields: readonly (readonly [name: string, text: string])[]): string {
  const inOrder = [...fields].sort(([one], [other]) => (one < other ? -1 : 1)); // RFC 8785, section 3.2.3
  return `{${inOrder.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;
}

/**
 * One result as canonical text. Of many matches it is made by the platform at one go, of objects whose names are in order:
 * what it writes of those is what RFC 8785 asks for.
 */
function resultText(result: AnswerResult): string {
  if (result.kind !== "match") return canonicalText(plainResult(result));
  const matches = sortedBy(result.matches, placeOfMatch).map(plainMatch);
  return objectText([
    ["kind", canonicalText(result.kind)],
    ["matches", JSON.stringify(matches)],
  ]);
}

function plainResult(result: Exclude<AnswerResult, MatchResult>): object {
  if (result.kind === "lookup") return { ...result, answers: sortedBy(result.answers, ({ key }) => key) };
  if ("cells" in result) return plainAggregate(result);
  if (result.kind === "trend") return plainTrend(result);
  const { histogram, pairs, atLeast } = result;
  return {
    kind: result.kind,
    ...(histogram === undefined ? {} : { histogram: plainCounts(histogram) }),
    ...(pairs === undefined ? {} : { pairs: plainCounts(pairs) }),
    ...(atLeast === undefined ? {} : { atLeast: plainCounts(atLeast) }),
  };
}

/** Records that stand under one key are told apart by what else is told of them. */
function placeOfMatch({ key, agreed = [], holders = [] }: Match): readonly string[] {
  if (agreed.length === 0 && typeof holders === "object" && holders.length === 0) return key; // most of a long answer
  return [...key, ...agreed.map(String), ...[holders].flat().map(String)];
}

/** Its names in order. */
function plainMatch(match: Match): object {
  const { agreed, band, holders, key } = match;
  if (!key.every((text) => text.isWellFormed()) || band?.isWellFormed() === false) {
    throw new WireError("invalid-value", "expected a value that JSON can say, got a lone surrogate");
  }
  if (agreed === undefined && band === undefined && holders === undefined) return match; // most of a long answer
  return {
    ...(agreed === undefined ? {} : { agreed }),
    ...(band === undefined ? {} : { band }),
    ...(holders === undefined ? {} : { holders: plainHolders(holders) }),
    key,
  };
}

function plainHolders(holders: readonly PartyId[] | number): number | string | readonly PartyId[] {
  return typeof holders === "number" ? plainNumber(holders) : [...holders].sort();
}

function plainAggregate({ cells, others, total, margins, statistics, ...same }: AggregateResult): object {
  const inOrder = (all: readonly AggregateCell[]): readonly object[] =>
    sortedBy(all, ({ group }) => placeOf(group)).map(plainCell);
  return {
    ...same,
    cells: inOrder(cells),
    ...(others === undefined ? {} : { others: { cells: others.cells, ...plainRules(others) } }),
    ...(total === undefined ? {} : { total: isWithheld(total) ? plainRules(total) : plainMeasures(total) }),
    ...(margins === undefined ? {} : { margins: inOrder(margins) }),
    ...(statistics === undefined ? {} : { statistics: statistics.map(plainStatistic) }),
  };
}

/** Whether a total is not given. */
export function isWithheld(total: Measures | WithheldTotal): total is WithheldTotal {
  return Array.isArray(total["withheld"]);
}

function plainStatistic(made: TableStatistic): object {
  return "withheld" in made ? { statistic: made.statistic, ...plainWithheld(made) } : made;
}

function plainTrend({ kind, alarms, unknown, series }: TrendResult): object {
  const inOrder = <T extends Alarm | TrendPoint>(points: readonly T[]): readonly T[] =>
    sortedBy(points, ({ group, period }) => [...placeOf(group), period]);
  return {
    kind,
    alarms: inOrder(alarms).map(plainPoint),
    ...(unknown === undefined ? {} : { unknown }),
    ...(series === undefined ? {} : { series: inOrder(series).map(plainPoint) }),
  };
}

function plainPoint(point: Alarm | TrendPoint): object {
  const { group, period } = point;
  if (!("withheld" in point)) {
    return { group, period, ...(point.value === undefined ? {} : { value: plainNumber(point.value) }) };
  }
  return { period, ...plainWithheld(point) };
}

/** The values of a group, in the order of its columns' names. */
function placeOf(group: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(group)
    .sort()
    .map((column) => group[column] ?? "");
}

function plainCell(cell: AggregateCell): object {
  if ("measures" in cell) {
    const { measures, decimals, uncertainty, group } = cell;
    const off = uncertainty === undefined ? {} : { uncertainty: plainMeasures(uncertainty) };
    return { ...plainMeasures(measures), ...decimals, ...off, group };
  }
  return plainWithheld(cell);
}

function plainWithheld({
  group,
  ...rules
}: Pick<Extract<TrendPoint, { withheld: unknown }>, "group" | "withheld" | "hint">): object {
  return { group, ...plainRules(rules) };
}

function plainRules({ withheld, hint }: WithheldTotal): object {
  const [first, ...more] = [...withheld].sort();
  return {
    withheld: more.length === 0 ? first : [first, ...more],
    ...(hint === undefined ? {} : { hint }),
  };
}

function plainMeasures(measures: Measures): object {
  return Object.fromEntries(
    Object.entries(measures).map(([measure, value]) => [measure, plainNumber(value)]),
  );
}

function plainCounts(counts: Readonly<Record<string, Counted>>): object {
  return Object.fromEntries(
    Object.entries(counts).map(([name, value]) => [
      name,
      typeof value === "object" ? value : plainNumber(value),
    ]),
  );
}

function plainNumber(value: number | bigint): number | string {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))) return value;
  throw new WireError(
    "invalid-value",
    "expected a number that is exact, got one above 2^53 - 1 or none at all",
  );
}

/** Lists of texts in order of their first difference, by UTF-16 code units. */
function sortedBy<T>(items: readonly T[], nameOf: (item: T) => readonly string[]): readonly T[] {
  return [...items].sort((a, b) => compared(nameOf(a), nameOf(b)));
}

function compared(left: readonly string[], right: readonly string[]): number {
  for (let at = 0; at < left.length; at += 1) {
    const [one, other] = [left[at] ?? "", right[at]];
    if (one !== other) return other === undefined || one > other ? 1 : -1;
  }
  return left.length - right.length;
}
