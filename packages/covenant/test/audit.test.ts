// SPDX-License-Identifier: Apache-2.0
// The derivation audit against every table that an outsider cannot rule out.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasShared, sharedPath } from "../../../test/shared.ts";
import { type AuditTable, agreementOf, audit } from "../src/index.ts";
import { holdsFor, K, shown } from "./hidden.ts";
import { tableOf } from "./tables.ts";

describe("nothing that is withheld can be narrowed", () => {
  it("in a list with its total", () => holdsFor([5], 200));
  it("in a table of two columns with its margins", () => holdsFor([3, 3], 100));
  it("in a table of three columns with its margins", () => holdsFor([2, 2, 2], 40, 5));

  it("worked example: what eleven small cells hold together may be told, what one holds may not", () => {
    const safe = audit(tableOf([12], [11, 3, 2, 4, 0, 1, 3, 2, 2, 0, 3, 1], 10, "total"));
    expect([shown(safe.cells), safe.lines]).toEqual([1, [[]]]);
    const second = audit(tableOf([3], [30, 15, 4], 10, "total"));
    expect(second).toEqual({ cells: [[], ["derivable"], ["minCount"]], lines: [[]] });
    const none = audit(tableOf([2], [12, 4], 10, "total"));
    expect(none).toEqual({ cells: [["derivable"], ["minCount"]], lines: [["derivable"]] });
  });

  it("and a margin that is too small itself is not what the others leave", () => {
    const table = tableOf([3, 3], [1, 0, 1, 20, 20, 20, 20, 20, 20], 10, "margins");
    const audited = audit(table);
    const row = table.lines.findIndex(({ key }) => key === "0 *");
    expect(audited.lines[row]).toEqual(["derivable"]);
    const total = table.lines.findIndex(({ key }) => key === "* *");
    const others = table.lines.filter(
      ({ key }, at) => /^[12] \*$/.test(key) && audited.lines[at]?.length === 0,
    );
    expect(audited.lines[total]?.length === 0 && others.length === 2).toBe(false);
  });
});

describe("earlier releases and public totals", () => {
  it("are left out where they cannot be of the same rows", () => {
    const overlay = {
      cells: [[0], [1]],
      outside: [{ kind: "told" as const, parts: [0, 1], lo: 9n, hi: 9n }],
    };
    expect(agreementOf(tableOf([2], [4, 4], K, "none"), overlay)).toBe("contradicts");
    expect(agreementOf(tableOf([2], [4, 5], K, "none"), overlay)).toBe("agrees");
  });
});

describe("the audit", () => {
  it("gives the same whatever the order of cells and lines", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(6), { minLength: 9, maxLength: 9 }),
        fc.array(fc.nat(), { minLength: 9, maxLength: 9 }),
        (counts, shuffle) => {
          const table = tableOf([3, 3], counts, K, "margins");
          const order = [...counts.keys()].sort((a, b) => (shuffle[a] ?? 0) - (shuffle[b] ?? 0));
          const other = audit({
            ...table,
            cells: order.flatMap((at) => table.cells[at] ?? []),
            lines: [...table.lines].reverse().map(({ key, cells }) => ({
              key,
              cells: cells.map((cell) => order.indexOf(cell)).reverse(),
            })),
          });
          const plain = audit(table);
          expect(order.map((at) => plain.cells[at])).toEqual(other.cells);
          expect([...plain.lines].reverse()).toEqual(other.lines);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("withholds what the rules withhold, and nothing else where no sum is shown", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(6), { minLength: 1, maxLength: 9 }), (counts) => {
        const { cells } = audit(tableOf([counts.length], counts, K, "none"));
        expect(cells.map((rules) => rules.join())).toEqual(
          counts.map((count) => (count < K ? "minCount" : "")),
        );
      }),
    );
  });

  it("keeps sums apart as well: a column of which only one withheld cell can have anything", () => {
    const cell = (key: string, count: bigint, sum: bigint) => ({
      key,
      facts: { count, contributors: 3n },
      sums: [sum],
    });
    const table: AuditTable = {
      cells: [cell("a", 30n, 300n), cell("b", 5n, 0n), cell("c", 7n, 0n), cell("d", 20n, 90n)],
      lines: [{ key: "", cells: [0, 1, 2, 3] }],
      rules: { minCount: 10, minContributors: 1 },
      columns: [{ lo: 0n, hi: 100n }],
      overlays: [{ cells: [[0], [1], [2], [3]], outside: [] }],
    };
    expect(audit(table).cells[3]).toEqual(["derivable"]); // b and c hold nothing, and their sum would say so
  });
});

describe.runIf(hasShared)("known data: stolen cars per municipality beside those per province", () => {
  it("each province is as safe as computed elsewhere, with zeros withheld and with zeros shown", () => {
    const derivation = JSON.parse(
      readFileSync(sharedPath("acceptance/stolen-cars-rates/derivation.json"), "utf8"),
    ) as Derivation;
    const provinces = Object.entries(derivation.provinces);
    for (const [name, { total, released, withheld, hiddenRemainder, safe }] of provinces) {
      expect(isSafe(total, released, withheld, hiddenRemainder), name).toBe(safe);
    }
    expect(provinces.length).toBe(12);
  });
});

interface Derivation {
  readonly provinces: Readonly<
    Record<
      string,
      { total: number; released: number; withheld: number; hiddenRemainder: number; safe: boolean }
    >
  >;
}

/** A province: its shown municipalities, and small ones that share the rest. */
function isSafe(total: number, released: number, withheld: number, rest: number): boolean {
  const each = Math.floor((total - rest) / released);
  const large = Array.from({ length: released }, (_, at) =>
    at === 0 ? total - rest - each * (released - 1) : each,
  );
  const small = Array.from(
    { length: withheld },
    (_, at) => Math.floor(rest / withheld) + Number(at < rest % withheld),
  );
  const { cells, lines } = audit(tableOf([released + withheld], [...large, ...small], 10, "total"));
  return shown(cells) === released && lines[0]?.length === 0;
}
