// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { expect } from "vitest";
import { type Case, cases, distinctCases, joinCases, pairCases } from "./cases.ts";
import { labResults, type Means } from "./compare.ts";
import { plainResults } from "./plaintext.ts";

/** How many cases a property takes: on the toy group, and of these again on ristretto255 and SEAL. */
export interface Runs {
  readonly toy: number;
  readonly real: number;
}

/** Every run of the tests. */
export const RUNS: Runs = { toy: 300, real: 20 };
/** The slow tests. */
export const SLOW_RUNS: Runs = { toy: 5000, real: 200 };

/** Questions of a kind, or those of protocols that a kind does not lead to by itself. */
type Kind = keyof typeof CASES;

/** The kinds of questions, with their parts of the cases: one in all. */
export const SHARES: readonly (readonly [kind: Kind, share: number])[] = [
  ["match", 0.3],
  ["overlap-count", 0.3],
  ["aggregate", 0.18],
  ["pair", 0.18],
  ["join", 0.02],
  ["distinct", 0.02],
];

const CASES = {
  match: () => cases(["match"]),
  "overlap-count": () => cases(["overlap-count"]),
  aggregate: () => cases(["aggregate"]),
  pair: pairCases,
  join: joinCases,
  distinct: distinctCases,
} satisfies Readonly<Record<string, () => fc.Arbitrary<Case>>>;

/** The lab's answer equals the same question over the pooled plaintext. A failure prints its seed and path. */
export async function agrees(kind: Kind, numRuns: number, means: Means): Promise<void> {
  let checked = 0;
  await fc.assert(
    fc.asyncProperty(CASES[kind](), async (drawn) => {
      const answer = await labResults(drawn, means);
      expect(answer).toEqual(plainResults(drawn.pool, drawn.question));
      checked += 1;
    }),
    { numRuns, endOnFailure: true }, // to shrink a whole lab takes longer than a test may
  );
  expect(checked).toBe(numRuns);
}

/** The toy cases of every run for one kind. */
export function agreesInPart(kind: Kind, means: Means): Promise<void> {
  const share = SHARES.find(([named]) => named === kind)?.[1] ?? 0;
  return agrees(kind, Math.ceil(RUNS.toy * share), means);
}
