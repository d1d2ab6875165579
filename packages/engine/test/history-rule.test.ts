// SPDX-License-Identifier: Apache-2.0
// The history rule by itself: a table of pairs of answers, and a plain reading of it on answers at random.
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { MEMBER_LANES, MemberList } from "../src/history-members.ts";
import { differenceOf, type Release } from "../src/history-rule.ts";
import { conditionsOf, isWithin, type Predicate } from "../src/predicate.ts";

const is = (column: string, value: string | number): Predicate[number] => ({ column, op: "=", value });
const THREE = ["anna", "bert", "cleo"];

function release(
  rows: readonly (readonly [predicate: Predicate, members: string])[],
  more: Partial<Release> = {},
): Release {
  const list = new MemberList();
  for (const [cell, [, members]] of rows.entries()) {
    for (const member of members)
      list.add(cell, [0, member.toLowerCase().charCodeAt(0)], member.charCodeAt(0));
  }
  const [[where] = [[]]] = rows;
  const values = rows.map(([[condition]]) => `${condition?.value}`);
  const cells =
    rows.length > 1 ? { where: [], domain: [{ column: "region", values }] } : { where, domain: [] };
  const { members } = list;
  return {
    about: "rows",
    contributors: THREE,
    told: "n",
    minCount: 3,
    noisy: false,
    ...cells,
    members,
    ...more,
  };
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

/** The same rule, pair by pair: every cell of one with every cell of the other. */
function plainDifference(before: Release, now: Release): "party" | "rows" | undefined {
  const all = new Set([...before.contributors, ...now.contributors]);
  const alone = 2 * all.size - before.contributors.length - now.contributors.length === 1;
  const least = Math.max(before.minCount, now.minCount);
  const exact = !before.noisy && !now.noisy;
  const judged = (cell: PlainCell, other: PlainCell): "party" | "rows" | undefined => {
    const changed = changedIn(cell.members, other.members, before.told === now.told);
    if (changed >= least) return undefined;
    const inner = isWithin(cell.predicate, other.predicate);
    const outer = isWithin(other.predicate, cell.predicate);
    if (alone && inner && outer) return "party";
    const large = Math.max(cell.members.size, other.members.size) >= least;
    return exact && changed > 0 && (large || inner || outer) ? "rows" : undefined;
  };
  const found = cellsOf(now).flatMap((cell) => cellsOf(before).map((other) => judged(cell, other)));
  return found.includes("party") ? "party" : found.find((one) => one !== undefined);
}

/** Members of one alone, and members of both with other values. */
function changedIn(one: PlainCell["members"], other: PlainCell["members"], valued: boolean): number {
  const names = [...new Set([...one.keys(), ...other.keys()])];
  return names.filter((name) => {
    const [mine, theirs] = [one.get(name), other.get(name)];
    return mine === undefined || theirs === undefined || (valued && mine !== theirs);
  }).length;
}

interface PlainCell {
  readonly predicate: Predicate;
  readonly members: ReadonlyMap<number, number>;
}

function cellsOf({ where, domain, members }: Release): readonly PlainCell[] {
  const predicates = domain.reduce<readonly Predicate[]>(
    (before, axis) =>
      before.flatMap((all) => axis.values.map((value) => [...all, ...conditionsOf(axis, value)])),
    [where],
  );
  const cells = predicates.map((predicate) => ({ predicate, members: new Map<number, number>() }));
  for (let at = 0; at < members.length; at += MEMBER_LANES) {
    const [cell = 0, , name = 0, value = 0] = members.subarray(at, at + MEMBER_LANES);
    cells[cell]?.members.set(name, value);
  }
  return cells;
}

const ranges = { column: "n", ranges: true as const };
const AXES = [
  { column: "a", values: ["1", "2", "3"] },
  { column: "a", values: ["3", "1"] },
  { column: "b", values: ["1", "2"] },
  { column: "n", values: ["5", "12"] },
  { ...ranges, values: ["0..9", "10..19"] },
  { ...ranges, values: ["0..4", "5..5", "6..19", "12..12"] },
];
const CONDITIONS: readonly Predicate[number][] = [
  is("a", 1),
  is("a", "3"),
  { column: "a", op: "in", value: ["1", "2"] },
  { column: "n", op: ">=", value: 5 },
  { column: "n", op: "<", value: 13 },
  is("b", "2"),
  is("n", 12),
];
const releases: fc.Arbitrary<Release> = fc
  .record({
    domain: fc.uniqueArray(fc.constantFrom(...AXES), { selector: ({ column }) => column, maxLength: 3 }),
    where: fc.uniqueArray(fc.constantFrom(...CONDITIONS), { maxLength: 2 }),
    contributors: fc.constantFrom(THREE, ["anna", "bert"], ["anna"]),
    told: fc.constantFrom("n", "m"),
    minCount: fc.integer({ min: 0, max: 4 }),
    noisy: fc.boolean(),
    rows: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 2 })), {
      maxLength: 14,
    }),
  })
  .map(({ rows, ...rest }) => {
    const list = new MemberList();
    const cells = rest.domain.reduce((product, { values }) => product * values.length, 1);
    for (const [cell, name, value] of rows) list.add(cell % cells, [0, name], value);
    return { about: "rows", ...rest, members: list.members };
  });

it("is the same as looking at every pair of cells", () => {
  const seen = { party: 0, rows: 0, none: 0 };
  fc.assert(
    fc.property(releases, releases, (before, now) => {
      const expected = plainDifference(before, now);
      seen[expected ?? "none"] += 1;
      expect(differenceOf(before, now)).toBe(expected);
    }),
    { numRuns: 5000, seed: 7 },
  );
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(50);
});

it("says so where there are too many pairs to look at", () => {
  const many = release(
    Array.from({ length: 30 }, (_, at) => [[is("region", `${at}`)], "abc"] as const),
    { minCount: 1 },
  );
  expect(differenceOf(many, many, 900 + 900)).toBeUndefined();
  expect(differenceOf(many, many, 900 + 899)).toBe("size");
});
