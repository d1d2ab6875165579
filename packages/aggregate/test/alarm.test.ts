// SPDX-License-Identifier: Apache-2.0
// When a period is out of the ordinary: by tables worked out by hand, and by another program that reckons in fractions.
import type { AggregateCell, AlarmRule, FixedBaseline, LookingBack, TrendAsk } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { verdictsOf } from "../src/alarm.ts";
import { stepOf, trendOf } from "../src/index.ts";

const rule = (name: LookingBack["rule"], window: number, thresholdMilli: number): LookingBack => ({
  rule: name,
  window,
  thresholdMilli,
});

/** Digits stand for values, `.` for a withheld one. */
const series = (text: string): (bigint | undefined)[] =>
  text.split(" ").map((word) => (word === "." ? undefined : BigInt(word)));

/** `A` alarm, `-` quiet, `e` early, `?` unknown. */
function said(text: string, by: AlarmRule, season = 12): string {
  const letters = { alarm: "A", quiet: "-", early: "e", unknown: "?" };
  return verdictsOf(series(text), by, season)
    .map((verdict) => letters[verdict])
    .join("");
}

describe("a z-score", () => {
  // 1 and 3: mean 2, deviation of the sample the root of 2. Twice that is 2.83.
  const twice = rule("zscore", 2, 2000);

  test("is an alarm above the threshold, strictly, and nothing below it", () => {
    expect(said("1 3 5", twice)).toBe("eeA");
    expect(said("1 3 4", twice)).toBe("ee-");
    expect(said("1 3 -9", twice)).toBe("ee-");
    // 2, 4, 6: mean 4, deviation 2. Three of them above the mean is 10: not more.
    expect(said("2 4 6 10", rule("zscore", 3, 3000))).toBe("eee-");
    expect(said("2 4 6 11", rule("zscore", 3, 3000))).toBe("eeeA");
    expect(said("2 4 6 10", rule("zscore", 3, 2999))).toBe("eeeA");
  });

  test("takes a full window, of the periods before", () => {
    expect(said("1 3", twice)).toBe("ee");
    expect(said("99 1 3 5", twice)).toBe("ee-A");
    expect(said("1 3 5 9", twice)).toBe("eeAA"); // 3 and 5: mean 4, 4 + 2.83 is less than 9
  });

  test("is unknown where the value or one of its window is withheld, never by a shorter window", () => {
    expect(said("1 3 . 5 9 99", twice)).toBe("ee???A");
    expect(said(". 1 3 5", twice)).toBe("ee?A");
  });

  test("never alarms after a flat window", () => {
    expect(said("7 7 7 9 7", rule("zscore", 3, 1))).toBe("eee--");
  });
});

describe("a seasonal test", () => {
  const yearly = rule("seasonal", 2, 2000);

  test("looks at the same period of the years before, and at no other", () => {
    // Quarters of three years: in the first quarter 1, 3 and then 5.
    expect(said("1 80 80 80 3 90 70 81 5 80 80 99", yearly, 4)).toBe("eeeeeeeeA--A");
    expect(said("1 80 80 80 3 90 70 81 4 80 80 99", yearly, 4)).toBe("eeeeeeee---A");
  });

  test("is unknown where one of those is withheld", () => {
    expect(said("1 80 . 80 3 90 70 81 5 80 80 99", yearly, 4)).toBe("eeeeeeeeA-?A");
  });
});

describe("a cumulative sum", () => {
  // 8, 10 and 12: mean 10, deviation 2. What is above 11 adds up; more than 4 is an alarm.
  const twice = rule("cusum", 3, 2000);

  test("adds up what is above mean and slack, and starts anew after an alarm", () => {
    expect(said("8 10 12 13 13", twice)).toBe("eee--"); // 2, 4: not more than 4
    expect(said("8 10 12 13 14", twice)).toBe("eee-A"); // 2, 5
    expect(said("8 10 12 13 13 12 12 12", twice)).toBe("eee--A--"); // 2, 4, 5, then 1, 2
    expect(said("8 10 12 16 13 13 13", twice)).toBe("eeeA--A"); // 5, then 2, 4, 6
  });

  test("never falls below nothing", () => {
    expect(said("8 10 12 0 13 14", twice)).toBe("eee--A"); // 0, 2, 5
    expect(said("8 10 12 11 16", twice)).toBe("eee-A");
  });

  test("is unknown for good once something is withheld", () => {
    expect(said("8 10 12 13 . 99 99", twice)).toBe("eee-???");
    expect(said("8 . 12 13 99", twice)).toBe("eee??");
  });

  test("never alarms after a flat beginning", () => {
    expect(said("5 5 9 99", rule("cusum", 2, 1))).toBe("ee--");
  });
});

