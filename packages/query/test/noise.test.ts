// SPDX-License-Identifier: Apache-2.0
// Noise in a question: how it is asked for, what the plan says of it, and what people read.
import { documentIssues, type NoisePlan, type Plan } from "@koplamp/wire";
import { describe, expect, it, test } from "vitest";
import { explain, readQuestion } from "../src/index.ts";
import { entry, planned } from "./agreement.ts";
import { REPORTS, SHIPS } from "./samples.ts";

const read = (text: string) => readQuestion(text, { file: "q.yaml", lab: false });
const withNoise = (noise: string): string =>
  REPORTS.replace("minContributors: 3", `minContributors: 3, noise: ${noise}`);
const columns = { region: "category", month: "month", settled: "boolean", amount: "integer" } as const;
const reports = ["north", "south", "west"].map((party) => entry(party, "reports", columns, 4096));

describe("a question with noise", () => {
  it("says how much an answer may tell, by which noise, and who may collude", () => {
    expect(read(withNoise("{ epsilon: 1 }")).release.noise).toEqual({
      epsilon: 1,
      mechanism: "gaussian",
      colluders: null,
    });
    const asked = "{ epsilon: 0.125, mechanism: laplace, colluders: 1 }";
    expect(read(withNoise(asked)).release.noise).toEqual({
      epsilon: 0.125,
      mechanism: "laplace",
      colluders: 1,
    });
  });

  test.each([
    ["no epsilon", "{ mechanism: laplace }", "missing-field"],
    ["an epsilon of zero", "{ epsilon: 0 }", "invalid-value"],
    ["an epsilon beyond all sense", "{ epsilon: 20.001 }", "invalid-value"],
    ["four places", "{ epsilon: 0.0015 }", "invalid-value"],
    ["an epsilon that is no number", "{ epsilon: much }", "invalid-value"],
    ["an infinite epsilon", "{ epsilon: .inf }", "yaml"],
    ["another mechanism", "{ epsilon: 1, mechanism: uniform }", "invalid-value"],
    ["fewer than no colluders", "{ epsilon: 1, colluders: -1 }", "invalid-value"],
    ["an unknown field", "{ epsilon: 1, delta: 1 }", "unknown-field"],
  ])("is refused with %s", (_what, noise, code) => {
    expect(() => read(withNoise(noise))).toThrow(expect.objectContaining({ code }));
  });

  it("becomes a plan in millionths of rho, in which all but one may collude unless it says less", () => {
    const { plan } = planned(read(withNoise("{ epsilon: 1 }")), reports);
    expect(plan.release.noise).toEqual({
      mechanism: "gaussian",
      unit: "row",
      most: [],
      rhoMicro: 17_468,
      deltaExponent: 6,
      colluders: 2,
    });
    const laplace = planned(read(withNoise("{ epsilon: 2, mechanism: laplace, colluders: 1 }")), reports);
    expect(laplace.plan.release.noise).toMatchObject({ rhoMicro: 1_999_999, colluders: 1 });
  });

  it("hides subjects where every dataset bounds how often one counts, and rows where one does not", () => {
    const bounded = reports.map((one, at) => ({ ...one, maxRowsPerSubject: at + 2 }));
    const { plan, contract } = planned(read(withNoise("{ epsilon: 1 }")), bounded);
    expect(plan.release.noise).toMatchObject({
      unit: "subject",
      most: [
        { party: "north", rows: 2 },
        { party: "south", rows: 3 },
        { party: "west", rows: 4 },
      ],
    });
    expect(contract.text.en).toContain("noise that hides one subject with all its rows (");
    const some = bounded.map((one, at) => (at === 1 ? { ...one, maxRowsPerSubject: null } : one));
    expect(planned(read(withNoise("{ epsilon: 1 }")), some).plan.release.noise).toMatchObject({
      unit: "row",
      most: [],
    });
  });

  it("is refused when all may collude, when it is no sum, and when noise would not fit", () => {
    const refusal = (text: string, entries = reports) => {
      try {
        planned(read(text), entries);
      } catch (reason) {
        return reason;
      }
      return undefined;
    };
    expect(refusal(withNoise("{ epsilon: 1, colluders: 3 }"))).toMatchObject({
      code: "invalid-value",
      message: expect.stringContaining("expected 1 to 2 colluders among 3 contributors"),
    });
    expect(refusal(withNoise("{ epsilon: 1, colluders: 0 }"))).toMatchObject({ code: "invalid-value" });
    const outside = withNoise("{ epsilon: 1, colluders: 0 }").replace("[north]", "[harbour]");
    expect(refusal(outside)).toBeUndefined(); // who brings no data knows nobody's noise
    const ships = [entry("harbour", "ships", { imo: "imo" }), entry("customs", "watch", { imo: "imo" })];
    const match = `${SHIPS.replace(/release:.*\n/, "")}release: { noise: { epsilon: 1 } }\n`;
    expect(refusal(match, ships)).toMatchObject({
      message: expect.stringContaining("noise goes into sums"),
    });
    const wide = reports.map((one) => ({
      ...one,
      columns: one.columns.map((column) => (column.name === "amount" ? { ...column, max: 2 ** 45 } : column)),
    }));
    expect(refusal(withNoise("{ epsilon: 1 }"), wide)).toMatchObject({ code: "overflow" });
    expect(refusal(withNoise("{ epsilon: 0.003 }"))).toMatchObject({
      code: "invalid-value",
      message: "the promise is too small to be shared by 2 numbers in a cell",
    });
  });

  it("is refused as a plan too, whoever made it, when a recipient's own noise is counted as hiding", () => {
    const { plan } = planned(read(withNoise("{ epsilon: 1, colluders: 1 }")), reports);
    const changed = (change: Partial<NoisePlan>): Plan => {
      const { noise } = plan.release;
      if (noise === null) throw new Error("expected noise");
      return { ...plan, release: { ...plan.release, noise: { ...noise, ...change } } };
    };
    expect(documentIssues("plan/v1", changed({}))).toEqual([]);
    for (const change of [{ colluders: 0 }, { colluders: 3 }, { most: [{ party: "north", rows: 1 }] }])
      expect(documentIssues("plan/v1", changed(change))).toHaveLength(1);
  });

  it("has a contract with what it costs, what it rests on, and what stays exact", () => {
    const { plan, contract } = planned(read(withNoise("{ epsilon: 1 }")), reports);
    expect(contract.debits).toEqual(
      ["south", "west"].map((holder) => ({ holder, asker: "north", unit: "rhoMicro", amount: 17_468 })),
    );
    expect(contract.assumptions.map(({ id }) => id)).toContain("own-noise");
    expect(contract.warnings).toContain("NOISE-ON-MEASURES");
    for (const [lang, words] of [
      ["en", "Every party adds noise that hides one row (ε = 1, δ = 10^-6)."],
      ["nl", "Elke partij telt er ruis bij op die één rij verbergt (ε = 1, δ = 10^-6)."],
    ] as const) {
      expect(explain(contract, plan, { lang }).summary).toContain(words);
    }
    const exact = planned(read(REPORTS), reports).contract;
    expect(exact.debits.map(({ unit }) => unit)).toEqual(["exactCells", "exactCells"]);
  });
});
