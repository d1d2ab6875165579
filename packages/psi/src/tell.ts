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
export function tellMatches(matched: Matched, tell: Tell, atLeast: number): readonly Told[] {
  const told: Told[] = [];
  tellEach(matched, tell, atLeast, (one) => void told.push(one));
  return told;
}

/** The same one at a time, for who keeps something else of each: of a long list the garbage of all at once weighs. */
export function tellEach(
  { parties, holders = NONE }: Matched,
  tell: Tell,
  atLeast: number,
  take: (told: Told) => void,
): void {
  for (let item = 0; item < holders.length; item += 1) {
    const bitmap = holders[item] ?? 0;
    const count = bitsIn(bitmap);
    if (count < atLeast) continue;
    if (tell === "count") take({ item, count });
    else if (tell === "nothing") take({ item });
    else take({ item, holders: parties.filter((_, bit) => ((bitmap >>> bit) & 1) === 1) });
  }
}

const NONE = new Uint32Array();

function bitsIn(bitmap: number): number {
  let count = 0;
  for (let left = bitmap; left !== 0; left &= left - 1) count += 1;
  return count;
}