describe("a rule with a baseline of its own", () => {
  const ten = (name: FixedBaseline["rule"], thresholdMilli: number): FixedBaseline => ({
    ...{ rule: name, baseline: { mean: 10, deviation: 2 } },
    thresholdMilli,
  });

  test("compares every period with it, the first one too, strictly", () => {
    expect(said("16 17 . 3 17", ten("zscore", 3000))).toBe("-A?-A");
    expect(said("16 3", ten("zscore", 2999))).toBe("A-");
  });

  test("adds up what is above it and slack, and does not begin anew", () => {
    // What is above 11 adds up; more than 4 is an alarm.
    expect(said("13 13", ten("cusum", 2000))).toBe("--"); // 2, 4
    expect(said("13 14 12 11 9 12", ten("cusum", 2000))).toBe("-AAA-A"); // 2, 5, 6, 6, 4, 5
    expect(said("0 13 14", ten("cusum", 2000))).toBe("--A");
    expect(said("13 . 99", ten("cusum", 2000))).toBe("-??");
  });

  test("is an alarm exactly where some stretch up to it is too much: a set of linear tests", () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt(-30n, 60n), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: -20, max: 20 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 5000 }),
        (values, mean, deviation, thresholdMilli) => {
          const linear = values.map((_, at) => {
            for (let start = 0; start <= at; start += 1) {
              const stretch = values.slice(start, at + 1);
              const sum = stretch.reduce((total, value) => total + value, 0n);
              const [steps, off] = [BigInt(stretch.length), BigInt(deviation)];
              if (
                2000n * (sum - steps * BigInt(mean)) - 1000n * steps * off >
                2n * BigInt(thresholdMilli) * off
              )
                return "A";
            }
            return "-";
          });
          const by: FixedBaseline = { rule: "cusum", baseline: { mean, deviation }, thresholdMilli };
          expect(said(values.join(" "), by)).toBe(linear.join(""));
        },
      ),
      { numRuns: 200 },
    );
  });
});

/** Another program: fractions of whole numbers, and roots compared by their squares. */
type Fraction = readonly [bigint, bigint];
const plus = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * d + c * b, b * d];
const minus = (one: Fraction, [c, d]: Fraction): Fraction => plus(one, [-c, d]);
const times = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * c, b * d];
const positive = ([a, b]: Fraction): boolean => a * b > 0n;

function momentsOf(values: readonly bigint[]): { readonly mean: Fraction; readonly variance: Fraction } {
  const size = BigInt(values.length);
  const mean = values.reduce<Fraction>((sum, value) => plus(sum, [value, size]), [0n, 1n]);
  const variance = values.reduce<Fraction>(
    (sum, value) => {
      const off = minus([value, 1n], mean);
      return plus(sum, times(times(off, off), [1n, size - 1n]));
    },
    [0n, 1n],
  );
  return { mean, variance };
}

/** Whether `excess` is more than `deviations` roots of `variance`. */
function isAbove(excess: Fraction, deviations: Fraction, variance: Fraction): boolean {
  return (
    positive(excess) && positive(minus(times(excess, excess), times(times(deviations, deviations), variance)))
  );
}

function slowly(values: readonly (bigint | undefined)[], by: LookingBack, season: number): string {
  const { window, thresholdMilli } = by;
  const threshold: Fraction = [BigInt(thresholdMilli), 1000n];
  if (by.rule === "cusum") return slowCusum(values, window, threshold);
  const step = by.rule === "seasonal" ? season : 1;
  const verdicts = values.map((value, at) => {
    if (at - window * step < 0) return "e";
    const before: (bigint | undefined)[] = [];
    for (let back = 1; back <= window; back += 1) before.push(values[at - back * step]);
    return value === undefined || before.includes(undefined) ? "?" : slowVerdict(value, before, threshold);
  });
  return verdicts.join("");
}

function slowVerdict(value: bigint, before: readonly (bigint | undefined)[], threshold: Fraction): string {
  const { mean, variance } = momentsOf(before.map((one) => one ?? 0n));
  return positive(variance) && isAbove(minus([value, 1n], mean), threshold, variance) ? "A" : "-";
}

/** The sum as `added - deviations · steps / 2`, compared with nothing by trying every start since the last alarm. */
function slowCusum(values: readonly (bigint | undefined)[], window: number, threshold: Fraction): string {
  const first = values.slice(0, window);
  let [text, last] = ["e".repeat(first.length), first.length];
  for (let at = window; at < values.length; at += 1) {
    if (values.slice(0, at + 1).includes(undefined)) {
      text += "?";
      continue;
    }
    const { mean, variance } = momentsOf(first.map((value) => value ?? 0n));
    let alarm = false;
    for (let start = last; start <= at; start += 1) {
      const added = values
        .slice(start, at + 1)
        .reduce<Fraction>((sum, value) => plus(sum, minus([value ?? 0n, 1n], mean)), [0n, 1n]);
      alarm ||= isAbove(added, plus(threshold, [BigInt(at - start + 1), 2n]), variance);
    }
    alarm &&= positive(variance);
    if (alarm) last = at + 1;
    text += alarm ? "A" : "-";
  }
  return text;
}

