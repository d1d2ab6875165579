// SPDX-License-Identifier: Apache-2.0
import type { Item, PartyId, Together, View } from "@koplamp/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ANY, coalitionsOf, implies, known, merged } from "../src/knowledge.ts";

const PARTIES: readonly PartyId[] = ["a", "b", "c", "d", "coordinator"];
const party = fc.constantFrom(...PARTIES);
const parties = fc.uniqueArray(party, { minLength: 1, maxLength: 4 });
const item: fc.Arbitrary<Item> = fc.record({
  fact: fc.constantFrom("cell", "test-evaluated", "holders-of-own"),
  about: fc.uniqueArray(fc.constantFrom<PartyId>("a", "b", "c", "d"), { minLength: 1, maxLength: 3 }),
  bound: fc.constantFrom<number | string>(1, 2, "all"),
});
const view: fc.Arbitrary<View> = fc.record({
  who: party,
  learns: fc.array(item, { maxLength: 2 }),
  atMost: fc.array(item, { maxLength: 1 }),
});
const world = fc.record({
  views: fc.array(view, { maxLength: 5 }),
  together: fc.array(fc.record({ who: fc.uniqueArray(party, { minLength: 2, maxLength: 4 }), item }), {
    maxLength: 6,
  }),
});

function subsets<Value>(values: readonly Value[]): readonly (readonly Value[])[] {
  return Array.from({ length: 2 ** values.length }, (_, set) =>
    values.filter((_value, at) => (set >> at) & 1),
  );
}

/** What enumerating all 2^n subsets gives: for each, the items that no proper subset knows. */
function enumerated(views: readonly View[], together: readonly Together[]): readonly string[] {
  return subsets([...PARTIES])
    .filter((set) => set.length > 1)
    .flatMap((set) => {
      const smaller = subsets(set).filter((inner) => inner.length < set.length);
      const before = smaller.flatMap((inner) => known(inner, views, together));
      return known(set, views, together)
        .filter((found) => !before.some((wider) => implies(wider, found)))
        .map((found) => ({ ...found, about: found.about.filter((one) => !set.includes(one)) }))
        .filter(({ about }) => about.length > 0)
        .map((found) => JSON.stringify([[...set].sort(), found.fact, [...found.about].sort(), found.bound]));
    })
    .sort();
}

describe("coalitions", () => {
  test("equal to enumerating all subsets of parties and coordinator", () => {
    let rows = 0;
    fc.assert(
      fc.property(world, ({ views, together }) => {
        const ours = coalitionsOf(views, together).flatMap(({ who, learns }) =>
          learns.map(({ fact, about, bound }) => JSON.stringify([who, fact, [...about].sort(), bound])),
        );
        rows += ours.length;
        expect([...new Set(ours)].sort()).toEqual([...new Set(enumerated(views, together))]);
      }),
      { numRuns: 100 },
    );
    expect(rows).toBeGreaterThan(50);
  });

  test("one more member never knows less", () => {
    fc.assert(
      fc.property(world, parties, party, ({ views, together }, set, more) => {
        const [less, much] = [known(set, views, together), known([...set, more], views, together)];
        for (const found of less) expect(much).toContainEqual(found);
      }),
      { numRuns: 100 },
    );
  });

  test("a rule for any coalition is one row, and counts for every coalition", () => {
    const rule: Together = { who: [ANY], item: { fact: "test-evaluated", about: ["a", "b"], bound: "sum" } };
    expect(coalitionsOf([], [rule])).toEqual([{ who: [ANY], learns: [rule.item] }]);
    expect(known(["a", "c"], [], [rule])).toEqual([rule.item]);
  });

  test("what one member knows already makes no row, in another way it does", () => {
    const alone: Item = { fact: "test-evaluated", about: ["a", "b"], bound: 9 };
    const views: View[] = [{ who: "c", learns: [], atMost: [alone] }];
    const rule = (item: Item): Together => ({ who: ["c", "coordinator"], item });
    expect(coalitionsOf(views, [rule({ ...alone, about: ["a"], bound: 3 })])).toEqual([]);
    expect(coalitionsOf(views, [rule({ ...alone, because: "it counts" })])).toHaveLength(1);
    expect(coalitionsOf(views, [rule({ ...alone, bound: 10 })])).toHaveLength(1);
  });

  test("a sum over fewer parties tells more than one over more", () => {
    const wide: Item = { fact: "cell", about: ["a", "b", "d"], bound: 4 };
    expect(implies(wide, { ...wide, about: ["a", "b"] })).toBe(false);
    expect(implies({ ...wide, fact: "row" }, { ...wide, fact: "row", about: ["a", "b"] })).toBe(true);
  });
});

describe("items", () => {
  test("the same of several parties is one item, sums over several stay apart", () => {
    const size = (about: PartyId): Item => ({ fact: "size-padded", about: [about], bound: 512 });
    const cell = (...about: PartyId[]): Item => ({ fact: "cell", about, bound: 4 });
    expect(merged([size("b"), size("a"), size("a")])).toEqual([
      { fact: "size-padded", about: ["a", "b"], bound: 512 },
    ]);
    expect(merged([cell("a", "b"), cell("c", "b"), cell("b", "a")])).toEqual([
      cell("a", "b"),
      cell("b", "c"),
    ]);
  });

  test("their order does not depend on the order in which they came", () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 8 }), (items) => {
        expect(merged([...items].reverse())).toEqual(merged(items));
      }),
      { numRuns: 50 },
    );
  });
});
