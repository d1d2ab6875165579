// SPDX-License-Identifier: Apache-2.0
// One party or the coordinator deviates in one message; everybody else is honest.
import type { PartyId } from "@koplamp/protocol";
import { ProtocolError, simulate } from "@koplamp/protocol";
import { describe, expect, it } from "vitest";
import { TINY_SET, tinyBfv } from "../../../test/toy/bfv.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import { SumError, sumCoordinator, sumNode } from "../src/index.ts";
import { Federation, plainSum, type Sum, seeded } from "./federation.ts";
import { type Forge, flip, forging } from "./forging.ts";

const primitives = nodePrimitives();

const toy = new Federation(tinyBfv(seeded(primitives, "hostile")), primitives);
/** Two blocks. */
const numbers = (start: number): number[] => Array.from({ length: 20 }, (_, at) => start * 100 + at);
const SUM: Sum = {
  values: { alice: numbers(1), bob: numbers(-2), mallory: numbers(3) },
  recipients: ["alice", "zoe"],
};

function attack(who: PartyId, type: string, forge: Forge): unknown {
  const parties = toy.parties(toy.setups(SUM));
  const attacked = parties[who];
  if (attacked === undefined) throw new Error(`no ${who}`);
  try {
    const run = toy.run({ ...parties, [who]: forging(attacked, type, forge) });
    return run.outputs.get("zoe");
  } catch (error) {
    return error;
  }
}

const flipped: Forge = (bytes) => flip(bytes);
const toBob =
  (forge: (bytes: Uint8Array) => Uint8Array): Forge =>
  (bytes, to) =>
    to === "bob" ? forge(bytes) : bytes;
/** The first residue of a polynomial at `at` becomes its prime. */
const primeAt = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = bytes.slice();
  new DataView(copy.buffer).setBigUint64(at, BigInt(TINY_SET.data.primes[0] ?? 0), true);
  return copy;
};

const POLYNOMIAL = TINY_SET.slots * 4 * 8;
const BLOCKS = 2;

