// SPDX-License-Identifier: Apache-2.0
import type { Group, PackedInputs } from "@koplamp/crypto";
import { disclose, type Party, type PartyId, type Sent, type Simulated } from "@koplamp/protocol";
import { hex } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { oraclePrimitives as primitives } from "../../crypto/test/oracle-primitives.ts";
import {
  type Matched,
  type MatchTokensSetup,
  matchTokens,
  matchTokensParty,
  PsiError,
  tellMatches,
} from "../src/index.ts";
import { tokensCodec } from "../src/messages.ts";
import { expectDescribed } from "./described.ts";
import { Federation, inputsOf, padded, type Weather } from "./federation.ts";
import { bucket } from "./packed.ts";
import { anyWeather } from "./weather.ts";

type Lists = Readonly<Record<PartyId, readonly string[]>>;

const PARTIES = ["alice", "bob", "carol", "dave", "erin", "frank"];
const UNIVERSE = Array.from({ length: 24 }, (_, at) => `item ${at}`);

/** A federation in which every party has had the whole universe evaluated; made once for each size. */
const federations = new Map<number, Federation>();
function federationOf(count: number): Federation {
  const found = federations.get(count) ?? prepared(PARTIES.slice(0, count), UNIVERSE);
  federations.set(count, found);
  return found;
}

function prepared(
  parties: readonly PartyId[],
  universe: readonly string[],
  group: Group = toyGroup(),
): Federation {
  const federation = new Federation(group, primitives, parties);
  federation.ceremony();
  federation.pad = (rows) => rows; // the cache alone matters here
  for (const party of parties) federation.evaluate(party, inputsOf(universe));
  return federation;
}

function match(
  federation: Federation,
  lists: Lists,
  recipients: readonly PartyId[],
  weather: Weather = {},
): Simulated {
  const setups = federation.matchSetups(packed(lists), recipients);
  return federation.run(
    Object.fromEntries(setups.map((setup) => [setup.me, matchTokensParty(setup, federation.rng)])),
    weather,
  );
}

function packed(lists: Lists): Record<PartyId, PackedInputs> {
  return Object.fromEntries(Object.entries(lists).map(([party, list]) => [party, inputsOf(list)]));
}

/** The answer by plain sets. */
function plain(lists: Lists, me: PartyId): readonly { item: number; holders: readonly PartyId[] }[] {
  const sets = Object.entries(lists).map(([party, list]) => ({ party, set: new Set(list) }));
  return (lists[me] ?? []).map((name, item) => ({
    item,
    holders: sets
      .filter(({ set }) => set.has(name))
      .map(({ party }) => party)
      .sort(),
  }));
}

const anyLists = (count: number): fc.Arbitrary<Lists> =>
  fc
    .tuple(...PARTIES.slice(0, count).map(() => fc.array(fc.constantFrom(...UNIVERSE), { maxLength: 30 })))
    .map((lists) => Object.fromEntries(lists.map((list, at) => [PARTIES[at] ?? "", list])));

describe("match-tokens/1", () => {
  it("equals the plain sets, for any lists (empty, equal, with duplicates), recipients and interleaving", () => {
    const cases = fc.integer({ min: 2, max: 6 }).chain((count) =>
      fc.record({
        count: fc.constant(count),
        lists: anyLists(count),
        recipients: fc.subarray(PARTIES.slice(0, count), { minLength: 1 }),
        weather: anyWeather(),
      }),
    );
    fc.assert(
      fc.property(cases, ({ count, lists, recipients, weather }) => {
        const federation = federationOf(count);
        const run = match(federation, lists, recipients, weather);
        for (const party of federation.parties) {
          const matched = run.outputs.get(party) as Matched;
          expect(matched.holders !== undefined).toBe(recipients.includes(party));
          if (matched.holders === undefined) continue;
          expect(tellMatches(matched, "holders", 1)).toEqual(plain(lists, party));
        }
        const rowsPadded = padded(packed(lists));
        const quotas = Object.fromEntries(federation.parties.map((party) => [party, 1024]));
        expectDescribed(
          run,
          matchTokens.describe({ parties: federation.parties, recipients, rowsPadded, quotas }),
        );
      }),
      { numRuns: 60, examples: [[exampleOf(["a"], ["a"])], [exampleOf([], [])]] },
    );
  });

  it("finds one against a thousand, and all against all", () => {
    const many = Array.from({ length: 1000 }, (_, at) => `ship ${at}`);
    const federation = prepared(["alice", "bob"], many);
    const skewed = match(federation, { alice: ["ship 999"], bob: many }, ["alice", "bob"]);
    expect(tellMatches(skewed.outputs.get("alice") as Matched, "holders", 2)).toEqual([
      { item: 0, holders: ["alice", "bob"] },
    ]);
    expect(tellMatches(skewed.outputs.get("bob") as Matched, "nothing", 2)).toEqual([{ item: 999 }]);
    const equal = match(federation, { alice: many, bob: [...many].reverse() }, ["bob"]);
    expect(tellMatches(equal.outputs.get("bob") as Matched, "count", 2)).toHaveLength(1000);
  });

  it("tells what the question lets it tell", () => {
    const matched = {
      parties: ["a", "b", "c"],
      roots: new Map(),
      holders: Uint32Array.of(0b111, 0b001, 0b101),
    };
    expect(tellMatches(matched, "holders", 2)).toEqual([
      { item: 0, holders: ["a", "b", "c"] },
      { item: 2, holders: ["a", "c"] },
    ]);
    expect(tellMatches(matched, "count", 3)).toEqual([{ item: 0, count: 3 }]);
    expect(tellMatches(matched, "nothing", 1)).toEqual([{ item: 0 }, { item: 1 }, { item: 2 }]);
    expect(tellMatches({ parties: ["a", "b"], roots: new Map() }, "holders", 1)).toEqual([]);
  });
});

