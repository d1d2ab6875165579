// SPDX-License-Identifier: Apache-2.0
// When sums over common parts hang together like a network: their sets fall into two families, and within each any two
// are apart or one is inside the other. A table with its margins does, and so do two tables over the same rows.
import { type Arc, type Interval, Network, UNBOUNDED } from "./network.ts";

/** A sum over parts, and the bounds that everybody knows of it. */
export interface KnownSum extends Interval {
  /** Numbers of parts, each once. */
  readonly parts: readonly number[];
}

/**
 * The sums as a network: through the first family's sets to each part, and on through the second's. Undefined where they
 * are none. `least`: of a part.
 */
export function networkOf(sums: readonly KnownSum[], least: bigint): Network | undefined {
  const sets = sums.map(({ parts }) => parts);
  const shared = overlaps(sets);
  const families = coloured(sets.length, crossings(sets, shared));
  if (families === undefined) return undefined;
  const parents = parentsOf(sets, families, shared);
  const inner = sums.map(({ lo, hi }, at): Arc => {
    const [parent, own] = [(parents[at] ?? -1) + 1, at + 1];
    return families[at] === 0 ? { from: parent, to: own, lo, hi } : { from: own, to: parent, lo, hi };
  });
  return new Network(sums.length + 1, [...inner, ...partArcs(sets, families, least)]);
}

/** Parts between the same two sets carry together what one arc carries. */
function partArcs(
  sets: readonly (readonly number[])[],
  families: readonly (0 | 1)[],
  least: bigint,
): readonly Arc[] {
  const smallest = [new Map<number, number>(), new Map<number, number>()] as const;
  for (const [at, parts] of sets.entries()) {
    const own = smallest[families[at] ?? 0];
    for (const part of parts) {
      const before = own.get(part);
      if (before === undefined || isInside(sets, at, before)) own.set(part, at);
    }
  }
  const arcs = new Map<string, Arc>();
  for (const part of new Set(sets.flat())) {
    const from = (smallest[0].get(part) ?? -1) + 1;
    const to = (smallest[1].get(part) ?? -1) + 1;
    arcs.set(`${from} ${to}`, { from, to, lo: least, hi: UNBOUNDED });
  }
  return [...arcs.values()];
}

/** Of two sets of which one holds the other: whether the first is the inner one. Of equal sets the later is. */
function isInside(sets: readonly (readonly number[])[], one: number, other: number): boolean {
  const [inner, outer] = [sets[one]?.length ?? 0, sets[other]?.length ?? 0];
  return inner < outer || (inner === outer && one > other);
}

/** How many parts two sets share, where they share any: `shared[one].get(other)`. */
type Overlaps = readonly ReadonlyMap<number, number>[];

function overlaps(sets: readonly (readonly number[])[]): Overlaps {
  const shared = sets.map(() => new Map<number, number>());
  for (const holding of holdersOf(sets)) {
    for (const one of holding) countIn(shared[one] ?? new Map(), holding);
  }
  return shared;
}

/** For each part the sets that hold it. */
function holdersOf(sets: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const holders = new Map<number, number[]>();
  for (const [at, parts] of sets.entries()) {
    for (const part of parts) {
      const found = holders.get(part);
      if (found === undefined) holders.set(part, [at]);
      else found.push(at);
    }
  }
  return [...holders.values()];
}

function countIn(counts: Map<number, number>, items: readonly number[]): void {
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
}

/** For each set those that it crosses: they share something, and neither holds the other. */
function crossings(sets: readonly (readonly number[])[], shared: Overlaps): readonly (readonly number[])[] {
  const size = (at: number): number => sets[at]?.length ?? 0;
  return sets.map((_, at) =>
    [...(shared[at] ?? [])].flatMap(([other, common]) =>
      common < size(at) && common < size(other) ? [other] : [],
    ),
  );
}

/** Two colours for all sets, so that none crosses one of its own; undefined where two are too few. */
function coloured(size: number, across: readonly (readonly number[])[]): readonly (0 | 1)[] | undefined {
  const colours = new Map<number, 0 | 1>();
  for (let start = 0; start < size; start += 1) {
    if (colours.has(start)) continue;
    colours.set(start, 0);
    if (!spread(start, across, colours)) return undefined;
  }
  return Array.from({ length: size }, (_, at) => colours.get(at) ?? 0);
}

/** Colours all that hangs together with one set; false where two of one colour cross. */
function spread(start: number, across: readonly (readonly number[])[], colours: Map<number, 0 | 1>): boolean {
  const queue = [start];
  for (const one of queue) {
    const colour = colours.get(one) === 0 ? 1 : 0;
    const others = across[one] ?? [];
    if (others.some((other) => (colours.get(other) ?? colour) !== colour)) return false;
    for (const other of others) {
      if (!colours.has(other)) queue.push(other);
      colours.set(other, colour);
    }
  }
  return true;
}

/** For each set the smallest of its family that holds it; -1 where none does. */
function parentsOf(
  sets: readonly (readonly number[])[],
  families: readonly (0 | 1)[],
  shared: Overlaps,
): readonly number[] {
  return sets.map((parts, at) => {
    const holding = [...(shared[at] ?? [])].flatMap(([other, common]) =>
      other !== at && families[other] === families[at] && common === parts.length ? [other] : [],
    );
    return holding
      .filter((other) => isInside(sets, at, other))
      .reduce((least, other) => (least < 0 || isInside(sets, other, least) ? other : least), -1);
  });
}