describe("a party of sum-threshold/1 that deviates", () => {
  it("passes when it does not", () => {
    const opened = attack("mallory", "none", (bytes) => bytes);
    expect(Array.from(opened as Float64Array)).toEqual(plainSum(SUM));
  });

  it.each<[string, PartyId, string, Forge, string, RegExp]>([
    ["shows two parties other commitments", "mallory", "commit", toBob(flip), "echo", /mallory|bob/],
    ["echoes what it did not see", "mallory", "echo", toBob(flip), "echo", /mallory/],
    [
      "opens a key share chosen from the others'",
      "mallory",
      "b",
      (bytes) => bytes.slice().reverse(),
      "commitment",
      /^the key share that came of mallory/,
    ],
    ["opens another contribution to the group secret", "mallory", "alpha", flipped, "commitment", /^mallory/],
    [
      "sends a ciphertext that it had not committed to",
      "mallory",
      "ct",
      (bytes) => flip(bytes, 3 + POLYNOMIAL),
      "list",
      /lists another ciphertext of mallory/,
    ],
    ["sends the same block twice", "mallory", "ct", repeatFirst(), "list", /another ciphertext of mallory/],
    [
      "sends a coefficient equal to its prime",
      "mallory",
      "ct",
      (bytes) => primeAt(bytes, 3),
      "ciphertext",
      /^mallory sent something that is no ciphertext/,
    ],
    [
      "sends it in the second polynomial",
      "mallory",
      "ct",
      (bytes) => primeAt(bytes, 3 + POLYNOMIAL),
      "ciphertext",
      /^mallory/,
    ],
    [
      "sends a transparent ciphertext",
      "mallory",
      "ct",
      (bytes) => bytes.slice().fill(0, 3 + POLYNOMIAL),
      "ciphertext",
      /^mallory/,
    ],
    ["sends zeros", "mallory", "ct", (bytes) => bytes.slice().fill(0, 3), "ciphertext", /^mallory/],
    ["sends another parameter set", "mallory", "ct", flipped, "ciphertext", /^mallory/],
    ["sends another form", "mallory", "ct", (bytes) => flip(bytes, 1), "ciphertext", /^mallory/],
    [
      "sends a byte too many",
      "mallory",
      "ct",
      (bytes) => new Uint8Array([...bytes, 0]),
      "invalid-message",
      /bytes of ct/,
    ],
    [
      "sends something compressed",
      "mallory",
      "ct",
      () => Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd),
      "invalid-message",
      /bytes of ct/,
    ],
    [
      "says that it saw other messages",
      "mallory",
      "ready",
      flipped,
      "invalid-message",
      /mallory saw other messages/,
    ],
    [
      "discloses another share",
      "mallory",
      "share",
      (bytes) => flip(bytes, 3 + 11),
      "invalid-result",
      /^INVALID_RESULT/,
    ],
    [
      "discloses a share of the other block",
      "mallory",
      "share",
      swapHalves,
      "invalid-result",
      /^INVALID_RESULT/,
    ],
    [
      "discloses a malformed share",
      "mallory",
      "share",
      (bytes) => primeAt(bytes, 3),
      "invalid-result",
      /^INVALID_RESULT/,
    ],
    [
      "discloses a zero share",
      "mallory",
      "share",
      (bytes) => bytes.slice().fill(0, 3),
      "invalid-result",
      /^INVALID_RESULT/,
    ],
    [
      "announces another key to one party, as a recipient",
      "zoe",
      "pkr",
      toBob((bytes) => flip(bytes, 8)),
      "list",
      /^the key that came of zoe/,
    ],
    [
      "gives the coordinator another key than it announced",
      "zoe",
      "pkr",
      (bytes, to) => (to === "coordinator" ? flip(bytes) : bytes),
      "list",
      /^the key that came of zoe/,
    ],
  ])("is caught when it %s", (_name, who, type, forge, code, says) => {
    const error = attack(who, type, forge);
    expect(error).toHaveProperty("code", code);
    expect(error).toHaveProperty("message", expect.stringMatching(says));
  });

  it("is caught when its key share is no polynomial of the set, though it had committed to it", () => {
    const parties = toy.parties(toy.setups(SUM));
    const jobs = new Map(toy.jobs);
    let made = 0;
    jobs.set("sum.key-share", (vault, ...args) => {
      const share = toy.jobs.get("sum.key-share")?.(vault, ...args) as Uint8Array;
      made += 1;
      return made === 3 ? primeAt(share, 0) : share; // mallory starts last
    });
    const nodes = Object.keys(parties);
    expect(() => simulate(parties, { jobs, vaults: toy.vaults(nodes) })).toThrow(
      expect.objectContaining({ code: "key", message: expect.stringContaining("mallory") }),
    );
  });
});

function repeatFirst(): Forge {
  let first: Uint8Array | undefined;
  return (bytes) => {
    first ??= bytes;
    return first;
  };
}

function swapHalves(bytes: Uint8Array): Uint8Array {
  const half = bytes.length / BLOCKS;
  return new Uint8Array([...bytes.subarray(half), ...bytes.subarray(0, half)]);
}

