// SPDX-License-Identifier: Apache-2.0
import { type Group, hashToGroup, scalarsFromSeed, inputsOf as separate } from "@koplamp/crypto";
import type { Description, Effect, Party, PartyId, Sent } from "@koplamp/protocol";
import { concat, hex, lp } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { oraclePrimitives as primitives } from "../../crypto/test/oracle-primitives.ts";
import {
  counterOf,
  type OverlapCounts,
  type PairCountSetup,
  pairCountBlind,
  pairCountLocal,
} from "../src/index.ts";
import { shownFrom } from "../src/overlap-cells.ts";
import { expectDescribed } from "./described.ts";
import { padded } from "./federation.ts";
import {
  COUNT_NODES,
  type CountMode,
  countSetups,
  type Lists,
  packed,
  pairOf,
  replacing,
  runCount,
} from "./pair.ts";
import { anyWeather } from "./weather.ts";

const UNIVERSE = Array.from({ length: 24 }, (_, at) => `item ${at}`);
const BOTH = ["alice", "bob"];
const MODES: readonly CountMode[] = ["count.local", "count.blind"];
const PROTOCOLS = { "count.local": pairCountLocal, "count.blind": pairCountBlind };
const LISTS: Lists = { alice: UNIVERSE.slice(0, 16), bob: UNIVERSE.slice(6) };
const SHARED = 10;
const NO_INPUTS = { bytes: new Uint8Array(), ends: new Uint32Array() };

function describedBy(mode: CountMode, lists: Lists, recipients: readonly PartyId[]): Description {
  return PROTOCOLS[mode].describe({ parties: BOTH, recipients, rowsPadded: padded(packed(lists)) });
}

const anyList = fc.array(fc.constantFrom(...UNIVERSE), { maxLength: 30 });

describe.each(MODES)("match-pair/1, mode %s", (mode) => {
  it("equals the plain count, and sends what it describes: any lists, recipients and interleaving", () => {
    const cases = fc.record({
      lists: fc.record({ alice: anyList, bob: anyList }),
      recipients: fc.subarray(["aaron", "alice", "bob", "zoe"], { minLength: 1 }),
      minCount: fc.constantFrom(0, 1, 3),
      weather: anyWeather(),
    });
    fc.assert(
      fc.property(cases, ({ lists, recipients, minCount, weather }) => {
        const federation = pairOf(toyGroup(), primitives);
        const setups = countSetups(federation, lists, recipients, minCount);
        const run = runCount(federation, mode, setups, weather);
        const shared = new Set(lists.alice.filter((name) => lists.bob.includes(name))).size;
        for (const { me } of setups) {
          const told = recipients.includes(me)
            ? { cells: ["alice&bob"], counts: [shownFrom(shared, minCount)] }
            : undefined;
          expect(run.outputs.get(me)).toEqual(told);
        }
        expectDescribed(run, describedBy(mode, lists, recipients));
      }),
      { numRuns: 60 },
    );
  });

  it("has lengths that depend on buckets only, whatever the overlap", () => {
    const federation = pairOf(toyGroup(), primitives);
    const shapes = [LISTS, { alice: UNIVERSE.slice(0, 1), bob: [] }].map((lists) =>
      runCount(federation, mode, countSetups(federation, lists, ["zoe"]), {}).transcript.map(
        ({ from, to, type, bytes, output }) => [from, to, type, bytes.length, output],
      ),
    );
    expect(shapes[0]).toHaveLength(1 + 4 + 2 + 6 + 2);
    expect(shapes[0]).toEqual(shapes[1]);
  });

  it("lets the party count that gets the count anyway, and discloses nothing while a gate is shut", () => {
    expect(counterOf(BOTH, BOTH)).toBe("bob");
    expect(counterOf(BOTH, ["alice", "zoe"])).toBe("alice");
    expect(counterOf(BOTH, ["zoe"])).toBe("bob");
    const federation = pairOf(toyGroup(), primitives);
    const left: Sent[] = [];
    const run = (): unknown =>
      runCount(federation, mode, countSetups(federation, LISTS, ["zoe"]), {
        gate: (party) => party === "alice",
        observe: (sent) => void left.push(sent),
      });
    expect(run).toThrow(`bob waits for its gate (${mode.replace(".", "-")}.bob.zoe.count)`);
    expect(left.filter(({ output }) => output !== undefined).map(({ type }) => type)).toEqual(["T"]);
  });

  it("names a sender that discloses another list than it had committed to, or an unsorted one", () => {
    const attacked = (replace: (bytes: Uint8Array) => Uint8Array) => (): unknown => {
      const federation = pairOf(toyGroup(), primitives);
      const [alice, bob] = countSetups(federation, LISTS, ["bob"]);
      if (alice === undefined || bob === undefined) throw new Error("no setups");
      const node = COUNT_NODES[mode];
      return federation.run({
        alice: replacing(node(alice, federation.rng), "T", replace),
        bob: node(bob, federation.rng),
      });
    };
    expect(attacked((list) => list)).not.toThrow();
    expect(attacked((list) => list.fill(0xff, -16))).toThrow(
      "alice disclosed other tokens than it had committed to",
    );
    expect(attacked((list) => list.copyWithin(48, 32, 48))).toThrow("strictly ascending rows in T of alice");
  });
});

