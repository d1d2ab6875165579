// SPDX-License-Identifier: Apache-2.0
// What a reader of a table can know besides, and the audit's promise beside it: against every table that he cannot rule
// out.
import { expect } from "vitest";
import type { Audited, AuditTable, Outside } from "../src/index.ts";
import { K } from "./hidden.ts";
import { possibleValues } from "./tables.ts";

/** Of six cells were told two sums of three, or two that share a cell; or two sums are public, whatever they are. */
export type Told = "thirds" | "chain" | "public";

const SETS: Readonly<Record<Told, readonly (readonly number[])[]>> = {
  thirds: [
    [0, 1, 2],
    [3, 4, 5],
  ],
  chain: [
    [0, 1],
    [1, 2, 3],
  ],
  public: [[0], [1, 2]],
};

/** What an earlier table with the same floor said of these counts. */
export function tellsOf(kind: Told, counts: readonly number[]): readonly Outside[] {
  return SETS[kind].map((parts): Outside => {
    const value = BigInt(parts.reduce((sum, part) => sum + (counts[part] ?? 0), 0));
    return value < K && kind !== "public"
      ? { kind: "withheld", parts, minCount: K, word: "small" }
      : { kind: "told", parts, lo: value, hi: value };
  });
}

const NOTHING_TOLD: readonly "derivable"[] = ["derivable"];

/**
 * Every withheld cell may be what its rules say; or what could be ruled out before is all that can be. Gives how many were
 * narrow before. Beside what was told before, a cell that is withheld for others may be one whose rules were not told.
 */
export function expectHiddenBeside(table: AuditTable, audited: Audited, most: number): number {
  const told = new Set(table.overlays.flatMap(({ outside }) => outside.flatMap(({ parts }) => parts)));
  const nothing: Audited = {
    cells: audited.cells.map(() => NOTHING_TOLD),
    lines: audited.lines.map(() => NOTHING_TOLD),
  };
  const unlabelled = (at: number): number => (told.has(at) ? 0 : K);
  const before = possibleValues(table, nothing, most, { unlabelled: () => 0 });
  let narrow = 0;
  for (const [at, values] of possibleValues(table, audited, most, { unlabelled })) {
    const [sorted, known] = [inOrder(values), inOrder(before.get(at) ?? new Set())];
    const small = audited.cells[at]?.includes("minCount") === true;
    if (small ? [0, 1, 2].every((value) => values.has(value)) : span(sorted) >= K - 1) continue;
    narrow += 1;
    expect(sorted, `cell ${at} of ${table.cells.map(({ facts }) => facts.count)}`).toEqual(known);
  }
  return narrow;
}

function inOrder(values: ReadonlySet<number>): readonly number[] {
  return [...values].sort((a, b) => a - b);
}

function span(sorted: readonly number[]): number {
  return (sorted.at(-1) ?? 0) - (sorted[0] ?? 0);
}
