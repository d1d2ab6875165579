// SPDX-License-Identifier: Apache-2.0
// From the cells of a cube, as they may be shown, to the alarms of a trend.
import type { AggregateCell, TrendAsk, TrendPoint, TrendResult } from "@koplamp/wire";
import { type Verdict, verdictsOf } from "./alarm.ts";

/** Months of a year. */
const YEAR = 12;

/**
 * The answer to a trend by the released cells of its cube, in the public order: groups one after the other, and in each
 * all periods. Tests look at released values only. Where alarms are asked for, no value and no series is in it.
 */
export function trendOf(ask: TrendAsk, cells: readonly AggregateCell[]): TrendResult {
  const periods = ask.domain.at(-1)?.values ?? [];
  const season = Math.trunc(YEAR / stepOf(periods));
  const points = cells.map((cell, at) => pointOf(cell, ask, periods[at % periods.length] ?? ""));
  const verdicts = points.flatMap((_, at): readonly Verdict[] => {
    if (at % periods.length > 0) return [];
    const values = points.slice(at, at + periods.length).map(shownIn);
    return verdictsOf(values, ask.alarm, season);
  });
  const unknown = verdicts.filter((verdict) => verdict === "unknown").length;
  const alarms = points.filter((_, at) => verdicts[at] === "alarm");
  const series = ask.reveal === "series";
  return {
    kind: "trend",
    alarms: alarms.map((point) => (series ? point : { group: point.group, period: point.period })),
    ...(unknown === 0 ? {} : { unknown }),
    ...(series ? { series: points } : {}),
  };
}

/**
 * Months from each period to the next; 0 where periods are not evenly apart, or no months: then no test of them means
 * what it says.
 */
export function stepOf(periods: readonly string[]): number {
  const months = periods.map((period) => {
    const [, year = "", month = ""] = /^(\d{4})-(\d{2})$/.exec(period) ?? [];
    return Number(year) * YEAR + Number(month);
  });
  const steps = new Set(months.slice(1).map((month, at) => month - (months[at] ?? 0)));
  const [step = 1, ...others] = steps;
  return others.length === 0 && step > 0 ? step : 0;
}

/** A cell of which a mean is asked may have rows and no value in any: that is too few of them. */
function pointOf(cell: AggregateCell, { period, measures }: TrendAsk, name: string): TrendPoint {
  const { [period]: _period, ...group } = cell.group;
  if ("withheld" in cell) {
    const { withheld, hint } = cell;
    return { group, period: name, withheld, ...(hint === undefined ? {} : { hint }) };
  }
  const value = cell.measures[measures[0] ?? ""];
  return value === undefined
    ? { group, period: name, withheld: ["minCount"] }
    : { group, period: name, value };
}

function shownIn(point: TrendPoint): bigint | undefined {
  return "withheld" in point ? undefined : BigInt(point.value);
}

/** The answer to a trend by what blind tests said of its cells, in the public order: no value is known to anybody. */
export function blindTrendOf(ask: TrendAsk, verdicts: readonly Verdict[]): TrendResult {
  const periods = ask.domain.at(-1)?.values ?? [];
  const groups = groupsOf(ask);
  const alarms = verdicts.flatMap((verdict, at) => {
    if (verdict !== "alarm") return [];
    const group = groups[Math.floor(at / periods.length)] ?? {};
    return [{ group, period: periods[at % periods.length] ?? "" }];
  });
  const unknown = verdicts.filter((verdict) => verdict === "unknown").length;
  return { kind: "trend", alarms, ...(unknown === 0 ? {} : { unknown }) };
}

function groupsOf({ domain }: TrendAsk): readonly Readonly<Record<string, string>>[] {
  return domain
    .slice(0, -1)
    .reduce<readonly Readonly<Record<string, string>>[]>(
      (groups, { column, values }) =>
        groups.flatMap((group) => values.map((value) => ({ ...group, [column]: value }))),
      [{}],
    );
}
