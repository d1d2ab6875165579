// SPDX-License-Identifier: Apache-2.0
// A circulation with bounds, in whole numbers of any size: what an arc can carry at least and at most.

/** More than any sum that Koplamp computes. */
export const UNBOUNDED: bigint = 2n ** 200n;

/** The least and the most that something can be. */
export interface Interval {
  readonly lo: bigint;
  readonly hi: bigint;
}

/** What two intervals have in common; its ends cross where that is nothing. */
export function common(one: Interval, other: Interval): Interval {
  return { lo: larger(one.lo, other.lo), hi: smaller(one.hi, other.hi) };
}

/** An arc of the network; what flows through it stays within its bounds. */
export interface Arc extends Interval {
  readonly from: number;
  readonly to: number;
}

/**
 * Whole numbers on arcs, as much into each place as out of it. Bounds that are whole have ranges that are whole, and every
 * whole number in a range is reached (the matrix of a network is totally unimodular).
 */
export class Network {
  readonly #arcs: readonly Arc[];
  readonly #flows: bigint[];
  /** Arcs out of and into each place: an arc's number, or its complement where it leads in. */
  readonly #ways: readonly (readonly number[])[];

  constructor(places: number, arcs: readonly Arc[]) {
    this.#arcs = arcs;
    this.#flows = arcs.map(({ lo, hi }) => (lo > 0n ? lo : hi < 0n ? hi : 0n));
    const ways: number[][] = Array.from({ length: places }, () => []);
    for (const [at, { from, to }] of arcs.entries()) {
      ways[from]?.push(at);
      ways[to]?.push(~at);
    }
    this.#ways = ways;
  }

  /** Finds some circulation; false where there is none. Call it before anything else. */
  settle(): boolean {
    const excess = this.#excess();
    for (const place of excess.keys()) {
      while ((excess[place] ?? 0n) > 0n) if (!this.#relieve(place, excess)) return false;
    }
    return true;
  }

  /** How much more flows into each place than out of it. */
  #excess(): bigint[] {
    const excess = this.#ways.map(() => 0n);
    for (const [at, { from, to }] of this.#arcs.entries()) {
      const flow = this.#flows[at] ?? 0n;
      excess[to] = (excess[to] ?? 0n) + flow;
      excess[from] = (excess[from] ?? 0n) - flow;
    }
    return excess;
  }

  #relieve(place: number, excess: bigint[]): boolean {
    const path = this.#search(place, (to) => (excess[to] ?? 0n) < 0n);
    if (path === undefined) return false;
    const moved = this.#push(path.steps, smaller(excess[place] ?? 0n, -(excess[path.end] ?? 0n)));
    excess[path.end] = (excess[path.end] ?? 0n) + moved;
    excess[place] = (excess[place] ?? 0n) - moved;
    return true;
  }

  /** The range of an arc, looked for between `least` and `most` only: nothing is said of what is beyond. */
  rangeOf(arc: number, { lo: least, hi: most }: Interval): Interval {
    const hi = this.#pushed(arc, most, 1n);
    const lo = this.#pushed(arc, least, -1n);
    return { lo, hi };
  }

  /** Whether an arc can carry each whole number of an interval: it can if it can carry both ends. */
  reaches(arc: number, wanted: Interval): boolean {
    const { lo, hi } = this.rangeOf(arc, wanted);
    return lo <= wanted.lo && hi >= wanted.hi;
  }

  /** Moves an arc as near to a goal as it can be. */
  #pushed(arc: number, goal: bigint, sign: 1n | -1n): bigint {
    const { from, to, lo, hi } = this.#arcs[arc] ?? NOWHERE;
    const [start, end] = sign > 0n ? [to, from] : [from, to];
    const bound = sign > 0n ? smaller(goal, hi) : larger(goal, lo);
    let flow = this.#flows[arc] ?? 0n;
    while (sign * (bound - flow) > 0n) {
      const path = this.#search(start, (place) => place === end, arc);
      if (path === undefined) break;
      const moved = this.#push(path.steps, sign * (bound - flow));
      flow += sign * moved;
      this.#flows[arc] = flow;
    }
    return flow;
  }

  /** The shortest way along which more can flow, breadth first. */
  #search(start: number, found: (place: number) => boolean, barred = -1): Path | undefined {
    const cameBy = new Map<number, number>();
    const queue = [start];
    for (let next = 0; next < queue.length; next += 1) {
      const place = queue[next] ?? 0;
      if (next > 0 && found(place)) return { end: place, steps: this.#stepsTo(place, start, cameBy) };
      for (const way of this.#ways[place] ?? []) {
        const to = this.#leadsTo(way);
        if (to === start || cameBy.has(to) || arcOf(way) === barred || this.#room(way) <= 0n) continue;
        cameBy.set(to, way);
        queue.push(to);
      }
    }
    return undefined;
  }

  #stepsTo(end: number, start: number, cameBy: ReadonlyMap<number, number>): readonly number[] {
    const steps: number[] = [];
    for (let place = end; place !== start; ) {
      const way = cameBy.get(place) ?? 0;
      steps.push(way);
      const { from, to } = this.#arcs[arcOf(way)] ?? NOWHERE;
      place = way >= 0 ? from : to;
    }
    return steps;
  }

  #leadsTo(way: number): number {
    const { from, to } = this.#arcs[arcOf(way)] ?? NOWHERE;
    return way >= 0 ? to : from;
  }

  #room(way: number): bigint {
    const { lo, hi } = this.#arcs[arcOf(way)] ?? NOWHERE;
    const flow = this.#flows[arcOf(way)] ?? 0n;
    return way >= 0 ? hi - flow : flow - lo;
  }

  #push(steps: readonly number[], wanted: bigint): bigint {
    const moved = steps.reduce((least, way) => smaller(least, this.#room(way)), wanted);
    for (const way of steps) {
      const flow = this.#flows[arcOf(way)] ?? 0n;
      this.#flows[arcOf(way)] = way >= 0 ? flow + moved : flow - moved;
    }
    return moved;
  }
}

interface Path {
  readonly end: number;
  readonly steps: readonly number[];
}

const NOWHERE: Arc = { from: 0, to: 0, lo: 0n, hi: 0n };

function arcOf(way: number): number {
  return way >= 0 ? way : ~way;
}

function smaller(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}

function larger(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