function exampleOf(
  alice: readonly string[],
  bob: readonly string[],
): { count: number; lists: Lists; recipients: string[]; weather: Weather } {
  const known = (list: readonly string[]): string[] => list.map(() => UNIVERSE[0] ?? "");
  return {
    count: 2,
    lists: { alice: known(alice), bob: known(bob) },
    recipients: ["alice"],
    weather: { buffer: 0 },
  };
}

const shapeOf = (transcript: readonly Sent[]): unknown =>
  transcript.map(({ from, to, type, bytes, output }) => [from, to, type, bytes.length, output]);

describe("what leaves in match-tokens/1", () => {
  it("has lengths that depend on buckets only, whatever the overlap", () => {
    const federation = federationOf(3);
    const all = { alice: UNIVERSE.slice(0, 8), bob: UNIVERSE.slice(0, 8), carol: UNIVERSE.slice(0, 8) };
    const none = { alice: UNIVERSE.slice(0, 1), bob: UNIVERSE.slice(1, 2), carol: [] };
    const [some, other] = [all, none].map((lists) => match(federation, lists, ["alice", "carol"]));
    expect(some?.transcript.length).toBe(6 + 6 + 4);
    expect(shapeOf(some?.transcript ?? [])).toEqual(shapeOf(other?.transcript ?? []));
  });

  it("tells nothing while a gate is shut", () => {
    const federation = federationOf(3);
    const lists = { alice: UNIVERSE.slice(0, 8), bob: UNIVERSE.slice(0, 8), carol: UNIVERSE.slice(4, 12) };
    const left: Sent[] = [];
    const observe = (sent: Sent): void => void left.push(sent);
    expect(() => match(federation, lists, ["alice"], { gate: () => false, observe })).toThrow(
      "waits for its gate (tokens.bob.alice)",
    );
    expect(new Set(left.map(({ type }) => type))).toEqual(new Set(["R", "ready"]));
  });

  it("has no 16-byte block in common between two questions or two recipients", () => {
    const federation = federationOf(3);
    const lists = { alice: UNIVERSE, bob: UNIVERSE, carol: UNIVERSE };
    const blocks = [1, 2].flatMap(() => {
      const lines = match(federation, lists, ["alice", "carol"]).transcript.filter(
        ({ type }) => type === "T",
      );
      return lines.flatMap(({ bytes }) =>
        Array.from({ length: bytes.length / 16 }, (_, at) => hex(bytes.slice(at * 16, at * 16 + 16))),
      );
    });
    expect(blocks).toHaveLength(2 * 4 * 256);
    expect(new Set(blocks).size).toBe(blocks.length);
  });

  it("does not depend on the order of the items", () => {
    const federation = federationOf(2);
    const setups = federation.matchSetups(packed({ alice: UNIVERSE, bob: UNIVERSE }), ["bob"]);
    const tokens = (setup: MatchTokensSetup): string => {
      const fixed = (length: number): Uint8Array => new Uint8Array(length).fill(3);
      const run = federation.run(
        Object.fromEntries(
          setups.map((each) => [each.me, matchTokensParty(each.me === setup.me ? setup : each, fixed)]),
        ),
      );
      return hex(run.transcript.find(({ type }) => type === "T")?.bytes ?? new Uint8Array());
    };
    const [alice] = setups;
    if (alice === undefined) throw new Error("no setup");
    const turned = { ...alice, items: { ...alice.items, inputs: inputsOf([...UNIVERSE].reverse()) } };
    expect(tokens(turned)).toBe(tokens(alice));
  });
});

