// SPDX-License-Identifier: Apache-2.0
// Blind tests: what they say is what the series itself would say, and what the coordinator sees says nothing of which.
import { groupSecretJobs, readyJobs } from "@koplamp/crypto";
import { type JobTable, MemoryVault, type Party, type Simulated, simulate } from "@koplamp/protocol";
import { type FixedBaseline, utf8 } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodePrimitives } from "../../pool/src/index.ts";
import { verdictsOf } from "../src/alarm.ts";
import { ALARM, alarmJobs, QUIET, WITHHELD } from "../src/alarm-jobs.ts";
import { type AlarmTests, alarmsPerCell, type CellFactsOf, testCount } from "../src/alarm-tests.ts";
import { alarmBlind, blindCoordinator, blindNode } from "../src/index.ts";
import { wideOf } from "../src/sum-masked-words.ts";
import { expectDescribed } from "./described.ts";
import { seeded } from "./federation.ts";
import { anyWeather } from "./weather.ts";

const primitives = nodePrimitives();
const jobs: JobTable = new Map([
  ...readyJobs(primitives),
  ...groupSecretJobs(primitives),
  ...alarmJobs(primitives),
]);
const PARTIES = ["alice", "bob", "carol", "dave"];
const rng = seeded(primitives, "blind");
let sessions = 0;

/** Rows and their sum, by party and cell. */
type Cells = readonly (readonly (readonly [count: number, value: number])[])[];

interface World {
  readonly cells: Cells;
  readonly tests: AlarmTests;
  readonly recipient: string;
}

function partiesOf({ cells, tests, recipient }: World): Record<string, Party<unknown>> {
  sessions += 1;
  const contributors = PARTIES.slice(0, cells.length);
  const common = {
    contributors,
    recipients: [recipient],
    transcript: primitives.sha256(utf8(`blind session ${sessions}`)),
  };
  const nodes = [...new Set([...contributors, recipient])].map((me): [string, Party<unknown>] => {
    const own = cells[contributors.indexOf(me)];
    return [
      me,
      blindNode({ ...common, me, tests, ...(own === undefined ? {} : { facts: factsIn(own) }) }, rng),
    ];
  });
  const coordinator = blindCoordinator({
    ...common,
    cells: tests.groups * tests.periods,
    alarmsPerCell: alarmsPerCell(tests),
  });
  return { ...Object.fromEntries(nodes), coordinator };
}

function factsIn(own: Cells[number]): CellFactsOf {
  return {
    counts: own.map(([count]) => BigInt(count)),
    present: own.map(([count]) => (count > 0 ? 1n : 0n)),
    values: own.map(([, value]) => BigInt(value)),
  };
}

function run(world: World, more: object = {}): Simulated {
  const parties = partiesOf(world);
  const nodes = Object.keys(parties);
  const pair = (a: string, b: string): Uint8Array => primitives.sha256(utf8([a, b].sort().join("|")));
  const vaults = Object.fromEntries(
    nodes.map((party) => [
      party,
      new MemoryVault(
        Object.fromEntries(
          nodes.filter((other) => other !== party).map((other) => [`exporter/${other}`, pair(party, other)]),
        ),
      ),
    ]),
  );
  return simulate(parties, { jobs, ...more, vaults });
}

/** What the rules say of the pooled series, by the function that a recipient's node would use. */
function plainly({ cells, tests }: World): readonly string[] {
  const { groups, periods, minCount, minContributors, rule } = tests;
  const pooled = Array.from({ length: groups * periods }, (_, cell) => {
    const own = cells.map((party) => party[cell] ?? [0, 0]);
    const count = own.reduce((sum, [rows]) => sum + rows, 0);
    const from = own.filter(([rows]) => rows > 0).length;
    const value = own.reduce((sum, [, added]) => sum + BigInt(added), 0n);
    return count >= minCount && from >= minContributors ? value : undefined;
  });
  return Array.from({ length: groups }, (_, group) =>
    verdictsOf(pooled.slice(group * periods, (group + 1) * periods), rule, 12),
  ).flat();
}

const anyRule: fc.Arbitrary<FixedBaseline> = fc.record({
  rule: fc.constantFrom("zscore" as const, "cusum" as const),
  baseline: fc.record({ mean: fc.integer({ min: -20, max: 60 }), deviation: fc.integer({ min: 1, max: 9 }) }),
  thresholdMilli: fc.integer({ min: 1, max: 4000 }),
});

const anyWorld: fc.Arbitrary<World> = fc
  .record({
    parties: fc.integer({ min: 2, max: 4 }),
    groups: fc.integer({ min: 1, max: 2 }),
    periods: fc.integer({ min: 1, max: 6 }),
    rule: anyRule,
    minCount: fc.integer({ min: 1, max: 4 }),
    minContributors: fc.integer({ min: 1, max: 3 }),
  })
  .chain(({ parties, groups, periods, ...rules }) =>
    fc.record({
      cells: fc.array(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: -20, max: 40 })), {
          minLength: groups * periods,
          maxLength: groups * periods,
        }),
        { minLength: parties, maxLength: parties },
      ),
      tests: fc.constant({ groups, periods, ...rules, bits: 24 }),
      recipient: fc.constantFrom("alice", "zoe"),
    }),
  );

