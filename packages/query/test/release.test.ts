// SPDX-License-Identifier: Apache-2.0
// Release rules of a question: how they are asked for, what the plan makes of them, and what people read.
import { documentIssues, type Plan } from "@koplamp/wire";
import { describe, expect, it, test } from "vitest";
import { readQuestion } from "../src/index.ts";
import { covenantOf, entry, planned } from "./agreement.ts";
import { REPORTS } from "./samples.ts";

const read = (text: string) => readQuestion(text, { file: "q.yaml", lab: false });
const withRelease = (more: string): string =>
  REPORTS.replace("minContributors: 3 }", `minContributors: 3, ${more} }`);
const withTotals = (word: string): string => REPORTS.replace("  measures:", `  totals: ${word}\n  measures:`);
const columns = { region: "category", month: "month", settled: "boolean", amount: "integer" } as const;
const reports = ["north", "south", "west"].map((party) => entry(party, "reports", columns, 4096));

describe("a question's release rules", () => {
  it("are read as they stand, and become part of the plan", () => {
    const known =
      "known: [ { group: { month: 2026-01, region: [coast, hills] }, measure: count, value: 812 } ]";
    const question = read(withRelease(`dominance: { largest: 2, percent: 60 }, rounding: 5, ${known}`));
    const { plan } = planned(question, reports);
    expect(plan.release).toMatchObject({
      dominance: { largest: 2, percent: 60 },
      rounding: 5,
      known: [
        {
          group: [
            { column: "month", values: ["2026-01"] },
            { column: "region", values: ["coast", "hills"] },
          ],
          measure: "count",
          value: 812,
        },
      ],
    });
    expect(documentIssues("plan/v1", plan)).toEqual([]);
  });

  test.each([
    ["a percentage above 100", "dominance: { percent: 101 }", "invalid-value"],
    ["no percentage", "dominance: { largest: 1 }", "missing-field"],
    ["more than sixteen", "dominance: { largest: 17, percent: 50 }", "invalid-value"],
    ["rounding to 1", "rounding: 1", "invalid-value"],
    ["an unknown field", "dominance: { percent: 50, parties: 1 }", "unknown-field"],
  ])("are refused with %s", (_what, more, code) => {
    expect(() => read(withRelease(more))).toThrow(expect.objectContaining({ code }));
  });

  test.each([
    ["a column that the question does not group by", "{ settled: [yes] }", "count"],
    ["a measure that it does not ask", "{ region: coast }", "sum(debt)"],
  ])("are refused with a public total of %s", (_what, group, measure) => {
    const known = `known: [ { group: ${group}, measure: "${measure}", value: 1 } ]`;
    expect(() => planned(read(withRelease(known)), reports)).toThrow(
      expect.objectContaining({ code: "invalid-value" }),
    );
  });

  it("ask for totals, one or all", () => {
    const { plan, contract } = planned(read(withTotals("total")), reports);
    expect(plan.ask).toMatchObject({ totals: "total" });
    expect(contract.text.en).toContain("The total is told too where it gives away no withheld cell");
    expect(planned(read(withTotals("margins")), reports).contract.text.nl).toContain("randtotalen");
    expect(() => read(withTotals("all"))).toThrow(expect.objectContaining({ code: "invalid-value" }));
  });

  it("give no margins of so many columns that there would be more of them than cells", () => {
    const more = ["one", "two", "three"];
    const text = withTotals("margins")
      .replace("groupBy: [region, month]", `groupBy: [region, month, ${more.join(", ")}]`)
      .replace("  domain:", `  domain:\n${more.map((name) => `    ${name}: [x]`).join("\n")}`);
    const wider = { ...columns, one: "category", two: "category", three: "category" } as const;
    const offered = ["north", "south", "west"].map((party) => entry(party, "reports", wider, 4096));
    expect(() => planned(read(text), offered)).toThrow(expect.objectContaining({ code: "too-many" }));
    expect(planned(read(text.replace("totals: margins", "totals: total")), offered).plan.ask).toMatchObject({
      totals: "total",
    });
  });
});

describe("dominance", () => {
  const agreed = (dominanceN: number, dominancePercent: number) => {
    const covenant = covenantOf(["north", "south", "west"]);
    return { ...covenant, floors: { ...covenant.floors, dominanceN, dominancePercent } };
  };
  const ruleUnder = (text: string, n: number, percent: number): Plan["release"]["dominance"] =>
    planned(read(text), reports, agreed(n, percent)).plan.release.dominance;

  it("is as strict as the stricter of question and covenant", () => {
    expect(ruleUnder(REPORTS, 0, 100)).toBeUndefined();
    expect(ruleUnder(REPORTS, 1, 50)).toEqual({ largest: 1, percent: 50 });
    const asked = withRelease("dominance: { largest: 2, percent: 70 }");
    expect(ruleUnder(asked, 1, 50)).toEqual({ largest: 2, percent: 50 });
    expect(ruleUnder(asked, 0, 100)).toEqual({ largest: 2, percent: 70 });
  });

  it("is tested of sums only: a count is dominated by nobody", () => {
    expect(ruleUnder(REPORTS.replace('[count, "sum(amount)"]', "[count]"), 1, 50)).toBeUndefined();
  });

  it("says in the contract that the recipient's node opens what each party put in", () => {
    const { contract } = planned(read(withRelease("dominance: { percent: 50 }")), reports);
    const north = contract.views.find(({ who }) => who.includes("north"));
    const own = north?.learns.filter(({ fact, about }) => fact === "cell" && about.length === 1);
    expect(own?.map(({ about }) => about)).toEqual([["south"], ["west"]]);
    expect(contract.text.en).toContain("the recipient's node sees in its memory what each party put in");
    expect(contract.text.en).not.toContain("Nobody learns what one party put in");
    const others = contract.views.filter(({ who }) => !who.includes("north"));
    expect(others.flatMap(({ learns }) => learns).some(({ fact }) => fact === "cell")).toBe(false);
  });

  it.each([
    ["noise", withRelease("dominance: { percent: 50 }, noise: { epsilon: 1 }")],
    [
      "totals under noise",
      withTotals("total").replace("minContributors: 3 }", "minContributors: 3, noise: { epsilon: 1 } }"),
    ],
  ])("and %s: what is exact beside it would undo it", (_what, text) => {
    expect(() => planned(read(text), reports)).toThrow(expect.objectContaining({ code: "not-yet" }));
  });

  it("is refused as a plan too, where noise stands beside it", () => {
    const { plan } = planned(read(withRelease("noise: { epsilon: 1 }")), reports);
    const dominance = { largest: 1, percent: 50 };
    const issues = documentIssues("plan/v1", { ...plan, release: { ...plan.release, dominance } });
    expect(issues).toEqual([expect.objectContaining({ path: ["release"] })]);
  });
});