describe("match-pair/1, mode count.local", () => {
  it("names a sender that uses another key for one item", () => {
    const federation = pairOf(toyGroup(), primitives);
    const [alice, bob] = countSetups(federation, LISTS, ["bob"]);
    if (alice === undefined || bob === undefined) throw new Error("no setups");
    const run = (): unknown =>
      federation.run({
        alice: replacing(COUNT_NODES["count.local"](alice, federation.rng), "E", (reply) =>
          concat(toyGroup().mulSame(new Uint8Array(32).fill(7, 0, 1), reply.slice(0, 32)), reply.slice(32)),
        ),
        bob: COUNT_NODES["count.local"](bob, federation.rng),
      });
    expect(run).toThrow("alice does not prove that it used one key for all items");
  });

  it("gives the generator the number only: positions stay in the vault", () => {
    const federation = pairOf(toyGroup(), primitives);
    const [, bob] = countSetups(federation, LISTS, ["bob"]);
    if (bob === undefined) throw new Error("no setup");
    const names = new Set<string>();
    const party = COUNT_NODES["count.local"](bob, federation.rng);
    const setups = countSetups(federation, LISTS, ["bob"]);
    function* watched(): Party<unknown> {
      let step = party.next();
      while (!step.done) {
        if (step.value.kind === "compute") names.add(step.value.job.name);
        step = party.next(yield step.value);
      }
      return step.value;
    }
    const alice = { ...(setups[0] ?? bob), transcript: bob.transcript };
    federation.run({ alice: COUNT_NODES["count.local"](alice, federation.rng), bob: watched() });
    expect(names).toContain("psi.pair.count");
    expect(names).not.toContain("psi.pair.join");
  });
});

describe("match-pair/1, mode count.blind", () => {
  it("answers in an order that has nothing to do with the request, and checks the order both ways", () => {
    const { transcript } = runCount(
      pairOf(toyGroup(), primitives),
      "count.blind",
      countSetups(pairOf(toyGroup(), primitives), LISTS, ["bob"]),
    );
    const rows = (type: string): readonly string[] => {
      const { bytes } = transcript.find((sent) => sent.type === type) ?? { bytes: new Uint8Array() };
      return Array.from({ length: bytes.length / 32 }, (_, at) => hex(bytes.slice(at * 32, at * 32 + 32)));
    };
    for (const type of ["M", "E"]) expect(rows(type)).toEqual(rows(type).toSorted());
    for (const [type, from, receiver] of [
      ["M", "bob", "alice"],
      ["E", "alice", "bob"],
    ] as const) {
      const federation = pairOf(toyGroup(), primitives);
      const setups = countSetups(federation, LISTS, ["bob"]);
      const turn = (bytes: Uint8Array): Uint8Array =>
        concat(bytes.slice(32, 64), bytes.slice(0, 32), bytes.slice(64));
      const node = COUNT_NODES["count.blind"];
      const parties = setups.map((setup) => {
        const honest = node(setup, federation.rng);
        return [setup.me, setup.me === from ? replacing(honest, type, turn) : honest];
      });
      expect(receiver).not.toBe(from);
      expect(() => federation.run(Object.fromEntries(parties))).toThrow(
        `expected strictly ascending rows in ${type} of ${from}, got others`,
      );
    }
  });

  it("shows nothing of the items: no element of a request is that of an item, or stands in another session's", () => {
    const federation = pairOf(toyGroup(), primitives);
    const requests = [0, 1].flatMap(() =>
      runCount(federation, "count.blind", countSetups(federation, LISTS, ["bob"]))
        .transcript.filter(({ type }) => type === "M")
        .map(({ bytes }) => bytes),
    );
    const hashed = hashToGroup(toyGroup(), primitives, separate(packed(LISTS)["bob"] ?? NO_INPUTS));
    const rows = [...requests, hashed].flatMap((bytes) =>
      Array.from({ length: bytes.length / 32 }, (_, at) => hex(bytes.slice(at * 32, at * 32 + 32))),
    );
    expect(rows).toHaveLength(2 * 256 + (LISTS["bob"]?.length ?? 0));
    expect(new Set(rows).size).toBe(rows.length);
  });

  it("takes a list with duplicates: each item is asked for once", () => {
    const federation = pairOf(toyGroup(), primitives);
    const lists = { alice: ["x", "x", "y"], bob: ["x", "x", "x", "z"] };
    const run = runCount(federation, "count.blind", countSetups(federation, lists, ["bob"]));
    expect((run.outputs.get("bob") as OverlapCounts).counts).toEqual([1]);
  });
});

