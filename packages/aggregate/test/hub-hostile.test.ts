// SPDX-License-Identifier: Apache-2.0
// One party or the coordinator of a hub deviates; everybody else is honest.
import { type JobTable, MemoryVault, type PartyId, runJob, type Simulated } from "@koplamp/protocol";
import { concat } from "@koplamp/wire";
import { describe, expect, it } from "vitest";
import { tinyBfv } from "../../../test/toy/bfv.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import type { JoinHubSetup, JoinOpened } from "../src/index.ts";
import { encryptSelection, selectRows, takeCollectiveKey } from "../src/join-hub-jobs.ts";
import { chunkOfSelection, chunksAt, geometryOf } from "../src/join-hub-layout.ts";
import { tokensCodec } from "../src/join-hub-messages.ts";
import { hubOfJoin } from "../src/join-hub-session.ts";
import type { Selection, SentTokens } from "../src/join-hub-tokens.ts";
import { useSet } from "../src/sum-jobs.ts";
import { seeded } from "./federation.ts";
import { type Forge, flip, forging } from "./forging.ts";
import { HubFederation, type HubWorld } from "./hub-federation.ts";

const primitives = nodePrimitives();
const he = tinyBfv(seeded(primitives, "hub hostile"));
const toy = new HubFederation(he, primitives);
const { data } = toy.set;

const row = (
  key: string,
  group: number,
  ...values: number[]
): { key: string; group: number; values: number[] } => ({
  ...{ key, group, values },
});
/** Groups 0 and 1 pass with two rows each, group 2 has one, group 3 none. */
const WORLD: HubWorld = {
  rows: {
    alice: [row("a", 0, 1), row("b", 0, 2), row("c", 1, 4), row("d", 1, 8), row("e", 2, 16), row("x", 3, 32)],
    bob: ["a", "b", "c", "d", "e", "y"].map((key, at) => row(key, 0, 100 + at)),
    mallory: ["e", "d", "c", "b", "a", "z"].map((key) => row(key, 0)),
  },
  recipients: ["alice", "zoe"],
  cells: 4,
  groupOwner: "alice",
  columns: ["alice", "bob"],
  minCount: 2,
  pad: () => 9,
};
const ANSWER = {
  counts: [2, 2, 0, 0],
  sums: [
    [3, 12, 0, 0],
    [201, 205, 0, 0],
  ],
  withheld: [2, 3],
};

const plain = ({ counts, sums, withheld }: JoinOpened): unknown => ({
  counts: [...counts],
  sums: sums.map((sum) => [...sum]),
  withheld: [...withheld],
});

/** What zoe has, or why nobody has anything. */
function attack(who: PartyId, type: string, forge: Forge): unknown {
  const parties = toy.joinParties(toy.join(WORLD));
  const attacked = parties[who];
  if (attacked === undefined) throw new Error(`no ${who}`);
  try {
    const run = toy.run({ ...parties, [who]: forging(attacked, type, forge) });
    return plain(run.outputs.get("zoe") as JoinOpened);
  } catch (error) {
    return error;
  }
}

const flipped: Forge = (bytes) => flip(bytes);
const to =
  (party: PartyId, forge: (bytes: Uint8Array) => Uint8Array): Forge =>
  (bytes, target) =>
    target === party ? forge(bytes) : bytes;
const TOKENS = 9 * 16;
/** The first token again, in place of the second. */
const repeated = (bytes: Uint8Array): Uint8Array => {
  const copy = bytes.slice();
  copy.copyWithin(16, 0, 16);
  return copy;
};
const HEAD = 3;
const POLYNOMIAL = data.n * data.primes.length * 8;
const primeAt = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = bytes.slice();
  new DataView(copy.buffer).setBigUint64(at, BigInt(data.primes[0] ?? 0), true);
  return copy;
};
const number32 = (bytes: Uint8Array, at: number, value: number): Uint8Array => {
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint32(at, value, true);
  return copy;
};

