// SPDX-License-Identifier: Apache-2.0
// The audit's promise, held against every table that an outsider cannot rule out.
import fc from "fast-check";
import { expect } from "vitest";
import { type Audited, type AuditTable, audit } from "../src/index.ts";
import { possibleValues, tableOf } from "./tables.ts";

/** The floor of these tables. */
export const K = 3;

/** Every small cell may be each of 0 to k - 1; a cell that protects others has as much room. */
function expectHidden(table: AuditTable, audited: Audited): void {
  const most = Math.max(...table.cells.map(({ facts }) => Number(facts.count))) + 2 * K;
  for (const [at, values] of possibleValues(table, audited, most)) {
    if (audited.cells[at]?.includes("minCount")) expect([...values].sort(), `cell ${at}`).toEqual([0, 1, 2]);
    else expect(Math.max(...values) - Math.min(...values), `cell ${at}`).toBeGreaterThanOrEqual(K - 1);
  }
}

/** How many are shown. */
export const shown = (rules: Audited["cells"]): number => rules.filter((own) => own.length === 0).length;

/** Random tables of these sizes, with a total or with all margins. */
export function holdsFor(sizes: readonly number[], numRuns: number, most = 6): void {
  const cells = sizes.reduce((product, size) => product * size, 1);
  let [withheld, margins] = [0, 0];
  fc.assert(
    fc.property(
      fc.array(fc.nat(most), { minLength: cells, maxLength: cells }),
      fc.constantFrom("total" as const, "margins" as const),
      (counts, lines) => {
        const table = tableOf(sizes, counts, K, lines);
        const audited = audit(table);
        expectHidden(table, audited);
        withheld += cells - shown(audited.cells);
        margins += shown(audited.lines);
      },
    ),
    { numRuns },
  );
  expect(withheld).toBeGreaterThan(numRuns);
  expect(margins).toBeGreaterThan(numRuns / 4);
}
