// SPDX-License-Identifier: Apache-2.0
import type { ReleaseRule, ReleaseRules } from "@koplamp/covenant";

/** What the analyst may do instead, where rules withhold a cell: for the first of them, in their order. */
export function hintFor(rules: readonly ReleaseRule[], { minCount, minContributors }: ReleaseRules): string {
  if (rules.includes("minCount"))
    return `fewer than ${minCount} rows: group by fewer columns, merge values, or take a longer period`;
  if (rules.includes("minContributors"))
    return `rows of fewer than ${minContributors} parties: ask more parties, or group by fewer columns`;
  if (rules.includes("dominance"))
    return "one record or party makes too much of the sum: group by fewer columns, or ask for counts";
  return "with it a withheld cell, or what one other party has, could be computed: group by fewer columns, ask more parties, or ask without totals";
}
