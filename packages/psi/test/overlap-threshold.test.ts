// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import { type OverlapShape, overlapThreshold } from "../src/index.ts";
import { expectDescribed } from "./described.ts";
import { Federation, inputsOf } from "./federation.ts";
import { plainCounts, runTables, type TablesQuestion } from "./overlap-tables.ts";
import { anyWeather } from "./weather.ts";

const PARTIES = ["alice", "bob", "carol", "dave", "erin"];
const UNIVERSE = Array.from({ length: 16 }, (_, at) => `item ${at}`);
const ROWS = 20;

const federations = new Map<number, Federation>();

function federationOf(count: number): Federation {
  const found = federations.get(count);
  if (found !== undefined) return found;
  const federation = new Federation(toyGroup(), nodePrimitives(), PARTIES.slice(0, count));
  federations.set(count, federation);
  federation.ceremony();
  federation.pad = (rows) => rows; // the cache alone matters here
  for (const party of federation.parties) federation.evaluate(party, inputsOf(UNIVERSE));
  return federation;
}

/** What the description of a question is made of. */
function parametersOf({ lists, recipients, shape, atLeast, rows }: TablesQuestion) {
  const parties = Object.keys(lists);
  const each = (number: number) => Object.fromEntries(parties.map((party) => [party, number]));
  return { parties, recipients, rowsPadded: each(rows), quotas: each(1024), shape, atLeast };
}

const anyShape = (count: number): fc.Arbitrary<OverlapShape> =>
  fc.oneof(
    fc.constant({ shape: "histogram", atLeast: null } as const),
    fc.integer({ min: 2, max: count }).map((atLeast) => ({ shape: "histogram", atLeast }) as const),
    fc.integer({ min: 1, max: count }).map((atLeast) => ({ shape: "atLeast", atLeast }) as const),
  );

/** Items may stand in a list twice: they count once. */
const anyAsked: fc.Arbitrary<TablesQuestion> = fc.constantFrom(2, 3, 5).chain((count) => {
  const parties = PARTIES.slice(0, count);
  const list = fc.array(fc.constantFrom(...UNIVERSE), { maxLength: ROWS });
  return fc
    .record({
      lists: fc.record(Object.fromEntries(parties.map((party) => [party, list]))),
      recipients: fc.subarray([...parties, "zoe"], { minLength: 1 }),
      shape: anyShape(count),
      minCount: fc.integer({ min: 0, max: 8 }),
    })
    .map(({ shape, ...asked }) => ({ ...asked, ...shape, rows: ROWS }));
});

describe("overlap-threshold/1", () => {
  it("equals counting, for any lists, thresholds and recipients, and sends what it describes", () => {
    fc.assert(
      fc.property(anyAsked, anyWeather(), (asked, weather) => {
        const { lists, recipients } = asked;
        const run = runTables(federationOf(Object.keys(lists).length), asked, weather);
        const expected = plainCounts(asked);
        for (const node of [...Object.keys(lists), "zoe"])
          expect(run.outputs.get(node)).toEqual(recipients.includes(node) ? expected : undefined);
        expectDescribed(run, overlapThreshold.describe(parametersOf(asked)));
      }),
      { numRuns: 40 },
    );
  });

  it("sends the number of items once, however many parts the tables have", () => {
    const asked: TablesQuestion = {
      lists: { alice: UNIVERSE.slice(0, 11), bob: UNIVERSE.slice(7) },
      recipients: ["zoe"],
      shape: "histogram",
      atLeast: null,
      minCount: 0,
      rows: 2 ** 14 + 1,
    };
    const run = runTables(federationOf(2), asked);
    expect(run.outputs.get("zoe")).toEqual({ cells: ["1", "2"], counts: [12, 4] });
    expectDescribed(run, overlapThreshold.describe(parametersOf(asked)));
    const sizes = run.transcript.filter(({ type }) => type === "A").map(({ bytes }) => bytes.length);
    const [tables = 0] = sizes.slice(-1);
    expect(sizes).toEqual([tables + 16, tables + 16, tables, tables]);
  });

  it("tells no pairs", () => {
    const lists = { alice: [], bob: [] };
    const pairs = {
      lists,
      recipients: ["zoe"],
      shape: "pairs",
      atLeast: null,
      minCount: 0,
      rows: 4,
    } as const;
    expect(() => runTables(federationOf(2), pairs)).toThrow("not pairs");
  });
});

describe("the description of overlap-threshold/1", () => {
  const described = (shape: OverlapShape) =>
    overlapThreshold.describe(
      parametersOf({
        lists: { alice: [], bob: [], carol: [] },
        ...{ recipients: ["zoe"], minCount: 0, rows: ROWS },
        ...shape,
      }),
    );
  const seen = (shape: OverlapShape): readonly string[] =>
    described(shape)
      .views.filter(({ who }) => who === "coordinator")
      .flatMap(({ learns }) => learns.map(({ fact, because = "" }) => `${fact}: ${because}`))
      .filter((text) => /^(?:hit-|pattern|count)/.test(text));

  it("tells the coordinator who holds what enough hold, and says so", () => {
    const two = { shape: "atLeast", atLeast: 2 } as const;
    expect(seen(two)).toEqual([expect.stringMatching(/^hit-pattern: .*at least 2 parties hold/)]);
    const { assumptions, together } = described(two);
    expect(assumptions.map(({ id }) => id)).toContain("coordinator-apart");
    expect(together.map(({ who }) => who)).toEqual(
      ["alice", "bob", "carol"].map((party) => [party, "coordinator"]),
    );
  });

  it("adds how many items there are in all where singles count, and who knows the last one's number", () => {
    for (const shape of [
      { shape: "histogram", atLeast: null },
      { shape: "atLeast", atLeast: 1 },
    ] as const) {
      expect(seen(shape)).toEqual([
        expect.stringMatching(/^hit-pattern: .*at least 2 parties hold/),
        "count: how many items all parties have in all",
      ]);
      const numbers = described(shape).together.filter(({ item }) => item.fact === "count");
      expect(numbers.map(({ who, item }) => [...who, item.about.join()])).toEqual([
        ["bob", "carol", "coordinator", "alice"],
        ["alice", "carol", "coordinator", "bob"],
        ["alice", "bob", "coordinator", "carol"],
      ]);
    }
  });
});
