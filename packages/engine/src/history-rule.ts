// SPDX-License-Identifier: Apache-2.0
// The history rule (aggregation.md, section 11): what two answers give away by their difference.
import type { PartyId } from "@koplamp/protocol";
import { isWithin, type Predicate } from "./predicate.ts";

/** Own members of one cell: who is in it, by a name that only this node can make, and a number for its values. */
export type Members = ReadonlyMap<string, number>;

/** One cell of an answer, as the node that brought data to it knows it. */
export interface ReleasedCell {
  readonly predicate: Predicate;
  readonly members: Members;
}

/** An answer that was given, or is asked for. */
export interface Release {
  /** What its members are, such as rows: answers about different things have nothing to subtract. */
  readonly about: string;
  /** Sorted; empty where it makes no difference who else brought data. */
  readonly contributors: readonly PartyId[];
  /** What is told of each cell: values are compared where the same is told. */
  readonly told: string;
  readonly minCount: number;
  /** Whether noise hides what a few members add: what several such answers tell together, its own budget bounds. */
  readonly noisy: boolean;
  readonly cells: readonly ReleasedCell[];
}

/**
 * What the difference of two answers would tell: `party`, what one party brought, since the same was asked with it and
 * without it; `rows`, something of fewer own members than a cell must have. Two cells are compared when either has enough
 * of them to hide behind the other, or when all rows of one are among the other's: then others' rows may be the same.
 */
export function differenceOf(before: Release, now: Release): "party" | "rows" | undefined {
  if (before.about !== now.about) return undefined;
  const terms: Terms = {
    least: Math.max(before.minCount, now.minCount),
    alone: differByOne(before.contributors, now.contributors),
    exact: !before.noisy && !now.noisy,
  };
  const common = new Common(before, now.told === before.told);
  for (const cell of now.cells) {
    const shared = common.of(cell.members);
    for (const [at, other] of before.cells.entries()) {
      const { both = 0, same = 0 } = shared.get(at) ?? {};
      const difference = judged(cell, other, cell.members.size + other.members.size - both - same, terms);
      if (difference !== undefined) return difference;
    }
  }
  return undefined;
}

interface Terms {
  /** The fewest members of a cell, as the stricter of both answers has it. */
  readonly least: number;
  /** Whether one party more or less brought data. */
  readonly alone: boolean;
  /** Whether neither is noisy: a party is too large for noise to hide, a few rows are not. */
  readonly exact: boolean;
}

/** `changed`: members of one cell alone, and members of both with other values. */
function judged(
  cell: ReleasedCell,
  other: ReleasedCell,
  changed: number,
  { least, alone, exact }: Terms,
): "party" | "rows" | undefined {
  if (changed >= least) return undefined;
  const inner = isWithin(cell.predicate, other.predicate);
  const outer = isWithin(other.predicate, cell.predicate);
  if (alone && inner && outer) return "party";
  if (!exact) return undefined;
  const large = Math.max(cell.members.size, other.members.size) >= least;
  return changed > 0 && (large || inner || outer) ? "rows" : undefined;
}

function differByOne(one: readonly PartyId[], other: readonly PartyId[]): boolean {
  const all = new Set([...one, ...other]);
  return 2 * all.size - one.length - other.length === 1;
}

/** Which members a cell has in common with each cell of an earlier answer. */
class Common {
  readonly #cellsOf = new Map<string, (readonly [cell: number, value: number])[]>();
  readonly #valued: boolean;

  constructor({ cells }: Release, valued: boolean) {
    this.#valued = valued;
    for (const [at, { members }] of cells.entries()) {
      for (const [member, value] of members) {
        const known = this.#cellsOf.get(member);
        if (known === undefined) this.#cellsOf.set(member, [[at, value]]);
        else known.push([at, value]);
      }
    }
  }

  /** By cell: members in both, and those of them with the same values. */
  of(members: Members): ReadonlyMap<number, { readonly both: number; readonly same: number }> {
    const shared = new Map<number, { both: number; same: number }>();
    for (const [member, value] of members) {
      for (const [at, other] of this.#cellsOf.get(member) ?? []) {
        const found = shared.get(at) ?? { both: 0, same: 0 };
        found.both += 1;
        if (!this.#valued || value === other) found.same += 1;
        shared.set(at, found);
      }
    }
    return shared;
  }
}
