// SPDX-License-Identifier: Apache-2.0
// Trends: what is read, what is refused, and what their contract says that everybody learns.
import { documentBytes, readDocument } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { explain, explanationText, fitsShape, readQuestion } from "../src/index.ts";
import { entry, planned } from "./agreement.ts";

const MONTHS = ["2025-10", "2025-11", "2025-12", "2026-01", "2026-02"];
const TREND = `koplamp: query/v1
id: reports-over-time
class: D
purpose: fraud-2026
legalBasis: ["covenant art. 3"]
indication: "more reports"
necessity: "only what is out of the ordinary is needed"
intendedEffect: { text: "look at one region", measure: "plan in March" }
ask:
  kind: trend
  from: { west: reports, north: reports, south: reports }
  where: [ { column: settled, op: "=", value: true } ]
  groupBy: [region]
  domain:
    month: [${MONTHS.join(", ")}]
    region: [coast, city]
  measures: ["sum(amount)"]
  period: month
  alarm: { rule: zscore, window: 3, threshold: 2.5 }
  reveal: alarms
recipients: [north]
release: { minCount: 10, minContributors: 3 }
expires: 2027-01-31
`;
const SERIES = TREND.replace("reveal: alarms", "reveal: series");

const read = (text: string) => readQuestion(text, { file: "q.yaml", lab: false });
const columns = { region: "category", month: "month", settled: "boolean", amount: "integer" } as const;
const catalogue = ["north", "south", "west"].map((party) => entry(party, "reports", columns, 4096));
const contractFor = (text: string) => planned(read(text), catalogue);

describe("a trend", () => {
  test("is read into its normal form, and its plan is a document", () => {
    const { plan } = contractFor(TREND);
    expect(plan.ask).toMatchObject({
      kind: "trend",
      groupBy: ["region"],
      domain: [
        { column: "region", values: ["coast", "city"] },
        { column: "month", values: MONTHS },
      ],
      alarm: { rule: "zscore", window: 3, thresholdMilli: 2500 },
      reveal: "alarms",
    });
    expect(plan.class).toBe("D");
    expect(readDocument("plan/v1", documentBytes(plan))).toEqual(plan);
    expect(fitsShape("query", parse(TREND))).toBe(true);
  });

  test.each([
    ["period: month", "period: region", "among the groups too"],
    ["groupBy: [region]", "groupBy: [region, month]", "among the groups too"],
    ["rule: zscore", "rule: zcore", 'did you mean "zscore"'],
    ["window: 3", "window: 1", "an integer from 2"],
    ["threshold: 2.5", "threshold: 2.0005", "three places"],
    ["threshold: 2.5", "threshold: 0", "a number from 0.001"],
    ["reveal: alarms", "reveal: all", "unknown value"],
    ['["sum(amount)"]', '["sum(amount)", count]', "1 to 1 items"],
    ["  period: month\n", "", 'a field "period"'],
    ["class: D", "class: A", "is of class D"],
  ])("with %s as %s is refused", (from, to, message) => {
    expect(() => read(TREND.replace(from, to))).toThrow(message);
  });

  test.each([
    ["2025-11, 2025-12", "2025-12", "each as long after the one before"],
    ["2026-01, 2026-02", "2026-02, 2026-01", "each as long after the one before"],
    ["window: 3", "window: 5", "none would be tested"],
    ["zscore, window: 3", "seasonal, window: 2", "looks back on 24 periods"],
    [
      "recipients: [north]\nrelease: {",
      "recipients: [north]\nrelease: { noise: { epsilon: 1 },",
      "noise goes into sums",
    ],
  ])("whose %s is %s has no plan", (from, to, message) => {
    expect(() => contractFor(TREND.replace(from, to))).toThrow(message);
  });

  test("is over months: no other column is a period", () => {
    const other = catalogue.map((one) => ({
      ...one,
      columns: one.columns.map((column) => ({
        ...column,
        kind: column.name === "month" ? "category" : column.kind,
      })),
    })) as typeof catalogue;
    expect(() => planned(read(TREND), other)).toThrow("of kind category at north, not month");
  });

  test("may state its baseline, and then looks back on nothing", () => {
    const stated = "rule: cusum, baseline: { mean: 10, deviation: 2 }, threshold: 2.5";
    const text = TREND.replace("rule: zscore, window: 3, threshold: 2.5", stated);
    const { plan, contract } = contractFor(text);
    expect(plan.ask).toMatchObject({
      alarm: { rule: "cusum", baseline: { mean: 10, deviation: 2 }, thresholdMilli: 2500 },
    });
    expect(readDocument("plan/v1", documentBytes(plan))).toEqual(plan);
    expect(fitsShape("query", parse(text))).toBe(true);
    expect(contract.text.en).toContain("an excess over 10 that has added up to more than 2.5 times 2");
    for (const [from, to, message] of [
      ["cusum", "seasonal", "unknown value"],
      ["deviation: 2", "deviation: 0", "an integer from 1"],
      ["threshold", "window: 3, threshold", "does not go with"],
    ] as const) {
      expect(() => read(text.replace(from, to))).toThrow(message);
    }
  });

  test("may be of quarters, and looks a year back in four of them", () => {
    const quarters = [
      "2025-01",
      "2025-04",
      "2025-07",
      "2025-10",
      "2026-01",
      "2026-04",
      "2026-07",
      "2026-10",
      "2027-01",
    ];
    const text = TREND.replace(MONTHS.join(", "), quarters.join(", "));
    expect(() => contractFor(text.replace("zscore, window: 3", "seasonal, window: 2"))).not.toThrow();
    const uneven = text.replace("2027-01]", "2027-02]");
    expect(() => contractFor(uneven)).toThrow("as long after the one before");
  });
});

