// SPDX-License-Identifier: Apache-2.0
import { MemoryVault, type PartyId, runJob, type Sent } from "@koplamp/protocol";
import { concat, hex } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { oraclePrimitives as primitives } from "../../crypto/test/oracle-primitives.ts";
import { blindRequest } from "../src/evaluate-jobs.ts";
import {
  type Matched,
  type MatchPairSetup,
  matchPair,
  matchPairParty,
  PsiError,
  tellMatches,
} from "../src/index.ts";
import { expectDescribed } from "./described.ts";
import { inputsOf, padded } from "./federation.ts";
import { type Lists, matchSetups, packed, pairOf, replacing, runMatch } from "./pair.ts";
import { anyWeather } from "./weather.ts";

const UNIVERSE = Array.from({ length: 24 }, (_, at) => `item ${at}`);
const BOTH = ["alice", "bob"];

/** The own items that the other one holds too, by plain sets. */
function plain(lists: Lists, me: PartyId, other: PartyId): readonly { readonly item: number }[] {
  const theirs = new Set(lists[other]);
  return (lists[me] ?? []).flatMap((name, item) => (theirs.has(name) ? [{ item }] : []));
}

const anyList = fc.array(fc.constantFrom(...UNIVERSE), { maxLength: 30 });

describe("match-pair/1", () => {
  it("equals the plain sets, and sends what it describes: any lists, recipients and interleaving", () => {
    const cases = fc.record({
      lists: fc.record({ alice: anyList, bob: anyList }),
      recipients: fc.subarray(BOTH, { minLength: 1 }),
      weather: anyWeather(),
    });
    fc.assert(
      fc.property(cases, ({ lists, recipients, weather }) => {
        const run = runMatch(pairOf(toyGroup(), primitives), lists, recipients, weather);
        for (const [me, other] of [BOTH, BOTH.toReversed()] as [PartyId, PartyId][]) {
          const matched = run.outputs.get(me) as Matched;
          expect(matched.holders !== undefined).toBe(recipients.includes(me));
          expect([...matched.roots.keys()]).toEqual(BOTH);
          if (matched.holders === undefined) continue;
          expect(tellMatches(matched, "nothing", 2)).toEqual(plain(lists, me, other));
          expect(tellMatches(matched, "holders", 1)).toHaveLength(
            lists[me === "bob" ? "bob" : "alice"].length,
          );
        }
        const rowsPadded = padded(packed(lists));
        expectDescribed(run, matchPair.describe({ parties: BOTH, recipients, rowsPadded }));
      }),
      { numRuns: 60 },
    );
  });

  it("finds one against a thousand, and all against all", () => {
    const many = Array.from({ length: 1000 }, (_, at) => `ship ${at}`);
    const federation = pairOf(toyGroup(), primitives);
    const skewed = runMatch(federation, { alice: ["ship 999"], bob: many }, BOTH);
    expect(tellMatches(skewed.outputs.get("alice") as Matched, "count", 2)).toEqual([{ item: 0, count: 2 }]);
    expect(tellMatches(skewed.outputs.get("bob") as Matched, "nothing", 2)).toEqual([{ item: 999 }]);
    const equal = runMatch(federation, { alice: many, bob: many.toReversed() }, ["bob"]);
    expect(tellMatches(equal.outputs.get("bob") as Matched, "nothing", 2)).toHaveLength(1000);
  });

  it("takes more than one block, each with a proof, and meters each before its answer", () => {
    const many = Array.from({ length: 9000 }, (_, at) => `car ${at}`);
    const federation = pairOf(toyGroup(), primitives);
    const run = runMatch(federation, { alice: many.slice(0, 3), bob: many }, ["bob"]);
    expect(tellMatches(run.outputs.get("bob") as Matched, "nothing", 2)).toHaveLength(3);
    expect(federation.metered).toEqual([
      { asker: "bob", elements: 8192, block: 0 },
      { asker: "bob", elements: 4096, block: 1 },
    ]);
  });
});

const shapeOf = (transcript: readonly Sent[]): unknown =>
  transcript.map(({ from, to, type, bytes, output }) => [from, to, type, bytes.length, output]);

