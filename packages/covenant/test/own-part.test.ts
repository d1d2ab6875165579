// SPDX-License-Identifier: Apache-2.0
// The derivation audit for a reader who brought rows himself: he takes them away from what he is shown.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Audited, type AuditTable, audit } from "../src/index.ts";
import { K } from "./hidden.ts";
import { possibleValues, tableOf } from "./tables.ts";

/** A table of which a reader brought a part himself. */
function ownTable(
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

/** Random tables of these sizes; gives how many were judged otherwise than for a reader without rows. */
function holdsForOwn(sizes: readonly number[], numRuns: number): void {
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

describe("who takes his own rows away", () => {
  it("cannot narrow what others have in a list with its total", () => holdsForOwn([5], 100));
  it("nor in a table of two columns with its margins", () => holdsForOwn([3, 3], 40));

  it("worked example: three cells share three rows, and all of them are his", () => {
    const strangers = tableOf([4], [2, 1, 0, 9], K, "total");
    expect(audit(strangers)).toEqual({ cells: [["minCount"], ["minCount"], ["minCount"], []], lines: [[]] });
    const rows = [
      [0, 2],
      [0, 1],
      [0, 0],
      [9, 0],
    ] as const;
    expect(audit(ownTable([4], rows, "total")).cells[3]).toEqual(["derivable"]); // or he knew that nobody else has any
  });

  it("cannot narrow what others' rows add up to", () => {
    // Three cells of five rows each have 600 together; of each he brought three rows, and that much.
    const table = (brought: bigint | undefined): AuditTable => {
      const cell = (key: string, count: bigint, sum: bigint) => ({
        ...{ key, facts: { count, contributors: 4n }, sums: [sum] },
        ...(brought === undefined || count > 5n ? {} : { own: { count: 3n, sums: [brought] } }),
      });
      return {
        cells: [cell("a", 5n, 200n), cell("b", 5n, 200n), cell("c", 5n, 200n), cell("d", 30n, 900n)],
        lines: [{ key: "", cells: [0, 1, 2, 3] }],
        rules: { minCount: 10, minContributors: 1 },
        columns: [{ lo: 0n, hi: 500n }],
        overlays: [],
      };
    };
    expect(audit(table(undefined)).cells[3]).toEqual([]);
    expect(audit(table(150n)).cells[3]).toEqual([]);
    expect(audit(table(200n)).cells[3]).toEqual(["derivable"]); // others' rows add nothing, and he would see it
  });

  it("is left with the rows of two other parties at least, where a cell must have several", () => {
    const rules = { minCount: 1, minContributors: 2, minOthers: 2 };
    const cell = (key: string, contributors: bigint, count: bigint) => ({
      ...{ key, facts: { count: 9n, contributors }, sums: [], own: { count, sums: [] } },
    });
    const cells = [cell("a", 2n, 4n), cell("b", 2n, 0n), cell("c", 3n, 4n), cell("d", 1n, 4n)];
    const table: AuditTable = { cells, lines: [], rules, columns: [], overlays: [] };
    const withheld = [["derivable"], [], [], ["minContributors"]];
    expect(audit(table).cells).toEqual(withheld);
    const strangers = cells.map(({ own: _own, ...rest }) => rest);
    expect(audit({ ...table, cells: strangers }).cells).toEqual([[], [], [], ["minContributors"]]);
    const total = audit({ ...table, lines: [{ key: "", cells: [0, 1, 2, 3] }] });
    expect(total.lines[0]?.length === 0 && total.cells.filter((own) => own.length > 0).length < 3).toBe(
      false,
    );
  });
});
