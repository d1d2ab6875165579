// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import { matchThreshold, type Tell, type ThresholdMatched } from "../src/index.ts";
import { expectDescribed } from "./described.ts";
import { Federation, inputsOf } from "./federation.ts";
import { plainTold, runThreshold, type Side, type ThresholdQuestion } from "./threshold.ts";
import { anyWeather } from "./weather.ts";

const PARTIES = ["alice", "bob", "carol", "dave", "erin", "frank"];
const UNIVERSE = Array.from({ length: 16 }, (_, at) => `item ${at}`);
const ROWS = 16;

/** A federation in which every party has had the whole universe evaluated; made once for each size. */
const federations = new Map<number, Federation>();
function federationOf(count: number): Federation {
  const found = federations.get(count) ?? prepared(PARTIES.slice(0, count));
  federations.set(count, found);
  return found;
}

function prepared(parties: readonly PartyId[]): Federation {
  const federation = new Federation(toyGroup(), nodePrimitives(), parties);
  federation.ceremony();
  federation.pad = (rows) => rows; // the cache alone matters here
  for (const party of parties) federation.evaluate(party, inputsOf(UNIVERSE));
  return federation;
}

const anySide = (): fc.Arbitrary<Side> =>
  fc.record({ items: fc.subarray(UNIVERSE), flags: fc.subarray(UNIVERSE) });

/** Lists of any size: empty, equal, one-sided. */
function anyQuestion(): fc.Arbitrary<ThresholdQuestion> {
  return fc.integer({ min: 2, max: 6 }).chain((count) => {
    const parties = PARTIES.slice(0, count);
    return fc.record({
      sides: fc.oneof(
        fc.record(Object.fromEntries(parties.map((party) => [party, anySide()]))),
        anySide().map((side) => Object.fromEntries(parties.map((party) => [party, side]))),
        anySide().map((side) =>
          Object.fromEntries(parties.map((party, at) => [party, at > 0 ? side : { items: [], flags: [] }])),
        ),
      ),
      recipients: fc.subarray(parties, { minLength: 1 }),
      atLeast: fc.integer({ min: 2, max: count }),
      tell: fc.constantFrom<Tell>("holders", "count", "nothing"),
      flagged: fc.boolean(),
      rows: fc.constant(ROWS),
    });
  });
}

/** Everybody holds the universe; the first has flagged the first item. */
function allOf(count: number, more: Partial<ThresholdQuestion> = {}): ThresholdQuestion {
  const parties = PARTIES.slice(0, count);
  return {
    sides: Object.fromEntries(
      parties.map((party, at) => [party, { items: UNIVERSE, flags: at === 0 ? UNIVERSE.slice(0, 1) : [] }]),
    ),
    recipients: parties,
    atLeast: Math.min(3, count),
    tell: "holders",
    flagged: false,
    rows: ROWS,
    ...more,
  };
}

describe("match-threshold/1", () => {
  it("equals counting, for any lists, flags, thresholds, recipients and interleaving", () => {
    fc.assert(
      fc.property(anyQuestion(), anyWeather(), (question, weather) => {
        const { recipients, sides, rows } = question;
        const parties = Object.keys(sides).sort();
        const run = runThreshold(federationOf(parties.length), question, weather);
        for (const party of parties) {
          const { told, roots } = run.outputs.get(party) as ThresholdMatched;
          expect([...roots.keys()]).toEqual(parties);
          expect(told).toEqual(recipients.includes(party) ? plainTold(question, party) : undefined);
        }
        const rowsPadded = Object.fromEntries(parties.map((party) => [party, rows]));
        const quotas = Object.fromEntries(parties.map((party) => [party, 1024]));
        expectDescribed(run, matchThreshold.describe({ ...question, parties, rowsPadded, quotas }));
      }),
      { numRuns: 40 },
    );
  });

  it("finds everything that six hold, and what two of them hold more than enough", () => {
    for (const atLeast of [2, 4, 6]) {
      const question = allOf(6, { atLeast });
      const { told } = runThreshold(federationOf(6), question).outputs.get("frank") as ThresholdMatched;
      expect(told).toEqual(plainTold(question, "frank"));
      expect(told).toHaveLength(UNIVERSE.length);
    }
  });

  it("goes part by part where lists are long, and gives one answer", () => {
    const question = allOf(2, { rows: 20_000, recipients: ["bob"], tell: "nothing" });
    const run = runThreshold(federationOf(2), question);
    const { told } = run.outputs.get("bob") as ThresholdMatched;
    expect(told).toEqual(plainTold(question, "bob"));
    const rowsPadded = { alice: 20_000, bob: 20_000 };
    const quotas = { alice: 1024, bob: 1024 };
    expectDescribed(
      run,
      matchThreshold.describe({ ...question, parties: ["alice", "bob"], rowsPadded, quotas }),
    );
    const passed = (party: PartyId): readonly string[] =>
      run.transcript
        .filter(({ type, from, to }) => ["A", "H", "next"].includes(type) && [from, to].includes(party))
        .map(({ type }) => type);
    expect(passed("alice")).toEqual(["A", "next", "A", "next"]); // no part leaves before the answer to the last
    expect(passed("bob")).toEqual(["A", "H", "A", "H"]);
  });

  it("counts an item that stands twice in a list once", () => {
    const sides = Object.fromEntries(
      PARTIES.slice(0, 3).map((party) => [party, { items: ["item 1", "item 2", "item 1"], flags: [] }]),
    );
    const run = runThreshold(federationOf(3), allOf(3, { sides }));
    const { told = [] } = run.outputs.get("bob") as ThresholdMatched;
    expect(new Set(told.map(({ item }) => item))).toEqual(new Set([1, told[0]?.item === 0 ? 0 : 2]));
  });
});
