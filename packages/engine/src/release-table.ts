// SPDX-License-Identifier: Apache-2.0
// What a recipient's node lets out of the cells that it opened: `gate: node` of aggregation.md, section 9. Whatever opens
// cells, a sum or a join, releases them here: each cell by its own facts, then all together by the derivation audit.
import {
  type AuditCell,
  audit,
  type CellFacts,
  type Overlay,
  type ReleaseRule,
  type ReleaseRules,
} from "@koplamp/covenant";
import type { AggregateCell, Decimals, Measures, OtherCells } from "@koplamp/wire";
import { hintFor } from "./release-hints.ts";
import type { Withholding } from "./stage.ts";

/** A cell as it was opened, in this node's memory only: the facts that rules look at, and what may be shown of it. */
export interface OpenCell extends CellFacts {
  readonly group: Readonly<Record<string, string>>;
  readonly measures: Measures;
  /** The sums behind the measures, in the order of the table's columns. */
  readonly sums?: readonly bigint[];
  /** Statistics, where the question asks for some. */
  readonly decimals?: Decimals;
  /** With noise: how far each measure may be off, 95 times in 100. */
  readonly uncertainty?: Measures;
}

/** What a recipient brought to a cell itself: it takes that away from what it is shown. */
export interface OwnCell {
  readonly count: bigint;
  readonly sums: readonly bigint[];
}

/** Cells told as one, and which they are. */
export interface OpenLine extends OpenCell {
  readonly cells: readonly number[];
}

/** Opened cells, and the rules that they must pass. */
export interface OpenTable {
  readonly cells: readonly OpenCell[];
  readonly rules: ReleaseRules;
  /** For each cell what this node brought to it; absent where it brings nothing, or noise hides. */
  readonly own?: readonly OwnCell[];
  /** Totals and margins that are asked for. */
  readonly lines?: readonly OpenLine[];
  /** For each summed column what one row can bring. */
  readonly columns?: readonly { readonly lo: bigint; readonly hi: bigint }[];
  /** What is known besides of the same rows: public totals, and what was released before. */
  readonly overlays?: readonly Overlay[];
  /** What every number is told as a multiple of; absent where it is told as it is. */
  readonly rounding?: number;
}

/** What may be shown of a table. */
export interface ReleasedTable {
  readonly cells: readonly AggregateCell[];
  readonly lines: readonly AggregateCell[];
  /** How many cells each rule withholds. */
  readonly withheld: readonly Withholding[];
}

/** The cells and lines as they may be shown, in the order in which they came. */
export function releaseTable(table: OpenTable): ReleasedTable {
  const { cells, rules, own, lines = [], columns = [], overlays = [], rounding } = table;
  const judged = audit({
    cells: auditCells(cells, own),
    lines: lines.map((line) => ({ key: keyOf(line), cells: line.cells })),
    rules,
    columns,
    overlays,
  });
  const shown = (all: readonly OpenCell[], broken: readonly (readonly ReleaseRule[])[]): AggregateCell[] =>
    all.map((cell, at) => releasedCell(cell, broken[at] ?? [], rules, rounding));
  const released = shown(cells, judged.cells);
  return { cells: released, lines: shown(lines, judged.lines), withheld: withholdings(released) };
}

/** A released table without some more of its cells, by what they would tell of others: of those no other rule is told. */
export function withoutCells(
  table: ReleasedTable,
  gone: ReadonlySet<number>,
  rules: ReleaseRules,
): ReleasedTable {
  const cells = table.cells.map((cell, at): AggregateCell => {
    if (!gone.has(at)) return cell;
    return { group: cell.group, withheld: ["derivable"], hint: hintFor(["derivable"], rules) };
  });
  return { ...table, cells, withheld: withholdings(cells) };
}

/** Cells as the audit looks at them. */
export function auditCells(cells: readonly OpenCell[], own?: readonly OwnCell[]): readonly AuditCell[] {
  return cells.map((cell, at) => {
    const part = own?.[at];
    const known = { key: keyOf(cell), facts: cell, sums: cell.sums ?? [] };
    return part === undefined ? known : { ...known, own: part };
  });
}

function keyOf({ group }: OpenCell): string {
  return JSON.stringify(Object.entries(group).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function releasedCell(
  cell: OpenCell,
  broken: readonly ReleaseRule[],
  rules: ReleaseRules,
  rounding: number | undefined,
): AggregateCell {
  const { group, measures, decimals, uncertainty } = cell;
  const [first, ...more] = broken;
  if (first !== undefined) return { group, withheld: [first, ...more], hint: hintFor(broken, rules) };
  return {
    group,
    measures: rounding === undefined ? measures : roundedTo(measures, BigInt(rounding)),
    ...(decimals === undefined ? {} : { decimals }),
    ...(uncertainty === undefined ? {} : { uncertainty }),
  };
}

function roundedTo(measures: Measures, base: bigint): Measures {
  return Object.fromEntries(
    Object.entries(measures).map(([measure, value]) => {
      const near = nearest(BigInt(value), base);
      return [measure, Number.isSafeInteger(Number(near)) ? Number(near) : near];
    }),
  );
}

/** The multiple of a base that is nearest, and of two the even one. */
function nearest(value: bigint, base: bigint): bigint {
  const rest = ((value % base) + base) % base;
  const below = value - rest;
  if (2n * rest !== base) return 2n * rest < base ? below : below + base;
  return (below / base) % 2n === 0n ? below : below + base;
}

/** How many cells each rule withholds; an entry without a number is one cell. */
export function withholdings(all: readonly (AggregateCell | OtherCells)[]): readonly Withholding[] {
  const counts = new Map<string, number>();
  for (const cell of all) {
    if (!("withheld" in cell)) continue;
    const cells = "cells" in cell ? cell.cells : 1;
    for (const rule of cells === 0 ? [] : cell.withheld) counts.set(rule, (counts.get(rule) ?? 0) + cells);
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([rule, cells]) => ({ rule, cells }));
}