describe("a party of a hub that deviates", () => {
  it("passes when it does not", () => {
    expect(attack("mallory", "none", (bytes) => bytes)).toEqual(ANSWER);
  });

  it.each<[string, PartyId, string, Forge, string, RegExp]>([
    [
      "sends a token twice",
      "mallory",
      "Tpi",
      repeated,
      "invalid-message",
      /ascending tokens in Tpi of mallory/,
    ],
    [
      "sends tokens out of order",
      "mallory",
      "Tpi",
      (bytes) => flip(bytes.slice().reverse()),
      "invalid-message",
      /ascending tokens in Tpi of mallory/,
    ],
    [
      "sends a token too many",
      "mallory",
      "Tpi",
      (bytes) => new Uint8Array([...bytes, ...new Uint8Array(16)]),
      "invalid-message",
      /bytes of Tpi/,
    ],
    [
      "names a group that there is not",
      "alice",
      "Tpi",
      (bytes) => number32(bytes, TOKENS, 4),
      "invalid-message",
      /groups below 4 in Tpi of alice/,
    ],
    [
      "says that it made another collective key",
      "mallory",
      "b",
      (bytes) => (bytes.length === 32 ? flip(bytes) : bytes),
      "key",
      /^mallory made another collective key/,
    ],
    [
      "gives the coordinator a key of its own, to read its selection",
      "alice",
      "b",
      (bytes) => (bytes.length === POLYNOMIAL ? flip(bytes, 8) : bytes),
      "key",
      /^alice made another collective key than alice sent/,
    ],
    [
      "gives it one and says so",
      "alice",
      "b",
      ownKey(),
      "key",
      /^bob made another collective key than alice sent/,
    ],
    [
      "sends a ciphertext that it had not committed to",
      "mallory",
      "ct",
      (bytes) => flip(bytes, HEAD + POLYNOMIAL),
      "list",
      /lists another ciphertext of mallory/,
    ],
    [
      "discloses another share",
      "bob",
      "share",
      (bytes) => flip(bytes, HEAD + 11),
      "invalid-result",
      /^INVALID/,
    ],
    [
      "gives two groups one pseudonym",
      "alice",
      "group",
      to("zoe", (bytes) => {
        const copy = bytes.slice();
        copy.copyWithin(4, 0, 4);
        return copy;
      }),
      "invalid-message",
      /each pseudonym once/,
    ],
    ["says that it saw other messages", "bob", "ready", flipped, "invalid-message", /bob saw other messages/],
  ])("is caught when it %s", (_name, who, type, forge, code, says) => {
    const error = attack(who, type, forge);
    expect(error).toHaveProperty("code", code);
    expect(error).toHaveProperty("message", expect.stringMatching(says));
  });

  it("is caught when the same token stands in two cells of a distinct sum", () => {
    const world: HubWorld = { ...WORLD, recipients: ["bob"], columns: [] };
    const parties = toy.distinctParties(toy.distinct(world));
    const twice: Forge = (bytes) => {
      const copy = bytes.slice();
      copy.copyWithin(TOKENS, 0, TOKENS);
      return copy;
    };
    const { alice } = parties;
    if (alice === undefined) throw new Error("no alice");
    expect(() => toy.run({ ...parties, alice: forging(alice, "Tpi", twice) })).toThrow(
      /alice sent a token twice/,
    );
  });
});

/** A key of alice's own, and its hash. */
function ownKey(): Forge {
  let key: Uint8Array = new Uint8Array();
  return (bytes) => {
    if (bytes.length > POLYNOMIAL) {
      key = flip(bytes.slice(0, -32)); // of the agreed form, or close enough: the hash comes first
      return bytes;
    }
    return bytes.length === 32 ? primitives.sha256(key) : key;
  };
}

describe("a coordinator of a hub that deviates", () => {
  it.each<[string, string, Forge, string, RegExp]>([
    [
      "selects for a number of groups of its own",
      "group",
      to("bob", (bytes) => number32(bytes, 0, 5)),
      "invalid-message",
      /a number of groups that the plan leaves open/,
    ],
    [
      "sends a selection in another form",
      "sel",
      (bytes) => flip(bytes, 1),
      "ciphertext",
      /no ciphertext of the set/,
    ],
    [
      "sends one with a coefficient equal to its prime",
      "sel",
      (bytes) => primeAt(bytes, HEAD),
      "ciphertext",
      /no cipher/,
    ],
    [
      "sends a transparent one",
      "sel",
      (bytes) => bytes.slice().fill(0, HEAD + POLYNOMIAL),
      "ciphertext",
      /no ciphertext of the set/,
    ],
    [
      "lists another selection than it sent",
      "list",
      to("bob", (bytes) => flip(bytes, bytes.length - 1)),
      "list",
      /bob/,
    ],
    ["lists another ciphertext", "list", flipped, "list", /lists another ciphertext of alice/],
    ["passes on another c1", "c1", flipped, "ciphertext", /other ciphertexts than it listed/],
    ["sends another sum", "sum", flipped, "list", /another sum than it listed/],
    [
      "gives two blocks to one group",
      "group",
      to("zoe", (bytes) => number32(number32(bytes, 4, 0), 8, 0)),
      "invalid-message",
      /each group at most once/,
    ],
    [
      "gives a block to a group that there is not",
      "group",
      to("zoe", (bytes) => number32(bytes, 4, 4)),
      "invalid-message",
      /each group at most once/,
    ],
  ])("is caught when it %s", (_name, type, forge, code, says) => {
    const error = attack("coordinator", type, forge);
    expect(error).toHaveProperty("code", code);
    expect(error).toHaveProperty("message", expect.stringMatching(says));
  });

  /** The answer, or why there is none, when the coordinator selects otherwise. */
  function selecting(change: (honest: Selection) => Selection): unknown {
    const before = toy.jobs;
    toy.jobs = new Map(before).set(selectRows.name, (vault, ...args) =>
      change(before.get(selectRows.name)?.(vault, ...args) as Selection),
    );
    try {
      return attack("coordinator", "none", (bytes) => bytes);
    } finally {
      toy.jobs = before;
    }
  }

  it("opens no group with fewer rows than the minimum by selecting it", () => {
    const shrunk = selecting((honest) => {
      const mine = honest.blocks["alice"]?.slice() ?? new Int32Array();
      mine[mine.findIndex((block) => block >= 0)] = -1; // alice counts: one row less in a group of two
      return { ...honest, blocks: { ...honest.blocks, alice: mine } };
    });
    expect(shrunk).toHaveProperty("code", "invalid-result");
  });

  it("opens nothing of a block that it calls empty", () => {
    const hidden = selecting((honest) => ({ ...honest, order: honest.order.map(() => -1) }));
    expect(hidden).toHaveProperty("code", "invalid-result");
  });

  it("can make the answer wrong, and whoever has its seed and the tokens finds out", () => {
    for (const cheats of [false, true]) {
      const setups = toy.join(WORLD);
      const before = toy.jobs;
      if (cheats) toy.jobs = new Map(before).set(selectRows.name, swapped(before));
      const run = toy.run(toy.joinParties(setups));
      toy.jobs = before;
      const answer = plain(run.outputs.get("zoe") as JoinOpened);
      if (cheats) expect(answer).not.toEqual(ANSWER);
      else expect(answer).toEqual(ANSWER);
      const seed = run.outputs.get("coordinator") as Uint8Array;
      const [setup] = setups;
      if (setup === undefined) throw new Error("no node");
      expect(remade(setup, run, seed)).toEqual({ seed: true, alice: true, bob: !cheats });
    }
  });
});