/** A group that counts how often it is used, by elements. */
function counting(group: Group): { readonly group: Group; readonly calls: () => number } {
  let calls = 0;
  const counted = new Proxy(group, {
    get: (target, name) => {
      const found: unknown = Reflect.get(target, name);
      if (typeof found !== "function") return found;
      return (...args: readonly unknown[]): unknown => {
        calls += 1;
        return Reflect.apply(found, target, args);
      };
    },
  });
  return { group: counted, calls: () => calls };
}

describe("the cache", () => {
  it("lets a second question over unchanged lists run without any group operation", () => {
    const { group, calls } = counting(toyGroup());
    const federation = prepared(["alice", "bob"], UNIVERSE, group);
    const lists = { alice: UNIVERSE, bob: UNIVERSE.slice(3) };
    const before = calls();
    expect(before).toBeGreaterThan(0);
    for (const party of federation.parties)
      expect(federation.evaluate(party, inputsOf(UNIVERSE))).toEqual([]);
    const run = match(federation, lists, ["alice"]);
    expect(tellMatches(run.outputs.get("alice") as Matched, "count", 2)).toHaveLength(UNIVERSE.length - 3);
    expect(calls()).toBe(before);
  });

  it("has only the bucket of the new items evaluated when a list grows by one in a hundred", () => {
    const list = Array.from({ length: 1000 }, (_, at) => `car ${at}`);
    const federation = prepared(["alice", "bob"], list);
    federation.pad = bucket;
    federation.metered.splice(0);
    const grown = [...list, ...Array.from({ length: 10 }, (_, at) => `new car ${at}`)];
    const [run, ...more] = federation.evaluate("alice", inputsOf(grown));
    expect(more).toEqual([]);
    expect(federation.metered).toEqual([{ asker: "alice", elements: 256, block: 0 }]);
    expect(run?.transcript.find(({ type }) => type === "M")?.bytes.length).toBe(256 * 32);
    const matched = match(federation, { alice: grown, bob: list.slice(0, 2) }, ["alice"]).outputs.get(
      "alice",
    ) as Matched;
    expect(tellMatches(matched, "count", 2)).toEqual([
      { item: 0, count: 2 },
      { item: 1, count: 2 },
    ]);
  });

  it("counts an item that stands twice in a list once", () => {
    const federation = new Federation(toyGroup(), primitives, ["alice", "bob"]);
    expect(federation.news("alice", inputsOf(["x", "y", "x", "x"]))).toHaveLength(2);
  });

  it("is refused when it is damaged, of another scope or of another node", () => {
    const federation = federationOf(2);
    const [setup] = federation.matchSetups(packed({ alice: UNIVERSE, bob: [] }), ["alice"]);
    if (setup === undefined) throw new Error("no setup");
    const flipped = (setup.items.chunks ?? []).map((chunk) =>
      chunk.map((byte, at) => (at === 40 ? byte ^ 1 : byte)),
    );
    const variants = [
      { ...setup.items, chunks: flipped },
      { ...setup.items, chunks: [new Uint8Array(5)] },
      { ...setup.items, scope: new Uint8Array(32) },
      { ...setup.items, chunks: federation.site("bob").chunks },
    ];
    for (const items of variants) {
      const run = (): unknown =>
        federation.run({ alice: matchTokensParty({ ...setup, items }, federation.rng) });
      expect(run).toThrow(expect.objectContaining({ code: "cache" }));
    }
  });

  it("holds no s_x in the clear, and nothing that leaves the worker does", () => {
    const federation = federationOf(2);
    const { keySet } = federation;
    expect(keySet).toBeDefined();
    const [chunk] = federation.site("alice").chunks;
    expect(chunk?.length).toBe(12 + UNIVERSE.length * 48 + 16);
  });
});

/** Honest bob and carol; alice sends `list` for bob instead of her own. */
function attacked(list: (honest: Uint8Array) => Uint8Array): unknown {
  const federation = federationOf(3);
  const setups = federation.matchSetups(packed({ alice: UNIVERSE, bob: UNIVERSE, carol: UNIVERSE }), ["bob"]);
  function* hostile(setup: MatchTokensSetup): Party<void> {
    const honest = matchTokensParty(setup, federation.rng);
    let step = honest.next();
    while (!step.done && step.value.kind !== "disclose") step = honest.next(yield step.value);
    const bytes = step.done || step.value.kind !== "disclose" ? new Uint8Array() : step.value.bytes;
    yield* disclose(
      "bob",
      "tokens.alice.bob",
      { ...tokensCodec(256), encode: (all) => all },
      list(bytes.slice()),
    );
  }
  const parties = setups.map((setup) => [
    setup.me,
    setup.me === "alice" ? hostile(setup) : matchTokensParty(setup, federation.rng),
  ]);
  try {
    return federation.run(Object.fromEntries(parties)).outputs.get("bob");
  } catch (reason) {
    return reason;
  }
}

