// SPDX-License-Identifier: Apache-2.0
// Every rule against every kind of cell, with what the words of the rules say of it.

import { type Dominance, stricterDominance } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { topsToTell } from "../../aggregate/src/index.ts";
import { type ReleaseRules, withheldBy } from "../src/index.ts";
import { factsOf, type Rows, rulesThatWithhold } from "./rows.ts";

const CELLS: Readonly<Record<string, Rows>> = {
  "no row at all": [[], [], []],
  "one row": [[5], [], []],
  "a row below the floor of 5": [[1, 1], [1], [1]],
  "exactly 5, of three": [[2, 2], [2, 2], [2]],
  "exactly 9, of three": [
    [1, 2, 3],
    [3, 2, 1],
    [2, 2, 2],
  ],
  "exactly 10, of three": [
    [1, 2, 3, 2],
    [3, 2, 1],
    [2, 2, 2],
  ],
  "ten of two": [[1, 2, 1, 2, 1], [2, 1, 2, 1, 2], []],
  "ten of one": [[1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [], []],
  "one record of exactly half": [[10], [2, 2, 1], [2, 1, 1, 1]],
  "one record of more than half": [[11], [2, 2, 1], [2, 1, 1, 1]],
  "two records of exactly four fifths": [[8], [8], [1, 1, 1, 1]],
  "two records of more than four fifths": [[8], [9], [1, 1, 1, 1]],
  "a third party of exactly a tenth": [[10, 10], [10, 5], [2]],
  "a third party of less than a tenth": [[10, 10], [10, 5], [1]],
  "records of nothing": [
    [0, 0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ],
  "negative records": [
    [-8, 3],
    [-3, 3, 3],
    [4, -4, 2, 1, 1],
  ],
  "many equal ones": [Array(40).fill(3), Array(40).fill(3), Array(40).fill(3)],
};

const RULES: readonly ReleaseRules[] = [1, 5, 10].flatMap((minCount) =>
  [1, 3].flatMap((minContributors) =>
    [undefined, { largest: 1, percent: 50 }, { largest: 2, percent: 80 }].map((dominance) => ({
      minCount,
      minContributors,
      ...(dominance === undefined ? {} : { dominance }),
    })),
  ),
);

const CASES = Object.entries(CELLS).flatMap(([name, rows]) => RULES.map((rules) => ({ name, rows, rules })));

describe("a cell is withheld by exactly the rules that its records break", () => {
  it("in every case of the table", () => {
    const seen = new Map<string, number>();
    for (const { name, rows, rules } of CASES) {
      const expected = rulesThatWithhold(rows, rules);
      expect(withheldBy(factsOf(rows), rules), `${name}: ${JSON.stringify(rules)}`).toEqual(expected);
      const outcome = expected.join(" ");
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    }
    expect(CASES.length).toBeGreaterThanOrEqual(200);
    expect([...seen.keys()].sort()).toEqual([
      "",
      "dominance",
      "minContributors",
      "minContributors dominance",
      "minCount",
      "minCount dominance",
      "minCount minContributors",
      "minCount minContributors dominance",
    ]);
  });

  it("where parties tell of their largest records only what they cannot decide alone", () => {
    const record = fc.integer({ min: -50, max: 50 });
    const rows = fc.array(fc.array(record, { maxLength: 6 }), { minLength: 1, maxLength: 4 });
    const dominance = fc.record({
      largest: fc.integer({ min: 1, max: 3 }),
      percent: fc.integer({ min: 5, max: 95 }),
    });
    let alone = 0;
    fc.assert(
      fc.property(rows, dominance, (drawn, rule) => {
        const facts = factsOf(drawn);
        const told = {
          ...facts,
          parts: facts.parts?.map((parts) =>
            parts.map((part) => {
              const tops = topsToTell(part, rule);
              alone += Number(tops.length < Math.min(part.tops.length, rule.largest));
              return { ...part, tops };
            }),
          ),
        };
        const rules = { minCount: 0, minContributors: 0, dominance: rule };
        expect(withheldBy(told as typeof facts, rules)).toEqual(rulesThatWithhold(drawn, rules));
      }),
      { numRuns: 300 },
    );
    expect(alone).toBeGreaterThan(20);
  });

  it("and a stricter rule withholds whatever the other did", () => {
    const dominance = fc.option(
      fc.record({ largest: fc.integer({ min: 1, max: 3 }), percent: fc.integer({ min: 5, max: 95 }) }),
      { nil: undefined },
    );
    const rows = fc.array(fc.array(fc.nat(30), { maxLength: 6 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(rows, dominance, dominance, fc.nat(12), fc.nat(12), (drawn, one, other, few, more) => {
        const rulesWith = (minCount: number, rule: Dominance | undefined): ReleaseRules => ({
          minCount,
          minContributors: 1,
          ...(rule === undefined ? {} : { dominance: rule }),
        });
        const loose = withheldBy(factsOf(drawn), rulesWith(few, one));
        const strict = withheldBy(factsOf(drawn), rulesWith(few + more, stricterDominance(one, other)));
        expect(loose.filter((rule) => !strict.includes(rule))).toEqual([]);
      }),
    );
  });
});