/** Bob's row of one group is taken for that of another. */
function swapped(jobs: JobTable): (...args: Parameters<NonNullable<ReturnType<JobTable["get"]>>>) => unknown {
  return (vault, ...args) => {
    const honest = jobs.get(selectRows.name)?.(vault, ...args) as Selection;
    const mine = honest.blocks["bob"]?.slice() ?? new Int32Array();
    const first = mine.findIndex((block) => block >= 0);
    const other = mine.findIndex((block) => block >= 0 && block !== mine[first]);
    [mine[first], mine[other]] = [mine[other] ?? -1, mine[first] ?? -1];
    return { ...honest, blocks: { ...honest.blocks, bob: mine } };
  };
}

/** What an auditor finds: whether the list names this seed, and whether it names what the tokens and the seed give. */
function remade(setup: JoinHubSetup, { transcript }: Simulated, seed: Uint8Array): unknown {
  const hub = hubOfJoin(setup);
  const sentBy = (from: PartyId, type: string, least = 0): Uint8Array =>
    transcript.find((sent) => sent.from === from && sent.type === type && sent.bytes.length > least)?.bytes ??
    new Uint8Array();
  const sent: Record<PartyId, SentTokens> = Object.fromEntries(
    hub.contributors.map((party) => [party, tokensCodec(hub, party).decode(sentBy(party, "Tpi"))]),
  );
  const key = transcript.findLast(
    ({ to: party, type, bytes }) => party === "coordinator" && type === "b" && bytes.length > 32,
  );
  const vault = new MemoryVault();
  runJob(toy.jobs, vault, useSet.name, [hub.set.id]);
  runJob(toy.jobs, vault, takeCollectiveKey.name, [key?.bytes.slice()]);
  const selection = runJob(toy.jobs, vault, selectRows.name, [hub, sent, seed]) as Selection;
  const geometry = geometryOf(hub.set, selection.groups);
  const listed = sentBy("coordinator", "list").slice(-32 * (1 + hub.owners.length));
  const hashOf = (party: PartyId): Uint8Array => {
    const chunks = Array.from({ length: chunksAt(hub, party, selection.groups) }, (_, chunk) => {
      const slots = chunkOfSelection(hub, geometry, selection.blocks[party] ?? new Int32Array(), chunk);
      const of = { transcript: hub.transcript, party, chunk };
      return primitives.sha256(
        runJob(toy.jobs, vault, encryptSelection.name, [of, slots, seed]) as Uint8Array,
      );
    });
    return primitives.sha256(concat(...chunks));
  };
  const same = (at: number, hash: Uint8Array): boolean =>
    `${listed.slice(32 * at, 32 * at + 32)}` === `${hash}`;
  return {
    seed: same(0, primitives.sha256(seed)),
    ...Object.fromEntries(hub.owners.map((party, at) => [party, same(1 + at, hashOf(party))])),
  };
}
