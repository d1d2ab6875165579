// SPDX-License-Identifier: Apache-2.0
// Sums over selected rows: how a join and a sum in which events count once are asked for, and what a plan says of them.
import { documentIssues } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import { contractOf, fitsShape, readQuestion, substanceOf, undeclaredAt } from "../src/index.ts";
import { entry, planned, primitives, rosterOf } from "./agreement.ts";
import { REPORTS } from "./samples.ts";

const read = (text: string) => readQuestion(text, { file: "q.yaml", lab: false });

const JOIN = `koplamp: query/v1
id: cash-by-town
class: C
purpose: ports-2026
legalBasis: ["covenant art. 3"]
indication: why now
necessity: why this
intendedEffect: { text: less of it, measure: next year }
ask:
  kind: join-aggregate
  key: [kvk]
  from: { tax: cash, register: companies }
  groupBy: [register.town]
  domain: { register.town: [Breda, Tilburg] }
  measures: [count, "sum(tax.cash)", "mean(tax.cash)"]
recipients: [tax]
release: { minCount: 10 }
expires: 2027-01-31
`;

const tax = entry("tax", "cash", { kvk: "kvk", cash: "integer" }, 2048);
const register = entry("register", "companies", { kvk: "kvk", town: "category", since: "integer" }, 4096);
const planOf = (text: string, catalogue = [register, tax]) => planned(read(text), catalogue).plan;
const protocolOf = (text: string): string => planOf(text).protocol.id;
const change = (from: string | RegExp, to: string): string => {
  const text = JOIN.replace(from, to);
  expect(text).not.toBe(JOIN);
  return text;
};

describe("a join", () => {
  test("is read, and an editor is content with it", () => {
    const question = read(JOIN);
    expect(question.ask).toEqual({
      kind: "join-aggregate",
      key: ["kvk"],
      from: [
        { party: "register", dataset: "companies" },
        { party: "tax", dataset: "cash" },
      ],
      groupBy: ["register.town"],
      domain: [{ column: "register.town", values: ["Breda", "Tilburg"] }],
      measures: ["count", "sum(tax.cash)", "mean(tax.cash)"],
    });
    expect(question.key).toEqual(["kvk"]);
  });

  test.each([
    ["a measure without a party", "sum(tax.cash)", "sum(cash)", "unknown measure"],
    ["a measure of somebody else", "sum(tax.cash)", "sum(police.cash)", "expected party.column of"],
    ["groups of nobody", "[register.town]", "[town]", "expected party.column of"],
    ["groups of two parties", "[register.town]", "[register.town, tax.cash]", "expected groups of one party"],
    ["a mode that there is not", "key: [kvk]", "key: [kvk]\n  mode: trio", "trio"],
    ["conditions", "key: [kvk]", "key: [kvk]\n  where: []", "unknown field"],
  ])("is refused with %s", (_what, from, to, says) => {
    expect(() => read(change(from, to))).toThrow(
      expect.objectContaining({ message: expect.stringContaining(says) }),
    );
  });

  test("each party's rows are read for its own columns, the key first", () => {
    const { inputs } = planOf(JOIN);
    expect(inputs.map(({ party, columns }) => [party, columns])).toEqual([
      ["register", ["kvk", "town"]],
      ["tax", ["kvk", "cash"]],
    ]);
    expect(documentIssues("plan/v1", planOf(JOIN))).toEqual([]);
  });

  test.each([
    ["a column that is not there", "sum(tax.cash)", "sum(tax.money)", "unknown-column"],
    ["a column that is no number", "sum(tax.cash)", "sum(register.town)", "wrong-kind"],
    ["groups that are numbers", /register\.town/g, "register.since", "wrong-kind"],
  ])("its plan is refused with %s", (_what, from, to, code) => {
    expect(() => planOf(change(from, to))).toThrow(expect.objectContaining({ code }));
  });
});

describe("the values of groups", () => {
  const open = change("  domain: { register.town: [Breda, Tilburg] }\n", "");

  test("that a question leaves out are those that the owner declares", () => {
    expect(undeclaredAt(read(open).ask, "register")).toEqual(["town"]);
    expect(undeclaredAt(read(open).ask, "tax")).toEqual([]);
    expect(undeclaredAt(read(JOIN).ask, "register")).toEqual([]);
    const columns = register.columns.map((one) =>
      one.name === "town" ? { ...one, values: ["Oss", "Breda"] } : one,
    );
    expect(planOf(open, [{ ...register, columns }, tax]).ask).toMatchObject({
      domain: [{ column: "register.town", values: ["Oss", "Breda"] }],
    });
    const message = 'register declares no values for "town" of companies';
    expect(() => planOf(open)).toThrow(
      expect.objectContaining({ code: "no-domain", party: "register", message }),
    );
  });

  test("of all rows together are those that any party declares, if every party does", () => {
    const declared = REPORTS.replace(/domain:[\s\S]*city\]/, "domain: declared");
    expect(declared).not.toBe(REPORTS);
    expect(undeclaredAt(read(declared).ask, "north")).toEqual(["region", "month"]);
  });
});

