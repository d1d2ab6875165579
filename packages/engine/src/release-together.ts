// SPDX-License-Identifier: Apache-2.0
// What a recipient's node lets out of a table with very many cells: each is judged by itself, for nothing is told of several
// together, and those that are withheld as an empty one would be are told as one. That says no more and no less: a reader
// of the whole table would find the same rules at each of them.
import {
  type Cube,
  type CubeLayout,
  type CubeLine,
  linesAt,
  type OpenedSum,
  openedLines,
} from "@koplamp/aggregate";
import type { ReleaseRules } from "@koplamp/covenant";
import type { AggregateCell, OtherCells, WithheldTotal } from "@koplamp/wire";
import type { NodePorts } from "./node-ports.ts";
import { type OpenTable, type OwnCell, releaseTable, withholdings } from "./release-table.ts";
import type { Withholding } from "./stage.ts";

/** Cells between two pauses: a few milliseconds of work. */
const STRETCH = 4096;

/** An opened sum, and the rules that its cells must pass. */
export interface OpenSum extends Pick<OpenTable, "columns" | "rounding"> {
  readonly sum: OpenedSum & { readonly opened: Float64Array };
  readonly rules: ReleaseRules;
  /** What this node brought; absent where it brought nothing. */
  readonly own?: Cube;
}

/** What may be shown of a sum. */
export interface ReleasedTogether {
  /** Those that are shown, and those that other rules withhold than an empty one. */
  readonly cells: readonly AggregateCell[];
  readonly others: OtherCells;
  readonly withheld: readonly Withholding[];
}

/** The cells as they may be shown, in the public order: not more of them are held than that, and a stretch. */
export async function releaseTogether(
  { clock }: Pick<NodePorts, "clock">,
  table: OpenSum,
): Promise<ReleasedTogether> {
  const { layout, opened } = table.sum;
  const [empty] = releasedLines(table, [{ group: {}, cells: [] }]);
  if (empty === undefined || !("withheld" in empty)) throw new RangeError("an empty cell is told");
  const cells: AggregateCell[] = [];
  for (let from = 0; from < layout.cells; from += STRETCH) {
    await clock.sleep(0);
    const places = filledIn(opened, layout, from);
    const released = releasedLines(table, linesAt(layout, places));
    cells.push(...released.filter((cell) => !isAlike(cell, empty)));
  }
  const { withheld, hint } = empty;
  const others = { cells: layout.cells - cells.length, withheld, ...(hint === undefined ? {} : { hint }) };
  return { cells, others, withheld: withholdings([...cells, others]) };
}

/** The cells of a stretch of which some number is not 0. */
function filledIn(opened: Float64Array, { cells, columns }: CubeLayout, from: number): readonly number[] {
  const length = Math.min(STRETCH, cells - from);
  const isFilled = (cell: number): boolean =>
    columns.some((_, column) => opened[column * cells + cell] !== 0);
  return Array.from({ length }, (_, at) => from + at).filter(isFilled);
}

function releasedLines(table: OpenSum, lines: readonly CubeLine[]): readonly AggregateCell[] {
  const { sum, rules, columns, rounding, own } = table;
  return releaseTable({
    cells: openedLines(sum, lines),
    rules,
    ...(own === undefined ? {} : { own: ownCells(sum, own, lines) }),
    ...(columns === undefined ? {} : { columns }),
    ...(rounding === undefined ? {} : { rounding }),
  }).cells;
}

function ownCells(sum: OpenedSum, own: Cube, lines: readonly CubeLine[]): readonly OwnCell[] {
  const opened = (column: number, cell: number): number => own.numberAt(column, cell);
  return openedLines({ ...sum, opened, contributors: 1 }, lines).map(({ count, sums }) => ({ count, sums }));
}

function isAlike(cell: AggregateCell, empty: WithheldTotal): boolean {
  return "withheld" in cell && cell.withheld.join() === empty.withheld.join();
}
