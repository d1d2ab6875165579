// SPDX-License-Identifier: Apache-2.0
// When a period of a series is out of the ordinary (aggregation.md, section 9.2). Every test is of whole numbers, so that
// no party and no second program can arrive at another alarm.
import type { AlarmRule, FixedBaseline, LookingBack } from "@koplamp/wire";

/**
 * What a test says of a period. `early`: there is too little to look back on. `unknown`: something that the test takes is
 * withheld; a window never gets shorter by it.
 */
export type Verdict = "alarm" | "quiet" | "early" | "unknown";

/** A number, or undefined where it is withheld. */
type Value = bigint | undefined;

/**
 * What the rule says of every period, in order of time. `season`: periods of a year, which a seasonal rule goes back by.
 *
 * - `zscore`: the value is above the mean of the `window` periods before by more than so many of their deviations.
 * - `seasonal`: the same, by the same period of the `window` years before.
 * - `cusum`: the first `window` periods fix mean and deviation. What is above the mean by more than half a deviation adds
 *   up, never below nothing; a sum of more than so many deviations is an alarm, and then it begins anew.
 *
 * With a baseline of its own a rule looks back on nothing, so that no period is too early; a `cusum` does not begin anew
 * then: every period in which the sum stands above the threshold is an alarm. Such rules are linear in the data.
 *
 * Deviations are those of a sample. All comparisons are strict, and what never varied has no deviation to exceed: it
 * raises no alarm.
 */
export function verdictsOf(series: readonly Value[], rule: AlarmRule, season: number): readonly Verdict[] {
  if ("baseline" in rule) return fixed(series, rule);
  const { window } = rule;
  if (rule.rule === "cusum") return cusum(series, rule);
  const step = rule.rule === "seasonal" ? season : 1;
  return series.map((value, at) => {
    if (at < window * step) return "early";
    return verdictBy(
      value,
      Array.from({ length: window }, (_, back) => series[at - (back + 1) * step]),
      rule,
    );
  });
}

function verdictBy(value: Value, before: readonly Value[], { thresholdMilli }: LookingBack): Verdict {
  const baseline = baselineOf(before);
  if (value === undefined || baseline === undefined) return "unknown";
  return baseline.spread > 0n && exceeds(baseline.above(value), 2n * BigInt(thresholdMilli), baseline)
    ? "alarm"
    : "quiet";
}

/** Mean and deviation of some numbers, as whole numbers. */
interface Baseline {
  /** How many they are. */
  readonly size: bigint;
  /** `size · (size - 1)` times the variance of the sample. */
  readonly spread: bigint;
  /** By how much a value is above the mean, times `size`. */
  readonly above: (value: bigint) => bigint;
}

/** The baseline of some numbers; none where one of them is withheld. */
function baselineOf(values: readonly Value[]): Baseline | undefined {
  const known = values.filter((value) => value !== undefined);
  if (known.length < values.length) return undefined;
  const size = BigInt(known.length);
  const sum = known.reduce((total, value) => total + value, 0n);
  const squares = known.reduce((total, value) => total + value * value, 0n);
  return { size, spread: size * squares - sum * sum, above: (value) => size * value - sum };
}

/** Thousandths of half a deviation in one deviation. */
export const HALVES = 2000n;

/**
 * Whether `excess / size` is more than `halves / 2000` deviations. Squared, so that no root is drawn: the deviation is
 * the root of `spread / (size · (size - 1))`.
 */
function exceeds(excess: bigint, halves: bigint, { size, spread }: Baseline): boolean {
  if (excess <= 0n) return false;
  return HALVES * HALVES * excess * excess * (size - 1n) > halves * halves * size * spread;
}

function cusum(series: readonly Value[], { window, thresholdMilli }: LookingBack): readonly Verdict[] {
  const baseline = baselineOf(series.slice(0, window));
  const tested = series.slice(window);
  const early = series.slice(0, window).map((): Verdict => "early");
  const said = baseline === undefined ? tested.map((): Verdict => "unknown") : summed(tested, baseline);
  return [...early, ...said];

  function summed(values: readonly Value[], known: Baseline): readonly Verdict[] {
    let [excess, steps, lost] = [0n, 0n, false];
    return values.map((value) => {
      lost ||= value === undefined; // what has added up is not known any more
      if (lost || value === undefined) return "unknown";
      [excess, steps] = [excess + known.above(value), steps + 1n];
      const slack = steps * 1000n; // half a deviation a step
      const alarm = known.spread > 0n && exceeds(excess, slack + 2n * BigInt(thresholdMilli), known);
      if (alarm || !exceeds(excess, slack, known)) [excess, steps] = [0n, 0n];
      return alarm ? "alarm" : "quiet";
    });
  }
}

function fixed(
  series: readonly Value[],
  { rule, baseline, thresholdMilli }: FixedBaseline,
): readonly Verdict[] {
  const { mean, step, limit } = scaled({ baseline, thresholdMilli });
  let [excess, lost] = [0n, false];
  return series.map((value) => {
    if (rule === "zscore") return value === undefined ? "unknown" : verdictOf(HALVES * value - mean > limit);
    lost ||= value === undefined; // what has added up is not known any more
    if (lost || value === undefined) return "unknown";
    excess += HALVES * value - mean - step;
    if (excess < 0n) excess = 0n;
    return verdictOf(excess > limit);
  });
}

function verdictOf(alarm: boolean): Verdict {
  return alarm ? "alarm" : "quiet";
}

/** A fixed baseline in thousandths of half a unit: its mean, the slack of a step, and the threshold. */
export function scaled({ baseline, thresholdMilli }: Omit<FixedBaseline, "rule">): {
  readonly mean: bigint;
  readonly step: bigint;
  readonly limit: bigint;
} {
  const deviation = BigInt(baseline.deviation);
  return {
    mean: HALVES * BigInt(baseline.mean),
    step: (HALVES / 2n) * deviation,
    limit: 2n * BigInt(thresholdMilli) * deviation,
  };
}
