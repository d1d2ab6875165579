// SPDX-License-Identifier: Apache-2.0
// What a question asks, in normal form: maps are lists, sources in party order.
import type { PartyId } from "@koplamp/protocol";
import type { Band } from "./alternatives.ts";
import { measuredColumns } from "./measures.ts";

/** A condition of `where` or `flaggedBy`. A null never passes. */
export interface Condition {
  readonly column: string;
  readonly op: "=" | "in" | ">=" | "<";
  readonly value: string | number | boolean | readonly (string | number)[];
}

export interface Source {
  readonly party: PartyId;
  readonly dataset: string;
}

/** The public values of a column, in the order of the cells. */
export interface ColumnDomain {
  readonly column: string;
  readonly values: readonly string[];
  /** Present where the column is one of numbers: each value is a range `least..most`, both in it. */
  readonly ranges?: true;
}

/** A question in normal form. */
export type Ask = MatchAsk | OverlapAsk | AggregateAsk | JoinAsk | TrendAsk | LookupAsk;

export interface MatchAsk {
  readonly kind: "match";
  readonly key: readonly string[];
  readonly from: readonly Source[];
  readonly atLeast: number;
  readonly tell: "holders" | "count" | "nothing";
  /**
   * Alternatives of composite keys, of which any may agree; absent where `key` is the only one. `key` is then the columns
   * of all of them, each once, in the order in which they first stand.
   */
  readonly anyKey?: readonly (readonly string[])[];
  /** What the bands of a match by alternatives mean, the best first; absent: A where two agree, B where one does. */
  readonly bands?: readonly Band[];
  /** Conditions by which a party flags a row: a key counts only when one of its holders has a flagged row of it. */
  readonly flaggedBy?: readonly Condition[];
  /** Set when the analyst named a mode; `pair` and `bulk` are for two parties. Absent where the choice is the planner's. */
  readonly mode?: "pair" | "bulk" | "tokens" | "threshold";
  /**
   * With `mode: bulk`: the party that deals the correlation, without data and without an answer; absent: the coordinator. With
   * `NOBODY` the two make it themselves.
   */
  readonly dealer?: PartyId;
}

export interface OverlapAsk {
  readonly kind: "overlap-count";
  readonly key: readonly string[];
  readonly from: readonly Source[];
  readonly shape: "histogram" | "pairs" | "atLeast";
  /** Set when `shape` is `atLeast`; with `histogram` where it begins at more than one holder. */
  readonly atLeast: number | null;
  /** Set when the analyst named a mode; null leaves the choice to the planner. */
  readonly mode: "hub" | "recipient" | "atLeast" | "pairs.local" | "pairs.blind" | null;
}

export interface AggregateAsk {
  readonly kind: "aggregate";
  readonly from: readonly Source[];
  readonly where: readonly Condition[];
  readonly groupBy: readonly string[];
  /** One entry for each column of `groupBy`, in that order. */
  readonly domain: readonly ColumnDomain[];
  /** What is told of each cell, and of the table as a whole: texts of `Measure`. */
  readonly measures: readonly string[];
  /** The columns that name an event: however many parties report it, it counts once. Absent where every row counts. */
  readonly distinctBy?: readonly string[];
  /** Sums of cells that are told beside them: of all, or over each of the columns too. Absent where none is asked for. */
  readonly totals?: "total" | "margins";
  /** Present where cells are money on its way: then the groups are these columns, in this order. */
  readonly flow?: MoneyFlow;
}

/** Which columns say from where, to where, and when. */
export interface MoneyFlow {
  readonly origin: string;
  readonly destination: string;
  readonly period?: string;
}

/** The columns of a flow, in the order of its groups. */
export function flowColumns({ origin, destination, period }: MoneyFlow): readonly string[] {
  return [origin, destination, ...(period === undefined ? [] : [period])];
}

/** Sums over the rows whose key every party holds. Its columns are written `party.column`. */
export interface JoinAsk {
  readonly kind: "join-aggregate";
  readonly key: readonly string[];
  readonly from: readonly Source[];
  /** Columns of one party. */
  readonly groupBy: readonly string[];
  /** One entry for each column of `groupBy`, in that order. */
  readonly domain: readonly ColumnDomain[];
  /** `count`, `sum(party.column)` or `mean(party.column)`. */
  readonly measures: readonly string[];
  /** Set when the analyst named a mode; absent where the choice is the planner's. */
  readonly mode?: "pair" | "hub";
}

/** Single questions to one party's list. What is asked stands in no document: only how many elements it is padded to. */
export interface LookupAsk {
  readonly kind: "lookup";
  readonly key: readonly string[];
  /** The holder and its list. */
  readonly from: readonly Source[];
  readonly asker: PartyId;
  /** Questions, padded to whole batches; at most so many where it is open. */
  readonly elements: number;
  /** Present where the questions are not there yet: they come one by one while the session is open. */
  readonly open?: true;
  /** Whether the holder learns of a hit too. */
  readonly tell: "asker" | "both-on-hit";
  /**
   * Present where questions and list are what the desks of both look at (deconfliction), taken from their registers each
   * time that it runs; and by which cells their places and times meet.
   */
  readonly interests?: PresenceGrid;
}

