// SPDX-License-Identifier: Apache-2.0
// The history rule (aggregation.md, section 11): what two answers give away by their difference.
import type { PartyId } from "@koplamp/protocol";
import { equalCells, Nesting } from "./cell-nesting.ts";
import { byName, Filled, type Members } from "./history-members.ts";
import type { Shape } from "./refinement.ts";

/** An answer that was given, or is asked for: its cells, and who is in them, as the node that brought data knows it. */
export interface Release extends Shape {
  /** What its members are, such as rows: answers about different things have nothing to subtract. */
  readonly about: string;
  /** Sorted; empty where it makes no difference who else brought data. */
  readonly contributors: readonly PartyId[];
  /** What is told of each cell: values are compared where the same is told. */
  readonly told: string;
  readonly minCount: number;
  /** Whether noise hides what a few members add: what several such answers tell together, its own budget bounds. */
  readonly noisy: boolean;
  readonly members: Members;
}

/**
 * `party`: what one party brought, since the same was asked with it and without it; `rows`: something of fewer own members
 * than a cell must have; `size`: not known, for there are too many pairs of cells to look at.
 */
export type Difference = "party" | "rows" | "size";

/** Pairs of cells that are looked at: so many take some ten seconds, and nothing else goes on meanwhile. */
const MOST_PAIRS = 10 ** 7;

/**
 * What the difference of two answers would tell; undefined where it tells nothing. Two cells are compared when either has
 * enough members to hide behind the other, or when all rows of one are among the other's: then others' rows may be the
 * same. Of cells that have nobody in common and do not lie in each other, none is looked at.
 */
export function differenceOf(
  before: Release,
  now: Release,
  mostPairs: number = MOST_PAIRS,
): Difference | undefined {
  if (before.about !== now.about) return undefined;
  const pairs = new Pairs(before, now, mostPairs);
  return pairs.sameWithOneMore() ?? pairs.withSharedMembers() ?? pairs.nested();
}

type Pair = readonly [one: number, other: number];

/** The pairs of a cell that is asked for and one that was told. */
class Pairs {
  readonly #least: number;
  /** Whether one party more or less brought data. */
  readonly #alone: boolean;
  /** Whether neither is noisy: a party is too large for noise to hide, a few rows are not. */
  readonly #exact: boolean;
  readonly #now: Filled;
  readonly #before: Filled;
  /** Cells that are asked for in those that were told, and the other way around. */
  readonly #inward: Nesting;
  readonly #outward: Nesting;
  /** By cell that is asked for, by cell that was told: members in both, with the same values where those are told. */
  readonly #shared = new Map<number, Map<number, number>>();
  #left: number;

  constructor(before: Release, now: Release, mostPairs: number) {
    this.#least = Math.max(before.minCount, now.minCount);
    this.#alone = differByOne(before.contributors, now.contributors);
    this.#exact = !before.noisy && !now.noisy;
    this.#now = new Filled(now.members);
    this.#before = new Filled(before.members);
    this.#inward = new Nesting(now, before);
    this.#outward = new Nesting(before, now);
    this.#left = mostPairs;
    this.#share(before.members, now.members, now.told === before.told);
  }

  /** Cells of the same rows, with one party more or less. */
  sameWithOneMore(): Difference | undefined {
    return this.#alone ? this.#first(equalCells(this.#inward, this.#outward)) : undefined;
  }

  withSharedMembers(): Difference | undefined {
    return this.#first(pairsIn(this.#shared));
  }

  /** Cells of which one lies in the other; where one has members enough, a pair without shared ones hides all of them. */
  nested(): Difference | undefined {
    if (!this.#exact) return undefined;
    const small = (filled: Filled): readonly number[] =>
      filled.cells.filter((cell) => filled.sizeOf(cell) < this.#least);
    const now = relatives(small(this.#now), this.#inward, this.#outward);
    const before = relatives(small(this.#before), this.#outward, this.#inward);
    return this.#first(this.#apart(now)) ?? this.#first(this.#apart(turned(before)));
  }

  /** Those of which nobody is in both: the others were looked at. */
  *#apart(pairs: Iterable<Pair>): Generator<Pair> {
    for (const pair of pairs) {
      if (this.#shared.get(pair[0])?.has(pair[1]) !== true) yield pair;
    }
  }

  #first(pairs: Iterable<Pair>): Difference | undefined {
    for (const [cell, other] of pairs) {
      this.#left -= 1;
      const found = this.#left < 0 ? "size" : this.#judged(cell, other);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #judged(cell: number, other: number): Difference | undefined {
    const [size, before] = [this.#now.sizeOf(cell), this.#before.sizeOf(other)];
    // Members of one cell alone, and members of both with other values.
    const changed = size + before - (this.#shared.get(cell)?.get(other) ?? 0);
    if (changed >= this.#least) return undefined;
    const inner = this.#inward.holds(cell, other);
    const outer = this.#outward.holds(other, cell);
    if (this.#alone && inner && outer) return "party";
    if (!this.#exact) return undefined;
    const large = Math.max(size, before) >= this.#least;
    return changed > 0 && (large || inner || outer) ? "rows" : undefined;
  }

  /** A member of both counts twice, once for being in both, and once for its values. */
  #share(before: Members, now: Members, valued: boolean): void {
    for (const [mine, theirs] of sameNames(now, before)) {
      if (this.#left < 0) return;
      const same = !valued || now[mine + 3] === before[theirs + 3];
      this.#count(now[mine] ?? 0, before[theirs] ?? 0, same ? 2 : 1);
    }
  }

  #count(cell: number, other: number, times: number): void {
    const others = this.#shared.get(cell) ?? new Map<number, number>();
    this.#shared.set(cell, others);
    if (!others.has(other)) this.#left -= 1;
    others.set(other, (others.get(other) ?? 0) + times);
  }
}

function* pairsIn(lists: ReadonlyMap<number, ReadonlyMap<number, unknown>>): Generator<Pair> {
  for (const [one, others] of lists) {
    for (const other of others.keys()) yield [one, other];
  }
}

function* turned(pairs: Iterable<Pair>): Generator<Pair> {
  for (const [one, other] of pairs) yield [other, one];
}

/** Cells with those of the other answer that hold them, and those within them. */
function* relatives(cells: readonly number[], inward: Nesting, outward: Nesting): Generator<Pair> {
  for (const cell of cells) {
    for (const other of inward.outerOf(cell)) yield [cell, other];
    for (const other of outward.innerOf(cell)) yield [cell, other];
  }
}

/** Where both have members of the same name: goes through both in the order of names. */
function* sameNames(one: Members, other: Members): Generator<Pair> {
  const [ones, others] = [byName(one), byName(other)];
  let start = 0;
  for (const at of ones) {
    while (start < others.length && compared(other, others[start] ?? 0, one, at) < 0) start += 1;
    for (let same = start; same < others.length; same += 1) {
      const from = others[same] ?? 0;
      if (compared(other, from, one, at) !== 0) break;
      yield [at, from];
    }
  }
}

function compared(one: Members, at: number, other: Members, from: number): number {
  const high = (one[at + 1] ?? 0) - (other[from + 1] ?? 0);
  return high === 0 ? (one[at + 2] ?? 0) - (other[from + 2] ?? 0) : high;
}

function differByOne(one: readonly PartyId[], other: readonly PartyId[]): boolean {
  const all = new Set([...one, ...other]);
  return 2 * all.size - one.length - other.length === 1;
}
