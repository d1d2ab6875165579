// SPDX-License-Identifier: Apache-2.0
// What parties, the coordinator and coalitions of them see of matches and look-ups, in two worlds in which they brought
// the same and are told the same, and others brought something else (threats.md, section 4).
import { MemoryVault, type PartyId, runJob, type Simulated } from "@koplamp/protocol";
import { hex } from "@koplamp/wire";
import { describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import {
  type Answered,
  loadItems,
  lookup,
  type Matched,
  matchPair,
  matchTokens,
  matchTokensParty,
  openCache,
} from "../src/index.ts";
import { joinTokens } from "../src/token-jobs.ts";
import { Federation, inputsOf } from "./federation.ts";
import { ASKER, Desk, HOLDER } from "./lookups.ts";
import { type Lists, packed, pairOf, runMatch } from "./pair.ts";

const PARTIES = ["alice", "bob", "carol"];
const COORDINATOR = "coordinator";
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

/**
 * What a coalition sees: order, way, type and size of all that reaches it, and blocks that it could tell apart. The
 * coordinator relays sealed bytes: it adds the order and size of everything.
 */
function seenBy({ transcript }: Simulated, coalition: readonly PartyId[]): unknown {
  const seen = transcript.filter(({ from, to }) => coalition.includes(from) || coalition.includes(to));
  const blocks = seen.flatMap(({ bytes }) =>
    Array.from({ length: Math.floor(bytes.length / BLOCK) }, (_, at) =>
      hex(bytes.subarray(BLOCK * at, BLOCK * at + BLOCK)),
    ),
  );
  const relayed = coalition.includes(COORDINATOR) ? transcript : [];
  return {
    relayed: relayed.map(({ from, to, bytes }) => [from, to, bytes.length]),
    shape: seen.map(({ from, to, type, bytes, output }) => [from, to, type, bytes.length, output]),
    repeated: blocks.length - new Set(blocks).size,
  };
}

/** What a match tells a party: of each own item who holds it. */
function toldTo(run: Simulated, coalition: readonly PartyId[]): unknown {
  const members = coalition.filter((party) => party !== COORDINATOR);
  return members.map((party) => {
    const { holders, parties } = run.outputs.get(party) as Matched;
    return { parties, holders: holders === undefined ? [] : Array.from(holders) };
  });
}

const subsets = (parties: readonly PartyId[]): readonly (readonly PartyId[])[] =>
  Array.from({ length: 2 ** parties.length - 2 }, (_, at) =>
    parties.filter((_party, bit) => (((at + 1) >>> bit) & 1) === 1),
  );

/** Every coalition that lacks a party: of parties, of parties with the coordinator, and the coordinator alone. */
const COALITIONS: readonly (readonly PartyId[])[] = [
  ...subsets(PARTIES),
  ...[[], ...subsets(PARTIES)].map((members) => [...members, COORDINATOR]),
];

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

  it.each(COALITIONS.map((coalition) => [coalition.join(" and "), coalition] as const))(
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
    for (const coalition of [[me], [me, COORDINATOR]]) {
      expect(seenBy(other, coalition)).toEqual(seenBy(one, coalition));
      expect(toldTo(other, coalition)).toEqual(toldTo(one, coalition));
    }
  });

  it("look the same to the coordinator, whoever is told", () => {
    for (const recipients of [["alice"], ["bob"], ["alice", "bob"]]) {
      const [one, other] = [both, otherWorld(both, [])].map((lists) => world(lists, recipients));
      expect(seenBy(other as Simulated, [COORDINATOR])).toEqual(seenBy(one as Simulated, [COORDINATOR]));
    }
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
    expectSame([ASKER, COORDINATOR], one, other);
  });

  it("look the same to who holds the list, whatever is asked and found, where the asker alone is told", () => {
    const [one, other] = [items(0, 1, 2), ["a", "b", "c"]].map((each) => world(list, each, "asker"));
    expectSame([HOLDER, COORDINATOR], one, other);
    expect(reportedIn(other)).toBeUndefined();
  });

  it("look the same to a holder that is told of hits, whatever else is asked", () => {
    const [one, other] = [items(0, 9, 2), ["b", ...items(2, 0)]].map((each) =>
      world(list, each, "both-on-hit"),
    );
    for (const run of [one, other]) expect(reportedIn(run)).toEqual(Uint32Array.of(0, 2));
    expectSame([HOLDER, COORDINATOR], one, other);
  });
});

