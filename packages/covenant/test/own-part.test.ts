// SPDX-License-Identifier: Apache-2.0
// The derivation audit for a reader who brought rows himself: he takes them away from what he is shown.
import { describe, expect, it } from "vitest";
import { type AuditTable, audit } from "../src/index.ts";
import { K } from "./hidden.ts";
import { holdsForOwn, ownTable } from "./own.ts";
import { tableOf } from "./tables.ts";

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
