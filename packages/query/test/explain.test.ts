// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { explain, explainText, readQuestion } from "../src/index.ts";
import { covenantOf, entry, planned } from "./agreement.ts";
import { COUNTS, REPORTS, SHIPS } from "./samples.ts";

const read = (text: string) => readQuestion(text, { file: "q.yaml", lab: false });
const ships = [entry("harbour", "ships", { imo: "imo" }, 1536), entry("customs", "watch", { imo: "imo" })];
const three = [...ships, entry("coastguard", "seen", { imo: "imo" }, 256)];
const columns = { region: "category", month: "month", settled: "boolean", amount: "integer" } as const;
const offices = ["north", "south", "west"].map((party) => entry(party, "reports", columns, 4096));
const SAMPLES = {
  match: planned(read(SHIPS), ships),
  count: planned(read(COUNTS), three),
  sum: planned(read(REPORTS), offices),
};

describe.each(["match", "count", "sum"] as const)("a %s in words", (name) => {
  const { contract, plan, covenant } = SAMPLES[name];

  test.each(["en", "nl"] as const)("in %s", (lang) => {
    expect(explainText(contract, plan, { lang, width: 100, covenant })).toMatchSnapshot();
  });

  test("keeps within its width, and ends no line with a space", () => {
    for (const width of [60, 80, 132]) {
      for (const line of explainText(contract, plan, { lang: "en", width }).split("\n").slice(1)) {
        expect(line.length).toBeLessThanOrEqual(width);
        expect(line).not.toMatch(/\s$/);
      }
    }
  });

  test("as data: every party, and nothing undefined", () => {
    const told = explain(contract, plan, { lang: "en", covenant });
    const who = told.who.flatMap((row) => row.who);
    for (const { party } of [...plan.inputs, ...plan.recipients]) expect(who).toContain(party);
    expect(who).toContain("coordinator");
    expect(JSON.parse(JSON.stringify(told))).toEqual(told);
    expect(told.cost.bytesOut).toBeGreaterThan(0);
  });

  test("in Dutch nothing of the table is English", () => {
    const told = explain(contract, plan, { lang: "nl", covenant });
    const phrases = [...told.who, ...told.together].flatMap(({ learns, atMost }) => [...learns, ...atMost]);
    expect(phrases.length).toBeGreaterThan(3);
    for (const phrase of phrases) expect(phrase).not.toMatch(/\b(?:the|which|at most|others|keys)\b/);
  });
});

describe("many parties", () => {
  const many = Array.from({ length: 26 }, (_, at) => `office-${at + 10}`);
  const text = REPORTS.replace(
    /from: .*/,
    `from: { ${many.map((party) => `${party}: reports`).join(", ")} }`,
  ).replace("[north]", "[office-10]");

  test("take no more lines than a few", () => {
    const { contract, plan } = planned(
      read(text),
      many.map((party) => entry(party, "reports", columns)),
    );
    const told = explainText(contract, plan, { lang: "en", width: 100 });
    expect(told).toContain("22 more");
    expect(told.split("\n").length).toBeLessThan(60);
  });

  test("external approvers are named where the covenant is at hand", () => {
    const { contract, plan } = SAMPLES.match;
    const roles = (covenant: ReturnType<typeof covenantOf>) =>
      explain(contract, plan, { lang: "en", covenant }).approvals;
    expect(roles(covenantOf(["customs", "harbour"]))).toEqual({
      parties: ["customs", "harbour"],
      roles: ["lawful", "ethical"],
      external: ["prosecutor"],
    });
  });
});
