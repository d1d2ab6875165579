// SPDX-License-Identifier: Apache-2.0
// Tables of which a reader brought a part himself, and the audit's promise to the others: against every table that he
// cannot rule out.
import fc from "fast-check";
import { expect } from "vitest";
import { type Audited, type AuditTable, audit } from "../src/index.ts";
import { K } from "./hidden.ts";
import { possibleValues, tableOf } from "./tables.ts";

/** A table of which a reader brought a part himself. */
export function ownTable(
  sizes: readonly number[],
  rows: readonly (readonly [others: number, own: number])[],
  lines: "none" | "total" | "margins",
): AuditTable {
  const table = tableOf(
    sizes,
    rows.map(([others, own]) => others + own),
    K,
    lines,
  );
  const cells = table.cells.map((cell, at) => ({
    ...cell,
    own: { count: BigInt(rows[at]?.[1] ?? 0), sums: [] },
  }));
  return { ...table, cells };
}

/** Whoever knows his own part cannot rule out any number of others' rows that the rules of a cell leave open. */
function expectOthersHidden(table: AuditTable, { cells, lines }: Audited): void {
  const most = Math.max(...table.cells.map(({ facts }) => Number(facts.count))) + 2 * K;
  const least = (at: number): number => Number(table.cells[at]?.own?.count ?? 0n);
  for (const [at, values] of possibleValues(table, { cells, lines }, most, { least })) {
    const sorted = [...values].sort((a, b) => a - b);
    if (cells[at]?.includes("minCount")) expect(sorted, `cell ${at}`).toEqual([0, 1, 2].slice(least(at)));
    else expect((sorted.at(-1) ?? 0) - (sorted[0] ?? 0), `cell ${at}`).toBeGreaterThanOrEqual(K - 1);
  }
}

/** Random tables of these sizes, of which some are judged otherwise than for a reader without rows. */
export function holdsForOwn(sizes: readonly number[], numRuns: number): void {
  const cells = sizes.reduce((product, size) => product * size, 1);
  const rows = fc.array(fc.tuple(fc.nat(4), fc.nat(2)), { minLength: cells, maxLength: cells });
  let stricter = 0;
  fc.assert(
    fc.property(rows, fc.constantFrom("total" as const, "margins" as const), (drawn, lines) => {
      const table = ownTable(sizes, drawn, lines);
      const audited = audit(table);
      expectOthersHidden(table, audited);
      const stranger = audit({ ...table, cells: table.cells.map(({ own: _own, ...cell }) => cell) });
      if (JSON.stringify(stranger) !== JSON.stringify(audited)) stricter += 1;
    }),
    { numRuns },
  );
  expect(stricter).toBeGreaterThan(numRuns / 10);
}
