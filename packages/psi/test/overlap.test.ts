// SPDX-License-Identifier: Apache-2.0
import type { Party, PartyId, Sent, Simulated } from "@koplamp/protocol";
import { MemoryVault, runJob } from "@koplamp/protocol";
import { hex } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { oraclePrimitives as primitives } from "../../crypto/test/oracle-primitives.ts";
import {
  type HubNodeSetup,
  hubCoordinator,
  hubNode,
  type OverlapCounts,
  type OverlapShape,
  overlapHub,
  overlapRecipient,
  recipientNode,
} from "../src/index.ts";
import { maskPadding, sumMasked } from "../src/masked-numbers.ts";
import { shownFrom } from "../src/overlap-cells.ts";
import { expectDescribed } from "./described.ts";
import { Federation, inputsOf, padded, type Weather } from "./federation.ts";
import { anyWeather } from "./weather.ts";

type Lists = Readonly<Record<PartyId, readonly string[]>>;

const PARTIES = ["alice", "bob", "carol", "dave", "erin", "frank"];
const UNIVERSE = Array.from({ length: 24 }, (_, at) => `item ${at}`);
const federations = new Map<number, Federation>();

function federationOf(count: number): Federation {
  const found = federations.get(count);
  if (found !== undefined) return found;
  const federation = new Federation(toyGroup(), primitives, PARTIES.slice(0, count));
  federations.set(count, federation);
  federation.pad = (rows) => rows;
  federation.ceremony();
  for (const party of federation.parties) federation.evaluate(party, inputsOf(UNIVERSE));
  return federation;
}

const packed = (lists: Lists): Record<PartyId, ReturnType<typeof inputsOf>> =>
  Object.fromEntries(Object.entries(lists).map(([party, list]) => [party, inputsOf(list)]));

interface Question {
  readonly lists: Lists;
  readonly recipients: readonly PartyId[];
  readonly shape: OverlapShape;
  readonly minCount?: number;
}

function setupsOf(
  federation: Federation,
  { lists, recipients, shape, minCount = 0 }: Question,
): readonly HubNodeSetup[] {
  return federation.overlapSetups(packed(lists), recipients, shape, minCount);
}

function countAtHub(federation: Federation, question: Question, weather: Weather = {}): Simulated {
  const setups = setupsOf(federation, question);
  const [first] = setups;
  if (first === undefined) throw new Error("no node");
  const { me: _me, items: _items, ...common } = first;
  const nodes = setups.map((setup): [PartyId, Party<unknown>] => [setup.me, hubNode(setup, federation.rng)]);
  return federation.run({ ...Object.fromEntries(nodes), coordinator: hubCoordinator(common) }, weather);
}

function countAtRecipient(federation: Federation, question: Question, weather: Weather = {}): Simulated {
  const setups = setupsOf(federation, question);
  return federation.run(
    Object.fromEntries(setups.map((setup) => [setup.me, recipientNode(setup, federation.rng)])),
    weather,
  );
}

/** The counts by plain sets. */
function plain({ lists, shape: { shape, atLeast }, minCount = 0 }: Question): OverlapCounts {
  const parties = Object.keys(lists).sort();
  const sets = new Map(parties.map((party) => [party, new Set(lists[party])]));
  const held = new Set(Object.values(lists).flat());
  const holders = [...held].map((item) => parties.filter((party) => sets.get(party)?.has(item)));
  const cells = cellsOf(shape, atLeast, parties).map(({ name, fits }) => ({
    name,
    count: holders.filter(fits).length,
  }));
  return {
    cells: cells.map(({ name }) => name),
    counts: cells.map(({ count }) => (count < minCount && minCount > 1 ? null : count)),
  };
}

function cellsOf(
  shape: OverlapShape["shape"],
  atLeast: number | null,
  parties: readonly PartyId[],
): readonly { readonly name: string; readonly fits: (holders: readonly PartyId[]) => boolean }[] {
  if (shape === "atLeast")
    return [{ name: `${atLeast}`, fits: (holders) => holders.length >= (atLeast ?? 1) }];
  if (shape === "histogram")
    return parties.map((_, at) => ({ name: `${at + 1}`, fits: (holders) => holders.length === at + 1 }));
  return parties.flatMap((a, at) =>
    parties.slice(at + 1).map((b) => ({
      name: `${a}&${b}`,
      fits: (holders: readonly PartyId[]) => holders.includes(a) && holders.includes(b),
    })),
  );
}

