// SPDX-License-Identifier: Apache-2.0
// What a recipient's node lets out of the cells that it opened: `gate: node` of aggregation.md, section 9. Whatever opens
// cells, a sum or a join, releases them here.
import { type CellFacts, type ReleaseRules, withheldBy } from "@koplamp/covenant";
import type { AggregateCell, Decimals, Measures } from "@koplamp/wire";
import type { Withholding } from "./stage.ts";

/** A cell as it was opened, in this node's memory only: the facts that rules look at, and what may be shown of it. */
export interface OpenCell extends CellFacts {
  readonly group: Readonly<Record<string, string>>;
  readonly measures: Measures;
  /** Statistics, where the question asks for some. */
  readonly decimals?: Decimals;
  /** With noise: how far each measure may be off, 95 times in 100. */
  readonly uncertainty?: Measures;
}

/** Opened cells, and the rules that they must pass. */
export interface OpenTable {
  readonly cells: readonly OpenCell[];
  readonly rules: ReleaseRules;
}

/** What may be shown of a table. */
export interface ReleasedTable {
  readonly cells: readonly AggregateCell[];
  /** How many cells each rule withholds. */
  readonly withheld: readonly Withholding[];
}

/** The cells as they may be shown, in the order in which they came. */
export function releaseTable({ cells, rules }: OpenTable): ReleasedTable {
  const released = cells.map((cell) => releasedCell(cell, rules));
  return { cells: released, withheld: withholdings(released) };
}

function releasedCell(cell: OpenCell, rules: ReleaseRules): AggregateCell {
  const { group, measures, decimals, uncertainty } = cell;
  const [first, ...more] = withheldBy(cell, rules);
  if (first !== undefined) return { group, withheld: [first, ...more] };
  return {
    group,
    measures,
    ...(decimals === undefined ? {} : { decimals }),
    ...(uncertainty === undefined ? {} : { uncertainty }),
  };
}

function withholdings(cells: readonly AggregateCell[]): readonly Withholding[] {
  const rules = cells.flatMap((cell) => ("withheld" in cell ? cell.withheld : []));
  return [...new Set(rules)]
    .sort()
    .map((rule) => ({ rule, cells: rules.filter((one) => one === rule).length }));
}
