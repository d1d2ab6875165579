// SPDX-License-Identifier: Apache-2.0
// Nothing that a peer sends reaches the lattice library before our own checks: a backend that notes every call sees none
// (threats.md, H1 and H2).
import type { HeBackend } from "@koplamp/he";
import type { PartyId } from "@koplamp/protocol";
import { MemoryVault, runJob } from "@koplamp/protocol";
import { beforeEach, describe, expect, it } from "vitest";
import { Federation, plainSum, type Sum, seeded } from "../../packages/aggregate/test/federation.ts";
import { type Forge, flip, forging } from "../../packages/aggregate/test/forging.ts";
import { nodePrimitives } from "../../packages/pool/src/index.ts";
import { TINY_SET, tinyBfv } from "../toy/bfv.ts";

const primitives = nodePrimitives();
const calls: string[] = [];

/** A backend that notes what is called, in every set. */
function noting(he: HeBackend): HeBackend {
  return new Proxy(he, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, target, args);
        if (name === "forSet") return noting(result as HeBackend);
        calls.push(String(name));
        return result;
      };
    },
  });
}

const federation = new Federation(noting(tinyBfv(seeded(primitives, "fence"))), primitives, "fence");
const SUM: Sum = { values: { alice: [1, 2], bob: [3, 4], mallory: [5, 6] }, recipients: ["zoe"] };
const POLYNOMIAL = TINY_SET.slots * 4 * 8;
const C1 = 3 + POLYNOMIAL;

beforeEach(() => {
  calls.length = 0;
});

/** How a session ends in which one party forges its messages of one type. */
function ends(who: PartyId, type: string, forge: Forge): unknown {
  const parties = federation.parties(federation.setups(SUM));
  const honest = parties[who];
  if (honest === undefined) throw new Error(`no ${who}`);
  try {
    return federation.run({ ...parties, [who]: forging(honest, type, forge) }).outputs.get("zoe");
  } catch (error) {
    return error;
  }
}

/** A frame of zstd that unpacks to gigabytes would begin like this; ours has no place for one. */
const bomb = (length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  bytes.set([0x28, 0xb5, 0x2f, 0xfd, 0xa4]);
  return bytes;
};

/** floor(Q / t) as a polynomial: what a share of it says is the secret key itself. */
const scaled = (() => {
  const primes = TINY_SET.data.primes.map(BigInt);
  const delta = primes.reduce((all, prime) => all * prime, 1n) / BigInt(TINY_SET.t);
  const residues = primes.flatMap((prime) =>
    Array.from({ length: TINY_SET.slots }, (_, at) => (at === 0 ? delta % prime : 0n)),
  );
  return new Uint8Array(BigUint64Array.from(residues).buffer);
})();

const primeAt = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = bytes.slice();
  new DataView(copy.buffer).setBigUint64(at, BigInt(TINY_SET.data.primes[0] ?? 0), true);
  return copy;
};
const withC1 = (bytes: Uint8Array, c1: Uint8Array): Uint8Array => {
  const copy = bytes.slice();
  copy.set(c1, C1);
  return copy;
};

/** The set for joins, in 16 slots. */
const PAIR_CODE = 96 + 2;

const HEAD = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, 3);

/** What no ciphertext is, each of the exact length. */
const NO_CIPHERTEXTS: readonly (readonly [string, (bytes: Uint8Array) => Uint8Array])[] = [
  ["a compression bomb", ({ length }) => bomb(length)],
  [
    "a compression bomb behind our head",
    (bytes) => Uint8Array.from([...HEAD(bytes), ...bomb(bytes.length - 3)]),
  ],
  [
    "a header of the library's",
    (bytes) => Uint8Array.from([0xa1, 0x5e, 0x10, 4, 1, 2, ...bytes.subarray(6)]),
  ],
  ["a zero c1", (bytes) => bytes.slice().fill(0, C1)],
  ["a zero c0", (bytes) => bytes.slice().fill(0, 3, C1)],
  ["a coefficient that is its prime", (bytes) => primeAt(bytes, 3)],
  ["another form", (bytes) => flip(bytes, 1)],
  ["another set", (bytes) => flip(bytes, 0)],
  ["three polynomials", (bytes) => flip(bytes, 2)],
];

