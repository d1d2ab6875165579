// SPDX-License-Identifier: Apache-2.0
import type { AlarmRule, TrendAsk } from "@koplamp/wire";
import {
  columnIn,
  FEWER_GROUPS,
  FEWER_MEASURES,
  measureIn,
  readDomain,
  readFrom,
  readWhere,
} from "./ask-rows.ts";
import { decimalOf, distinct, field, integerOf, listOf, mapOf, oneOf, required } from "./yaml-fields.ts";
import { failAt, type YamlMap, type YamlValue } from "./yaml-source.ts";

/** Most periods that a test looks back on. */
const MOST_WINDOW = 1000;
const SHORTER = "look back on fewer periods, or state a `baseline` in place of a window";
/** Most deviations of a threshold. */
const MOST_DEVIATIONS = 1000;

/** Reads a `trend`: an aggregate of one measure, with a column of months and a rule that raises alarms. */
export function readTrend(map: YamlMap): TrendAsk {
  const [groups, period] = [field(map, "groupBy"), columnIn(required(map, "period", "the column of months"))];
  const groupBy = groups === undefined ? [] : distinct(listOf(groups, 0, 8, FEWER_GROUPS).items, columnIn);
  if (groups !== undefined && groupBy.includes(period)) {
    const message = `"${period}" is the period, and stands among the groups too`;
    throw failAt(groups, "invalid-value", message, "leave it out of `groupBy`: every group has all periods");
  }
  const measures = listOf(required(map, "measures", "the one measure that is watched"), 1, 1, FEWER_MEASURES);
  return {
    kind: "trend",
    from: readFrom(map),
    where: readWhere(field(map, "where")),
    groupBy,
    domain: readDomain(map, [...groupBy, period]),
    measures: measures.items.map(measureIn),
    period,
    alarm: readAlarm(required(map, "alarm", "alarm: { rule: zscore, window: 12, threshold: 3 }")),
    reveal: oneOf(required(map, "reveal", "alarms, or series too"), ["alarms", "series"]),
  };
}

/** A rule looks back on so many periods, or has a baseline of its own. */
function readAlarm(value: YamlValue): AlarmRule {
  const map = mapOf(value, ["rule", "window", "baseline", "threshold"]);
  const thresholdMilli = readThreshold(map);
  const [rule, baseline] = [required(map, "rule", "zscore, cusum or seasonal"), field(map, "baseline")];
  if (baseline === undefined) {
    const window = integerOf(
      required(map, "window", "how many periods it looks back on"),
      2,
      MOST_WINDOW,
      SHORTER,
    );
    return { rule: oneOf(rule, ["zscore", "cusum", "seasonal"]), window, thresholdMilli };
  }
  const window = field(map, "window");
  if (window !== undefined)
    throw failAt(window, "invalid-value", '"window" does not go with "baseline"', "take one of them");
  const stated = mapOf(baseline, ["mean", "deviation"]);
  const most = Number.MAX_SAFE_INTEGER;
  const mean = integerOf(required(stated, "mean", "in the unit of the measure"), -most, most);
  const deviation = integerOf(required(stated, "deviation", "in the unit of the measure"), 1, most);
  return { rule: oneOf(rule, ["zscore", "cusum"]), baseline: { mean, deviation }, thresholdMilli };
}

function readThreshold(map: YamlMap): number {
  const value = required(map, "threshold", "how many standard deviations are too many");
  return Math.round(decimalOf(value, 0.001, MOST_DEVIATIONS) * 1000);
}