/**
 * How finely places and times are divided, the same for all who take part. A municipality is a cell of its own: it meets
 * the same one, and no circle.
 */
export interface PresenceGrid {
  readonly place: "geohash-5" | "geohash-6";
  readonly time: "hour" | "day";
}

/** The register of interests, as a list of its node, and its column. */
export const INTERESTS: { readonly dataset: string; readonly column: string; readonly elements: number } = {
  dataset: "koplamp-interests",
  column: "interest",
  elements: 256,
};

/** One measure over time, and when it is out of the ordinary (aggregation.md, section 9.2). */
export interface TrendAsk {
  readonly kind: "trend";
  readonly from: readonly Source[];
  readonly where: readonly Condition[];
  readonly groupBy: readonly string[];
  /** One entry for each column of `groupBy`, in that order, then the periods, each after the one before. */
  readonly domain: readonly ColumnDomain[];
  /** The one measure that is watched. */
  readonly measures: readonly string[];
  /** The column of months. */
  readonly period: string;
  readonly alarm: AlarmRule;
  /** Whether recipients get the summed series too, or which periods raise an alarm only. */
  readonly reveal: "alarms" | "series";
}

/** When a period raises an alarm. */
export type AlarmRule = LookingBack | FixedBaseline;

/** By what went before, in the series itself. */
export interface LookingBack {
  readonly rule: "zscore" | "cusum" | "seasonal";
  /** Periods that a test looks back on, or that fix its baseline; years, of a seasonal one. */
  readonly window: number;
  /** How many standard deviations are too many, in thousandths. */
  readonly thresholdMilli: number;
}

/** By a mean and a deviation that the question states: whole numbers in the unit of the measure. */
export interface FixedBaseline {
  readonly rule: "zscore" | "cusum";
  readonly baseline: { readonly mean: number; readonly deviation: number };
  /** How many deviations are too many, in thousandths. */
  readonly thresholdMilli: number;
}

/** The cube that a trend is made of: its groups, with the periods as the last dimension of every cell. */
export function cubeOfTrend({ from, where, groupBy, period, domain, measures }: TrendAsk): AggregateAsk {
  return { kind: "aggregate", from, where, groupBy: [...groupBy, period], domain, measures };
}

/** The columns by which a question compares rows of several parties; none where it compares nothing. */
export function keyOf(ask: Ask): readonly string[] {
  if (ask.kind === "trend") return [];
  return ask.kind === "aggregate" ? (ask.distinctBy ?? []) : ask.key;
}

/** The column under a measure such as `sum(amount)`; empty for `count`. */
export function measuredColumn(measure: string): string {
  return /\((.+)\)$/.exec(measure)?.[1] ?? "";
}

/** Whoever deals what others work with, where a question names a party for it: it brings no data, and learns sizes alone. */
export function dealersOf(ask: Ask): readonly PartyId[] {
  return ask.kind === "match" && ask.dealer !== undefined && ask.dealer !== NOBODY ? [ask.dealer] : [];
}

/** What stands in the place of a dealer where nobody deals. */
export const NOBODY: "nobody" = "nobody";

/** Whether two parties work with a correlation that they make themselves. */
export function isUndealt(ask: Ask): boolean {
  return ask.kind === "match" && ask.dealer === NOBODY;
}

/** The columns that one party's rows are read for, each once: key, groups, conditions and measures, in that order. */
export function columnsAt(ask: Ask, party: PartyId): readonly string[] {
  if (ask.kind === "match") {
    const flags = (ask.flaggedBy ?? []).map(({ column }) => column);
    return [...new Set([...ask.key, ...flags])];
  }
  if (ask.kind === "overlap-count" || ask.kind === "lookup") return ask.key;
  if (ask.kind === "join-aggregate") {
    const measured = ask.measures.map(measuredColumn);
    const own = [...ask.groupBy, ...measured].flatMap((name) => ownColumn(name, party) ?? []);
    return [...new Set([...ask.key, ...own])];
  }
  const measured = ask.measures.flatMap(measuredColumns);
  const periods = ask.kind === "trend" ? [ask.period] : [];
  const conditions = ask.where.map(({ column }) => column);
  return [...new Set([...keyOf(ask), ...ask.groupBy, ...periods, ...conditions, ...measured])];
}

/** The column of a name `party.column`, if it is that party's. */
export function ownColumn(name: string, party: PartyId): string | undefined {
  return name.startsWith(`${party}.`) ? name.slice(party.length + 1) : undefined;
}
