// SPDX-License-Identifier: Apache-2.0
// Two tables in common parts, against rows: each row has one part, and a cell has the rows of its parts.
import type { Condition } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { refinementOf, type Shape } from "../src/refinement.ts";

const REGIONS = ["north", "south", "east"];
const MONTHS = ["2026-01", "2026-02", "2026-03", "2026-04"];
const AGES = ["0..17", "18..64", "65..120"];

const axis = (column: string, values: readonly string[], ranges = false) =>
  fc
    .subarray([...values], { minLength: 1 })
    .map((chosen) => ({ column, values: chosen, ...(ranges ? { ranges: true as const } : {}) }));
const condition = fc.oneof(
  fc.record({
    column: fc.constant("month"),
    op: fc.constantFrom(">=" as const, "<" as const),
    value: fc.constantFrom(...MONTHS),
  }),
  fc.record({
    column: fc.constant("region"),
    op: fc.constant("in" as const),
    value: fc.subarray([...REGIONS], { minLength: 1 }),
  }),
  fc.record({
    column: fc.constant("age"),
    op: fc.constantFrom(">=" as const, "<" as const),
    value: fc.nat(70),
  }),
);
const shape: fc.Arbitrary<Shape> = fc.record({
  where: fc.array(condition, { maxLength: 2 }),
  domain: fc
    .tuple(
      fc.option(axis("region", REGIONS)),
      fc.option(axis("month", MONTHS)),
      fc.option(axis("age", AGES, true)),
    )
    .map((axes) => axes.flatMap((one) => one ?? [])),
});
const row: fc.Arbitrary<Row> = fc.record({
  region: fc.constantFrom(...REGIONS, "nowhere", null),
  month: fc.constantFrom(...MONTHS, "2025-12", null),
  age: fc.constantFrom("3", "17", "18", "40", "64", "65", "90", "130", null),
});
interface Row {
  readonly region: string | null;
  readonly month: string | null;
  readonly age: string | null;
}

/** The cell of a row in a table, by the words of the lab format. */
function cellOf({ where, domain }: Shape, own: Row): number | undefined {
  if (!where.every((one) => passes(own[one.column as keyof Row], one))) return undefined;
  const places = domain.map(({ column, values, ranges }) =>
    values.findIndex((value) => isIn(own[column as keyof Row], value, ranges === true)),
  );
  if (places.includes(-1)) return undefined;
  return places.reduce((cell, place, at) => cell * (domain[at]?.values.length ?? 1) + place, 0);
}

function passes(cell: string | null, { op, value }: Condition): boolean {
  if (cell === null) return false;
  if (op === "in") return [value].flat().includes(cell);
  const below = typeof value === "number" ? Number(cell) < value : cell < String(value);
  return op === "<" ? below : !below;
}

function isIn(cell: string | null, value: string, ranges: boolean): boolean {
  if (cell === null || !ranges) return value === cell;
  const [least = 0, most = 0] = value.split("..").map(Number);
  return Number(cell) >= least && Number(cell) <= most;
}

describe("tables over the same rows", () => {
  it("have common parts: for each row there is one that is in exactly the cells that the row is in", () => {
    fc.assert(
      fc.property(
        fc.array(shape, { minLength: 2, maxLength: 3 }),
        fc.array(row, { maxLength: 9 }),
        (shapes, rows) => {
          const found = refinementOf(shapes);
          const of = (part: number): string =>
            JSON.stringify(found?.cells.map((cells) => cells.findIndex((parts) => parts.includes(part))));
          const parts = new Set(Array.from({ length: found?.parts ?? 0 }, (_, part) => of(part)));
          for (const one of rows) {
            expect(parts).toContain(JSON.stringify(shapes.map((own) => cellOf(own, one) ?? -1)));
          }
          for (const cells of found?.cells ?? [])
            expect(new Set(cells.flat()).size).toBe(cells.flat().length);
        },
      ),
      { numRuns: 4000 },
    );
  });

  it("and for a row between what the tables name: after a bound, and on no axis", () => {
    const since: Shape = { where: [{ column: "month", op: ">=", value: "2026-01" }], domain: [] };
    const some: Shape = { where: [], domain: [{ column: "month", values: ["2026-01", "2026-03"] }] };
    const found = refinementOf([since, some]);
    const inSince = new Set(found?.cells[0]?.flat());
    const inSome = new Set(found?.cells[1]?.flat());
    expect([...inSince].filter((part) => !inSome.has(part))).toHaveLength(1);
    expect(found?.outside).toEqual(expect.arrayContaining([...inSince].filter((part) => !inSome.has(part))));
  });

  it("have none where there would be too many", () => {
    const many = (column: string): Shape => ({
      where: [],
      domain: [{ column, values: Array.from({ length: 400 }, (_, at) => `${at}`) }],
    });
    expect(refinementOf([many("a"), many("b")])).toBeUndefined();
    expect(refinementOf([many("a"), many("a")])?.parts).toBe(401);
  });
});
