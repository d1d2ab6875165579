// SPDX-License-Identifier: Apache-2.0
// The answer to a trend, for people and as rows.
import type { ResultRow, ResultTable } from "./result-rows.ts";
import { columns, counted, grouped } from "./table.ts";

/** The result of a trend as it stands in JSON. */
export interface PlainTrend {
  readonly kind: "trend";
  readonly alarms: readonly PlainPoint[];
  readonly unknown?: number;
  readonly series?: readonly PlainPoint[];
}

interface PlainPoint {
  readonly group: Readonly<Record<string, string>>;
  readonly period: string;
  readonly value?: number | string;
  readonly withheld?: string | readonly string[];
}

const FIRST_ALARMS = 24;

/** The alarms as a table; where a series came with them, how large it is. */
export function trendLines(to: string, { alarms, unknown, series }: PlainTrend): readonly string[] {
  const names = namesOf(alarms);
  const valued = series !== undefined;
  const shown = alarms.slice(0, FIRST_ALARMS);
  const rows = shown.map(({ group, period, value = "" }) => [
    ...names.map((name) => group[name] ?? ""),
    period,
    ...(valued ? [grouped(value)] : []),
  ]);
  const header = [...names, "period", ...(valued ? ["value"] : [])];
  const table = alarms.length === 0 ? [] : columns([header, ...rows], valued ? [header.length - 1] : []);
  const more = alarms.length - shown.length;
  return [
    `released to ${to}: ${counted(alarms.length, "alarm")}, ${seriesText(series)}`,
    ...table.map((line) => `  ${line}`),
    ...(more === 0 ? [] : [`  … ${grouped(more)} more`]),
    ...(unknown === undefined ? [] : [unknownText(unknown)]),
  ];
}

function seriesText(series: PlainTrend["series"]): string {
  if (series === undefined) return "no series";
  const withheld = series.filter((point) => point.withheld !== undefined).length;
  return `${counted(series.length, "period")} of which ${grouped(withheld)} withheld`;
}

/** Said beside the alarms: no alarm is no all-clear there. */
function unknownText(unknown: number): string {
  const them = unknown === 1 ? "its test takes" : "their tests take";
  return `unknown: ${counted(unknown, "period")}, since something that ${them} is withheld`;
}

/** A row for each period of a series; without one, a row for each alarm. */
export function trendTable({ alarms, series }: PlainTrend): ResultTable {
  const names = namesOf(series ?? alarms);
  const nameOf = ({ group, period }: PlainPoint): readonly string[] => [
    ...names.map((name) => group[name] ?? ""),
    period,
  ];
  const raised = new Set(alarms.map((alarm) => JSON.stringify(nameOf(alarm))));
  const rows = (series ?? alarms).map((point): ResultRow => {
    const group = nameOf(point);
    const alarm = raised.has(JSON.stringify(group)) ? "alarm" : undefined;
    const withheld = point.withheld === undefined ? [] : [point.withheld].flat();
    return { group, values: series === undefined ? [] : [point.value, alarm], spreads: [], withheld };
  });
  const measures = series === undefined ? [] : ["value", "alarm"];
  return { groups: [...names, "period"], measures, noisy: false, rows };
}

/** Whether nothing at all can be said: every period is unknown or withheld. */
export function saysNothing({ alarms, unknown = 0, series }: PlainTrend): boolean {
  return series === undefined
    ? alarms.length === 0 && unknown > 0
    : series.every(({ withheld }) => withheld !== undefined);
}

function namesOf(points: readonly PlainPoint[]): readonly string[] {
  return [...new Set(points.flatMap(({ group }) => Object.keys(group)))];
}