describe("the contract of a trend", () => {
  const factsOf = (text: string, party: string) => {
    const { contract } = contractFor(text);
    const view = contract.views.find(({ who }) => who.includes(party));
    const facts = (items: readonly { readonly fact: string }[] = []) => items.map(({ fact }) => fact);
    return { learns: facts(view?.learns), atMost: facts(view?.atMost), outputs: contract.outputs };
  };

  test("says that a recipient's node holds the series, where alarms only are told", () => {
    const { learns, atMost, outputs } = factsOf(TREND, "north");
    expect(learns).toContain("alarm");
    expect(learns).not.toContain("cell");
    expect(atMost).toEqual(["cell"]);
    expect(outputs).toMatchObject([{ id: "alarms", to: "north", fact: "alarm", bound: 10 }]);
    expect(outputs[0]?.columns).toEqual(["region", "sum(amount)"]);
    const { contract } = contractFor(TREND);
    expect(contract.warnings).toContain("SERIES-IN-MEMORY");
    expect(contract.disclosures.map(({ output }) => output)).toEqual(["alarms", "alarms"]);
    const view = contract.views.find(({ who }) => who.includes("north"));
    expect(view?.atMost[0]?.because).toContain("holds the whole series in memory");
    expect(view?.atMost[0]?.because).toContain("gate: node");
  });

  test("lists series and alarms, where both are told", () => {
    const { learns, atMost, outputs } = factsOf(SERIES, "north");
    expect(learns).toEqual(expect.arrayContaining(["alarm", "cell"]));
    expect(atMost).toEqual([]);
    expect(outputs).toMatchObject([{ id: "sums", fact: "cell", bound: 10 }]);
    expect(contractFor(SERIES).contract.warnings).not.toContain("SERIES-IN-MEMORY");
  });

  test("tells nobody else a cell or an alarm, and charges every cell", () => {
    for (const text of [TREND, SERIES]) {
      for (const party of ["south", "west", "coordinator"]) {
        const { learns, atMost } = factsOf(text, party);
        expect([...learns, ...atMost].filter((fact) => fact === "cell" || fact === "alarm")).toEqual([]);
      }
      expect(contractFor(text).contract.debits).toMatchObject([
        { holder: "south", asker: "north", unit: "exactCells", amount: 10 },
        { holder: "west", asker: "north", unit: "exactCells", amount: 10 },
      ]);
    }
  });

  test("tells alarms blindly where the rule is linear: no node has a cell, and the coordinator signs", () => {
    const stated = "rule: zscore, baseline: { mean: 10, deviation: 2 }, threshold: 3";
    const blind = TREND.replace("rule: zscore, window: 3, threshold: 2.5", stated);
    const { plan, contract, covenant } = contractFor(blind);
    expect(plan.protocol).toMatchObject({ id: "alarm-blind/1", params: "words-128" });
    for (const { learns, atMost } of contract.views)
      expect([...learns, ...atMost].map(({ fact }) => fact)).not.toContain("cell");
    const coordinator = contract.views.find(({ who }) => who.includes("coordinator"));
    expect(coordinator?.learns.map(({ fact }) => fact)).toContain("alarm");
    expect(contract.outputs).toMatchObject([{ id: "alarms", to: "north", fact: "alarm", bound: 10 }]);
    expect(contract.coalitions.map(({ who }) => who)).toContainEqual(["coordinator", "north"]);
    expect(contract.warnings).toContain("COORDINATOR-SIGNS");
    expect(contract.assumptions.map(({ id }) => id)).toEqual(
      expect.arrayContaining(["A7", "coordinator-signs", "masks"]),
    );
    expect(contract.text.en).toContain("No node has the series");
    const told = explain(contract, plan, { lang: "en", covenant });
    expect(explanationText(told, { lang: "en", width: 100 })).toContain("alarm-blind/1");
    // For two recipients, for a mean, for a covenant that does not admit it: the recipient's node, and it is said.
    const others = [
      contractFor(blind.replace("[north]", "[north, south]")).plan,
      contractFor(blind.replace("sum(amount)", "mean(amount)")).plan,
      contractFor(blind.replace("reveal: alarms", "reveal: series")).plan,
      planned(read(blind), catalogue, {
        ...covenant,
        protocols: covenant.protocols.filter(({ id }) => id !== "alarm-blind/1"),
      }).plan,
    ];
    expect(others.map(({ protocol }) => protocol.id)).toEqual(others.map(() => "sum-threshold/1"));
    // Sums that no multiplier of 40 bits could hide in a word, and more tests than a session takes.
    const wide = catalogue.map((one) => ({
      ...one,
      columns: one.columns.map((column) => (column.name === "amount" ? { ...column, max: 2 ** 52 } : column)),
      rowsPadded: 2 ** 20,
      maxRowsPerCell: 2 ** 20,
    }));
    expect(planned(read(blind), wide).plan.protocol.id).toBe("sum-threshold/1");
    const years = Array.from(
      { length: 360 },
      (_, at) => `${1990 + Math.trunc(at / 12)}-${String((at % 12) + 1).padStart(2, "0")}`,
    );
    const long = blind.replace("zscore", "cusum").replace(MONTHS.join(", "), years.join(", "));
    expect(contractFor(long).plan.protocol.id).toBe("sum-threshold/1");
  });

  test("reads in both languages, by every rule", () => {
    const { plan, contract, covenant } = contractFor(TREND);
    for (const lang of ["nl", "en"] as const) {
      const told = explain(contract, plan, { lang, covenant });
      expect(explanationText(told, { lang, width: 100 }).split("\n\n").slice(0, 2)).toMatchSnapshot();
    }
    const rules = ["zscore, window: 3", "cusum, window: 3", "seasonal, window: 2"];
    const years = Array.from(
      { length: 27 },
      (_, at) => `${2024 + Math.trunc(at / 12)}-${String((at % 12) + 1).padStart(2, "0")}`,
    );
    const long = SERIES.replace(MONTHS.join(", "), years.join(", "));
    const texts = rules.map((rule) => contractFor(long.replace(rules[0] ?? "", rule)).contract.text);
    expect(texts).toMatchSnapshot();
  });
});
