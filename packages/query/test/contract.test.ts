// SPDX-License-Identifier: Apache-2.0
import { rankOf } from "@koplamp/protocol";
import { documentBytes } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contractOf, readQuestion } from "../src/index.ts";
import { covenantOf, entry, planned, primitives, rosterOf } from "./agreement.ts";
import { COUNTS, REPORTS, SHIPS } from "./samples.ts";

const read = (text: string) => readQuestion(text, { file: "q.yaml", lab: false });
const ships = [entry("harbour", "ships", { imo: "imo" }, 1536), entry("customs", "watch", { imo: "imo" })];
const three = [...ships, entry("coastguard", "seen", { imo: "imo" }, 256)];
const columns = { region: "category", month: "month", settled: "boolean", amount: "integer" } as const;
const office = (party: string) => entry(party, "reports", columns, 4096);
const SAMPLES = [
  { name: "match", text: SHIPS, catalogue: ships },
  { name: "count at the hub", text: COUNTS, catalogue: three },
  {
    name: "count at the recipient",
    text: COUNTS.replace("histogram", "histogram\n  mode: recipient"),
    catalogue: three,
  },
  { name: "sum", text: REPORTS, catalogue: ["north", "south", "west"].map(office) },
] as const;
const many = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `office-of-region-number-${String(at + 10)}`);
const from = (parties: readonly string[], dataset: string): string =>
  `from: { ${parties.map((party) => `${party}: ${dataset}`).join(", ")} }`;

