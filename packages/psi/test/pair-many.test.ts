// SPDX-License-Identifier: Apache-2.0
// Pairs among more than two parties, each with keys of its own: the numbers, what leaves, and what is seen of them.
import type { PartyId, Sent, Simulated } from "@koplamp/protocol";
import { hex } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { oraclePrimitives as primitives } from "../../crypto/test/oracle-primitives.ts";
import { type OverlapCounts, pairCountBlind, pairCountLocal } from "../src/index.ts";
import { expectDescribed } from "./described.ts";
import { Federation, padded } from "./federation.ts";
import { type CountMode, countSetups, type Lists, packed, runCount } from "./pair.ts";
import { anyWeather } from "./weather.ts";

const UNIVERSE = Array.from({ length: 24 }, (_, at) => `item ${at}`);
const NAMES = ["alice", "bob", "carol", "dave", "erin"];
const MODES: readonly CountMode[] = ["count.local", "count.blind"];
const PROTOCOLS = { "count.local": pairCountLocal, "count.blind": pairCountBlind };
const LISTS: Lists = {
  alice: UNIVERSE.slice(0, 12),
  bob: UNIVERSE.slice(6, 20),
  carol: UNIVERSE.slice(3, 9),
  dave: UNIVERSE.slice(14),
};

const among = (lists: Lists): Federation => new Federation(toyGroup(), primitives, Object.keys(lists));

function pairsOf(parties: readonly PartyId[]): readonly (readonly [PartyId, PartyId])[] {
  return parties.flatMap((left, at) => parties.slice(at + 1).map((right) => [left, right] as const));
}

function sharedBy(lists: Lists, [left, right]: readonly [PartyId, PartyId]): number {
  const held = new Set(lists[right]);
  return new Set((lists[left] ?? []).filter((name) => held.has(name))).size;
}

const anyList = fc.array(fc.constantFrom(...UNIVERSE), { maxLength: 30 });
const anyLists = fc
  .integer({ min: 2, max: 5 })
  .chain((count) => fc.tuple(...NAMES.slice(0, count).map(() => anyList)))
  .map((lists): Lists => Object.fromEntries(lists.map((list, at) => [NAMES[at] ?? "", list])));

describe.each(MODES)("pairs among many, mode %s", (mode) => {
  it("equal the plain counts, and send what they describe: any lists, recipients and interleaving", () => {
    const cases = fc.record({
      lists: anyLists,
      recipients: fc.subarray(["aaron", "alice", "bob", "zoe"], { minLength: 1 }),
      minCount: fc.constantFrom(0, 1, 3),
      weather: anyWeather(),
    });
    fc.assert(
      fc.property(cases, ({ lists, recipients, minCount, weather }) => {
        const federation = among(lists);
        const { parties } = federation;
        const setups = countSetups(federation, lists, recipients, minCount);
        const run = runCount(federation, mode, setups, weather);
        const shared = pairsOf(parties).map((pair) => sharedBy(lists, pair));
        const answer = {
          cells: pairsOf(parties).map((pair) => pair.join("&")),
          counts: shared.map((count) => (count < minCount && minCount > 1 ? null : count)),
        };
        for (const { me } of setups) {
          expect(run.outputs.get(me)).toEqual(recipients.includes(me) ? answer : undefined);
        }
        const rowsPadded = padded(packed(lists));
        expectDescribed(run, PROTOCOLS[mode].describe({ parties, recipients, rowsPadded }));
      }),
      { numRuns: 25 },
    );
  });

  it("shows the coordinator nothing, and each node the numbers that it counts or gets", () => {
    const federation = among(LISTS);
    const { parties } = federation;
    const described = PROTOCOLS[mode].describe({
      parties,
      recipients: ["alice"],
      rowsPadded: padded(packed(LISTS)),
    });
    const learns = (who: PartyId): readonly string[] =>
      (described.views.find((view) => view.who === who)?.learns ?? [])
        .filter(({ fact }) => fact === "pair-count" || fact === "pattern")
        .map(({ fact, about, bound }) => `${fact} of ${about.join("+")}: ${bound}`);
    expect(learns("coordinator")).toEqual([]);
    expect(learns("alice")).toEqual(["pair-count of bob+carol+dave: 6"]);
    expect(learns("carol")).toEqual(["pair-count of bob: 1"]);
    expect(learns("dave")).toEqual(["pair-count of bob+carol: 2"]);
    expect(learns("bob")).toEqual([]);
    expect(described.together).toEqual([]);
    const run = runCount(federation, mode, countSetups(federation, LISTS, ["alice"]));
    expect(new Set(run.transcript.flatMap(({ from, to }) => [from, to]))).toEqual(new Set(parties));
  });
});