const swap = (bytes: Uint8Array, a: number, b: number): Uint8Array => {
  const copy = bytes.slice();
  copy.set(bytes.slice(a * 16, a * 16 + 16), b * 16);
  copy.set(bytes.slice(b * 16, b * 16 + 16), a * 16);
  return copy;
};

describe("a hostile sender of match-tokens/1", () => {
  it("passes when it is honest, and can leave out what it holds", () => {
    expect(tellMatches(attacked((honest) => honest) as Matched, "count", 3)).toHaveLength(UNIVERSE.length);
    const empty = Uint8Array.from({ length: 256 * 16 }, (_, at) => (at % 16 === 0 ? Math.floor(at / 16) : 0));
    expect(tellMatches(attacked(() => empty) as Matched, "count", 3)).toEqual([]);
  });

  it.each([
    ["tokens out of order", (honest: Uint8Array) => swap(honest, 7, 8)],
    ["a token twice", (honest: Uint8Array) => honest.copyWithin(16, 0, 16)],
    [
      "one token too many",
      (honest: Uint8Array) => Uint8Array.of(...honest, ...new Array<number>(16).fill(0xff)),
    ],
    ["one token too few", (honest: Uint8Array) => honest.slice(16)],
    ["half a token", (honest: Uint8Array) => honest.slice(8)],
  ])("is refused with %s", (_name, list) => {
    expect(attacked(list)).toHaveProperty("code", "invalid-message");
  });

  it("gains nothing from the tokens of another session", () => {
    const federation = federationOf(3);
    const lists = { alice: UNIVERSE, bob: UNIVERSE, carol: UNIVERSE };
    const old = match(federation, lists, ["bob"]).transcript.find(
      ({ type, from }) => type === "T" && from === "alice",
    );
    const matched = attacked(() => old?.bytes ?? new Uint8Array()) as Matched;
    expect(tellMatches(matched, "count", 3)).toEqual([]);
    expect(tellMatches(matched, "count", 2)).toHaveLength(UNIVERSE.length);
  });
});

describe("a session that cannot run", () => {
  const setup = (): MatchTokensSetup => {
    const [alice] = federationOf(2).matchSetups(packed({ alice: ["item 0"], bob: [] }), ["alice"]);
    if (alice === undefined) throw new Error("no setup");
    return alice;
  };

  it.each<[string, () => MatchTokensSetup, string]>([
    [
      "more than 2^20 rows",
      () => ({ ...setup(), rowsPadded: { alice: 256, bob: 2 ** 20 + 1 } }),
      "too-large",
    ],
    [
      "more items than the plan states",
      () => ({
        ...setup(),
        rowsPadded: { alice: 1, bob: 1 },
        items: { ...setup().items, inputs: inputsOf(["item 0", "item 1"]) },
      }),
      "too-large",
    ],
    ["a recipient that holds nothing", () => ({ ...setup(), recipients: ["zoe"] }), "setup"],
    ["no recipient", () => ({ ...setup(), recipients: [] }), "setup"],
    ["parties out of order", () => ({ ...setup(), parties: ["bob", "alice"] }), "setup"],
    [
      "33 parties",
      () => ({ ...setup(), parties: Array.from({ length: 33 }, (_, at) => `p${at + 10}`) }),
      "setup",
    ],
    ["one party", () => ({ ...setup(), parties: ["alice"] }), "setup"],
    ["a short transcript", () => ({ ...setup(), transcript: new Uint8Array(16) }), "setup"],
    ["a short sid", () => ({ ...setup(), sid: new Uint8Array(16) }), "setup"],
    ["no size for a party", () => ({ ...setup(), rowsPadded: { alice: 256 } }), "setup"],
    [
      "an item that was never evaluated",
      () => ({ ...setup(), items: { ...setup().items, inputs: inputsOf(["stranger"]) } }),
      "not-evaluated",
    ],
  ])("is refused before anything leaves: %s", (_name, make, code) => {
    const federation = federationOf(2);
    const left: string[] = [];
    const run = (): unknown =>
      federation.run(
        { alice: matchTokensParty(make(), federation.rng) },
        { observe: ({ type }) => void left.push(type) },
      );
    expect(run).toThrow(expect.objectContaining({ code }));
    expect(run).toThrow(PsiError);
    expect(left).toEqual([]);
  });
});