/** Lists as sets: the order of a contract follows the names. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort()
      .map(([name, field]) => [name, sorted(field)]),
  );
}

describe.each(SAMPLES)("the contract of a $name", ({ text, catalogue }) => {
  const { plan, contract, covenant } = planned(read(text), catalogue);

  test("is the same bytes in any order of covenant and catalogue", () => {
    const shuffled = {
      ...covenant,
      parties: [...covenant.parties].reverse(),
      quotas: [...covenant.quotas].reverse(),
    };
    const again = planned(read(text), [...catalogue].reverse(), shuffled);
    expect(again.plan).toEqual(plan);
    expect(documentBytes(again.contract)).toEqual(documentBytes(contract));
  });

  test("has an output for every line, and views for every party, the coordinator and the witnesses", () => {
    for (const { output } of contract.disclosures)
      expect(contract.outputs.map(({ id }) => id)).toContain(output);
    const parties = new Set([...plan.inputs, ...plan.recipients].map(({ party }) => party));
    const viewed = contract.views.flatMap(({ who }) => who);
    expect([...viewed].sort()).toEqual([...parties, "coordinator", "witnesses"].sort());
    expect(contract.disclosures.length).toBeGreaterThan(0);
    expect(contract.coalitions.length).toBeGreaterThan(0);
  });

  test("nobody's view is about itself, and no coalition's row about a member", () => {
    const own = contract.views.flatMap(({ who, learns, atMost }) =>
      who.flatMap((party) => [...learns, ...atMost].map(({ about, fact }) => ({ party, about, fact }))),
    );
    for (const { party, about } of own.filter(({ fact }) => fact !== "cell"))
      expect(about).not.toContain(party);
    const members = contract.coalitions.flatMap(({ who, about }) => who.map((party) => ({ party, about })));
    for (const { party, about } of members) expect(about).not.toContain(party);
  });

  test("lists each message once, and each disclosure among them", () => {
    const names = contract.egress.map((row) => [row.from, row.to, row.channel, row.what].join(" "));
    expect(new Set(names).size).toBe(names.length);
    for (const line of contract.disclosures) {
      const to = line.via ?? line.to;
      const rows = contract.egress.filter(
        (row) => row.channel === "disclose" && row.from === line.from && row.to === to,
      );
      expect(rows.length).toBeGreaterThan(0);
    }
  });

  test("renaming the parties renames the contract", () => {
    const names = [...new Set(catalogue.map(({ party }) => party).concat("insurer"))].sort();
    // Longer names change the length of messages that hold a name, so the new names are as long as the old ones.
    const fresh = new Map(
      names.map((name, at) => [name, `${String.fromCharCode(122 - at)}${"x".repeat(name.length - 1)}`]),
    );
    const rename = (value: string): string =>
      value.replaceAll(new RegExp(`\\b(${names.join("|")})\\b`, "g"), (name) => fresh.get(name) ?? "");
    const renamed = planned(
      read(rename(text)),
      catalogue.map((one) => ({ ...one, party: rename(one.party) })),
    );
    const facts = (one: typeof contract) => [
      one.disclosures.map(({ id, from: sender, to, output }) => [id, sender, to, output]),
      one.outputs.map(({ to, fact, about, bound }) => [to, fact, about, bound]),
      one.views,
      one.coalitions,
      one.egress.map((row) => [row.from, row.to, row.channel, row.what, row.messages, row.bytes]),
      one.debits.map((row) => [row.holder, row.asker, row.amount]),
    ];
    expect(sorted(facts(renamed.contract))).toEqual(
      sorted(JSON.parse(rename(JSON.stringify(facts(contract))))),
    );
  });

  test("stays within its class", () => {
    const highest = { A: "cell", B: "pair-count", F: "holders-of-own" }[
      plan.class as "A" | "B" | "F"
    ] as "cell";
    for (const { who, learns } of contract.views) {
      if (who.includes("coordinator")) continue;
      for (const { fact } of learns) expect(rankOf(fact)).toBeLessThanOrEqual(rankOf(highest));
    }
  });
});

describe("refusals", () => {
  const count = SAMPLES[1];

  test("the coordinator may learn no more than the covenant lists", () => {
    const covenant = covenantOf(["coastguard", "customs", "harbour", "insurer"]);
    const protocols = covenant.protocols.map((one) => ({ ...one, coordinatorLearns: [] }));
    expect(() => planned(read(count.text), count.catalogue, { ...covenant, protocols })).toThrow(
      expect.objectContaining({ code: "coordinator", message: expect.stringContaining('"pattern"') }),
    );
    const without = {
      ...covenant,
      protocols: protocols.map((one) => ({ ...one, coordinatorLearns: ["pattern", "count"] as const })),
    };
    expect(planned(read(count.text), count.catalogue, without).contract.protocol).toBe("overlap-hub/1");
  });

  test("where the coordinator sees a pattern, nobody of the question may run it", () => {
    for (const operator of ["customs", "insurer"]) {
      expect(() => planned(read(count.text), count.catalogue, undefined, rosterOf(operator))).toThrow(
        expect.objectContaining({ code: "coordinator", party: operator }),
      );
    }
    const match = SAMPLES[0];
    expect(planned(read(match.text), match.catalogue, undefined, rosterOf("customs")).contract.protocol).toBe(
      "match-tokens/1",
    );
  });

  test("a fact above the class is refused before anybody is asked", () => {
    const { plan, covenant } = planned(read(SHIPS), ships);
    expect(() => contractOf(covenant, rosterOf(), { ...plan, class: "B" }, primitives)).toThrow(
      expect.objectContaining({ code: "above-class", party: "customs" }),
    );
  });

  test("counting at the recipient needs the ground that a match needs", () => {
    const covenant = covenantOf(["coastguard", "customs", "harbour", "insurer"]);
    const personLevel = { ...covenant.personLevel, allowed: false };
    expect(() => planned(read(SAMPLES[2].text), three, { ...covenant, personLevel })).toThrow(
      expect.objectContaining({ code: "above-class" }),
    );
    expect(planned(read(count.text), three, { ...covenant, personLevel }).plan.protocol.id).toBe(
      "overlap-hub/1",
    );
  });
});

describe("warnings", () => {
  const codes = (text: string, catalogue: Parameters<typeof planned>[1]) =>
    planned(read(text), catalogue).contract.warnings;
  const wide = SHIPS.replace("customs: watch }", "customs: watch, coastguard: seen }");

  test("say what only software keeps back", () => {
    expect(codes(SHIPS, ships)).toEqual(["PERSON-LEVEL", "ONE-WITNESS"]);
    expect(codes(wide.replace("atLeast: 2", "atLeast: 3"), three)).toEqual([
      "PERSON-LEVEL",
      "SEES-BELOW-THRESHOLD",
    ]);
    expect(codes(wide.replace("tell: holders", "tell: count"), three)).toEqual([
      "PERSON-LEVEL",
      "TELL-BY-SOFTWARE",
    ]);
    expect(codes(COUNTS, three)).toEqual(["COORDINATOR-PATTERN"]);
    expect(codes(COUNTS.replace("histogram", "histogram\n  mode: recipient"), three)).toEqual([
      "RECIPIENT-PATTERN",
    ]);
  });

  test("name the floors that are none, and the lab", () => {
    const bare = REPORTS.replace("minCount: 10, minContributors: 3", "minCount: 1, minContributors: 1");
    expect(codes(bare, ["north", "south", "west"].map(office))).toEqual([
      "NO-FLOOR",
      "ONE-CONTRIBUTOR",
      "NO-BUDGET",
    ]);
    const two = bare.replace("south: reports ", " ").replace("north: reports,", "north: reports");
    expect(codes(two, ["north", "west"].map(office))).toEqual([
      "TWO-CONTRIBUTORS",
      "NO-FLOOR",
      "ONE-CONTRIBUTOR",
      "NO-BUDGET",
      "ONE-WITNESS",
    ]);
    const parties = ["north", "south", "west"];
    const budgets = parties.map((party) => ({
      party,
      dataset: "reports",
      unit: "row" as const,
      period: "P1Y",
      rhoMicro: 0,
      exactCells: 100,
      repeats: 1,
    }));
    const bounded = (rows: typeof budgets): readonly string[] =>
      planned(read(bare), parties.map(office), { ...covenantOf(parties), budgets: rows }).contract.warnings;
    expect(bounded(budgets)).not.toContain("NO-BUDGET");
    expect(bounded(budgets.slice(1))).toContain("NO-BUDGET");
    const lab = covenantOf(["customs", "harbour", "insurer"], "lab/ports");
    expect(planned(read(SHIPS), ships, lab).contract.warnings).toEqual(["LAB", "PERSON-LEVEL"]);
  });
});

describe("bounds", () => {
  test("what can be tested is bounded by the covenant's quota, not by this list", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000 }), (evaluations) => {
        const covenant = covenantOf(["customs", "harbour"]);
        const quotas = covenant.quotas.map((quota) => ({ ...quota, evaluations }));
        const { contract } = planned(read(SHIPS), ships, { ...covenant, quotas });
        const tests = contract.views
          .flatMap(({ atMost }) => atMost)
          .filter(({ fact }) => fact === "test-evaluated");
        expect(tests.map(({ bound }) => bound)).toEqual([evaluations, evaluations]);
      }),
      { numRuns: 15 },
    );
  });

  test("a quota of another purpose bounds nothing here", () => {
    const covenant = covenantOf(["customs", "harbour"]);
    const quotas = covenant.quotas.filter(({ purpose }) => purpose !== "ports-2026");
    const { contract } = planned(read(SHIPS), ships, { ...covenant, quotas });
    expect(
      contract.outputs.filter(({ fact }) => fact === "test-evaluated").map(({ bound }) => bound),
    ).toEqual([0, 0]);
  });

  test("rows of several sessions are one row", () => {
    const { contract } = planned(read(SHIPS), ships);
    const ready = contract.egress.filter((row) => row.from === "customs" && row.what === "evaluate.ready");
    expect(ready).toEqual([
      { from: "customs", to: "harbour", channel: "send", what: "evaluate.ready", messages: 2, bytes: 64 },
    ]);
  });

  test("evaluations in several sessions: one line, so many sessions, all bytes", () => {
    const long = [
      entry("harbour", "ships", { imo: "imo" }, 196_608),
      entry("customs", "watch", { imo: "imo" }),
    ];
    const { contract } = planned(read(SHIPS), long);
    expect(contract.disclosures.find(({ id }) => id === "tests.customs.harbour")).toMatchObject({
      perShard: 1,
      shards: 3,
    });
    expect(contract.disclosures.find(({ id }) => id === "tests.harbour.customs")).toMatchObject({
      shards: 1,
    });
    expect(contract.egress.find((row) => row.from === "harbour" && row.what === "evaluate.M")).toMatchObject({
      messages: 3,
      bytes: 196_608 * 32,
    });
    expect(contract.debits).toContainEqual({
      holder: "customs",
      asker: "harbour",
      unit: "evaluations",
      amount: 196_608,
    });
  });

  test("seven parties match, twenty-six sum: under 1 MiB and at once", () => {
    const seven = many(7);
    const match = SHIPS.replace(/from: .*/, from(seven, "ships")).replace(
      "recipients: [customs]",
      `recipients: [${seven.join(", ")}]`,
    );
    const large = many(26);
    const sum = REPORTS.replace(/from: .*/, from(large, "reports")).replace(
      "recipients: [north]",
      `recipients: [${large[0]}]`,
    );
    const started = performance.now();
    const sizes = [
      planned(
        read(match),
        seven.map((party) => entry(party, "ships", { imo: "imo" })),
      ),
      planned(read(sum), large.map(office)),
    ].map(({ contract }) => documentBytes(contract).length);
    expect(performance.now() - started).toBeLessThan(2000);
    for (const size of sizes) expect(size).toBeLessThan(2 ** 20);
  });

  test("a contract that fits no document is refused", () => {
    const parties = many(32);
    const text = SHIPS.replace(/from: .*/, from(parties, "ships")).replace(
      "recipients: [customs]",
      `recipients: [${parties.join(", ")}]`,
    );
    const catalogue = parties.map((party) => entry(party, "ships", { imo: "imo" }));
    expect(() => planned(read(text), catalogue)).toThrow(
      expect.objectContaining({ code: "too-many", hint: expect.stringContaining("fewer parties") }),
    );
  });
});
