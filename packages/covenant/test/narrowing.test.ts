// SPDX-License-Identifier: Apache-2.0
// A covenant that says less never permits more, and what a comparison calls narrower is so.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clausesOf, decide, differencesOf, directionOfAll } from "../src/index.ts";
import { covenants, pairs, questions } from "./agreement.ts";

describe("a narrower covenant", () => {
  it("never turns a refusal into a permission", () => {
    let [narrower, refused, allowed] = [0, 0, 0];
    fc.assert(
      fc.property(pairs, fc.array(questions, { minLength: 20, maxLength: 20 }), ([before, after], asked) => {
        if (!["narrowed", "neutral"].includes(directionOfAll(differencesOf(before, after)))) return;
        narrower += 1;
        for (const question of asked) {
          if (decide(question(before)).outcome === "allow") {
            allowed += 1;
            continue;
          }
          refused += 1;
          expect(decide(question(after)).outcome).toBe("refuse");
        }
      }),
      { numRuns: 1500 },
    );
    expect([narrower > 100, refused > 1000, allowed > 300]).toEqual([true, true, true]);
  });

  it("never turns a refusal into a permission when one rule, right or row is taken out or one floor raised", () => {
    const cut = fc.tuple(covenants, fc.nat(), fc.nat()).map(([covenant, which, row]) => {
      const fields = ["purposes", "dataClasses", "quotas", "protocols"] as const;
      const field = fields[which % 6];
      if (field !== undefined) {
        const rows: readonly unknown[] = covenant[field];
        return [
          covenant,
          { ...covenant, [field]: rows.filter((_, at) => at !== row % Math.max(1, rows.length)) },
        ] as const;
      }
      const floors = { ...covenant.floors, minCount: covenant.floors.minCount + 1 + (row % 9) };
      const strict = { allowed: false, ground: null, external: [] };
      return [
        covenant,
        which % 6 === 4 ? { ...covenant, floors } : { ...covenant, personLevel: strict },
      ] as const;
    });
    fc.assert(
      fc.property(cut, questions, ([before, after], question) => {
        expect(["narrowed", "neutral"]).toContain(directionOfAll(differencesOf(before, after)));
        if (decide(question(before)).outcome === "refuse")
          expect(decide(question(after)).outcome).toBe("refuse");
      }),
      { numRuns: 1000 },
    );
  });

  it("is called wider when it is read the other way round", () => {
    const opposite = {
      widened: "narrowed",
      narrowed: "widened",
      mixed: "mixed",
      neutral: "neutral",
    } as const;
    fc.assert(
      fc.property(pairs, ([before, after]) => {
        const there = directionOfAll(differencesOf(before, after));
        expect(directionOfAll(differencesOf(after, before))).toBe(opposite[there]);
      }),
    );
  });

  it("has permissions among its decisions: the properties are about something", () => {
    const outcomes = new Set<string>();
    fc.assert(
      fc.property(covenants, questions, (covenant, question) => {
        outcomes.add(decide(question(covenant)).outcome);
      }),
      { numRuns: 5000 },
    );
    expect([...outcomes].sort()).toEqual(["allow", "refuse"]);
  });
});

describe("a refusal", () => {
  it("names a clause of the covenant, or the list or term that has none for the question", () => {
    const known = new Set(["purposes", "dataClasses", "protocols", "quotas", "parties"]);
    fc.assert(
      fc.property(covenants, questions, (covenant, question) => {
        const decision = decide(question(covenant));
        if (decision.outcome === "allow") return;
        const ids = clausesOf(covenant).map(({ id }) => id);
        const { rule } = decision;
        const ofQuestion = rule.startsWith("plan/");
        const list = /^dataClasses\/[^/]+\/allow$/.test(rule) || known.has(rule);
        expect(ofQuestion || list || ids.includes(rule), rule).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("clauses", () => {
  it("have ids of their own", () => {
    fc.assert(
      fc.property(covenants, (covenant) => {
        const ids = clausesOf(covenant).map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });

  it("differ in no clause from themselves", () => {
    fc.assert(
      fc.property(covenants, (covenant) => void expect(differencesOf(covenant, covenant)).toEqual([])),
    );
  });
});
