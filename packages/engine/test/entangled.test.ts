// SPDX-License-Identifier: Apache-2.0
// Joins told one after the other, against every way in which their rows could be spread.
import type { AggregateCell, JoinAsk } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { entangledCells, type SelectedTable } from "../src/entangled.ts";

const KIND = { column: "anna.kind", values: ["a", "b"] };
const MONTH = { column: "anna.month", values: ["x", "y"] };
const TOTAL = askOf([]);
const BY_KIND = askOf([KIND]);
const BY_MONTH = askOf([MONTH]);
const BY_BOTH = askOf([KIND, MONTH]);
const ONE_KIND = askOf([{ ...KIND, values: ["a"] }]);
const FLOOR = 3;
const MOST = 5;

function askOf(domain: JoinAsk["domain"]): JoinAsk {
  const from = ["anna", "bert"].map((party) => ({ party, dataset: "list" }));
  const groupBy = domain.map(({ column }) => column);
  return { kind: "join-aggregate", key: ["id"], from, groupBy, domain, measures: ["count"] };
}

/** How many rows there are by kind and month: ax, ay, bx, by. */
type World = readonly number[];

const WORLDS: readonly World[] = Array.from({ length: (MOST + 1) ** 4 }, (_, at) =>
  [0, 1, 2, 3].map((place) => Math.floor(at / (MOST + 1) ** place) % (MOST + 1)),
);

/** The cells of a table: a kind or any, and a month or any. */
function cellsOf({ domain }: JoinAsk): readonly (readonly [kind: string, month: string])[] {
  const [kinds, months] = [KIND, MONTH].map((axis) => domain.find(({ column }) => column === axis.column));
  return (kinds?.values ?? [ANY]).flatMap((kind) =>
    (months?.values ?? [ANY]).map((month) => [kind, month] as const),
  );
}

const ANY = "any";

function countsOf(ask: JoinAsk, world: World): readonly number[] {
  return cellsOf(ask).map(([kind, month]) =>
    ["ax", "ay", "bx", "by"].reduce((sum, [own, when], at) => {
      const fits = [ANY, own].includes(kind) && [ANY, when].includes(month);
      return fits ? sum + (world[at] ?? 0) : sum;
    }, 0),
  );
}

/** A table of a test is of a join. */
interface Joined extends SelectedTable {
  readonly ask: JoinAsk;
}

/** The cells as each by itself may be told. */
function toldAlone(ask: JoinAsk, world: World): readonly AggregateCell[] {
  return countsOf(ask, world).map((count) =>
    count < FLOOR ? { group: {}, withheld: ["minCount"] } : { group: {}, measures: { count } },
  );
}

/** A table beside earlier ones. */
function toldBeside(ask: JoinAsk, world: World, earlier: readonly Joined[]): Joined {
  const cells = toldAlone(ask, world);
  const gone = entangledCells({ ask, cells }, earlier);
  return {
    ask,
    cells: cells.map((cell, at) => (gone.has(at) ? { group: {}, withheld: ["derivable"] } : cell)),
  };
}

function toldInTurn(asks: readonly JoinAsk[], world: World): readonly Joined[] {
  const all: Joined[] = [];
  for (const ask of asks) all.push(toldBeside(ask, world, all));
  return all;
}

function isPossible(tables: readonly Joined[], world: World): boolean {
  return tables.every(({ ask, cells }) =>
    countsOf(ask, world).every((count, at) => {
      const cell = cells[at];
      if (cell === undefined || "measures" in cell) return cell?.measures["count"] === count;
      return !cell.withheld.includes("minCount") || count < FLOOR;
    }),
  );
}

const words = (tables: readonly Joined[]): readonly unknown[] =>
  tables.map(({ cells }) =>
    cells.map((cell) => ("measures" in cell ? cell.measures["count"] : cell.withheld.join(" "))),
  );

describe("joins over the same rows", () => {
  test("after a total no group is told where one is too small, and says not which", () => {
    expect(words(toldInTurn([TOTAL, BY_KIND], [4, 0, 1, 1]))).toEqual([[6], ["derivable", "derivable"]]);
  });

  test("after groups of which one is too small no total is told", () => {
    expect(words(toldInTurn([BY_KIND, TOTAL], [4, 0, 1, 1]))).toEqual([[4, "minCount"], ["derivable"]]);
  });

  test("where nothing is withheld everything is told", () => {
    expect(words(toldInTurn([TOTAL, BY_KIND, BY_MONTH], [3, 3, 3, 3]))).toEqual([[12], [6, 6], [6, 6]]);
  });

  test("the same table again is as it was", () => {
    expect(words(toldInTurn([BY_KIND, BY_KIND], [4, 0, 1, 1]))).toEqual([
      [4, "minCount"],
      [4, "minCount"],
    ]);
  });

  test("leave whatever is below the floor as wide as the floor (compared with all spreads of the rows)", () => {
    const asks = fc.array(fc.constantFrom(TOTAL, BY_KIND, BY_MONTH, BY_BOTH, ONE_KIND), {
      minLength: 2,
      maxLength: 3,
    });
    fc.assert(
      fc.property(asks, fc.constantFrom(...WORLDS), (turn, world) => {
        const tables = toldInTurn(turn, world);
        const worlds = WORLDS.filter((other) => isPossible(tables, other));
        for (const ask of turn) {
          for (const [at, count] of countsOf(ask, world).entries()) {
            if (count >= FLOOR) continue; // withheld for the sake of others, where it is
            const values = worlds.map((other) => countsOf(ask, other)[at] ?? 0);
            expect(Math.max(...values) - Math.min(...values)).toBeGreaterThanOrEqual(FLOOR - 1);
          }
        }
      }),
      {
        seed: 11,
        numRuns: 400,
        examples: [
          [
            [TOTAL, BY_KIND],
            [4, 0, 1, 0],
          ],
        ],
      },
    );
  });
});