describe("what leaves in match-pair/1", () => {
  it("is one message of each type in this order, of lengths that depend on buckets only", () => {
    const federation = pairOf(toyGroup(), primitives);
    const lists = [
      { alice: UNIVERSE.slice(0, 8), bob: UNIVERSE.slice(0, 8) },
      { alice: UNIVERSE.slice(0, 1), bob: [] },
    ];
    const [all, none] = lists.map((each) => runMatch(federation, each, ["bob"]).transcript);
    expect(shapeOf(all ?? [])).toEqual([
      ["alice", "bob", "K", 72, undefined],
      ["alice", "bob", "R", 32, undefined],
      ["bob", "alice", "R", 32, undefined],
      ["bob", "alice", "M", 256 * 32, undefined],
      ["alice", "bob", "E", 256 * 32 + 64, undefined],
      ["alice", "bob", "ready", 32, undefined],
      ["bob", "alice", "ready", 32, undefined],
      ["alice", "bob", "T", 32 + 256 * 16, "pair.alice.bob"],
    ]);
    expect(shapeOf(none ?? [])).toEqual(shapeOf(all ?? []));
  });

  it("binds the sender to its list before it sees anything of the other", () => {
    const federation = pairOf(toyGroup(), primitives);
    for (const recipients of [["alice"], ["bob"], BOTH]) {
      const { transcript } = runMatch(federation, { alice: UNIVERSE, bob: UNIVERSE }, recipients);
      const first = (type: string): number => transcript.findIndex((sent) => sent.type === type);
      const lastKey = transcript.findLastIndex(({ type }) => type === "K");
      expect(lastKey).toBe(recipients.length - 1);
      expect(first("R")).toBe(lastKey + 1);
      expect(first("T")).toBeGreaterThan(transcript.findLastIndex(({ type }) => type === "ready"));
    }
  });

  it("tells nothing while the gate is shut", () => {
    const federation = pairOf(toyGroup(), primitives);
    const lists = { alice: UNIVERSE, bob: UNIVERSE };
    const left: Sent[] = [];
    const shut = (): unknown =>
      runMatch(federation, lists, BOTH, { gate: () => false, observe: (sent) => void left.push(sent) });
    expect(shut).toThrow(
      "alice waits for its gate (pair.alice.bob); bob waits for its gate (pair.bob.alice)",
    );
    expect(left.map(({ type }) => type)).not.toContain("T");
  });

  it("has no 16-byte block in common between two sessions over equal lists, nor between the two lists of one", () => {
    const federation = pairOf(toyGroup(), primitives);
    const lists = { alice: UNIVERSE, bob: UNIVERSE };
    const blocks = [runMatch(federation, lists, BOTH), runMatch(federation, lists, BOTH)].flatMap((run) =>
      run.transcript
        .filter(({ type }) => type === "T")
        .map(({ bytes }) => {
          const rows = bytes.subarray(32);
          return Array.from({ length: rows.length / 16 }, (_, at) => hex(rows.slice(at * 16, at * 16 + 16)));
        }),
    );
    expect(blocks).toHaveLength(4);
    expect(new Set(blocks.flat()).size).toBe(4 * 256);
  });

  it("lets an auditor with list and salt make the request again", () => {
    const federation = pairOf(toyGroup(), primitives);
    const [alice, bob] = matchSetups(federation, { alice: UNIVERSE, bob: UNIVERSE }, ["bob"]);
    const vaults = federation.vaults();
    const salt = vaults["bob"]?.get("salt").slice() ?? new Uint8Array();
    federation.vaults = () => vaults;
    const run = federation.run({
      alice: matchPairParty(alice, federation.rng),
      bob: matchPairParty(bob, federation.rng),
    });
    const sent = run.transcript.find(({ type }) => type === "M")?.bytes ?? new Uint8Array();
    const again = (inputs: MatchPairSetup["inputs"]): unknown =>
      runJob(federation.jobs, new MemoryVault({ salt: salt.slice() }), blindRequest.name, [
        inputs,
        256,
        bob.transcript,
      ]);
    expect(again(bob.inputs)).toEqual(sent);
    expect(again(inputsOf(UNIVERSE.slice(1)))).not.toEqual(sent);
  });

  it("leaves nothing of a session in the vaults", () => {
    const federation = pairOf(toyGroup(), primitives);
    const setups = matchSetups(federation, { alice: UNIVERSE, bob: UNIVERSE }, BOTH);
    const vaults = federation.vaults();
    const put = new Set<Uint8Array>();
    for (const vault of Object.values(vaults)) {
      const keep = vault.put.bind(vault);
      vault.put = (handle, secret) => {
        put.add(secret);
        keep(handle, secret);
      };
    }
    federation.vaults = () => vaults;
    federation.run(
      Object.fromEntries(setups.map((setup) => [setup.me, matchPairParty(setup, federation.rng)])),
    );
    expect(put.size).toBeGreaterThanOrEqual(8); // key, H1, blinds and tokens of each
    expect([...put].every((secret) => secret.every((byte) => byte === 0))).toBe(true);
  });
});