/** An asker that leaves count.blind: one scalar for each of its items, each tried on every answer (threats.md, P18). */
function* deviating(
  setup: PairCountSetup,
  group: Group,
  rng: (length: number) => Uint8Array,
): Party<number[]> {
  const { inputs } = setup;
  if (inputs === undefined) throw new Error("no inputs");
  const items = separate(inputs);
  const scalars = scalarsFromSeed(group, primitives, rng(32), 256);
  const scalarAt = (at: number): Uint8Array => scalars.slice(at * 32, at * 32 + 32);
  const dummies = Array.from({ length: 256 - items.length }, () => rng(32));
  const hashed = hashToGroup(group, primitives, [...items, ...dummies]);
  const request = Array.from({ length: 256 }, (_, at) =>
    group.mulSame(scalarAt(at), hashed.slice(at * 32, at * 32 + 32)),
  );
  const sorted = concat(...request.toSorted((a, b) => (hex(a) < hex(b) ? -1 : 1)));
  const honest = COUNT_NODES["count.blind"](setup, rng);
  let step = honest.next();
  let replies = new Uint8Array();
  let tokens = new Uint8Array();
  const seen = (effect: Effect, bytes: unknown): unknown => {
    if (effect.kind === "receive" && effect.type === "E") replies = Uint8Array.from(bytes as Uint8Array);
    if (effect.kind === "receive" && effect.type === "T") tokens = Uint8Array.from(bytes as Uint8Array);
    return bytes;
  };
  while (!step.done) {
    const effect: Effect = step.value;
    if (effect.kind === "compute" && effect.job.name === "psi.pair.blind-sorted") {
      yield effect; // the honest request is made and thrown away
      step = honest.next(sorted);
    } else step = honest.next(seen(effect, yield effect));
  }
  const held = new Set(Array.from({ length: 256 }, (_, at) => hex(tokens.slice(32 + at * 16, 48 + at * 16))));
  const tokenOf = (element: Uint8Array): string =>
    hex(primitives.sha512(concat(lp("koplamp/cnt/1"), element)).slice(0, 16));
  return items.flatMap((_, item) => {
    const unblinded = group.mulSame(group.scalarInvert(scalarAt(item)), replies);
    const hit = Array.from({ length: 256 }, (_none, at) => unblinded.slice(at * 32, at * 32 + 32));
    return hit.some((element) => held.has(tokenOf(element))) ? [item] : [];
  });
}

describe("threat P18: an asker of count.blind that takes a scalar for each item", () => {
  it("learns the whole intersection, nobody notices, and the contract says so", () => {
    const federation = pairOf(toyGroup(), primitives);
    const [alice, bob] = countSetups(federation, LISTS, BOTH);
    if (alice === undefined || bob === undefined) throw new Error("no setups");
    const { outputs, transcript } = federation.run({
      alice: COUNT_NODES["count.blind"](alice, federation.rng),
      bob: deviating(bob, toyGroup(), federation.rng),
    });
    const wanted = (LISTS["bob"] ?? []).flatMap((name, at) => (LISTS["alice"]?.includes(name) ? [at] : []));
    expect(wanted).toHaveLength(SHARED);
    expect(outputs.get("bob")).toEqual(wanted);
    const described = describedBy("count.blind", LISTS, BOTH);
    expectDescribed({ outputs, transcript }, described);
    expect(described.views.find(({ who }) => who === "bob")?.atMost).toMatchObject([
      { fact: "test-evaluated", about: ["alice"], bound: 256 },
    ]);
    expect(described.assumptions.map(({ id }) => id)).toContain("counter-follows");
  });

  it("learns nothing more where the sender's answers stay behind", () => {
    const federation = pairOf(toyGroup(), primitives);
    const [alice, bob] = countSetups(federation, LISTS, BOTH);
    if (alice === undefined || bob === undefined) throw new Error("no setups");
    const run = (): unknown =>
      federation.run(
        {
          alice: COUNT_NODES["count.blind"](alice, federation.rng),
          bob: deviating(bob, toyGroup(), federation.rng),
        },
        { gate: (party) => party !== "alice" },
      );
    expect(run).toThrow("alice waits for its gate (count-blind.alice.bob)");
  });
});
