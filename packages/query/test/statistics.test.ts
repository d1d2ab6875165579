// SPDX-License-Identifier: Apache-2.0
// Statistics, ranges and flows as a question states them: one spelling, and a refusal with a way out.
import { type AggregateAsk, documentIssues } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import { QueryError, readQuestion } from "../src/index.ts";
import { entry, planned } from "./agreement.ts";
import { REPORTS } from "./samples.ts";

const read = (text: string) => readQuestion(text, { file: "q.yaml", lab: false });
const kinds = { region: "category", month: "month", settled: "boolean", amount: "integer" } as const;
const reports = ["north", "south", "west"].map((party) => entry(party, "reports", kinds, 4096));
const asked = (text: string): AggregateAsk => read(text).ask as AggregateAsk;
const measuring = (...measures: readonly string[]): string =>
  REPORTS.replace(
    'measures: [count, "sum(amount)"]',
    `measures: [${measures.map((text) => `"${text}"`).join(", ")}]`,
  );

describe("a measure", () => {
  test.each([
    ["variance( amount )", "variance(amount)"],
    ["correlation(amount,tons)", "correlation(amount, tons)"],
    ["regression(amount~tons+fee)", "regression(amount ~ tons + fee)"],
    ["chi-square( region,month)", "chi-square(region, month)"],
    ["quantile(amount;0.5)", "quantile(amount; 0.5)"],
  ])("%s is written %s", (text, spelling) => {
    expect(asked(measuring("count", text)).measures).toEqual(["count", spelling]);
  });

  test.each([
    "variance()",
    "variance(a, b)",
    "correlation(a)",
    "correlation(a, a)",
    "regression(a)",
    "regression(a ~ a)",
    "regression(a ~ b ~ c)",
    "regression(a ~ intercept)",
    "regression(a ~ r-squared)",
    `regression(a ~ ${Array.from({ length: 17 }, (_, at) => `b${at}`).join(" + ")})`,
    "quantile(a; 1)",
    "quantile(a; 0)",
    "quantile(a; 0.5000)",
    "median(a)",
    "count()",
  ])("%s is none", (text) => {
    expect(() => read(measuring(text))).toThrow(
      expect.objectContaining({
        code: "invalid-value",
        hint: expect.stringContaining("regression(column ~"),
      }),
    );
  });
});

describe("statistics of a table", () => {
  test("stand on columns of its groups and on count, a quantile on ranges", () => {
    const plan = (text: string) => planned(read(text), reports).plan.ask as AggregateAsk;
    const ranges = REPORTS.replace("groupBy: [region, month]", "groupBy: [amount, month]").replace(
      "region: [coast, hills, city]",
      'amount: [-9..-1, "0..0", 1..99]',
    );
    const both = ranges.replace('"sum(amount)"', '"chi-square(amount, month)", "quantile(amount; 0.9)"');
    const ask = plan(both);
    expect(ask.measures).toEqual(["count", "chi-square(amount, month)", "quantile(amount; 0.9)"]);
    expect(ask.domain[0]).toEqual({ column: "amount", values: ["-9..-1", "0..0", "1..99"], ranges: true });
    for (const [text, hint] of [
      [measuring("count", "quantile(region; 0.5)"), "0..999"],
      [measuring("count", "chi-square(region, amount)"), "group by both"],
      [measuring("chi-square(region, month)"), "count"],
      [ranges.replace("-9..-1", "5..9"), "0..999"],
      [ranges.replace("1..99", "99..1"), "0..999"],
    ] as const) {
      expect(() => plan(text)).toThrow(expect.objectContaining({ hint: expect.stringContaining(hint) }));
    }
  });
});

describe("a plan that somebody else made", () => {
  const { plan } = planned(read(REPORTS), reports);
  const ask = plan.ask as AggregateAsk;
  const issues = (change: Partial<AggregateAsk>): number =>
    documentIssues("plan/v1", { ...plan, ask: { ...ask, ...change } }).length;
  const [region, month] = ask.domain;
  const amounts = (...values: readonly string[]): Partial<AggregateAsk> => ({
    groupBy: ["amount"],
    domain: [{ column: "amount", values, ranges: true }],
  });

  test.each<[string, Partial<AggregateAsk>]>([
    ["as it was", {}],
    ["statistics", { measures: ["count", "variance(amount)", "chi-square(region, month)"] }],
    ["ranges", amounts("-9..-1", "0..0", "1..99")],
    ["a flow", { flow: { origin: "region", destination: "month" } }],
  ])("is taken with %s", (_what, change) => {
    expect(issues(change)).toBe(0);
  });

  test.each<[string, Partial<AggregateAsk>]>([
    ["a measure in another spelling", { measures: ["count", "correlation(amount,amount)"] }],
    [
      "a measure without an end",
      { measures: [`regression(amount ~ ${"x".repeat(64)} + ${"y".repeat(64)} + ${"z".repeat(64)})`] },
    ],
    ["a test without counts", { measures: ["chi-square(region, month)"] }],
    ["a test of other columns", { measures: ["count", "chi-square(region, settled)"] }],
    ["a quantile of words", { measures: ["count", "quantile(region; 0.5)"] }],
    ["products of events that count once", { measures: ["variance(amount)"], distinctBy: ["region"] }],
    ["ranges that overlap", amounts("0..9", "9..99")],
    ["ranges in another order", amounts("10..99", "0..9")],
    ["ranges that are none", amounts("0..9", "ten")],
    ["a flow of other groups", { flow: { origin: "month", destination: "region" } }],
    [
      "a flow in an own order",
      {
        groupBy: ["month", "region"],
        domain: [month, region].flatMap((axis) => axis ?? []),
        flow: { origin: "region", destination: "month" },
      },
    ],
  ])("is refused with %s", (_what, change) => {
    expect(issues(change)).toBeGreaterThan(0);
  });
});

describe("a flow", () => {
  const flow = (fields: string): string => REPORTS.replace("groupBy: [region, month]", `flow: ${fields}`);

  test("is groups by its columns, marked as one", () => {
    const ask = asked(flow("{ origin: region, destination: month }"));
    expect(ask.flow).toEqual({ origin: "region", destination: "month" });
    expect(ask.groupBy).toEqual(["region", "month"]);
  });

  test.each([
    ["{ origin: region }", "destination"],
    ["{ origin: region, destination: region }", "another column"],
    ["{ origin: region, destination: month }\n  groupBy: [region]", "groupBy"],
    ["{ origin: region, destination: month, via: month }", "via"],
  ])("of %s is refused", (fields, word) => {
    expect(() => read(flow(fields))).toThrow(QueryError);
    expect(() => read(flow(fields))).toThrow(word);
  });
});
