// SPDX-License-Identifier: Apache-2.0
import type { PartyId, Sent } from "@koplamp/protocol";
import { hex } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodePrimitives } from "../../pool/src/index.ts";
import { bulkPair, bulkPairParty, type Matched, PsiError, tellMatches } from "../src/index.ts";
import { bulkOf, bulkSetups, runBulk } from "./bulk.ts";
import { expectDescribed } from "./described.ts";
import { padded } from "./federation.ts";
import { type Lists, packed, replacing } from "./pair.ts";
import { anyWeather } from "./weather.ts";

const primitives = nodePrimitives();
const UNIVERSE = Array.from({ length: 24 }, (_, at) => `item ${at}`);
const BOTH: readonly PartyId[] = ["alice", "bob"];

/** The own items that the other one holds too, by plain sets. */
function plain(lists: Lists, me: PartyId): readonly { readonly item: number }[] {
  const theirs = new Set(lists[me === "alice" ? "bob" : "alice"]);
  return (lists[me] ?? []).flatMap((name, item) => (theirs.has(name) ? [{ item }] : []));
}

const anyList = fc.array(fc.constantFrom(...UNIVERSE), { maxLength: 30 });
const anyDealer = fc.constantFrom("coordinator", "zeta", "aaron", "nobody");

describe("bulk-pair/1", () => {
  it("equals the plain sets, and sends what it describes: any lists, recipients, dealer and interleaving", () => {
    const cases = fc.record({
      lists: fc.record({ alice: anyList, bob: anyList }),
      recipients: fc.subarray([...BOTH], { minLength: 1 }),
      dealer: anyDealer,
      weather: anyWeather(),
    });
    fc.assert(
      fc.property(cases, ({ lists, recipients, dealer, weather }) => {
        const federation = bulkOf(primitives);
        const run = runBulk(federation, bulkSetups(federation, lists, recipients, dealer), weather);
        for (const me of BOTH) {
          const matched = run.outputs.get(me) as Matched;
          expect(matched.holders !== undefined).toBe(recipients.includes(me));
          expect([...matched.roots.keys()]).toEqual(BOTH);
          if (matched.holders !== undefined)
            expect(tellMatches(matched, "nothing", 2)).toEqual(plain(lists, me));
        }
        const rowsPadded = padded(packed(lists));
        const dealing = dealer === "nobody" ? undefined : dealer;
        expectDescribed(run, bulkPair.describe({ parties: BOTH, recipients, rowsPadded, dealer: dealing }));
      }),
      { numRuns: 40 },
    );
  });
});

