// SPDX-License-Identifier: Apache-2.0
// What parties and coalitions of them see of matches and look-ups, in two worlds in which they brought the same and are
// told the same, and others brought something else (threats.md, section 5).
import type { PartyId, Simulated } from "@koplamp/protocol";
import { hex } from "@koplamp/wire";
import { describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import { type Answered, type Matched, matchTokensParty } from "../src/index.ts";
import { Federation, inputsOf } from "./federation.ts";
import { ASKER, Desk, HOLDER } from "./lookups.ts";
import { type Lists, packed, pairOf, runMatch } from "./pair.ts";

const PARTIES = ["alice", "bob", "carol"];
const BLOCK = 16;
const primitives = nodePrimitives();
const items = (...places: readonly number[]): readonly string[] => places.map((place) => `item ${place}`);

/** Some at all three, some at two, some at one. */
const LISTS: Lists = {
  alice: items(0, 1, 2, 3, 4, 5),
  bob: items(0, 1, 2, 10, 11),
  carol: items(0, 3, 4, 10, 12, 13, 14),
};

/** The same lists at a coalition; others share with it what they shared, and have more or fewer items besides, at other places. */
function otherWorld(lists: Lists, coalition: readonly PartyId[]): Lists {
  const known = new Set(coalition.flatMap((party) => lists[party] ?? []));
  return Object.fromEntries(
    Object.entries(lists).map(([party, list], at) => {
      if (coalition.includes(party)) return [party, list];
      const shared = list.filter((item) => known.has(item));
      const fresh = Array.from({ length: 7 * at + 2 }, (_, place) => `other ${place}`);
      return [party, [...fresh, ...shared.toReversed()]];
    }),
  );
}

/** What a coalition sees: order, way, type and size of all that reaches it, and blocks that it could tell apart. */
function seenBy({ transcript }: Simulated, coalition: readonly PartyId[]): unknown {
  const seen = transcript.filter(({ from, to }) => coalition.includes(from) || coalition.includes(to));
  const blocks = seen.flatMap(({ bytes }) =>
    Array.from({ length: Math.floor(bytes.length / BLOCK) }, (_, at) =>
      hex(bytes.subarray(BLOCK * at, BLOCK * at + BLOCK)),
    ),
  );
  return {
    shape: seen.map(({ from, to, type, bytes, output }) => [from, to, type, bytes.length, output]),
    repeated: blocks.length - new Set(blocks).size,
  };
}

/** What a match tells a party: of each own item who holds it. */
function toldTo(run: Simulated, coalition: readonly PartyId[]): unknown {
  return coalition.map((party) => {
    const { holders, parties } = run.outputs.get(party) as Matched;
    return { parties, holders: holders === undefined ? [] : Array.from(holders) };
  });
}

const subsets = (parties: readonly PartyId[]): readonly (readonly PartyId[])[] =>
  Array.from({ length: 2 ** parties.length - 2 }, (_, at) =>
    parties.filter((_party, bit) => (((at + 1) >>> bit) & 1) === 1),
  );

describe("two worlds of match-tokens/1", () => {
  const world = (lists: Lists): Simulated => {
    const federation = new Federation(toyGroup(), primitives, PARTIES, "views");
    federation.ceremony();
    const all = [...new Set(Object.values({ ...LISTS, ...lists }).flat())];
    for (const party of PARTIES) federation.evaluate(party, inputsOf(all));
    const setups = federation.matchSetups(packed(lists), ["alice", "carol"]);
    return federation.run(
      Object.fromEntries(setups.map((setup) => [setup.me, matchTokensParty(setup, federation.rng)])),
    );
  };

  it.each(subsets(PARTIES).map((coalition) => [coalition.join(" and "), coalition] as const))(
    "look the same to %s",
    (_name, coalition) => {
      const [one, other] = [world(LISTS), world(otherWorld(LISTS, coalition))];
      expect(seenBy(other, coalition)).toEqual(seenBy(one, coalition));
      expect(toldTo(other, coalition)).toEqual(toldTo(one, coalition));
    },
  );

  it("differ where one is told something else, and not in sizes", () => {
    const [one, other] = [world(LISTS), world({ ...LISTS, bob: items(0, 1, 10, 11, 20) })];
    expect(toldTo(other, ["alice"])).not.toEqual(toldTo(one, ["alice"]));
    expect(seenBy(other, ["alice"])).toEqual(seenBy(one, ["alice"]));
  });
});

describe("two worlds of match-pair/1", () => {
  const both: Lists = { alice: LISTS["alice"] ?? [], bob: LISTS["bob"] ?? [] };
  const world = (lists: Lists, recipients: readonly PartyId[]): Simulated =>
    runMatch(pairOf(toyGroup(), primitives, "views"), lists, recipients);

  it.each([
    ["alice", ["alice"]],
    ["alice", ["bob"]],
    ["bob", ["alice", "bob"]],
    ["bob", ["bob"]],
  ])("look the same to %s where %j are told", (me, recipients) => {
    const told = recipients.includes(me);
    // Who is told nothing may not even see whether anything is shared.
    const changed = told
      ? otherWorld(both, [me])
      : { ...both, [me === "alice" ? "bob" : "alice"]: items(7, 8) };
    const [one, other] = [world(both, recipients), world(changed, recipients)];
    expect(seenBy(other, [me])).toEqual(seenBy(one, [me]));
    expect(toldTo(other, [me])).toEqual(toldTo(one, [me]));
  });
});

describe("two worlds of lookup/1", () => {
  const world = (list: readonly string[], questions: readonly string[], tell: "asker" | "both-on-hit") => {
    const desk = new Desk(toyGroup(), primitives, "views");
    desk.publish(list, { kind: "index", rows: 64 });
    return desk.ask(desk.setups(questions, { tell }));
  };
  const list = items(0, 1, 2, 3);
  const reportedIn = (run: Simulated | undefined): unknown =>
    (run?.outputs.get(HOLDER) as Answered | undefined)?.reported;

  it.each(["asker", "both-on-hit"] as const)("look the same to who asks, when told is: %s", (tell) => {
    const questions = items(0, 9, 2);
    const [one, other] = [list, ["b", ...items(2), "a", ...items(0), "c", "d", "e"]].map((each) =>
      world(each, questions, tell),
    );
    expect(other?.outputs.get(ASKER)).toEqual(one?.outputs.get(ASKER));
    expect(seenBy(other as Simulated, [ASKER])).toEqual(seenBy(one as Simulated, [ASKER]));
  });

  it("look the same to who holds the list, whatever is asked and found, where the asker alone is told", () => {
    const [one, other] = [items(0, 1, 2), ["a", "b", "c"]].map((each) => world(list, each, "asker"));
    expect(seenBy(other as Simulated, [HOLDER])).toEqual(seenBy(one as Simulated, [HOLDER]));
    expect(reportedIn(other)).toBeUndefined();
  });

  it("look the same to a holder that is told of hits, whatever else is asked", () => {
    const [one, other] = [items(0, 9, 2), ["b", ...items(2, 0)]].map((each) =>
      world(list, each, "both-on-hit"),
    );
    for (const run of [one, other]) expect(reportedIn(run)).toEqual(Uint32Array.of(0, 2));
    expect(seenBy(other as Simulated, [HOLDER])).toEqual(seenBy(one as Simulated, [HOLDER]));
  });
});
