// SPDX-License-Identifier: Apache-2.0

/** The rules that may withhold a cell. */
export type ReleaseRule = "minCount" | "minContributors";

/** The strictest of covenant, owner and question, in rows and parties. */
export interface ReleaseRules {
  readonly minCount: number;
  readonly minContributors: number;
}

/** What a cell's rules look at: how many rows, and from how many parties. */
export interface CellFacts {
  readonly count: bigint;
  readonly contributors: bigint;
}

/**
 * The rules that withhold a cell; none when it may be released. An empty cell is withheld like any other below
 * `minCount`, so that "withheld" says only "0 to minCount - 1" (aggregation.md, section 9).
 */
export function withheldBy(cell: CellFacts, rules: ReleaseRules): readonly ReleaseRule[] {
  const broken: ReleaseRule[] = [];
  if (cell.count < BigInt(rules.minCount)) broken.push("minCount");
  if (cell.contributors < BigInt(rules.minContributors)) broken.push("minContributors");
  return broken;
}