describe("what leaves in bulk-pair/1", () => {
  const shapeOf = (transcript: readonly Sent[]): unknown =>
    transcript.map(({ from, to, type, bytes, output }) => [from, to, type, bytes.length, output]);

  it("is one message of each type in this order, of lengths that depend on buckets only", () => {
    const federation = bulkOf(primitives);
    const lists = [
      { alice: UNIVERSE, bob: UNIVERSE },
      { alice: UNIVERSE.slice(0, 1), bob: [] },
    ];
    const [all, none] = lists.map((each) => {
      return runBulk(federation, bulkSetups(federation, each, ["bob"])).transcript.filter(
        ({ type }) => !["commit", "echo", "alpha"].includes(type),
      );
    });
    expect(shapeOf(all ?? [])).toEqual([
      ["alice", "bob", "R", 32, undefined],
      ["bob", "alice", "R", 32, undefined],
      ["coordinator", "alice", "dealt", 16 + 32, undefined],
      ["coordinator", "bob", "dealt", 32 + (506 + 1) * 16, undefined],
      ["bob", "alice", "V", 1 + 32 + 506 * 16, undefined],
      ["alice", "bob", "ready", 32, undefined],
      ["bob", "alice", "ready", 32, undefined],
      ["alice", "bob", "T", 256 * 16, "bulk.alice.bob"],
    ]);
    expect(shapeOf(none ?? [])).toEqual(shapeOf(all ?? []));
  });

  it("binds the dealer to what it dealt, and both to their lists, before anybody knows the coin of the check", () => {
    const federation = bulkOf(primitives);
    const setups = bulkSetups(federation, { alice: UNIVERSE, bob: UNIVERSE }, BOTH);
    for (const pick of [(count: number): number => count - 1, (): number => 0]) {
      const { transcript } = runBulk(federation, setups, { pick });
      for (const me of BOTH) {
        const own = transcript.filter(({ from, to }) => from === me || to === me);
        const dealt = own.findIndex(({ type, to }) => type === "dealt" && to === me);
        const said = own.findIndex(({ type, from }) => type === "commit" && from === me);
        expect(own.findIndex(({ type }) => type === "R")).toBeLessThan(said);
        expect(dealt).toBeGreaterThan(-1);
        expect(dealt).toBeLessThan(said);
      }
    }
  });

  it("tells nothing while the gate is shut", () => {
    const federation = bulkOf(primitives);
    const left: Sent[] = [];
    const weather = { gate: () => false, observe: (sent: Sent) => void left.push(sent) };
    const setups = bulkSetups(federation, { alice: UNIVERSE, bob: UNIVERSE }, BOTH);
    expect(() => runBulk(federation, setups, weather)).toThrow(
      "alice waits for its gate (bulk.alice.bob); bob waits for its gate (bulk.bob.alice)",
    );
    expect(left.map(({ type }) => type)).not.toContain("T");
  });

  it("puts tokens in an order that says nothing of the order of items", () => {
    const fixed = { transcript: new Uint8Array(32).fill(1), sid: new Uint8Array(32).fill(2) };
    const tokensOf = (alice: readonly string[]): readonly string[] => {
      const federation = bulkOf(primitives, "again");
      const [one, two] = bulkSetups(federation, { alice, bob: UNIVERSE }, ["bob"]);
      const run = runBulk(federation, [
        { ...one, ...fixed },
        { ...two, ...fixed },
      ]);
      return rowsOf(run.transcript.find(({ type }) => type === "T")?.bytes ?? new Uint8Array());
    };
    const tokens = tokensOf(UNIVERSE);
    expect(tokensOf(UNIVERSE.toReversed())).toEqual(tokens);
    expect(tokens.toSorted()).toEqual(tokens);
  });

  it("has no 16-byte row in common between two sessions over equal lists, nor between the two lists of one", () => {
    const federation = bulkOf(primitives);
    const rows = [1, 2].flatMap(() => {
      const setups = bulkSetups(federation, { alice: UNIVERSE, bob: UNIVERSE }, BOTH);
      const { transcript } = runBulk(federation, setups);
      return transcript.filter(({ type }) => type === "T").flatMap(({ bytes }) => rowsOf(bytes));
    });
    expect(rows).toHaveLength(4 * 256);
    expect(new Set(rows).size).toBe(4 * 256);
  });

  it("leaves nothing of a session in the vaults", () => {
    const federation = bulkOf(primitives);
    const setups = bulkSetups(federation, { alice: UNIVERSE, bob: UNIVERSE }, BOTH);
    const put = new Set<Uint8Array>();
    const vaults = federation.vaults([...BOTH, "coordinator"]);
    for (const vault of Object.values(vaults)) {
      const keep = vault.put.bind(vault);
      vault.put = (handle, secret) => {
        put.add(secret);
        keep(handle, secret);
      };
    }
    federation.vaults = () => vaults;
    runBulk(federation, setups);
    expect(put.size).toBeGreaterThanOrEqual(10); // keys, what was dealt, the common secret and tokens of each
    expect([...put].every((secret) => secret.every((byte) => byte === 0))).toBe(true);
  });
});

function rowsOf(tokens: Uint8Array): readonly string[] {
  return Array.from({ length: tokens.length / 16 }, (_, at) => hex(tokens.slice(at * 16, at * 16 + 16)));
}