describe("the fence before the library", () => {
  it("lets an honest session through", () => {
    expect(Array.from(ends("mallory", "none", (bytes) => bytes) as Float64Array)).toEqual(plainSum(SUM));
    expect(new Set(calls)).toEqual(new Set(["keyShare", "encrypt", "encryptZero", "timesSecret", "decrypt"]));
  });

  it.each(NO_CIPHERTEXTS)("refuses %s among the ciphertexts, before any is opened", (_name, forge) => {
    expect(ends("mallory", "ct", forge)).toHaveProperty("code", "ciphertext");
    expect(calls).not.toContain("timesSecret");
    expect(calls).not.toContain("decrypt");
  });

  it.each(NO_CIPHERTEXTS)("refuses %s among the shares, before anything is decrypted", (_name, forge) => {
    expect(ends("mallory", "share", forge)).toHaveProperty("code", "invalid-result");
    expect(calls).not.toContain("decrypt");
  });

  it.each(NO_CIPHERTEXTS)("refuses %s as a selection, and never multiplies with it", (_name, forge) => {
    const set = TINY_SET;
    const frame = new Uint8Array(3 + 2 * POLYNOMIAL).fill(1);
    frame.set([set.code, 3, 2]);
    const vault = new MemoryVault();
    const run = (name: string, ...args: readonly unknown[]): unknown =>
      runJob(federation.jobs, vault, name, args);
    calls.length = 0;
    expect(run("hub.accumulate", forge(frame), [new Float64Array(set.slots).fill(1)])).toBe(false);
    expect(calls).toEqual([]);
  });

  it.each(NO_CIPHERTEXTS)("refuses %s as the total of a pair, and never decrypts it", (_name, forge) => {
    const frame = new Uint8Array(3 + 2 * POLYNOMIAL).fill(1);
    frame.set([PAIR_CODE, 1, 2]);
    const vault = new MemoryVault({ "join/secret": new Uint8Array(POLYNOMIAL) });
    expect(runJob(federation.jobs, vault, "join.pair.open", [forge(frame)])).toBeUndefined();
    expect(calls).toEqual([]);
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ["a compression bomb", ({ length }) => bomb(length)],
    ["values of zeros", (bytes) => bytes.slice().fill(0, 35)],
    ["a coefficient that is its prime", (bytes) => primeAt(bytes, 35)],
    ["a frame in full", (bytes) => flip(flip(bytes, 1), 0)],
  ])("refuses %s among the values of a pair, and never multiplies with it", (_name, forge) => {
    const frame = new Uint8Array(3 + 32 + POLYNOMIAL).fill(1);
    frame.set([PAIR_CODE, 2, 2]);
    expect(runJob(federation.jobs, new MemoryVault(), "join.pair.add", [0, 1, 0, [forge(frame)]])).toBe(
      false,
    );
    expect(calls).toEqual([]);
  });

  it("refuses c1 = floor(Q/t) from the coordinator: no secret ever multiplies it", () => {
    expect(ends("coordinator", "c1", () => scaled)).toHaveProperty("code", "ciphertext");
    expect(calls).not.toContain("timesSecret");
  });

  it("refuses it from a contributor, and any other c1 than it had committed to", () => {
    expect(ends("mallory", "ct", (bytes) => withC1(bytes, scaled))).toHaveProperty("code", "list");
    expect(calls).not.toContain("timesSecret");
  });

  it.each<[string, string, (bytes: Uint8Array) => Uint8Array]>([
    ["chosen after the others'", "commitment", (bytes) => bytes.slice().reverse()],
    ["of zeros", "commitment", (bytes) => bytes.slice().fill(0, 0, POLYNOMIAL)],
    ["that is a compression bomb", "commitment", ({ length }) => bomb(length)],
  ])("refuses a key share %s: nothing is encrypted under it", (_name, code, forge) => {
    expect(ends("mallory", "b", forge)).toHaveProperty("code", code);
    expect(calls).not.toContain("encrypt");
  });

  it("refuses a key share of another form also where it was committed to", () => {
    for (const wrong of [new Uint8Array(POLYNOMIAL), primeAt(scaled, 8), bomb(POLYNOMIAL - 1)]) {
      const vault = new MemoryVault();
      expect(runJob(federation.jobs, vault, "sum.add-key-share", [wrong])).toBe(false);
      expect(runJob(federation.jobs, vault, "hub.take-key", [wrong])).toBe(false);
    }
    expect(calls).toEqual([]);
  });

  it("refuses a recipient's key of zeros: nothing is encrypted under it, and no share is made", () => {
    const honest = federation.jobs;
    const zeros = (): Uint8Array => new Uint8Array(POLYNOMIAL);
    federation.jobs = new Map([...honest, ["sum.recipient-key", zeros]]);
    expect(ends("zoe", "none", (bytes) => bytes)).toHaveProperty("code", "refused");
    federation.jobs = honest;
    expect(calls).not.toContain("encryptZero");
    expect(calls).not.toContain("timesSecret");
  });
});
