// SPDX-License-Identifier: Apache-2.0
import type { Covenant } from "./documents/covenant-types.ts";
import type { Dominance } from "./documents/types.ts";

/** The agreement's rule about dominance; none where it tests over the largest 0. */
export function dominanceFloor({
  dominanceN,
  dominancePercent,
}: Pick<Covenant["floors"], "dominanceN" | "dominancePercent">): Dominance | undefined {
  return dominanceN === 0 ? undefined : { largest: dominanceN, percent: dominancePercent };
}

/** The stricter of two rules about dominance: what passes it passes both. */
export function stricterDominance(
  one: Dominance | undefined,
  other: Dominance | undefined,
): Dominance | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return {
    largest: Math.max(one.largest, other.largest),
    percent: Math.min(one.percent, other.percent),
  };
}
