// SPDX-License-Identifier: Apache-2.0
// Sums with more numbers than a session under a collective key takes go under masks, where the covenant admits that.
import type { AggregateAsk, Covenant } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import { choiceOf } from "../src/choose.ts";
import { contractOf, readQuestion } from "../src/index.ts";
import { covenantOf, entry, planned, primitives, rosterOf } from "./agreement.ts";
import { REPORTS } from "./samples.ts";

const PARTIES = ["north", "south", "west"];
const columns = { region: "category", kind: "category", settled: "boolean", amount: "integer" } as const;
const reports = PARTIES.map((party) => entry(party, "reports", columns, 4096));
const MASKED = { id: "sum-masked/1", paramSets: ["words-64"], coordinatorLearns: [] };

/** A question over so many regions of so many kinds. */
const over = (regions: number, kinds: number) => {
  const values = (letter: string, count: number): string =>
    Array.from({ length: count }, (_, at) => `${letter}${at}`).join(", ");
  const domain = `region: [${values("r", regions)}]\n    kind: [${values("k", kinds)}]`;
  const text = REPORTS.replace("[region, month]", "[region, kind]")
    .replace("month: [2026-01, 2026-02]\n    region: [coast, hills, city]", domain)
    .replace("groupBy: [region, month]", "groupBy: [region, kind]");
  return readQuestion(text, { file: "q.yaml", lab: false });
};
const covenant = covenantOf(PARTIES);
const admitting: Covenant = { ...covenant, protocols: [...covenant.protocols, MASKED] };
const only: Covenant = {
  ...covenant,
  protocols: [...covenant.protocols.filter(({ id }) => id !== "sum-threshold/1"), MASKED],
};

describe("a sum under masks", () => {
  test("is taken for more numbers than a collective key takes, and says what that costs", () => {
    const { plan, contract } = planned(over(500, 400), reports, admitting);
    expect(plan.protocol).toMatchObject({ id: "sum-masked/1", params: "words-64" });
    const { reason, refused } = choiceOf(plan);
    expect(reason.en).toContain("too many cells");
    expect(refused.map(({ protocol }) => protocol)).toEqual(["sum-threshold/1"]);
    const text = JSON.stringify(contract);
    expect(text).toContain("seed.south.north");
    expect(text).not.toContain("share.");
    expect(text).toContain("spreken elke twee bijdragers hun maskers af"); // and nothing of lattices
    expect(text).not.toContain("RLWE");
  });

  test("is not taken for fewer, nor where the covenant does not admit it", () => {
    expect(planned(over(50, 40), reports, admitting).plan.protocol.id).toBe("sum-threshold/1");
    expect(() => planned(over(500, 400), reports, covenant)).toThrow(
      expect.objectContaining({ code: "too-many" }),
    );
  });

  test("has up to 2^27 cells, and up to 2^20 where something is made of all of them", () => {
    const { plan } = planned(over(50, 40), reports, only);
    const axis = (letter: string) => Array.from({ length: 1000 }, (_, at) => `${letter}${at}`).sort();
    const { ask } = plan;
    if (ask.kind !== "aggregate") throw new Error("expected a sum");
    const [first, second] = ask.domain;
    if (first === undefined || second === undefined) throw new Error("expected two columns");
    const domain = ["a", "b"].map((letter, at) => ({ ...(at === 0 ? first : second), values: axis(letter) }));
    const third = { column: "settled", values: ["false", "true"] };
    const large = {
      ...plan,
      ask: { ...ask, groupBy: [...ask.groupBy, "settled"], domain: [...domain, third] },
    };
    const contract = (ask: AggregateAsk) => contractOf(only, rosterOf(), { ...large, ask }, primitives);
    expect(contract(large.ask)).toBeDefined();
    for (const each of [{ totals: "total" as const }, { measures: ["count", "chi-square(a, b)"] }]) {
      expect(() => contract({ ...large.ask, ...each })).toThrow(
        expect.objectContaining({ code: "too-many", message: expect.stringContaining("2000000 cells") }),
      );
    }
    const years = { column: "settled", values: Array.from({ length: 200 }, (_, at) => `${at}`) };
    expect(() => contract({ ...large.ask, domain: [...domain, years] })).toThrow(
      expect.objectContaining({
        code: "too-many",
        message: expect.stringContaining("a sum takes 134217728"),
      }),
    );
  });

  test("is taken where the covenant admits nothing else", () => {
    expect(planned(over(5, 4), reports, only).plan.protocol.id).toBe("sum-masked/1");
  });

  test("is refused by every node where the covenant would have chosen the other one", () => {
    const { plan } = planned(over(50, 40), reports, admitting);
    const other = { ...plan, protocol: { ...plan.protocol, id: "sum-masked/1", params: "words-64" } };
    expect(() => contractOf(admitting, rosterOf(), other, primitives)).toThrow(
      expect.objectContaining({ code: "invalid-value" }),
    );
  });

  test("has no limbs for sums up to 2^53", () => {
    const wide = reports.map((own) => ({
      ...own,
      maxRowsPerCell: 4_000_000,
      columns: own.columns.map((column) =>
        column.name === "amount" ? { ...column, max: 100_000_000 } : column,
      ),
    }));
    const { plan } = planned(over(500, 100), wide, only);
    expect(plan.protocol.id).toBe("sum-masked/1");
  });
});
