// SPDX-License-Identifier: Apache-2.0
// The real library behind the fence.
import { initialize } from "node-seal";
import { beforeAll, describe, expect, it } from "vitest";
import { oraclePrimitives as primitives } from "../../crypto/test/oracle-primitives.ts";
import { arena } from "../src/arena.ts";
import type { SetBackend } from "../src/backend.ts";
import {
  addPolynomials,
  type Ciphertext,
  decodeCiphertext,
  encodeCiphertext,
  FLOOD_BYTES,
  flood,
  type HeBackend,
  loadHe,
  parameterSet,
} from "../src/index.ts";
import { SealBackend } from "../src/seal.ts";
import { selfTest } from "../src/self-test.ts";

const set = parameterSet("bfv-amt-50-pq");
const { data, key, t } = set;
const selections = parameterSet("bfv-sel-42-pq");

/** A polynomial that looks random and is the same each time. */
function uniform(name: string): Uint8Array {
  const bytes = primitives.shake256(
    new Uint8Array([...name].map((letter) => letter.charCodeAt(0))),
    key.n * key.primes.length * 8,
  );
  const words = new BigUint64Array(bytes.slice().buffer);
  return new Uint8Array(
    words.map((word, at) => word % BigInt(key.primes[Math.floor(at / key.n)] ?? 1)).buffer,
  );
}

function sum(...parts: readonly Ciphertext[]): Ciphertext {
  return parts.reduce((left, right) => ({
    c0: addPolynomials(data, left.c0, right.c0),
    c1: addPolynomials(data, left.c1, right.c1),
  }));
}

describe("SEAL behind the fence", () => {
  let he: HeBackend;
  const a = uniform("a");
  const left = Float64Array.from({ length: set.slots }, (_, at) => at * 1000);
  const right = Float64Array.from({ length: set.slots }, (_, at) => t - 1 - at);

  beforeAll(async () => {
    he = await loadHe(primitives);
  });

  it("opens a sum under shares of a key that exists nowhere, and nothing with a share missing", () => {
    const shares = ["alice", "bob", "carol"].map(() => he.keyShare(a));
    const b = shares.map(({ share }) => share).reduce((x, y) => addPolynomials(key, x, y));
    const together = sum(he.encrypt({ b, a }, left), he.encrypt({ b, a }, right));
    const mine = he.keyShare(uniform("r"));
    const released = shares.map(({ secret }): Ciphertext => {
      const zero = he.encryptZero({ b: mine.share, a: uniform("r") });
      const stream = new Uint8Array(data.n * FLOOD_BYTES).map((_, at) => (at * 37) % 251);
      const share = flood(data, he.timesSecret(together.c1, secret), set.floodBits, stream);
      return { c0: addPolynomials(data, share, zero.c0), c1: zero.c1 };
    });
    const open = (parts: readonly Ciphertext[]): Float64Array => {
      const all = parts.length === 0 ? { c0: together.c0, c1: together.c1 } : sum(...parts);
      return he.decrypt(mine.secret, { c0: addPolynomials(data, together.c0, all.c0), c1: all.c1 });
    };
    const expected = left.map((value, at) => (value + (right[at] ?? 0)) % t);
    expect(open(released)).toEqual(expected);
    const without = open(released.slice(1));
    expect(without.filter((value, at) => value === expected[at]).length).toBe(0);
  });

  it("gives and takes bare residues", () => {
    const { share, secret } = he.keyShare(a);
    const ciphertext = he.encrypt({ b: share, a }, left);
    const received = decodeCiphertext(set, encodeCiphertext(set, ciphertext));
    expect(he.decrypt(secret, received)).toEqual(left);
  });

  it.each<[string, (he: HeBackend) => unknown]>([
    [
      "a transparent product",
      (he) => he.timesSecret(new Uint8Array(set.slots * 4 * 8), he.keyShare(a).secret),
    ],
    ["a short secret", (he) => he.decrypt(new Uint8Array(8), he.encryptZero({ b: he.keyShare(a).share, a }))],
    ["a short key", (he) => he.encryptZero({ b: new Uint8Array(8), a })],
    ["a slot too many", (he) => he.encrypt({ b: he.keyShare(a).share, a }, new Float64Array(set.slots + 1))],
    ["a slot of t", (he) => he.encrypt({ b: he.keyShare(a).share, a }, new Float64Array(set.slots).fill(t))],
    [
      "a slot below zero",
      (he) => he.encrypt({ b: he.keyShare(a).share, a }, new Float64Array(set.slots).fill(-1)),
    ],
  ])("refuses %s with one opaque error", (_name, attempt) => {
    expect(() => attempt(he)).toThrow(
      expect.objectContaining({
        code: "refused",
        message: "expected lattice material of the agreed form, got something else",
      }),
    );
  });
});

describe("the self-test", () => {
  it("stops a backend that computes something else, or has no margin left", async () => {
    const real = new SealBackend(await initialize(), set);
    expect(selfTest(real, primitives)).toBe(real);
    const turned = proxy(real, {
      decrypt: (secret, ciphertext) => real.decrypt(secret, ciphertext).reverse(),
    });
    const narrow = proxy(real, {}, { ...set, floodBits: 95, mostShares: 2 ** 24 });
    for (const other of [turned, narrow]) {
      expect(() => selfTest(other, primitives)).toThrow(expect.objectContaining({ code: "self-test" }));
    }
  });

  it("stops one of a set with products that makes other bytes from a seed, or has no margin left", async () => {
    const real = new SealBackend(await initialize(), selections);
    expect(selfTest(real, primitives)).toBe(real);
    const other = proxy(real, { factor: (slots) => real.factor(slots.toReversed()) }, selections);
    const narrow = proxy(real, {}, { ...selections, mostShares: 14 });
    for (const backend of [other, narrow]) {
      expect(() => selfTest(backend, primitives)).toThrow(expect.objectContaining({ code: "self-test" }));
    }
  });
});

function proxy(real: SealBackend, changes: Partial<SetBackend>, changedSet = set): SetBackend {
  return {
    set: changedSet,
    keyShare: (a) => real.keyShare(a),
    encrypt: (publicKey, slots) => real.encrypt(publicKey, slots),
    encryptZero: (publicKey) => real.encryptZero(publicKey),
    timesSecret: (c1, secret) => real.timesSecret(c1, secret),
    decrypt: (secret, ciphertext) => real.decrypt(secret, ciphertext),
    encryptUnder: (secret, c1, slots) => real.encryptUnder(secret, c1, slots),
    encryptWith: (publicKey, slots, randomness) => real.encryptWith(publicKey, slots, randomness),
    factor: (slots) => real.factor(slots),
    fromNtt: (ciphertext) => real.fromNtt(ciphertext),
    addPlain: (ciphertext, slots) => real.addPlain(ciphertext, slots),
    ...changes,
  };
}

describe("an arena", () => {
  it("frees what it owns, last first, also when its scope throws", () => {
    const freed: string[] = [];
    const handle = (name: string): { delete(): void } => ({ delete: () => void freed.push(name) });
    expect(() => {
      using scope = arena();
      scope.own(handle("first"));
      scope.own(handle("second"));
      throw new Error("stop");
    }).toThrow("stop");
    expect(freed).toEqual(["second", "first"]);
  });
});
