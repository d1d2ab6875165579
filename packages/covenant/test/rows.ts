// SPDX-License-Identifier: Apache-2.0
// Cells by the records in them, and what the rules say of those in plain words: no line of this is Koplamp's.
import type { Dominance } from "@koplamp/wire";
import type { CellFacts, ReleaseRules } from "../src/index.ts";

/** The records of each party, in whole units. */
export type Rows = readonly (readonly number[])[];

/** What a cell of these records shows to rules. */
export function factsOf(rows: Rows): CellFacts {
  return {
    count: BigInt(rows.flat().length),
    contributors: BigInt(rows.filter((own) => own.length > 0).length),
    parts: [
      rows.map((own) => ({
        sum: BigInt(own.reduce((sum, one) => sum + Math.abs(one), 0)),
        tops: own
          .map((one) => Math.abs(one))
          .sort((a, b) => b - a)
          .map(BigInt),
      })),
    ],
  };
}

/** The rules that withhold these records, by the text of the rules. */
export function rulesThatWithhold(rows: Rows, rules: ReleaseRules): readonly string[] {
  const all = rows.flat().map((one) => Math.abs(one));
  const broken: string[] = [];
  if (all.length < rules.minCount) broken.push("minCount");
  if (rows.filter((own) => own.length > 0).length < rules.minContributors) broken.push("minContributors");
  if (rules.dominance !== undefined && dominates(rows, rules.dominance)) broken.push("dominance");
  return broken;
}

function dominates(rows: Rows, { largest, percent }: Dominance): boolean {
  const all = rows.flat().map((one) => Math.abs(one));
  const total = all.reduce((sum, one) => sum + one, 0);
  let best = 0;
  const left = [...all];
  for (let taken = 0; taken < largest && left.length > 0; taken += 1) {
    const most = Math.max(...left);
    left.splice(left.indexOf(most), 1);
    best += most;
  }
  if (best > (total * percent) / 100) return true;
  const parts = rows.map((own) => own.reduce((sum, one) => sum + Math.abs(one), 0));
  for (const [i, one] of parts.entries()) {
    for (const [j, other] of parts.entries()) {
      if (i !== j && (total - one - other) * 10 < one) return true; // j knows i to within a tenth
    }
  }
  return parts.length === 1 && (parts[0] ?? 0) > 0;
}
