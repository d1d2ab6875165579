// SPDX-License-Identifier: Apache-2.0
// bulk-pair/1 without a dealer: the correlation that the two make, and what stops one that is not right.
import { conversation } from "@koplamp/crypto";
import type { MemoryVault, Party, PartyId } from "@koplamp/protocol";
import { hex } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodePrimitives } from "../../pool/src/index.ts";
import { type BulkRun, correlationHandle } from "../src/bulk-jobs.ts";
import { bulkPair, type Matched, PsiError, tellMatches } from "../src/index.ts";
import { okvsLayout } from "../src/okvs-layout.ts";
import { shapeOfRun } from "../src/silent-code.ts";
import { coinsOf, saidOf } from "../src/silent-coins.ts";
import { silentBytes } from "../src/silent-messages.ts";
import { makeCorrelation } from "../src/silent-pair.ts";
import { treesBytes } from "../src/silent-transfer.ts";
import { receiverHalf, senderHalf } from "../src/vole.ts";
import { bulkOf, bulkSetups, runBulk } from "./bulk.ts";
import { expectDescribed } from "./described.ts";
import { type Federation, padded } from "./federation.ts";
import { type Lists, packed, replacing } from "./pair.ts";
import { anyWeather } from "./weather.ts";

const primitives = nodePrimitives();
const BOTH: readonly PartyId[] = ["alice", "bob"];
/** Rows of the smallest bucket, for which there are no trees, and of one for which there are. */
const [FEW, MANY] = [256, 1536];

/** Vaults of which each secret is copied as it is put there, by handle. */
function watched(federation: Federation): Map<string, Uint8Array> {
  const copies = new Map<string, Uint8Array>();
  const make = federation.vaults.bind(federation);
  federation.vaults = (nodes) => {
    const vaults: Record<PartyId, MemoryVault> = make(nodes);
    for (const [party, vault] of Object.entries(vaults)) {
      const keep = vault.put.bind(vault);
      vault.put = (handle, secret) => {
        copies.set(`${party} ${handle}`, secret.slice());
        keep(handle, secret);
      };
    }
    return vaults;
  };
  return copies;
}

function runOf(rowsTo: number, sid = new Uint8Array(32)): BulkRun {
  return { sid, from: "alice", to: "bob", rowsFrom: FEW, rowsTo };
}

/** Both halves of a correlation as they come to the vaults, and what was said. */
function correlated(rowsTo: number, weather = {}) {
  const federation = bulkOf(primitives);
  const copies = watched(federation);
  const run = runOf(rowsTo);
  const party = (me: PartyId): Party<void> => makeCorrelation(conversation(me, BOTH), run, federation.rng);
  const { transcript } = federation.run({ alice: party("alice"), bob: party("bob") }, weather);
  const of = (me: PartyId): Uint8Array => copies.get(`${me} ${correlationHandle(run)}`) ?? new Uint8Array();
  return { sender: senderHalf(of("alice")), receiver: receiverHalf(of("bob")), transcript };
}

