// SPDX-License-Identifier: Apache-2.0
// Standing questions: what is read, what is refused, when each run is due, and what people are told.
import { documentBytes, dueAt, lastDue, readDocument } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { fitsShape, questionOf, readQuestion } from "../src/index.ts";
import { covenantOf, entry, planned } from "./agreement.ts";
import { REPORTS, SHIPS } from "./samples.ts";

const columns = { region: "category", month: "month", settled: "boolean", amount: "integer" } as const;
const catalogue = ["north", "south", "west"].map((party) => entry(party, "reports", columns, 4096));
const STANDING = REPORTS.replace(
  "expires: 2027-01-31",
  "expires: 2027-12-31\nschedule: { every: P1M, runs: 12, from: 2026-12-31 }",
);
const read = (text: string) => readQuestion(text, { file: "q.yaml", lab: false });
const planOf = (text: string) => planned(read(text), catalogue);

describe("a schedule", () => {
  test("is read, and stands in the plan", () => {
    const { plan } = planOf(STANDING);
    expect(plan.schedule).toEqual({ every: "P1M", runs: 12, from: "2026-12-31T00:00:00Z" });
    expect(readDocument("plan/v1", documentBytes(plan))).toEqual(plan);
    expect(fitsShape("query", parse(STANDING))).toBe(true);
    expect(planOf(REPORTS).plan.schedule).toBeNull();
  });

  test("has its runs on the same day of each month, or the last", () => {
    const schedule = { every: "P1M", runs: 4, from: "2026-12-31T00:00:00Z" };
    const days = [0, 1, 2, 3].map((run) => dueAt(schedule, run).slice(0, 10));
    expect(days).toEqual(["2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31"]);
    expect(lastDue(schedule)).toBe("2027-03-31T00:00:00Z");
    expect(dueAt({ ...schedule, every: "P7D" }, 2)).toBe("2027-01-14T00:00:00Z");
  });

  test.each([
    ["every: P1M", "every: monthly", "a period as P<number>D, M or Y"],
    ["every: P1M", "every: P999D", "a period as P<number>D, M or Y"],
    ["runs: 12", "runs: 1", "an integer from 2"],
    ["from: 2026-12-31", "from: 2026-13-31", "a day (YYYY-MM-DD)"],
    ["runs: 12", "runs: 12, until: 2027-12-31", 'unknown field "until"'],
  ])("with %s as %s is refused", (from, to, message) => {
    expect(() => read(STANDING.replace(from, to))).toThrow(message);
  });

  test.each([
    ["runs: 12", "runs: 14", "the question expires at 2028-01-01T00:00:00Z"],
    ["every: P1M, runs: 12", "every: P6M, runs: 2", "the covenant would have the question erased"],
    ["from: 2026-12-31", "from: 2027-06-30", "the covenant would have the question erased"],
  ])("with %s as %s has no plan", (from, to, message) => {
    const text = STANDING.replace(from, to).replace(
      "expires: 2027-12-31",
      from.startsWith("from") ? "expires: 2029-12-31" : "expires: 2027-12-31",
    );
    expect(() => planOf(text)).toThrow(message);
  });

  test("is for sums of rows: keys of one run would be comparable with the next", () => {
    const ships = [
      entry("harbour", "ships", { imo: "imo" }, 1536),
      entry("customs", "watch", { imo: "imo" }),
    ];
    const text = SHIPS.replace(
      "expires: 2027-01-31",
      "expires: 2027-12-31\nschedule: { every: P1M, runs: 2, from: 2026-12-31 }",
    );
    expect(() => planned(read(text), ships)).toThrow("cannot run on a schedule yet");
  });

  test("is part of what is asked, and of the contract's words", () => {
    const [once, often] = [planOf(REPORTS), planOf(STANDING)];
    expect(questionOf(often.plan)).not.toEqual(questionOf(once.plan));
    expect(questionOf(once.plan)).not.toHaveProperty("schedule");
    expect(often.contract.warnings).toContain("STANDING");
    expect(once.contract.warnings).not.toContain("STANDING");
    const said = (text: string | undefined = "") => text.slice(-250);
    expect(said(often.contract.text.en)).toContain("This runs 12 times, every month from 2026-12-31");
    expect(said(often.contract.text.nl)).toContain("Dit gaat 12 keer, elke maand vanaf 2026-12-31");
    const weekly = planOf(STANDING.replace("every: P1M", "every: P14D")).contract.text;
    expect([said(weekly.en), said(weekly.nl)]).toEqual([
      expect.stringContaining("every 14 days"),
      expect.stringContaining("elke 14 dagen"),
    ]);
    expect(often.contract.disclosures).toEqual(once.contract.disclosures); // what one run tells
    expect(covenantOf(["north"]).retention.results).toBe("P90D");
  });
});

describe("a plan as a document", () => {
  const { plan } = planOf(STANDING);
  const document = (changes: object): Uint8Array => documentBytes({ ...plan, ...changes } as typeof plan);

  test.each([
    ["a run after it expires", { expires: "2027-11-30T00:00:00Z" }],
    ["one run", { schedule: { ...plan.schedule, runs: 1 } }],
    ["another field", { schedule: { ...plan.schedule, until: "2027-11-30T00:00:00Z" } }],
    ["a run beyond the year 9999", { schedule: { every: "P9999Y", runs: 2, from: "9000-01-01T00:00:00Z" } }],
    ["a period in weeks", { schedule: { ...plan.schedule, every: "P1W" } }],
    ["a sum by a key", { ask: { ...plan.ask, distinctBy: ["region"] } }],
  ])("with %s is none", (_what, changes) => {
    expect(() => document(changes)).toThrow(/plan\/v1/);
  });
});