describe("a coordinator of sum-threshold/1 that deviates", () => {
  it.each<[string, string, Forge, string, RegExp]>([
    ["lists another ciphertext", "list", flipped, "list", /lists another ciphertext of alice/],
    ["lists another one to a single node", "list", toBob(flip), "list", /another ciphertext/],
    [
      "lists another key of a recipient",
      "list",
      (bytes) => flip(bytes, 3 * BLOCKS * 64),
      "list",
      /another key of alice/,
    ],
    [
      "lists another sum",
      "list",
      (bytes) => flip(bytes, bytes.length - 1),
      "list",
      /another sum than it listed/,
    ],
    [
      "lists another sum to one recipient",
      "list",
      (bytes, to) => (to === "zoe" ? flip(bytes, bytes.length - 1) : bytes),
      "list",
      /another sum/,
    ],
    ["hands on another key share", "b", toBob((bytes) => flip(bytes, 9)), "commitment", /came of alice/],
    ["hands on another recipient's key", "pkr", toBob((bytes) => flip(bytes, 8)), "list", /came of alice/],
    ["passes on another c1", "c1", flipped, "ciphertext", /other ciphertexts than it listed/],
    ["passes on the same c1 twice", "c1", repeatFirst(), "ciphertext", /other ciphertexts/],
    ["sends another sum", "sum", flipped, "list", /another sum than it listed/],
    ["sends too little", "c1", (bytes) => bytes.slice(8), "invalid-message", /bytes of c1/],
  ])("is caught when it %s", (_name, type, forge, code, says) => {
    const error = attack("coordinator", type, forge);
    expect(error).toHaveProperty("code", code);
    expect(error).toHaveProperty("message", expect.stringMatching(says));
  });

  it("gets INVALID_RESULT when it lists and sends a false sum alike", () => {
    const jobs = new Map(toy.jobs);
    jobs.set("sum.firsts", (vault, ...args) => {
      const honest = toy.jobs.get("sum.firsts")?.(vault, ...args) as { c0: Uint8Array };
      const c0 = flip(honest.c0, 4); // one residue, by 2^32
      return { c0, hash: primitives.sha256(c0) };
    });
    const parties = toy.parties(toy.setups(SUM));
    expect(() => simulate(parties, { jobs, vaults: toy.vaults(Object.keys(parties)) })).toThrow(
      expect.objectContaining({ code: "invalid-result" }),
    );
  });

  it("gets INVALID_RESULT when it leaves one party out of the sum, or counts it twice", () => {
    for (const times of [0, 2]) {
      const jobs = new Map(toy.jobs);
      let taken = 0;
      jobs.set("sum.take", (vault, block, frame) => {
        const take = toy.jobs.get("sum.take");
        taken += 1;
        if (taken !== 3) return take?.(vault, block, frame); // the first block of bob
        const before = vault.get(`sum/c0/${block}`).slice();
        const result = take?.(vault, block, frame);
        if (times === 2) return take?.(vault, block, frame);
        vault.put(`sum/c0/${block}`, before);
        return result;
      });
      const parties = toy.parties(toy.setups(SUM));
      expect(() => simulate(parties, { jobs, vaults: toy.vaults(Object.keys(parties)) })).toThrow(
        expect.objectContaining({ code: "invalid-result" }),
      );
    }
  });
});

describe("what never starts, or never opens", () => {
  it("with one gate shut nobody has anything", () => {
    const parties = toy.parties(toy.setups(SUM));
    const error = (() => {
      try {
        return toy.run(parties, { gate: (party) => party !== "bob" });
      } catch (reason) {
        return reason;
      }
    })();
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toHaveProperty("code", "gate-shut");
    expect(error).toHaveProperty("message", expect.stringContaining("bob waits for its gate"));
  });

  it("a session that it cannot run is refused before anything leaves", () => {
    const [setup] = toy.setups(SUM);
    if (setup === undefined) throw new Error("no node");
    const lone = { ...setup, contributors: ["alice"] };
    const many = Array.from({ length: 33 }, (_, at) => `p${at + 10}`);
    const cases: readonly [Partial<typeof setup>, string][] = [
      [lone, "setup"],
      [{ contributors: many }, "setup"],
      [{ contributors: ["bob", "alice"] }, "setup"],
      [{ recipients: [] }, "setup"],
      [{ transcript: new Uint8Array(31) }, "setup"],
      [{ numbers: 0 }, "too-large"],
      [{ numbers: 12 * 64 + 1 }, "too-large"],
      [{ values: Float64Array.of(1) }, "setup"],
      [{ ranges: [{}] }, "setup"],
      [{ ranges: [ranged(-1, 2 ** 49)] }, "overflow"],
      [{ ranges: [ranged(100, 118)] }, "bounds"],
      [{ values: (setup.values ?? new Float64Array()).map((value) => value + 0.5) }, "bounds"],
    ];
    for (const [change, code] of cases) {
      expect(() => sumNode({ ...setup, ...change }, toy.rng).next()).toThrow(
        expect.objectContaining({ code }),
      );
    }
    expect(() => sumNode({ ...setup, me: "zoe" }, toy.rng).next()).toThrow(SumError);
    expect(() => sumCoordinator({ ...setup, numbers: -1 }).next()).toThrow(SumError);
  });

  it("an opened number outside the declared bounds is no result", () => {
    const setups = toy.setups(SUM).map((setup) => {
      // zoe alone holds narrower bounds than what the parties brought
      return setup.me === "zoe" ? { ...setup, ranges: [ranged(0, 1)] } : setup;
    });
    expect(() => toy.run(toy.parties(setups))).toThrow(expect.objectContaining({ code: "invalid-result" }));
  });
});

function ranged(least: number, most: number): Record<PartyId, { least: number; most: number }> {
  return Object.fromEntries(["alice", "bob", "mallory"].map((party) => [party, { least, most }]));
}