describe("a correlation without a dealer", () => {
  it.each([FEW, MANY])("is C = A·delta + B in every cell and the mask, for %i rows", (rows) => {
    fc.assert(
      fc.property(anyWeather(), (weather) => {
        const { sender, receiver } = correlated(rows, weather);
        expect(receiver.a).toHaveLength((okvsLayout(rows).cells + 1) * 4);
        const scaled = receiver.a.slice();
        primitives.gf128.scale(sender.delta, scaled);
        expect(scaled.map((word, at) => word ^ (sender.b[at] ?? 0))).toEqual(receiver.c);
      }),
      { numRuns: 4 },
    );
  });

  it.each([FEW, MANY])("has no element twice in A, B or C, and none that is zero, for %i rows", (rows) => {
    const { sender, receiver } = correlated(rows);
    const elements = [receiver.a, receiver.c, sender.b, sender.delta].flatMap((vector) =>
      Array.from({ length: vector.length / 4 }, (_, at) => String(vector.subarray(at * 4, at * 4 + 4))),
    );
    expect(new Set(elements).size).toBe(3 * (okvsLayout(rows).cells + 1) + 1);
    expect(elements).not.toContain("0,0,0,0");
  });

  it("has other coins as soon as one byte of what was said before them is another, or the run is", () => {
    const [offers, answered] = [new Uint8Array(128 * 64).fill(3), new Uint8Array(5000).fill(4)];
    const coin = (run = runOf(FEW), said = saidOf(primitives, offers, answered)) =>
      hex(coinsOf(primitives, run, said)("check"));
    const coins = [
      coin(),
      coin(runOf(FEW, new Uint8Array(32).fill(1))),
      coin({ ...runOf(FEW), from: "carol" }),
    ];
    for (const part of [offers, answered]) {
      for (const at of [0, 31, 32, 4999]) {
        part[at] = (part[at] ?? 0) ^ 1;
        coins.push(coin());
        part[at] = (part[at] ?? 0) ^ 1;
      }
    }
    expect(new Set(coins).size).toBe(3 + 8);
    expect(coin()).toBe(coins[0]);
    const uses = (["check", "left", "right", "code"] as const).map((use) =>
      hex(coinsOf(primitives, runOf(FEW), offers.subarray(0, 32))(use)),
    );
    expect(new Set(uses).size).toBe(4);
  });

  it("takes as many bytes as the formula says", () => {
    const sent = (rows: number): unknown =>
      correlated(rows).transcript.map(({ from, type, bytes }) => [from, type, bytes.length]);
    expect(sent(FEW)).toEqual([
      ["alice", "O", 128 * 64],
      ["bob", "U", 32 + 128 * 16 * (507 + 1) + 32], // an element, all cells and two masks, the sums
    ]);
    const { trees, levels } = shapeOfRun({ rowsTo: MANY });
    expect([trees, levels]).toEqual([1763, 2]);
    expect(sent(MANY)).toEqual([
      ["alice", "O", 128 * 64],
      ["bob", "U", 32 + 128 * 16 * (Math.ceil((1763 * 2) / 128) + 1763 + 1) + 32],
      ["alice", "G", 16 * 1763 * (2 * 2 + 1)],
    ]);
  });

  it("is 4.4 bytes an item at 2^20, and with everything else at most 45 between the two", () => {
    const rows = 2 ** 20;
    const { O, U, G } = silentBytes(shapeOfRun({ rowsTo: rows }));
    expect((O + U + G) / rows).toBeCloseTo(4.4, 1);
    const rowsPadded = { alice: rows, bob: rows };
    const parameters = { parties: BOTH, recipients: ["bob"], rowsPadded, dealer: undefined };
    const all = bulkPair.describe(parameters).egress.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(all / rows).toBeLessThan(45);
    expect(all / rows).toBeGreaterThan(40);
  });
});

const NAMES = Array.from({ length: 1030 }, (_, at) => `item ${at}`); // more than 1,024: the bucket is 1,536
const LISTS: Lists = { alice: NAMES, bob: NAMES.slice(5).toReversed() };

/** A session with long lists; one message of one party may be replaced. */
function session(
  recipients: readonly PartyId[],
  who: PartyId = "alice",
  type = "none",
  replace: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes,
) {
  const federation = bulkOf(primitives);
  const copies = watched(federation);
  const setups = bulkSetups(federation, LISTS, recipients, "nobody");
  const run = runBulk(federation, setups, {}, (id, honest) => {
    return id === who ? replacing(honest, type, replace) : honest;
  });
  return { run, copies };
}