/** To a party alone, to the coordinator alone, and to both together. */
function expectSame([party, coordinator]: readonly [PartyId, PartyId], one?: Simulated, other?: Simulated) {
  if (one === undefined || other === undefined) throw new Error("expected two runs");
  for (const coalition of [[party], [coordinator], [party, coordinator]])
    expect(seenBy(other, coalition)).toEqual(seenBy(one, coalition));
}

describe("a party together with the coordinator", () => {
  const federation = new Federation(toyGroup(), primitives, PARTIES, "together");
  federation.ceremony();
  const evaluated: Lists = {
    alice: items(0, 1, 3, 10, 11, 20),
    bob: items(0, 1, 2, 10, 12),
    carol: items(0),
  };
  for (const party of PARTIES) federation.evaluate(party, inputsOf(evaluated[party] ?? []));
  const brought: Lists = { ...evaluated, alice: items(0, 3) };
  const setups = federation.matchSetups(packed(brought), ["alice"]);
  const run = federation.run(
    Object.fromEntries(setups.map((setup) => [setup.me, matchTokensParty(setup, federation.rng)])),
  );

  /** Tests whatever the party ever had evaluated against each list that reached the two in the clear. */
  function attack(party: PartyId): readonly string[] {
    const lists = run.transcript.filter(({ to, type }) => type === "T" && [party, COORDINATOR].includes(to));
    const { inputs, scope, chunks } = federation.items(party, inputsOf(evaluated[party] ?? []));
    return lists.flatMap(({ from, to, bytes }) => {
      const vault = new MemoryVault({ cacheKey: federation.site(party).cacheKey.slice() });
      runJob(federation.jobs, vault, openCache.name, [scope, chunks]);
      runJob(federation.jobs, vault, loadItems.name, [inputs]);
      const sid = setups[0]?.sid ?? new Uint8Array();
      const found = runJob(federation.jobs, vault, joinTokens.name, [
        { sid, from, to },
        bytes,
      ]) as Uint32Array;
      return Array.from(found, (at) => `${from} ${evaluated[party]?.[at]}`);
    });
  }

  it("tests a match's lists with all that it had evaluated, as the contract says, and with nothing else", () => {
    expect([...attack("alice")].sort()).toEqual(["bob item 0", "bob item 1", "bob item 10", "carol item 0"]);
    expect([attack("bob"), attack("carol")]).toEqual([[], []]);
    const sizes = { alice: 256, bob: 256, carol: 256 };
    const terms = { parties: PARTIES, recipients: ["alice"], rowsPadded: sizes, quotas: sizes };
    const { views, together } = matchTokens.describe(terms);
    const most = views.map(({ who, atMost }) => [who, atMost.map(({ fact }) => fact)]);
    expect(most).toEqual([
      ["alice", ["test-evaluated"]],
      ...["bob", "carol", COORDINATOR].map((who) => [who, []]),
    ]);
    expect(together.map(({ who, item }) => [who, item.fact])).toEqual([[["any"], "test-evaluated"]]);
  });

  it("adds sizes and times to a match of two or a look-up, and the two are told nothing as one", () => {
    const parties = ["alice", "bob"];
    const pair = matchPair.describe({ parties, recipients: ["alice"], rowsPadded: { alice: 256, bob: 256 } });
    const terms = { holder: HOLDER, asker: ASKER, batches: [4], tell: "asker", rowsPadded: 64 } as const;
    for (const { views, together } of [pair, lookup.describe(terms)]) {
      const coordinator = views.find(({ who }) => who === COORDINATOR)?.learns ?? [];
      expect(new Set(coordinator.map(({ fact }) => fact))).toEqual(
        new Set(["took-part", "timing", "size-padded"]),
      );
      expect(together).toEqual([]);
    }
  });
});