const anyQuestion: fc.Arbitrary<{ count: number; question: Question; weather: Weather }> = fc
  .integer({ min: 2, max: 6 })
  .chain((count) =>
    fc.record({
      count: fc.constant(count),
      weather: anyWeather(),
      question: fc.record({
        lists: fc
          .tuple(
            ...PARTIES.slice(0, count).map(() => fc.array(fc.constantFrom(...UNIVERSE), { maxLength: 30 })),
          )
          .map((lists) => Object.fromEntries(lists.map((list, at) => [PARTIES[at] ?? "", list]))),
        recipients: fc.subarray([...PARTIES.slice(0, count), "aaron", "zoe"], { minLength: 1 }),
        shape: fc.oneof(
          fc.constantFrom<OverlapShape>(
            { shape: "histogram", atLeast: null },
            { shape: "pairs", atLeast: null },
          ),
          fc.integer({ min: 1, max: count }).map((atLeast): OverlapShape => ({ shape: "atLeast", atLeast })),
        ),
        minCount: fc.integer({ min: 0, max: 4 }),
      }),
    }),
  );

it("keeps back what is below minCount, and no 0 where only 0 is", () => {
  const shown = (minCount: number) => [0, 1, 2, 3].map((count) => shownFrom(count, minCount));
  expect([0, 1].map(shown)).toEqual([
    [0, 1, 2, 3],
    [0, 1, 2, 3],
  ]);
  expect([2, 3].map(shown)).toEqual([
    [null, null, 2, 3],
    [null, null, null, 3],
  ]);
});

describe.each([
  ["overlap-hub/1", countAtHub, overlapHub],
  ["overlap-recipient/1", countAtRecipient, overlapRecipient],
] as const)("%s", (_name, count, protocol) => {
  it("equals the plain sets, for any lists, shape, recipients (with or without data) and interleaving", () => {
    fc.assert(
      fc.property(anyQuestion, ({ count: parties, question, weather }) => {
        const federation = federationOf(parties);
        const run = count(federation, question, weather);
        for (const recipient of question.recipients)
          expect(run.outputs.get(recipient)).toEqual(plain(question));
        const others = federation.parties.filter((party) => !question.recipients.includes(party));
        for (const other of others) expect(run.outputs.get(other)).toBeUndefined();
        const { recipients, shape, lists } = question;
        const sizes = { rowsPadded: padded(packed(lists)), quotas: {} };
        expectDescribed(
          run,
          protocol.describe({ parties: federation.parties, recipients, ...shape, ...sizes }),
        );
      }),
      { numRuns: 40 },
    );
  });

  it("has lengths that depend on buckets only, and nothing in common between two runs", () => {
    const federation = federationOf(3);
    const ask = { recipients: ["bob"], shape: { shape: "histogram", atLeast: null } } as const;
    const same = { alice: UNIVERSE, bob: UNIVERSE, carol: UNIVERSE };
    const runs = [same, same, { alice: [], bob: ["item 1"], carol: [] }].map((lists) =>
      count(federation, { ...ask, lists }),
    );
    const shapes = runs.map(({ transcript }) =>
      JSON.stringify(
        transcript.map(({ from, to, type, bytes, output }) => [from, to, type, bytes.length, output]),
      ),
    );
    expect(new Set(shapes).size).toBe(1);
    const [first, second] = runs.map(({ transcript }) => blocksOf(transcript));
    expect(first?.size).toBeGreaterThan(256);
    expect([...(first ?? [])].filter((block) => second?.has(block))).toEqual([]);
  });

  it("tells nothing while a gate is shut", () => {
    const federation = federationOf(3);
    const question: Question = {
      lists: { alice: UNIVERSE, bob: UNIVERSE, carol: [] },
      recipients: ["zoe"],
      shape: { shape: "pairs", atLeast: null },
    };
    const left: string[] = [];
    const gate = (party: PartyId): boolean => party !== "bob";
    expect(() =>
      count(federation, question, {
        gate,
        observe: ({ type, from }) => void left.push(`${type} of ${from}`),
      }),
    ).toThrow("bob waits for its gate");
    expect(left).not.toContain("T of bob");
    expect(left.some((line) => line.startsWith("C"))).toBe(false);
  });
});

/** 16-byte blocks of what is disclosed. */
function blocksOf(transcript: readonly Sent[]): Set<string> {
  const lists = transcript.filter(({ type }) => type === "T").map(({ bytes }) => bytes);
  return new Set(
    lists.flatMap((bytes) =>
      Array.from({ length: bytes.length / 16 }, (_, at) => hex(bytes.slice(at * 16, at * 16 + 16))),
    ),
  );
}

