// SPDX-License-Identifier: Apache-2.0
// Small puzzles of sums that are no network, such as a table of three columns with its margins: by trying, exactly.
import type { KnownSum } from "./laminar.ts";
import { common, type Interval, UNBOUNDED } from "./network.ts";

/** More open parts than this are not tried. */
const MOST_PARTS = 32;
/** More steps than this for one value are not made: it counts as one that cannot be. */
const MOST_STEPS = 200;

/** Which values a sum can have, where parts are whole numbers and none is negative. */
export class Trials {
  readonly #sums: readonly KnownSum[];
  readonly #start: Bounds;

  private constructor(sums: readonly KnownSum[], start: Bounds) {
    this.#sums = sums;
    this.#start = start;
  }

  /** Undefined where nothing fits, or there are too many parts to try. */
  static of(sums: readonly KnownSum[]): Trials | undefined {
    const free = new Map(sums.flatMap(({ parts }) => parts.map((part) => [part, { lo: 0n, hi: UNBOUNDED }])));
    const start = narrowed(free, sums);
    if (start === undefined) return undefined;
    const open = [...start.values()].filter(({ lo, hi }) => lo < hi).length;
    return open <= MOST_PARTS ? new Trials(sums, start) : undefined;
  }

  /** Whether a sum can be each whole number of an interval. */
  reaches(sum: number, { lo, hi }: Interval): boolean {
    for (let value = lo; value <= hi; value += 1n) if (!this.#allows(sum, value)) return false;
    return true;
  }

  /** The range of a sum, as far as values were found. */
  rangeOf(sum: number, { lo, hi }: Interval): Interval | undefined {
    const own = rangeIn(this.#start, this.#sums[sum]?.parts ?? []);
    let { lo: least, hi: most } = common(own, { lo, hi });
    for (let left = MOST_STEPS; left > 0 && least <= most && !this.#allows(sum, least); left -= 1)
      least += 1n;
    for (let left = MOST_STEPS; left > 0 && most > least && !this.#allows(sum, most); left -= 1) most -= 1n;
    return least > most ? undefined : { lo: least, hi: most };
  }

  #allows(sum: number, value: bigint): boolean {
    const sums = this.#sums.map((known, at) => (at === sum ? { ...known, lo: value, hi: value } : known));
    return solved(this.#start, sums, { left: MOST_STEPS });
  }
}

type Bounds = ReadonlyMap<number, Interval>;

/** Depth first: the narrowest part that is still open takes each of its values. */
function solved(from: Bounds, sums: readonly KnownSum[], budget: { left: number }): boolean {
  budget.left -= 1;
  if (budget.left < 0) return false;
  const bounds = narrowed(from, sums);
  if (bounds === undefined) return false;
  const [open] = [...bounds]
    .filter(([, { lo, hi }]) => lo < hi)
    .sort(([, a], [, b]) => (a.hi - a.lo < b.hi - b.lo ? -1 : 1));
  if (open === undefined) return true;
  const [part, { lo, hi }] = open;
  for (let value = lo; value <= hi && budget.left > 0; value += 1n) {
    if (solved(new Map([...bounds, [part, { lo: value, hi: value }]]), sums, budget)) return true;
  }
  return false;
}

/** Bounds of parts as far as each sum alone narrows them; undefined where one has no room. */
function narrowed(from: Bounds, sums: readonly KnownSum[]): Bounds | undefined {
  const bounds = new Map(from);
  for (let changed = true; changed; ) {
    changed = false;
    for (const sum of sums) {
      const moved = narrow(bounds, sum);
      if (moved === undefined) return undefined;
      changed ||= moved;
    }
  }
  return bounds;
}

/** Narrows the parts of one sum, and says whether it could; undefined where the sum cannot hold. */
function narrow(bounds: Map<number, Interval>, { parts, lo, hi }: KnownSum): boolean | undefined {
  const { lo: least, hi: most } = rangeIn(bounds, parts);
  if (least > hi || most < lo) return undefined;
  const moved = parts.map((part) => {
    const own = bounds.get(part) ?? { lo: 0n, hi: 0n };
    const next = common(own, { lo: lo - (most - own.hi), hi: hi - (least - own.lo) });
    bounds.set(part, next);
    return next.lo > next.hi ? undefined : next.lo !== own.lo || next.hi !== own.hi;
  });
  return moved.includes(undefined) ? undefined : moved.includes(true);
}

function rangeIn(bounds: Bounds, parts: readonly number[]): Interval {
  let [lo, hi] = [0n, 0n];
  for (const part of parts) {
    lo += bounds.get(part)?.lo ?? 0n;
    hi += bounds.get(part)?.hi ?? 0n;
  }
  return { lo, hi };
}
