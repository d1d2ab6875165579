// SPDX-License-Identifier: Apache-2.0
import type { PartyId, Simulated } from "@koplamp/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import {
  type OverlapCounts,
  overlapThreshold,
  overlapThresholdCoordinator,
  overlapThresholdNode,
} from "../src/index.ts";
import { expectDescribed } from "./described.ts";
import { Federation, inputsOf, type Weather } from "./federation.ts";
import { anyWeather } from "./weather.ts";

const PARTIES = ["alice", "bob", "carol", "dave", "erin"];
const UNIVERSE = Array.from({ length: 16 }, (_, at) => `item ${at}`);
const ROWS = 16;

const federation = new Federation(toyGroup(), nodePrimitives(), PARTIES);
federation.ceremony();
federation.pad = (rows) => rows; // the cache alone matters here
for (const party of PARTIES) federation.evaluate(party, inputsOf(UNIVERSE));

interface Asked {
  readonly lists: Readonly<Record<PartyId, readonly string[]>>;
  readonly recipients: readonly PartyId[];
  readonly shape: "atLeast" | "histogram";
  readonly atLeast: number;
  readonly minCount: number;
}

const rowsPadded = Object.fromEntries(PARTIES.map((party) => [party, ROWS]));

function run(
  { lists, recipients, shape: named, atLeast, minCount }: Asked,
  weather: Weather = {},
): Simulated {
  const packed = Object.fromEntries(PARTIES.map((party) => [party, inputsOf(lists[party] ?? [])]));
  const shape = { shape: named, atLeast };
  const planHash = new Uint8Array(32);
  const setups = federation
    .overlapSetups(packed, recipients, shape, minCount)
    .map((setup) => ({ ...setup, rowsPadded, planHash }));
  const [{ me: _me, items: _items, ...common }] = setups as unknown as [(typeof setups)[number]];
  return federation.run(
    {
      ...Object.fromEntries(setups.map((setup) => [setup.me, overlapThresholdNode(setup, federation.rng)])),
      coordinator: overlapThresholdCoordinator(common),
    },
    weather,
  );
}

/** By cell: how many items so many parties hold. */
function plain({ lists, shape, atLeast }: Asked): readonly (readonly [cell: string, items: number])[] {
  const held = UNIVERSE.map((item) => PARTIES.filter((party) => lists[party]?.includes(item)).length);
  if (shape === "atLeast") return [[`${atLeast}`, held.filter((number) => number >= atLeast).length]];
  return [2, 3, 4, 5]
    .filter((exactly) => exactly >= atLeast)
    .map((exactly) => [`${exactly}`, held.filter((number) => number === exactly).length]);
}

const anyAsked = (): fc.Arbitrary<Asked> =>
  fc.record({
    lists: fc.record(Object.fromEntries(PARTIES.map((party) => [party, fc.subarray(UNIVERSE)]))),
    recipients: fc.subarray([...PARTIES, "zoe"], { minLength: 1 }),
    shape: fc.constantFrom("atLeast", "histogram"),
    atLeast: fc.integer({ min: 2, max: 5 }),
    minCount: fc.integer({ min: 0, max: 8 }),
  });

describe("overlap-threshold/1", () => {
  it("equals counting, for any lists, thresholds and recipients, and sends what it describes", () => {
    fc.assert(
      fc.property(anyAsked(), anyWeather(), (asked, weather) => {
        const { recipients, shape, atLeast, minCount } = asked;
        const { outputs, transcript } = run(asked, weather);
        const cells = plain(asked);
        for (const node of [...PARTIES, "zoe"]) {
          const expected: OverlapCounts = {
            cells: cells.map(([cell]) => cell),
            counts: cells.map(([, items]) => (items < minCount && minCount > 1 ? null : items)),
          };
          expect(outputs.get(node)).toEqual(recipients.includes(node) ? expected : undefined);
        }
        const quotas = Object.fromEntries(PARTIES.map((party) => [party, 1024]));
        const parameters = {
          parties: PARTIES,
          recipients,
          rowsPadded,
          quotas,
          shape,
          atLeast,
        };
        expectDescribed({ outputs, transcript }, overlapThreshold.describe(parameters));
      }),
      { numRuns: 25 },
    );
  });

  it("tells the coordinator who holds what enough hold, and says so", () => {
    const quotas = Object.fromEntries(PARTIES.map((party) => [party, 1024]));
    const parameters = {
      parties: PARTIES,
      recipients: ["zoe"],
      rowsPadded,
      quotas,
      shape: "atLeast",
      atLeast: 2,
    } as const;
    const { views, assumptions, together } = overlapThreshold.describe(parameters);
    const seen = views.find(({ who }) => who === "coordinator")?.learns.map(({ fact }) => fact);
    expect(seen).toContain("hit-pattern");
    expect(seen).not.toContain("pattern");
    expect(assumptions.map(({ id }) => id)).toContain("coordinator-apart");
    expect(together).toHaveLength(PARTIES.length);
  });
});
