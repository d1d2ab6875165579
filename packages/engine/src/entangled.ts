// SPDX-License-Identifier: Apache-2.0
// Sums over selected rows beside what was told of the same rows before. A join opens no cell below its floor, so that its
// facts are not there for the derivation audit: whatever hangs together with a withheld cell is withheld instead.
import { type AggregateAsk, type AggregateCell, type AnswerResult, type JoinAsk, keyOf } from "@koplamp/wire";
import type { NodePorts } from "./node-ports.ts";
import { keptOutcomes } from "./outcome-kept.ts";
import type { QuestionRun } from "./question-run.ts";
import { type Refinement, refinementOf, type Shape } from "./refinement.ts";

type SelectingAsk = JoinAsk | AggregateAsk;

/** A table of selected rows: what is in which cell, and the cells in the public order. */
export interface SelectedTable {
  readonly ask: SelectingAsk;
  readonly cells: readonly AggregateCell[];
}

/** Tables of the same selected rows that this node was told and still holds. */
export function earlierSelected(
  node: NodePorts,
  run: QuestionRun,
  ask: SelectingAsk,
): readonly SelectedTable[] {
  return keptOutcomes(node).flatMap(({ planHash, outcome }): readonly SelectedTable[] => {
    if (planHash === run.planHash || outcome.status !== "released") return [];
    const { plan, result } = outcome;
    if (plan === undefined || !isTable(result)) return [];
    return isSelecting(plan.ask) && rowsOf(plan.ask) === rowsOf(ask)
      ? [{ ask: plan.ask, cells: result.cells }]
      : [];
  });
}

type TableResult = Extract<AnswerResult, { readonly cells: readonly AggregateCell[] }>;

function isTable(result: AnswerResult | undefined): result is TableResult {
  return result !== undefined && "cells" in result;
}

function isSelecting(ask: { readonly kind: string }): ask is SelectingAsk {
  return ask.kind === "join-aggregate" || ask.kind === "aggregate";
}

/** Which rows a table is of; two of the same are parts of one set. */
function rowsOf(ask: SelectingAsk): string {
  return JSON.stringify([ask.kind, ask.from, keyOf(ask)]);
}

/**
 * The cells of a table, by position, that must not be told beside the earlier ones: those from which, in however many
 * steps through common rows, one comes to a withheld cell. Cells that hang together with nothing but the same cell of
 * other tables are free. Removes more than it need: nobody knows the number of a cell that was never opened.
 */
export function entangledCells(table: SelectedTable, earlier: readonly SelectedTable[]): ReadonlySet<number> {
  if (earlier.length === 0) return new Set();
  const all = [table, ...earlier];
  const refined = refinementOf(all.map(({ ask }) => shapeOf(ask)));
  const first = Array.from(table.cells, (_, at) => at);
  if (refined === undefined) return new Set(isAnyWithheld(all) ? first : []); // too many parts to look at
  const groups = joinedBy(refined);
  const [held, mixed, made] = [new Set<number>(), new Set<number>(), new Map<number, string>()];
  for (const { at, cell, name, parts } of placesIn(refined, groups)) {
    const [root, parting] = [groups.rootOf(name), parts.join(" ")];
    if ("withheld" in (all[at]?.cells[cell] ?? {})) held.add(root);
    if ((made.get(root) ?? parting) !== parting) mixed.add(root);
    made.set(root, parting);
  }
  const rootAt = (cell: number): number => groups.rootOf(groups.nameOf(0, cell));
  return new Set(first.filter((cell) => held.has(rootAt(cell)) && mixed.has(rootAt(cell))));
}

/** Cells with a part in common hang together. */
function joinedBy(refined: Refinement): Components {
  const groups = new Components(refined.cells.map(({ length }) => length));
  const holder = new Map<number, number>();
  for (const { name, parts } of placesIn(refined, groups)) {
    for (const part of parts) {
      groups.join(name, holder.get(part) ?? name);
      holder.set(part, name);
    }
  }
  return groups;
}

/** A cell of one of the tables, and the parts that it is made of. */
interface Place {
  readonly at: number;
  readonly cell: number;
  readonly name: number;
  readonly parts: readonly number[];
}

function placesIn({ cells }: Refinement, groups: Components): readonly Place[] {
  return cells.flatMap((own, at) =>
    own.map((parts, cell) => ({ at, cell, name: groups.nameOf(at, cell), parts })),
  );
}

function shapeOf(ask: SelectingAsk): Shape {
  return { where: ask.kind === "aggregate" ? ask.where : [], domain: ask.domain };
}

function isAnyWithheld(tables: readonly SelectedTable[]): boolean {
  return tables.some(({ cells }) => cells.some((cell) => "withheld" in cell));
}

/** Cells of several tables that hang together. */
class Components {
  readonly #before: readonly number[];
  readonly #parents: number[];

  constructor(sizes: readonly number[]) {
    this.#before = sizes.map((_, at) => sizes.slice(0, at).reduce((sum, size) => sum + size, 0));
    this.#parents = Array.from({ length: sizes.reduce((sum, size) => sum + size, 0) }, (_, at) => at);
  }

  /** A cell of a table as one number. */
  nameOf(table: number, cell: number): number {
    return (this.#before[table] ?? 0) + cell;
  }

  rootOf(name: number): number {
    let at = name;
    while (this.#parents[at] !== at) {
      this.#parents[at] = this.#parents[this.#parents[at] ?? at] ?? at;
      at = this.#parents[at] ?? at;
    }
    return at;
  }

  join(one: number, other: number): void {
    this.#parents[this.rootOf(one)] = this.rootOf(other);
  }
}