describe("bulk-pair/1 without a dealer", () => {
  it("equals the plain sets, and sends what it describes, with trees", () => {
    const { run } = session(BOTH);
    const told = BOTH.map((me) => tellMatches(run.outputs.get(me) as Matched, "nothing", 2).length);
    expect(told).toEqual([NAMES.length - 5, NAMES.length - 5]);
    const rowsPadded = padded(packed(LISTS));
    expect(rowsPadded).toEqual({ alice: MANY, bob: MANY });
    const parameters = { parties: BOTH, recipients: BOTH, rowsPadded, dealer: undefined };
    expectDescribed(run, bulkPair.describe(parameters));
  });

  it("binds both to the correlation before anybody knows the coin of its check", () => {
    const { transcript } = session(["bob"]).run;
    const types = transcript.map(({ type }) => type);
    expect(types.filter((type) => ["R", "O", "U", "G", "commit", "V"].includes(type))).toEqual([
      "R",
      "R",
      "O",
      "U",
      "G",
      "commit",
      "commit",
      "V",
    ]);
  });

  it("shows nothing of noise, of delta, of A, B or C in any message", () => {
    const { run, copies } = session(["bob"]);
    const said = Buffer.concat(run.transcript.map(({ bytes }) => bytes));
    const secrets = [...copies].filter(([name]) => /silent\/(delta|noise|base)|correlation/.test(name));
    expect(secrets.map(([name]) => name).sort()).toEqual([
      "alice bulk/correlation/alice/bob",
      "alice silent/delta/alice/bob",
      "bob bulk/correlation/alice/bob",
      "bob silent/base/alice/bob",
      "bob silent/noise/alice/bob",
    ]);
    for (const [name, secret] of secrets) {
      for (let at = 0; at + 16 <= Math.min(secret.length, 64 * 16); at += 16) {
        expect(said.includes(Buffer.from(secret.subarray(at, at + 16))), name).toBe(false);
      }
    }
  });

  it("leaves nothing of a session in the vaults", () => {
    const federation = bulkOf(primitives);
    const put: [string, Uint8Array][] = [];
    const vaults = federation.vaults(BOTH);
    for (const vault of Object.values(vaults)) {
      const keep = vault.put.bind(vault);
      vault.put = (handle, secret) => {
        put.push([handle, secret]);
        keep(handle, secret);
      };
    }
    federation.vaults = () => vaults;
    runBulk(federation, bulkSetups(federation, LISTS, ["bob"], "nobody"));
    expect(put.filter(([handle]) => handle.startsWith("silent/"))).toHaveLength(5);
    for (const [handle, secret] of put)
      expect([handle, secret.some((byte) => byte !== 0)]).toEqual([handle, false]);
  });
});

/** What stopped a session in which bytes at some places of one message were changed. */
function stopped(who: PartyId, type: string, places: readonly number[]): unknown {
  try {
    return session(["bob"], who, type, (bytes) => {
      for (const at of places) bytes.fill((bytes.at(at) ?? 0) ^ 1, at, at + 1);
      return bytes;
    }).run.outputs.get("bob");
  } catch (reason) {
    return reason;
  }
}

describe("a hostile party that makes the correlation", () => {
  const shape = shapeOfRun({ rowsTo: MANY });
  const run = 16 * shape.trees;
  const last = treesBytes(shape) - run;

  it.each<[string, PartyId, string, readonly number[]]>([
    ["a row", "bob", "U", Array.from({ length: 128 }, (_, bit) => 32 + bit * 16 * 1792 + (bit % 50))],
    ["the sum of its noise", "bob", "U", [silentBytes(shape).U - 32]],
    ["the sum of its masks", "bob", "U", [silentBytes(shape).U - 1]],
  ])("threat P17: is caught with %s wrong, before any tree leaves", (_name, who, type, places) => {
    const reason = stopped(who, type, places);
    expect(reason).toBeInstanceOf(PsiError);
    expect(reason).toMatchObject({
      code: "correlation",
      party: "bob",
      message: "the rows of bob do not all hold the same",
    });
  });

  it.each<[string, readonly number[]]>([
    ["a level of a tree, on both sides", [7 * 16, run + 7 * 16]],
    ["the last value of a tree", [last + 9 * 16]],
    ["the last value of all trees", Array.from({ length: 1763 }, (_, tree) => last + tree * 16)],
  ])("threat P17: is caught with %s wrong, before any token leaves", (_name, places) => {
    const reason = stopped("alice", "G", places);
    expect(reason).toMatchObject({
      code: "correlation",
      message: "what alice and bob made does not fit together",
    });
  });

  it("is caught with one side of a level wrong, whether or not the other took it", () => {
    const reasons = Array.from({ length: 2 }, (_, tree) => stopped("alice", "G", [tree * 16]));
    for (const reason of reasons) {
      expect(String(reason)).toMatch(/does not fit together|saw other messages in this session/);
    }
  });

  it("is refused with offers or an answer that are no elements, by name", () => {
    for (const [who, type] of [
      ["alice", "O"],
      ["bob", "U"],
    ] as const) {
      const zeros = () => session(["bob"], who, type, (bytes) => bytes.fill(0, 0, 32));
      expect(zeros).toThrow(`expected valid and different elements from ${who}, got others`);
    }
  });

  it.each<[PartyId, string]>([
    ["alice", "O"],
    ["bob", "U"],
    ["alice", "G"],
  ])("is refused with a message of another length: %s, %s", (who, type) => {
    const short = () => session(["bob"], who, type, (bytes) => bytes.slice(1));
    expect(short).toThrow(new RegExp(`expected \\d+ bytes in ${type} of ${who}, got \\d+`));
  });
});