/** Bob asks honestly; alice's message of one type is replaced. What bob gets, or what stopped the session. */
function attacked(type: string, replace: (bytes: Uint8Array) => Uint8Array): unknown {
  const federation = pairOf(toyGroup(), primitives);
  const [alice, bob] = matchSetups(federation, { alice: UNIVERSE, bob: UNIVERSE.slice(2) }, ["bob"]);
  try {
    const { outputs } = federation.run({
      alice: replacing(matchPairParty(alice, federation.rng), type, replace),
      bob: matchPairParty(bob, federation.rng),
    });
    return tellMatches(outputs.get("bob") as Matched, "nothing", 2).length;
  } catch (reason) {
    return reason;
  }
}

const OTHER_KEY = Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? 77 : 0));

function swapped(bytes: Uint8Array, width: number, a: number, b: number): Uint8Array {
  const copy = bytes.slice();
  copy.set(bytes.slice(a, a + width), b);
  copy.set(bytes.slice(b, b + width), a);
  return copy;
}

describe("a hostile holder of match-pair/1", () => {
  it("passes when it is honest", () => {
    expect(attacked("E", (bytes) => bytes)).toBe(UNIVERSE.length - 2);
  });

  const proof = "alice does not prove that it used one key for all items";
  const element = "expected valid and different elements from alice, got others";
  it.each<[string, string, (bytes: Uint8Array) => Uint8Array, string, string]>([
    [
      "another key for one item",
      "E",
      (reply) => concat(toyGroup().mulSame(OTHER_KEY, reply.slice(0, 32)), reply.slice(32)),
      "proof",
      proof,
    ],
    [
      "another key for every item",
      "E",
      (reply) => concat(toyGroup().mulSame(OTHER_KEY, reply.slice(0, -64)), reply.slice(-64)),
      "proof",
      proof,
    ],
    ["two answers in each other's place", "E", (reply) => swapped(reply, 32, 0, 32), "proof", proof],
    ["a flipped proof", "E", (reply) => reply.fill((reply.at(-1) ?? 0) ^ 1, -1), "proof", proof],
    ["the identity", "E", (reply) => reply.fill(0, 0, 32), "element", element],
    ["an encoding that is not canonical", "E", (reply) => reply.fill(0xff, 0, 32), "element", element],
    ["one element twice", "E", (reply) => reply.copyWithin(0, 32, 64), "element", element],
    [
      "a reply that is too short",
      "E",
      (reply) => reply.slice(1),
      "invalid-message",
      "expected 8256 bytes of E, got 8255",
    ],
    [
      "a proof under another public key than it gave",
      "K",
      (key) => concat(toyGroup().mulBase(OTHER_KEY), key.slice(32)),
      "proof",
      proof,
    ],
  ])("is caught and named with %s", (_name, type, replace, code, message) => {
    const reason = attacked(type, replace);
    expect(reason).toHaveProperty("code", code);
    expect(reason).toHaveProperty("message", expect.stringContaining(message));
    if (!/bytes of/.test(message)) expect(reason).toHaveProperty("party", "alice");
  });

  const outOfOrder = "expected strictly ascending rows in T of alice, got others";
  const other = "alice disclosed other tokens than it had committed to";
  it.each<[string, string, (bytes: Uint8Array) => Uint8Array, string, string]>([
    ["tokens out of order", "T", (list) => swapped(list, 16, 32, 48), "invalid-message", outOfOrder],
    ["a token twice", "T", (list) => list.copyWithin(48, 32, 48), "invalid-message", outOfOrder],
    [
      "a token too few",
      "T",
      (list) => list.slice(0, -16),
      "invalid-message",
      "expected 4128 bytes in T of alice, got 4112",
    ],
    ["one token exchanged", "T", (list) => list.fill(0xff, -16), "commitment", other],
    ["another nonce", "T", (list) => list.fill((list[0] ?? 0) ^ 1, 0, 1), "commitment", other],
  ])("is caught and named with %s", (_name, type, replace, code, message) => {
    const reason = attacked(type, replace);
    expect(reason).toHaveProperty("code", code);
    expect(reason).toHaveProperty("message", expect.stringContaining(message));
    if (!/bytes of/.test(message)) expect(reason).toHaveProperty("party", "alice");
  });

  it("is caught when it commits to one list and discloses another", () => {
    const federation = pairOf(toyGroup(), primitives);
    const lists = { alice: UNIVERSE, bob: UNIVERSE };
    const [old, setups] = [runMatch(federation, lists, ["bob"]), matchSetups(federation, lists, ["bob"])];
    const list = old.transcript.find(({ type }) => type === "T")?.bytes ?? new Uint8Array();
    const run = (): unknown =>
      federation.run({
        alice: replacing(matchPairParty(setups[0], federation.rng), "T", () => list),
        bob: matchPairParty(setups[1], federation.rng),
      });
    expect(run).toThrow(PsiError);
    expect(run).toThrow(other);
  });

  it("cannot answer with the other's own evaluation, where both ask: a proof names its prover", () => {
    const federation = pairOf(toyGroup(), primitives);
    const [alice, bob] = matchSetups(federation, { alice: UNIVERSE, bob: UNIVERSE }, BOTH);
    const seen = new Map<string, Uint8Array>();
    const run = (): unknown =>
      federation.run(
        {
          alice: matchPairParty(alice, federation.rng),
          bob: ["K", "M", "E"].reduce(
            (party, type) => replacing(party, type, (bytes) => seen.get(type) ?? bytes),
            matchPairParty(bob, federation.rng),
          ),
        },
        { observe: ({ from, type, bytes }) => void (from === "alice" && seen.set(type, bytes)) },
      );
    expect(run).toThrow("bob does not prove that it used one key for all items");
    expect([...seen.keys()]).toEqual(["K", "R", "M", "E"]);
  });
});