const ZSCORE: FixedBaseline = { rule: "zscore", baseline: { mean: 10, deviation: 2 }, thresholdMilli: 2000 };

describe("alarm-blind/1", () => {
  it("says what the pooled series says, for any rule, parties and interleaving, as described", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(anyWorld, anyWeather(), (world, weather) => {
        const result = run(world, weather);
        const expected = plainly(world);
        expect(result.outputs.get(world.recipient)).toEqual(expected);
        for (const other of PARTIES.filter((party) => party !== world.recipient))
          expect(result.outputs.get(other)).toBeUndefined();
        for (const one of expected) seen.add(one);
        const { groups, periods } = world.tests;
        const { recipient, cells, tests } = world;
        const contributors = PARTIES.slice(0, cells.length);
        const described = {
          contributors,
          recipient,
          cells: groups * periods,
          alarmsPerCell: alarmsPerCell(tests),
        };
        expectDescribed(result, alarmBlind.describe(described));
      }),
      { numRuns: 120 },
    );
    expect([...seen].sort()).toEqual(["alarm", "quiet", "unknown"]);
  });

  it("decides at the threshold to the last unit", () => {
    // More than 14 is an alarm; at least 3 rows of at least 2 parties.
    const tests: AlarmTests = {
      groups: 1,
      periods: 5,
      rule: ZSCORE,
      minCount: 3,
      minContributors: 2,
      bits: 24,
    };
    const cells: Cells = [
      [
        [1, 7],
        [1, 7],
        [1, 99],
        [2, 99],
        [3, 99],
      ],
      [
        [2, 7],
        [2, 8],
        [1, 99],
        [1, 99],
        [0, 0],
      ],
    ];
    expect(run({ cells, tests, recipient: "zoe" }).outputs.get("zoe")).toEqual([
      ...["quiet", "alarm", "unknown", "alarm", "unknown"],
    ]);
  });

  it("shows the coordinator every test at a place of its own in every session, under another multiplier", () => {
    const tests: AlarmTests = {
      groups: 1,
      periods: 8,
      rule: ZSCORE,
      minCount: 1,
      minContributors: 1,
      bits: 24,
    };
    const month = (at: number): readonly [number, number] => [1, at === 3 ? 50 : 1];
    const cells: Cells = [0, 1].map(() => Array.from({ length: 8 }, (_, at) => month(at)));
    const places = new Map<number, number>();
    const sizes = new Set<string>();
    for (let session = 0; session < 160; session += 1) {
      const { transcript } = run({ cells, tests, recipient: "zoe" });
      const told = transcript.find(({ type }) => type === "bits")?.bytes ?? new Uint8Array();
      expect([...told].sort()).toEqual([...Array.from({ length: 7 }, () => QUIET), ALARM]);
      const place = told.indexOf(ALARM);
      places.set(place, (places.get(place) ?? 0) + 1);
      const sum = sumOf(transcript.flatMap(({ type, bytes }) => (type === "y" ? [bytes] : [])));
      expect(sum).toHaveLength(testCount(tests));
      sizes.add(String(sum[place * 3 + 2]));
    }
    // 20 in each of 8 places; beyond 50 once in 10^9.
    expect(places.size).toBe(8);
    expect(Math.max(...places.values())).toBeLessThan(50);
    expect(sizes.size).toBeGreaterThan(130); // small multipliers come twice
  });

  it("sends nothing that says anything by itself: two parties' words are masked against each other", () => {
    const tests: AlarmTests = {
      groups: 1,
      periods: 64,
      rule: ZSCORE,
      minCount: 1,
      minContributors: 1,
      bits: 24,
    };
    const nothing: Cells = [0, 1].map(() => Array.from({ length: 64 }, () => [0, 0] as const));
    const { transcript } = run({ cells: nothing, tests, recipient: "zoe" });
    const words = transcript.flatMap(({ type, bytes }) => (type === "y" ? [bytes] : []));
    for (const bytes of words) {
      const ones = bytes.reduce((sum, byte) => sum + byte.toString(2).replaceAll("0", "").length, 0);
      const bits = 8 * bytes.length; // 24,576, half of them ones, give or take 6 times 78
      expect(Math.abs(ones - bits / 2)).toBeLessThan(6 * Math.sqrt(bits / 4));
    }
    const told = transcript.find(({ type }) => type === "bits")?.bytes ?? new Uint8Array();
    expect(new Set(told)).toEqual(new Set([WITHHELD]));
  });
});

function sumOf(parts: readonly Uint8Array[]): readonly bigint[] {
  const all = parts.map((bytes) => {
    const copy = bytes.slice();
    return wideOf(new Uint32Array(copy.buffer));
  });
  return (all[0] ?? []).map((_, at) =>
    BigInt.asIntN(
      128,
      all.reduce((sum, one) => sum + (one[at] ?? 0n), 0n),
    ),
  );
}