describe("the protocol", () => {
  test("is that of a pair where the only recipient brings every value", () => {
    expect(planOf(JOIN).protocol).toMatchObject({ id: "join-sum-pair/1", params: "bfv-join-46-pq" });
    expect(planOf(JOIN).protocol.roles).toEqual({
      contributor: ["register", "tax"],
      keyHolder: ["register", "tax"],
      recipient: ["tax"],
    });
  });

  test.each([
    ["when the recipient brings none of them", "recipients: [tax]", "recipients: [register]"],
    ["when both are told", "recipients: [tax]", "recipients: [register, tax]"],
    ["when it is asked for", "key: [kvk]", "key: [kvk]\n  mode: hub"],
    ["when the other one brings values too", '"mean(tax.cash)"', '"sum(register.since)"'],
  ])("is that of the hub %s", (_what, from, to) => {
    expect(protocolOf(change(from, to))).toBe("join-sum-hub/1");
  });

  test("a pair that cannot be is refused when it is asked for", () => {
    const asked = change("key: [kvk]", "key: [kvk]\n  mode: pair");
    expect(protocolOf(asked)).toBe("join-sum-pair/1");
    expect(() => planOf(asked.replace("recipients: [tax]", "recipients: [register]"))).toThrow(
      expect.objectContaining({ code: "invalid-value", hint: expect.stringContaining("leave `mode` out") }),
    );
    expect(substanceOf(planOf(asked))).toEqual(substanceOf(planOf(JOIN)));
  });

  test("takes the hub where events count once", () => {
    const columns = {
      region: "category",
      month: "month",
      settled: "boolean",
      amount: "integer",
      id: "opaque",
    } as const;
    const reports = ["north", "south", "west"].map((party) => entry(party, "reports", columns, 4096));
    const once = REPORTS.replace("measures:", "distinctBy: [id]\n  measures:");
    const { plan, covenant, contract } = planned(read(once), reports);
    expect(plan.protocol).toMatchObject({ id: "distinct-sum/1", params: "bfv-sel-42-pq" });
    expect(plan.inputs[0]?.columns[0]).toBe("id");
    expect(contract.text.en).toContain("fewer than 10 rows or 3 parties is withheld");

    // noise is refused in such a question, and by every node in a plan that says it all the same
    const refused = expect.objectContaining({ code: "not-yet", hint: expect.stringContaining("distinctBy") });
    const noisy = once.replace("minContributors: 3", "minContributors: 3, noise: { epsilon: 1 }");
    expect(() => planned(read(noisy), reports)).toThrow(refused);
    const known = noisy.replace("noise: { epsilon: 1 }", "known: [{ group: {}, measure: count, value: 9 }]");
    expect(() => planned(read(known), reports)).toThrow(expect.objectContaining({ code: "not-yet" }));
    const noise = planned(read(noisy.replace("distinctBy: [id]\n  ", "")), reports).plan.release.noise;
    expect(noise).not.toBeNull();
    const forged = { ...plan, release: { ...plan.release, noise } };
    expect(() => contractOf(covenant, rosterOf(), forged, primitives)).toThrow(refused);
    expect(documentIssues("plan/v1", plan)).toEqual([]);
  });
});

describe("the contract", () => {
  const contractOf = (text: string) => planned(read(text), [register, tax]).contract;

  test("says what a join is about, and by whom rows are selected", () => {
    const pair = contractOf(JOIN);
    expect(pair.text.en).toBe(
      "Tax learns count, sum(tax.cash), mean(tax.cash) per register.town, over the keys (kvk) that both parties hold; a group with fewer than 10 of them is withheld. Nobody learns which keys those are.",
    );
    expect(pair.warnings).toEqual(["SELECTOR-COUNT", "NO-BUDGET", "ONE-WITNESS"]);
    expect(contractOf(change("key: [kvk]", "key: [kvk]\n  mode: hub")).warnings).toEqual([
      "COORDINATOR-SELECTS",
      "NO-BUDGET",
      "ONE-WITNESS",
    ]);
  });

  test("rests on what its protocol rests on, in both languages", () => {
    const assumed = (text: string) => contractOf(text).assumptions.map(({ id }) => id);
    expect(assumed(JOIN)).toEqual(
      expect.arrayContaining(["A2", "lattice", "counts-true", "values-as-agreed"]),
    );
    expect(assumed(JOIN)).not.toContain("A7");
    const hub = change("key: [kvk]", "key: [kvk]\n  mode: hub");
    expect(assumed(hub)).toEqual(
      expect.arrayContaining(["A2", "A3", "A7", "selection-lattice", "coordinator-selects"]),
    );
    for (const text of [JOIN, hub]) {
      for (const { text: words } of contractOf(text).assumptions) {
        expect(Object.keys(words).sort()).toEqual(["en", "nl"]);
      }
    }
  });
});

test("an editor with the schema takes both", () => {
  expect(
    fitsShape("query", {
      koplamp: "query/v1",
      id: "q",
      recipients: ["tax"],
      ask: {
        kind: "join-aggregate",
        key: ["kvk"],
        from: { tax: "cash", register: "companies" },
        groupBy: ["register.town"],
        measures: ["count", "sum(tax.cash)"],
      },
    }),
  ).toBe(true);
});