/** Sixteen bytes that stand in more than one place of what a coalition sees, with the places. */
function repeatedIn(transcript: readonly Sent[], coalition: readonly PartyId[]): readonly string[] {
  const places = new Map<string, string[]>();
  for (const { from, to, type, bytes } of transcript) {
    if (![from, to].some((party) => coalition.includes(party)) || !["M", "E", "T"].includes(type)) continue;
    for (let at = 0; at < bytes.length; at += 16) {
      const row = hex(bytes.slice(at, at + 16));
      if (row === NOTHING) continue; // the upper half of an element of the toy group
      places.set(row, [...(places.get(row) ?? []), `${type} of ${from} to ${to}`]);
    }
  }
  return [...places.values()].filter((where) => where.length > 1).map((where) => where.sort().join(", "));
}

const NOTHING = "0".repeat(32);

/** What a coalition sees beside random rows: order and size of everything, rows that repeat, and its numbers. */
function seenBy({ transcript, outputs }: Simulated, coalition: readonly PartyId[]): unknown {
  const seen = transcript.filter(({ from, to }) => coalition.includes(from) || coalition.includes(to));
  return {
    shape: seen.map(({ from, to, type, bytes, output }) => [from, to, type, bytes.length, output]),
    repeated: repeatedIn(transcript, coalition),
    numbers: coalition.map((party) => (outputs.get(party) as OverlapCounts | undefined)?.counts),
    told: seen.filter(({ type }) => type === "C").map(({ bytes }) => hex(bytes)),
  };
}

/** The same numbers for every pair, over other items, in other places of lists that are longer or shorter. */
const ALIKE: Lists = {
  alice: [...UNIVERSE.slice(0, 12).map((name) => `other ${name}`), "only alice", "and another"],
  bob: UNIVERSE.slice(6, 20)
    .map((name) => `other ${name}`)
    .reverse(),
  carol: ["only carol", ...UNIVERSE.slice(3, 9).map((name) => `other ${name}`)],
  dave: UNIVERSE.slice(14).map((name) => `other ${name}`),
};

describe.each(MODES)("lists that leak the same, mode %s", (mode) => {
  const ran = (lists: Lists, seed: string): Simulated => {
    const federation = new Federation(toyGroup(), primitives, Object.keys(lists), seed);
    return runCount(federation, mode, countSetups(federation, lists, ["alice"]));
  };

  it("look the same to every party and every coalition: no row of one pair stands in what another one sees", () => {
    const parties = Object.keys(LISTS);
    const coalitions = [
      ...parties.map((party) => [party]),
      ...pairsOf(parties).map((pair) => [...pair]),
      ...parties.map((left) => parties.filter((party) => party !== left)),
    ];
    const [one, other] = [ran(LISTS, "one"), ran(ALIKE, "other")];
    for (const coalition of coalitions) expect(seenBy(one, coalition)).toEqual(seenBy(other, coalition));
    expect(repeatedIn(one.transcript, parties)).toEqual([]);
    expect(repeatedIn(other.transcript, parties)).toEqual([]);
  });

  it("and lists that leak something else do not: the comparison sees a number that changes", () => {
    const changed = { ...LISTS, dave: UNIVERSE.slice(15) };
    expect(seenBy(ran(changed, "one"), ["dave"])).not.toEqual(seenBy(ran(LISTS, "one"), ["dave"]));
  });
});
