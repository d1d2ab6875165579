// SPDX-License-Identifier: Apache-2.0
// The history rule by itself: a table of pairs of answers, and a plain reading of it on answers at random.
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { differenceOf, type Release } from "../src/history-rule.ts";
import { isWithin, type Predicate, predicatesOf } from "../src/predicate.ts";

const is = (column: string, value: string | number): Predicate[number] => ({ column, op: "=", value });
const THREE = ["anna", "bert", "cleo"];

function release(
  rows: readonly (readonly [predicate: Predicate, members: string])[],
  more: Partial<Release> = {},
): Release {
  const cells = rows.map(([predicate, members]) => ({
    predicate,
    members: new Map(
      [...members].map((member): [string, number] => [member.toLowerCase(), member.charCodeAt(0)]),
    ),
  }));
  return { about: "rows", contributors: THREE, told: "n", minCount: 3, noisy: false, cells, ...more };
}

const NORTH = [is("region", "north")];
const SOUTH = [is("region", "south")];
const COLD = [...NORTH, is("kind", "cold")];

// A capital is the same member with another value.
test.each<readonly [string, Release, Release, "party" | "rows" | undefined]>([
  ["the same again", release([[NORTH, "abcd"]]), release([[NORTH, "abcd"]]), undefined],
  ["one more", release([[NORTH, "abcd"]]), release([[NORTH, "abcde"]]), "rows"],
  ["one less", release([[NORTH, "abcd"]]), release([[NORTH, "abc"]]), "rows"],
  ["one for another", release([[NORTH, "abcd"]]), release([[NORTH, "abce"]]), "rows"],
  ["another value", release([[NORTH, "abcd"]]), release([[NORTH, "abcD"]]), "rows"],
  [
    "another value of what is not told",
    release([[NORTH, "abcd"]]),
    release([[NORTH, "abcD"]], { told: "m" }),
    undefined,
  ],
  ["as many more as a cell must have", release([[NORTH, "abcd"]]), release([[NORTH, "abcdefg"]]), undefined],
  ["the first of a cell", release([[NORTH, ""]]), release([[NORTH, "a"]]), "rows"],
  ["few in other places", release([[NORTH, "a"]]), release([[SOUTH, "b"]]), undefined],
  ["a part of it, all but one", release([[NORTH, "abcd"]]), release([[COLD, "abc"]]), "rows"],
  ["a small part that leaves one", release([[NORTH, "ab"]]), release([[COLD, "a"]]), "rows"],
  ["a part that leaves enough", release([[NORTH, "abcd"]]), release([[COLD, "a"]]), undefined],
  [
    "nearly the same in other words",
    release([[[is("x", 1)], "abcd"]]),
    release([[[is("y", 1)], "abce"]]),
    "rows",
  ],
  [
    "one party less",
    release([[NORTH, "abcd"]]),
    release([[NORTH, "abcd"]], { contributors: ["anna", "bert"] }),
    "party",
  ],
  [
    "one party less, and none of ours",
    release([[NORTH, ""]]),
    release([[NORTH, ""]], { contributors: ["anna", "bert"] }),
    "party",
  ],
  [
    "two parties less",
    release([[NORTH, "abcd"]]),
    release([[NORTH, "abcd"]], { contributors: ["anna"] }),
    undefined,
  ],
  [
    "one party for another",
    release([[NORTH, "abcd"]]),
    release([[NORTH, "abcd"]], { contributors: ["anna", "bert", "dora"] }),
    undefined,
  ],
  [
    "one party less elsewhere",
    release([[NORTH, "abcd"]]),
    release([[SOUTH, "efgh"]], { contributors: ["anna", "bert"] }),
    undefined,
  ],
  [
    "the stricter of both counts",
    release([[NORTH, "abcd"]], { minCount: 9 }),
    release([[NORTH, "abcdefg"]]),
    "rows",
  ],
  [
    "one more, under noise",
    release([[NORTH, "abcd"]]),
    release([[NORTH, "abcde"]], { noisy: true }),
    undefined,
  ],
  [
    "one party less, under noise",
    release([[NORTH, "abcd"]], { noisy: true }),
    release([[NORTH, "abcd"]], { noisy: true, contributors: ["anna", "bert"] }),
    "party",
  ],
  [
    "another thing altogether",
    release([[NORTH, "abcd"]]),
    release([[NORTH, "abc"]], { about: "keys id" }),
    undefined,
  ],
  [
    "the second cell of three",
    release([
      [NORTH, "abcd"],
      [SOUTH, "efgh"],
    ]),
    release([[SOUTH, "efg"]]),
    "rows",
  ],
])("%s", (_what, before, now, expected) => {
  expect(differenceOf(before, now)).toBe(expected);
  expect(differenceOf(now, before)).toBe(expected); // whichever came first
});

describe("conditions", () => {
  const where = (op: ">=" | "<" | "in", value: number | string | readonly number[]): Predicate => [
    { column: "n", op, value },
  ];
  it.each<readonly [Predicate, Predicate, boolean]>([
    [[is("n", 5)], [], true],
    [[], [is("n", 5)], false],
    [[is("n", 5)], where(">=", 5), true],
    [[is("n", 10)], where("<", 9), false], // as numbers, not as text
    [where(">=", 7), where(">=", 5), true],
    [where(">=", 5), where(">=", 7), false],
    [where("<", 5), where("<", 7), true],
    [where("<", 7), where("<", 5), false],
    [where("in", [1, 2]), where("in", [2, 1, 3]), true],
    [where("in", [1, 4]), where("in", [1, 2]), false],
    [where("in", [1, 4]), where("<", 5), true],
    [[...NORTH, is("n", 1)], NORTH, true],
    [NORTH, SOUTH, false],
  ])("%j within %j: %s", (inner, outer, expected) => {
    expect(isWithin(inner, outer)).toBe(expected);
  });

  it("of a cube stand in its public order", () => {
    const domain = [
      { column: "a", values: ["1", "2"] },
      { column: "b", values: ["x", "y"] },
    ];
    const texts = predicatesOf({ where: [is("w", 1)], domain }).map((all) =>
      all.map(({ value }) => value).join(""),
    );
    expect(texts).toEqual(["11x", "11y", "12x", "12y"]);
  });
});

it("never passes two sums over the same cells that differ by one to k - 1 own members", () => {
  const members = fc.uniqueArray(fc.constantFrom(..."abcdefghijkl"), { maxLength: 12 });
  fc.assert(
    fc.property(members, members, fc.integer({ min: 1, max: 12 }), (one, other, minCount) => {
      const text = (list: readonly string[]): Release => release([[NORTH, list.join("")]], { minCount });
      const changed = new Set([...one, ...other]).size * 2 - one.length - other.length;
      const expected = changed > 0 && changed < minCount ? "rows" : undefined;
      expect(differenceOf(text(one), text(other))).toBe(expected);
    }),
    { numRuns: 1000 },
  );
});
