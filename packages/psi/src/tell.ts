// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import type { Matched } from "./match-tokens.ts";

/** How much of a match a recipient may see of each of its items. */
export type Tell = "holders" | "count" | "nothing";

/** One of the recipient's own items that enough parties hold. */
export interface Told {
  /** The item's position in the inputs. */
  readonly item: number;
  /** All parties that hold it, the recipient included, in id order; with `tell: holders` only. */
  readonly holders?: readonly PartyId[];
  /** How many parties hold it, the recipient included; with `tell: count` only. */
  readonly count?: number;
}

/**
 * What the question lets a recipient see of a match: own items that at least `atLeast` parties hold, the recipient
 * among them. Applied by the recipient's own node: the mathematics shows it the holders of every own item.
 */
export function tellMatches({ parties, holders }: Matched, tell: Tell, atLeast: number): readonly Told[] {
  const told: Told[] = [];
  (holders ?? []).forEach((bitmap, item) => {
    const count = bitsIn(bitmap);
    if (count < atLeast) return;
    if (tell === "count") told.push({ item, count });
    else if (tell === "nothing") told.push({ item });
    else told.push({ item, holders: parties.filter((_, bit) => ((bitmap >>> bit) & 1) === 1) });
  });
  return told;
}

function bitsIn(bitmap: number): number {
  let count = 0;
  for (let left = bitmap; left !== 0; left &= left - 1) count += 1;
  return count;
}