/** What bob gets when one message of one node is replaced, or what stopped the session. */
function attacked(who: PartyId, type: string, replace: (bytes: Uint8Array) => Uint8Array): unknown {
  const federation = bulkOf(primitives);
  const setups = bulkSetups(federation, { alice: UNIVERSE, bob: UNIVERSE.slice(2) }, ["bob"]);
  try {
    const { outputs } = runBulk(federation, setups, {}, (id, honest) => {
      return id === who ? replacing(honest, type, replace) : honest;
    });
    return tellMatches(outputs.get("bob") as Matched, "nothing", 2).length;
  } catch (reason) {
    return reason;
  }
}

const flipped =
  (at: number): ((bytes: Uint8Array) => Uint8Array) =>
  (bytes) =>
    bytes.fill((bytes.at(at) ?? 0) ^ 1, at, at + 1);

describe("a hostile dealer of bulk-pair/1", () => {
  const message = "what coordinator dealt to alice and bob does not fit together";

  it("passes when it is honest", () => {
    expect(attacked("coordinator", "dealt", (bytes) => bytes)).toBe(UNIVERSE.length - 2);
  });

  it.each([
    ["the seed of A", 3],
    ["one cell of C", 32 + 77 * 16],
    ["the mask", 32 + 506 * 16],
  ])("threat P17: is caught with %s wrong, before any token leaves", (_name, at) => {
    const reason = attacked("coordinator", "dealt", (bytes) =>
      bytes.length > 48 ? flipped(at)(bytes) : bytes,
    );
    expect(reason).toBeInstanceOf(PsiError);
    expect(reason).toHaveProperty("code", "correlation");
    expect(reason).toHaveProperty("message", message);
  });

  it.each([
    ["delta", 5],
    ["the seed of B", 20],
  ])("is caught with %s wrong", (_name, at) => {
    const reason = attacked("coordinator", "dealt", (bytes) =>
      bytes.length === 48 ? flipped(at)(bytes) : bytes,
    );
    expect(reason).toHaveProperty("code", "correlation");
  });
});

describe("a hostile party of bulk-pair/1", () => {
  it.each<[PartyId, string, (bytes: Uint8Array) => Uint8Array, string]>([
    ["bob", "V", flipped(0), "saw other messages in this session"],
    ["alice", "T", (tokens) => tokens.slice(1), "expected 4096 bytes in T of alice, got 4095"],
    [
      "alice",
      "T",
      (tokens) => tokens.copyWithin(0, 16, 32),
      "expected strictly ascending rows in T of alice, got others",
    ],
    ["bob", "V", (store) => store.fill(8, 0, 1), "expected one of 8 seeds in V of bob, got another"],
    ["bob", "V", (store) => store.slice(1), "expected 8129 bytes in V of bob, got 8128"],
  ])("%s is refused with another %s (%#)", (who, type, replace, message) => {
    expect(attacked(who, type, replace)).toHaveProperty("message", expect.stringContaining(message));
  });

  it("ends the session with sums that do not fit", () => {
    expect(attacked("bob", "V", flipped(1))).toHaveProperty("code", "correlation");
    expect(attacked("bob", "V", flipped(32))).toHaveProperty("code", "correlation");
  });
});

describe("setups", () => {
  const federation = bulkOf(primitives);
  const [alice] = bulkSetups(federation, { alice: UNIVERSE, bob: UNIVERSE }, ["bob"]);

  it.each([
    ["a dealer that is a party", { dealer: "bob" }],
    ["a recipient that is none", { recipients: ["carol"] }],
    ["no recipient", { recipients: [] }],
    ["more items than the plan states", { rowsPadded: { alice: 8, bob: 8 } }],
    ["no padded size", { rowsPadded: { alice: 256 } }],
  ])("with %s are refused before anything leaves", (_name, change) => {
    const party = bulkPairParty({ ...alice, ...change }, federation.rng);
    expect(() => party.next()).toThrow(PsiError);
  });
});