describe("a hostile asker of match-pair/1", () => {
  const repeated = toyGroup().mulBase(OTHER_KEY);
  it.each<[string, (bytes: Uint8Array) => Uint8Array, string]>([
    ["more elements than the plan says", (request) => concat(request, repeated), "expected 8192 bytes of M"],
    [
      "the identity among good elements",
      (request) => request.fill(0, 0, 32),
      "elements from bob, got others",
    ],
    ["one element twice", (request) => request.copyWithin(0, 32, 64), "elements from bob, got others"],
  ])("gets no answer and no charge for %s", (_name, replace, message) => {
    const federation = pairOf(toyGroup(), primitives);
    const [alice, bob] = matchSetups(federation, { alice: UNIVERSE, bob: UNIVERSE }, ["bob"]);
    const left: string[] = [];
    const run = (): unknown =>
      federation.run(
        {
          alice: matchPairParty(alice, federation.rng),
          bob: replacing(matchPairParty(bob, federation.rng), "M", replace),
        },
        { observe: ({ type }) => void left.push(type) },
      );
    expect(run).toThrow(message);
    expect(left).toContain("M");
    expect(left).not.toContain("E");
    expect(federation.metered).toEqual([]);
  });

  it("gets nothing once its quota is spent, and what was charged before stays charged", () => {
    const federation = pairOf(toyGroup(), primitives);
    federation.quota = 300;
    const left: string[] = [];
    const run = (): unknown =>
      runMatch(federation, { alice: UNIVERSE, bob: UNIVERSE }, ["bob"], {
        observe: ({ type }) => void left.push(type),
      });
    expect(run).not.toThrow();
    left.splice(0);
    expect(run).toThrow("quota");
    expect(left).not.toContain("E");
    expect(federation.metered).toHaveLength(1);
  });
});

describe("a session that cannot run", () => {
  const setup = (): MatchPairSetup =>
    matchSetups(pairOf(toyGroup(), primitives), { alice: ["item 0"], bob: [] }, ["alice"])[0];

  it.each<[string, () => MatchPairSetup, string]>([
    [
      "more than 2^20 rows",
      () => ({ ...setup(), rowsPadded: { alice: 256, bob: 2 ** 20 + 1 } }),
      "too-large",
    ],
    [
      "more items than the plan states",
      () => ({ ...setup(), rowsPadded: { alice: 1, bob: 1 }, inputs: inputsOf(["x", "y"]) }),
      "too-large",
    ],
    ["a recipient that holds nothing", () => ({ ...setup(), recipients: ["zoe"] }), "setup"],
    [
      "three parties",
      () => ({ ...setup(), parties: [...BOTH, "carol"], rowsPadded: { alice: 256, bob: 256, carol: 256 } }),
      "setup",
    ],
    ["a short transcript", () => ({ ...setup(), transcript: new Uint8Array(16) }), "setup"],
  ])("is refused before anything leaves: %s", (_name, make, code) => {
    const federation = pairOf(toyGroup(), primitives);
    const left: string[] = [];
    const run = (): unknown =>
      federation.run(
        { alice: matchPairParty(make(), federation.rng) },
        { observe: ({ type }) => void left.push(type) },
      );
    expect(run).toThrow(expect.objectContaining({ code }));
    expect(left).toEqual([]);
  });
});
