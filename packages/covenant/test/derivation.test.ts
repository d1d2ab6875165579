// SPDX-License-Identifier: Apache-2.0
// The derivation audit beside what its reader knew before: earlier tables, public totals, and what he brought himself.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { agreementOf, audit, type Overlay } from "../src/index.ts";
import { K } from "./hidden.ts";
import { expectHiddenBeside, type Told, tellsOf } from "./known.ts";
import { tableOf } from "./tables.ts";

/** Each cell is one part of its own. */
function besides(cells: number, outside: Overlay["outside"]): Overlay {
  return { cells: Array.from({ length: cells }, (_, at) => [at]), outside };
}

const told = (parts: readonly number[], value: number): Overlay["outside"][number] => ({
  ...{ kind: "told", parts, lo: BigInt(value), hi: BigInt(value) },
});

describe("what was known before", () => {
  it("is no doing of a table: nothing more is withheld for it", () => {
    const overlay = besides(3, [told([0], 1)]); // everybody knows the first cell
    const audited = audit(tableOf([3], [1, 5, 6], K, "none", [overlay]));
    expect(audited.cells).toEqual([["minCount"], [], []]);
    const small = besides(3, [told([0, 1], 1)]); // and of two that they are 0 or 1
    expect(audit(tableOf([3], [1, 0, 6], K, "none", [small])).cells).toEqual([
      ["minCount"],
      ["minCount"],
      [],
    ]);
  });

  it("is not made more by a number of the table", () => {
    const overlay = besides(3, [told([0, 1], 1), told([1, 2], 6)]); // the second is 0 or 1, the third 5 or 6
    expect(audit(tableOf([3], [1, 0, 6], K, "none", [overlay])).cells).toEqual([
      ["minCount"],
      ["minCount"],
      ["derivable"], // with it everything would be known
    ]);
  });

  it("is not made more by the rules of withheld cells: they are not told then", () => {
    const overlay = besides(3, [told([0, 1], 4)]); // both below three would be two and two
    expect(audit(tableOf([3], [2, 2, 9], K, "none", [overlay])).cells).toEqual([
      ["derivable"],
      ["derivable"],
      [],
    ]);
    // One below three and one above would be 0 or 1, and 3 or 4.
    expect(audit(tableOf([3], [1, 3, 9], K, "none", [overlay])).cells).toEqual([
      ["derivable"],
      ["derivable"],
      [],
    ]);
    const wide = besides(3, [told([0, 1], 6)]);
    expect(audit(tableOf([3], [2, 4, 9], K, "none", [wide])).cells).toEqual([
      ["minCount"],
      ["derivable"],
      [],
    ]);
  });

  it("narrows nothing: all tables that fit both", () => {
    const seen = { derivable: 0, muted: 0, before: 0 };
    fc.assert(
      fc.property(
        fc.array(fc.nat(5), { minLength: 6, maxLength: 6 }),
        fc.constantFrom<Told>("thirds", "chain", "public"),
        (counts, kind) => {
          const overlay = besides(6, tellsOf(kind, counts));
          const table = tableOf([6], counts, K, "total", [overlay]);
          expect(agreementOf(table, overlay)).toBe("agrees");
          const audited = audit(table);
          const found = expectHiddenBeside(table, audited, 30);
          seen.derivable += audited.cells.filter((rules) => rules.includes("derivable")).length;
          seen.muted += audited.cells.filter(
            (rules, at) => rules.includes("derivable") && (counts[at] ?? 0) < K,
          ).length;
          seen.before += found;
        },
      ),
      { numRuns: 80 },
    );
    expect(seen.derivable).toBeGreaterThan(20);
    expect(seen.muted).toBeGreaterThan(10);
    expect(seen.before).toBeGreaterThan(3);
  });
});
