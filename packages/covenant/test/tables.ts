// SPDX-License-Identifier: Apache-2.0
// Small tables, and all tables of whole numbers that are consistent with what is shown of them: by trying every one.
import type { Audited, AuditTable, Overlay } from "../src/index.ts";

/** A table of counts with the sizes of its columns, its margins, and no other rule than a floor. */
export function tableOf(
  sizes: readonly number[],
  counts: readonly number[],
  minCount: number,
  lines: "none" | "total" | "margins",
  overlays: readonly Overlay[] = [],
): AuditTable {
  return {
    cells: counts.map((count, at) => ({
      key: keyOf(at, sizes),
      facts: { count: BigInt(count), contributors: 3n },
      sums: [],
    })),
    lines: linesOf(sizes, lines),
    rules: { minCount, minContributors: 1 },
    columns: [],
    overlays,
  };
}

function keyOf(at: number, sizes: readonly number[]): string {
  return placesOf(at, sizes).join(" ");
}

function placesOf(at: number, sizes: readonly number[]): readonly number[] {
  const places: number[] = [];
  let rest = at;
  for (const size of [...sizes].reverse()) {
    places.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return places;
}

/** Every way to sum some of the columns out, all of them for the total. */
function linesOf(sizes: readonly number[], which: "none" | "total" | "margins"): AuditTable["lines"] {
  if (which === "none") return [];
  const cells = [...Array(sizes.reduce((product, size) => product * size, 1)).keys()];
  const kept = which === "total" ? [0] : [...Array(2 ** sizes.length - 1).keys()];
  return kept.flatMap((mask) => {
    const groups = new Map<string, number[]>();
    for (const cell of cells) {
      const name = placesOf(cell, sizes)
        .map((place, column) => ((mask >> column) & 1 ? String(place) : "*"))
        .join(" ");
      groups.set(name, [...(groups.get(name) ?? []), cell]);
    }
    return [...groups].map(([key, own]) => ({ key, cells: own }));
  });
}

/** What an outsider can know of a part: whole numbers from `lo` to `hi`. */
interface Range {
  readonly lo: number;
  readonly hi: number;
}

/** A sum that an outsider knows. */
interface Sum extends Range {
  readonly parts: readonly number[];
}

/** What a reader knows besides. */
interface Knowledge {
  /** The least that a cell can be, since so much of it is his own. */
  readonly least?: (cell: number) => number;
  /** The least that a cell can be that is withheld by another rule than the floor. */
  readonly unlabelled?: (cell: number) => number;
}

/**
 * For each withheld cell the values that it has in some table that an outsider cannot rule out. `most`: no cell is larger.
 */
export function possibleValues(
  table: AuditTable,
  audited: Audited,
  most: number,
  { least = () => 0, unlabelled = () => table.rules.minCount }: Knowledge = {},
): ReadonlyMap<number, ReadonlySet<number>> {
  const { minCount } = table.rules;
  const sums = sumsKnown(table, audited, most);
  const ranges = table.cells.map(({ facts }, at): Range => {
    const rules = audited.cells[at] ?? [];
    if (rules.length === 0) return { lo: Number(facts.count), hi: Number(facts.count) };
    const own = least(at);
    if (rules.includes("minCount")) return { lo: own, hi: minCount - 1 };
    return { lo: Math.max(own, unlabelled(at)), hi: most };
  });
  const withheld = ranges.flatMap((_, at) => (audited.cells[at]?.length === 0 ? [] : [at]));
  const values = new Map(withheld.map((at) => [at, new Set<number>()]));
  everyTable(ranges, sums, (found) => {
    for (const at of withheld) values.get(at)?.add(found[at] ?? -1);
  });
  return values;
}

function sumsKnown({ lines, cells, overlays }: AuditTable, audited: Audited, most: number): readonly Sum[] {
  const shown = lines.flatMap((line, at): readonly Sum[] => {
    const value = line.cells.reduce((total, cell) => total + Number(cells[cell]?.facts.count), 0);
    return audited.lines[at]?.length === 0 ? [{ parts: line.cells, lo: value, hi: value }] : [];
  });
  const outside = overlays.flatMap((overlay) =>
    overlay.outside.map((known): Sum => {
      const { parts } = known;
      if (known.kind === "told") return { parts, lo: Number(known.lo), hi: Number(known.hi) };
      if (known.word === "small") return { parts, lo: 0, hi: known.minCount - 1 };
      return { parts, lo: known.word === "large" ? known.minCount : 0, hi: most * parts.length };
    }),
  );
  return [...shown, ...outside];
}

function everyTable(
  ranges: readonly Range[],
  sums: readonly Sum[],
  seen: (table: readonly number[]) => void,
): void {
  const table: number[] = [];
  const fits = (): boolean =>
    sums.every(({ parts, lo, hi }) => {
      const total = (end: "lo" | "hi"): number =>
        parts.reduce((sum, part) => sum + (table[part] ?? ranges[part]?.[end] ?? 0), 0);
      return total("lo") <= hi && total("hi") >= lo;
    });
  const fill = (at: number): void => {
    const range = ranges[at];
    if (range === undefined) seen(table);
    for (let value = range?.lo ?? 1; value <= (range?.hi ?? 0); value += 1) {
      table.push(value);
      if (fits()) fill(at + 1);
      table.pop();
    }
  };
  fill(0);
}