test("every rule says what another program says, for any series", () => {
  const value = fc.oneof(
    { weight: 12, arbitrary: fc.bigInt(-9n, 40n) },
    { weight: 1, arbitrary: fc.bigInt(-(2n ** 60n), 2n ** 60n) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
  const seen = new Set<string>();
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 24 }),
      fc.constantFrom("zscore", "cusum", "seasonal"),
      fc.integer({ min: 2, max: 5 }),
      fc.integer({ min: 1, max: 4000 }),
      fc.constantFrom(1, 2, 4),
      (values, name, window, thresholdMilli, season) => {
        const by = rule(name, window, thresholdMilli);
        const text = values.map((one) => one ?? ".").join(" ");
        const expected = slowly(values, by, season);
        expect(said(text, by, season)).toBe(expected);
        for (const letter of expected) seen.add(`${name} ${letter}`);
      },
    ),
    { numRuns: 600 },
  );
  expect(seen.size).toBe(12); // every rule said everything
});

const ASK: TrendAsk = {
  kind: "trend",
  from: [
    { party: "north", dataset: "counts" },
    { party: "south", dataset: "counts" },
  ],
  where: [],
  groupBy: ["kind"],
  domain: [
    { column: "kind", values: ["raid", "lab"] },
    { column: "month", values: ["2025-11", "2025-12", "2026-01"] },
  ],
  measures: ["sum(n)"],
  period: "month",
  alarm: rule("zscore", 2, 2000),
  reveal: "series",
};

function cellsOf(values: readonly (number | null)[]): readonly AggregateCell[] {
  const groups = ["raid", "lab"].flatMap((kind) =>
    (ASK.domain[1]?.values ?? []).map((month) => ({ kind, month })),
  );
  return groups.map((group, at): AggregateCell => {
    const value = values[at] ?? null;
    return value === null
      ? { group, withheld: ["minContributors"], hint: "ask for more" }
      : { group, measures: { "sum(n)": value } };
  });
}

describe("a trend", () => {
  const cells = cellsOf([1, 3, 5, 1, null, 99]);

  test("gives the series where it is to be revealed, and its alarms with their values", () => {
    const { alarms, unknown, series: points } = trendOf(ASK, cells);
    expect(alarms).toEqual([{ group: { kind: "raid" }, period: "2026-01", value: 5 }]);
    expect(unknown).toBe(1); // the last period of the other group
    expect(points).toHaveLength(6);
    expect(points?.[4]).toEqual({
      ...{ group: { kind: "lab" }, period: "2025-12" },
      ...{ withheld: ["minContributors"], hint: "ask for more" },
    });
    expect(points?.[5]).toEqual({ group: { kind: "lab" }, period: "2026-01", value: 99 });
  });

  test("gives no number where alarms only are to be revealed", () => {
    expect(trendOf({ ...ASK, reveal: "alarms" }, cells)).toEqual({
      kind: "trend",
      alarms: [{ group: { kind: "raid" }, period: "2026-01" }],
      unknown: 1,
    });
  });

  test("does not look into another group's past", () => {
    const { alarms, unknown } = trendOf(ASK, cellsOf([1, 3, 4, 99, 99, 99]));
    expect({ alarms, unknown }).toEqual({ alarms: [], unknown: undefined });
  });

  test("withholds the mean of a period without any value: there are too few of them", () => {
    const ask: TrendAsk = { ...ASK, measures: ["mean(n)"] };
    const empty: readonly AggregateCell[] = cells.map(({ group }) => ({ group, measures: {} }));
    expect(trendOf(ask, empty).series?.[0]).toMatchObject({ withheld: ["minCount"] });
  });

  test("is of periods evenly apart", () => {
    expect(stepOf(["2025-11", "2025-12", "2026-01"])).toBe(1);
    expect(stepOf(["2025-01", "2025-04", "2025-07", "2025-10", "2026-01"])).toBe(3);
    expect(stepOf(["2025-01"])).toBe(1);
    expect(stepOf(["2025-01", "2025-02", "2025-04"])).toBe(0);
    expect(stepOf(["2025-02", "2025-01"])).toBe(0);
    expect(stepOf(["2025-01-01", "2025-02-01"])).toBe(0);
  });
});