describe("padding in a count", () => {
  const padding = (me: string, among: readonly string[], distinct: number, to?: string): Uint8Array => {
    const federation = federationOf(3);
    const vault = federation.vaults(["alice", "bob", "carol"])[me] ?? new MemoryVault();
    vault.put("distinct", Uint8Array.of(0, 0, 0, distinct));
    const route = { sid: new Uint8Array(32), me, among, ...(to === undefined ? {} : { to }) };
    return runJob(federation.jobs, vault, maskPadding.name, [route, 256]) as Uint8Array;
  };

  it("adds up to the number of dummies of all, and says nothing about one", () => {
    const all = ["alice", "bob", "carol"].map((me, at) => padding(me, ["alice", "bob", "carol"], 10 * at));
    expect(sumMasked(all, "dummies")).toBe(3 * 256 - 30);
    for (const one of all)
      expect(() => sumMasked([one], "dummies")).toThrow(expect.objectContaining({ code: "count" }));
    expect(() => sumMasked(all.slice(1), "dummies")).toThrow(expect.objectContaining({ code: "count" }));
  });

  it("differs from recipient to recipient", () => {
    expect(hex(padding("alice", ["alice", "bob"], 3, "carol"))).not.toBe(
      hex(padding("alice", ["alice", "bob"], 3, "zoe")),
    );
  });
});

/** Honest nodes but for alice, whose message of one type is exchanged for another. */
function attackedHub(type: string, forge: (bytes: Uint8Array, to: PartyId) => Uint8Array): unknown {
  const federation = federationOf(3);
  const lists = { alice: UNIVERSE, bob: UNIVERSE.slice(2), carol: [] };
  const setups = setupsOf(federation, {
    lists,
    recipients: ["bob"],
    shape: { shape: "histogram", atLeast: null },
  });
  function* hostile(setup: HubNodeSetup): Party<unknown> {
    const honest = hubNode(setup, federation.rng);
    let step = honest.next();
    while (!step.done) {
      const effect = step.value;
      const forged =
        (effect.kind === "send" || effect.kind === "disclose") && effect.type === type
          ? { ...effect, bytes: forge(effect.bytes, effect.to) }
          : effect;
      step = honest.next(yield forged);
    }
    return step.value;
  }
  const nodes = setups.map((setup) => [
    setup.me,
    setup.me === "alice" ? hostile(setup) : hubNode(setup, federation.rng),
  ]);
  const [first] = setups;
  if (first === undefined) throw new Error("no node");
  try {
    return federation
      .run({ ...Object.fromEntries(nodes), coordinator: hubCoordinator(first) })
      .outputs.get("bob");
  } catch (reason) {
    return reason;
  }
}

const flip = (bytes: Uint8Array, at = 0): Uint8Array =>
  bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));

describe("a hostile party of overlap-hub/1", () => {
  it("passes when it is honest", () => {
    expect(attackedHub("none", (bytes) => bytes)).toEqual({
      cells: ["1", "2", "3"],
      counts: [2, UNIVERSE.length - 2, 0],
    });
  });

  it.each([
    [
      "shows two parties different commitments",
      "commit",
      (bytes: Uint8Array, to: string) => (to === "bob" ? flip(bytes) : bytes),
      "echo",
    ],
    ["echoes other commitments", "echo", (bytes: Uint8Array) => flip(bytes), "echo"],
    ["opens another contribution", "alpha", (bytes: Uint8Array) => flip(bytes), "commitment"],
    [
      "opens two parties different contributions",
      "alpha",
      (bytes: Uint8Array, to: string) => (to === "bob" ? flip(bytes) : bytes),
      "commitment",
    ],
    [
      "tells two parties different roots",
      "R",
      (bytes: Uint8Array, to: string) => (to === "bob" ? flip(bytes) : bytes),
      "invalid-message",
    ],
    ["claims other messages", "ready", (bytes: Uint8Array) => flip(bytes), "invalid-message"],
    [
      "sends tokens out of order",
      "T",
      (bytes: Uint8Array) => Uint8Array.of(...bytes.slice(0, 16), ...bytes.slice(16).reverse()),
      "invalid-message",
    ],
    ["sends too few tokens", "T", (bytes: Uint8Array) => bytes.slice(16), "invalid-message"],
    ["lies about its padding beyond reason", "T", (bytes: Uint8Array) => flip(bytes, 9), "count"],
    [
      "claims more padding than anybody sent alone",
      "T",
      (bytes: Uint8Array) => bytes.map((byte, at) => (at === 2 ? byte + 1 : byte)),
      "count",
    ],
  ] as const)("is caught when it %s", (_name, type, forge, code) => {
    expect(attackedHub(type, forge)).toHaveProperty("code", code);
  });
});
