// SPDX-License-Identifier: Apache-2.0
// Money that comes back to where it came from, seen in released flows alone: a withheld flow is never part of a circle.

/** What went from one place to another in one period. */
export interface FlowCell {
  readonly from: string;
  readonly to: string;
  readonly period: string;
  /** What is released; absent where it is withheld. */
  readonly value?: number;
}

/** Three places, each of which sends a lot to the next, and the last to the first. */
export interface Circle {
  /** The least name first. */
  readonly places: readonly [string, string, string];
  readonly period: string;
  /** What went round at most: the least of the three flows. */
  readonly least: number;
}

/**
 * The circles of three places in which every flow is at least `times` the median of all released flows between different
 * places in the same period; by period and places.
 */
export function circlesIn(cells: readonly FlowCell[], times: number): readonly Circle[] {
  const periods = [...new Set(cells.map(({ period }) => period))].sort();
  return periods.flatMap((period) =>
    circlesOf(
      cells.filter((cell) => cell.period === period),
      period,
      times,
    ),
  );
}

function circlesOf(cells: readonly FlowCell[], period: string, times: number): readonly Circle[] {
  const flows = cells.filter(({ from, to, value }) => from !== to && value !== undefined);
  const usual = medianOf(flows.map(({ value = 0 }) => value));
  const large = new Map<string, Map<string, number>>();
  for (const { from, to, value = 0 } of flows) {
    if (value <= 0 || value < times * usual) continue;
    const next = large.get(from) ?? new Map<string, number>();
    large.set(from, next.set(to, value));
  }
  return [...large.keys()].sort().flatMap((first) => from(first, large, period));
}

/** The circles whose least name is this. */
function from(
  first: string,
  large: ReadonlyMap<string, ReadonlyMap<string, number>>,
  period: string,
): readonly Circle[] {
  const found: Circle[] = [];
  for (const [second, one] of large.get(first) ?? []) {
    for (const [third, other] of large.get(second) ?? []) {
      const back = large.get(third)?.get(first);
      if (back === undefined || second <= first || third <= first || third === second) continue;
      found.push({ places: [first, second, third], period, least: Math.min(one, other, back) });
    }
  }
  return found.sort((a, b) => (a.places.join() < b.places.join() ? -1 : 1));
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
