// SPDX-License-Identifier: Apache-2.0
// Ciphertexts times plain slots: the real library, and the toy that stands in for it.
import { beforeAll, describe, expect, it } from "vitest";
import { TINY_SET, tinyBfv } from "../../../test/toy/bfv.ts";
import { oraclePrimitives as primitives } from "../../crypto/test/oracle-primitives.ts";
import {
  accumulate,
  type Ciphertext,
  fitsNoise,
  type HeBackend,
  loadHe,
  multiplyMod,
  type PublicKey,
  parameterSet,
  type Ring,
  seededRandomness,
  seededUniform,
} from "../src/index.ts";

const SETS = ["bfv-join-46-pq", "bfv-sel-42-pq"];

/** Residues that look random and are the same each time. */
function uniform({ n, primes }: Ring, name: string): Uint8Array {
  const bytes = primitives.shake256(new TextEncoder().encode(name), n * primes.length * 8);
  const words = new BigUint64Array(bytes.slice().buffer);
  return new Uint8Array(words.map((word, at) => word % BigInt(primes[Math.floor(at / n)] ?? 1)).buffer);
}

function seedOf(name: string): Uint8Array {
  return primitives.sha256(new TextEncoder().encode(name));
}

let seal: HeBackend;

beforeAll(async () => {
  seal = await loadHe(primitives);
});

describe.each(["SEAL", "a toy of 16 slots"])("%s", (library) => {
  let base: HeBackend;

  beforeAll(() => {
    base = library === "SEAL" ? seal : tinyBfv((length) => primitives.shake256(seedOf("toy"), length));
  });

  it("gives each set one backend, and no unknown one any", () => {
    expect(base.set.code).toBe(library === "SEAL" ? 1 : TINY_SET.code);
    expect(() => base.forSet("bfv-join-47")).toThrow(expect.objectContaining({ code: "unknown-set" }));
    if (library === "SEAL") expect(base.forSet("bfv-join-46-pq")).toBe(base.forSet("bfv-join-46-pq"));
  });

  it.each(SETS)(
    "multiplies slot by slot and adds over chunks in %s, whichever way they were encrypted",
    (id) => {
      const he = base.forSet(id);
      const { set } = he;
      const { secret, ...key } = keyOf(he);
      const slotsOf = (from: number): Float64Array =>
        Float64Array.from({ length: set.slots }, (_, at) => (from * (at + 1)) % set.t);
      const [values, more] = [slotsOf(123_456_789), slotsOf(set.t - 1)];
      const chosen = Float64Array.from({ length: set.slots }, (_, at) => Number(at % 3 === 0));
      const weights = slotsOf(set.t - 77_777);
      const c1 = seededUniform(primitives, set.data, seedOf("c1"));
      const under = { c0: he.encryptUnder(secret, c1, values), c1 };
      const withSeed = he.encryptWith(key, more, seededRandomness(primitives, set.data, seedOf("enc")));
      const first = accumulate(set, undefined, under, he.factor(chosen));
      const sum = he.fromNtt(accumulate(set, first, withSeed, he.factor(weights)));
      const times = (left = 0, right = 0): number => multiplyMod(left, right, set.t, 1 / set.t);
      expect(he.decrypt(secret, he.addPlain(sum, values))).toEqual(
        values.map((value, at) => (value + value * (chosen[at] ?? 0) + times(more[at], weights[at])) % set.t),
      );
    },
  );

  it("takes a factor of zeros like any other", () => {
    const he = base.forSet("bfv-join-46-pq");
    const { secret, ...key } = keyOf(he);
    const { data, slots } = he.set;
    const c1 = seededUniform(primitives, data, seedOf("c1"));
    const ones = new Float64Array(slots).fill(1);
    const nothing = accumulate(
      he.set,
      undefined,
      { c0: he.encryptUnder(secret, c1, ones), c1 },
      he.factor(new Float64Array(slots)),
    );
    const open = he.fromNtt(nothing); // a product with zeros alone has no secret in it
    expect(open.c0.some((byte) => byte !== 0) || open.c1.some((byte) => byte !== 0)).toBe(false);
    expect(he.decrypt(secret, he.addPlain(open, ones))).toEqual(ones);
    const withSeed = he.encryptWith(key, ones, seededRandomness(primitives, data, seedOf("enc")));
    const sum = accumulate(he.set, nothing, withSeed, he.factor(ones));
    expect(he.decrypt(secret, he.fromNtt(sum))).toEqual(ones);
  });

  it("makes the same ciphertext from the same key, slots and seed, and another from another seed", () => {
    const he = base.forSet("bfv-sel-42-pq");
    const { secret: _secret, ...key } = keyOf(he);
    const chosen = Float64Array.from({ length: he.set.slots }, (_, at) => at % 2);
    const made = (name: string): Ciphertext =>
      he.encryptWith(key, chosen, seededRandomness(primitives, he.set.data, seedOf(name)));
    expect(made("one")).toEqual(made("one"));
    expect(made("one").c1).not.toEqual(made("two").c1);
  });

  function keyOf(he: HeBackend): PublicKey & { readonly secret: Uint8Array } {
    const a = uniform(he.set.key, "a");
    const { secret, share } = he.keyShare(a);
    return { secret, b: share, a };
  }
});

describe("what comes from a seed", () => {
  const { data } = parameterSet("bfv-join-46-pq");

  it("is uniform below each prime", () => {
    const residues = new BigUint64Array(seededUniform(primitives, data, seedOf("uniform")).buffer);
    data.primes.forEach((prime, row) => {
      const own = residues.subarray(row * data.n, (row + 1) * data.n);
      expect(own.every((residue) => residue < BigInt(prime))).toBe(true);
      const mean = own.reduce((sum, residue) => sum + Number(residue), 0) / data.n / prime;
      expect(Math.abs(mean - 0.5)).toBeLessThan(6 / Math.sqrt(12 * data.n));
    });
  });

  it("has a ternary u and errors of variance 10.5, each number the same under every prime", () => {
    const { u, e0, e1 } = seededRandomness(primitives, data, seedOf("small"));
    const counts = [-1, 0, 1].map((value) => signed(u).filter((number) => number === value).length);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(data.n);
    for (const count of counts)
      expect(Math.abs(count - data.n / 3)).toBeLessThan(6 * Math.sqrt((data.n * 2) / 9));
    for (const error of [e0, e1]) {
      const numbers = signed(error);
      const variance = numbers.reduce((sum, number) => sum + number * number, 0) / data.n;
      expect(Math.abs(variance - 10.5)).toBeLessThan(6 * 10.5 * Math.sqrt(2 / data.n));
      expect(numbers.every((number) => Math.abs(number) <= 21)).toBe(true);
    }
    expect(e0).not.toEqual(e1);
    for (const polynomial of [u, e0, e1]) {
      const row = (of: number): Uint8Array => polynomial.slice(of * data.n * 8, (of + 1) * data.n * 8);
      expect(signedRow(row(3), data.primes[3] ?? 0)).toEqual(signedRow(row(0), data.primes[0] ?? 0));
    }
  });

  function signed(polynomial: Uint8Array): number[] {
    return signedRow(polynomial.slice(0, data.n * 8), data.primes[0] ?? 0);
  }
});

function signedRow(row: Uint8Array, prime: number): number[] {
  return Array.from(new BigUint64Array(row.slice().buffer), (word) =>
    Number(word) > prime / 2 ? Number(word) - prime : Number(word),
  );
}

describe("the noise of products", () => {
  it("bounds parties and chunks together", () => {
    const joins = parameterSet("bfv-join-46-pq");
    expect([fitsNoise(joins, 1, 128), fitsNoise(joins, 1, 129), fitsNoise(joins, 2, 1)]).toEqual([
      true,
      false,
      false,
    ]);
    const hub = parameterSet("bfv-sel-42-pq");
    expect([
      fitsNoise(hub, 12, 22),
      fitsNoise(hub, 12, 23),
      fitsNoise(hub, 4, 200),
      fitsNoise(hub, 13, 1),
    ]).toEqual([true, false, true, false]);
    expect(fitsNoise(parameterSet("bfv-amt-50-pq"), 1, 1)).toBe(false);
  });

  it.each(SETS)("stays below the bound behind the flood of %s", (id) => {
    const he = seal.forSet(id);
    const { set } = he;
    const a = uniform(set.key, "a");
    const { secret, share } = he.keyShare(a);
    const zero = new Float64Array(set.slots);
    const ternary = Float64Array.from({ length: set.slots }, (_, at) => (at * 48_271) % set.t);
    const fresh =
      id === SETS[0]
        ? {
            c0: he.encryptUnder(secret, seededUniform(primitives, set.data, seedOf("c1")), zero),
            c1: seededUniform(primitives, set.data, seedOf("c1")),
          }
        : he.encryptWith({ b: share, a }, zero, seededRandomness(primitives, set.data, seedOf("enc")));
    const { c0, c1 } = he.fromNtt(accumulate(set, undefined, fresh, he.factor(ternary)));
    const decrypted = addedMod(set.data, c0, he.timesSecret(c1, secret)); // of zero: what is left is noise
    const noise = lifted(set.data, decrypted);
    const most = 2n ** BigInt((set.products?.floodBits ?? 0) - 53 - 4); // 128 chunks have 3.5 bits more
    expect(noise.every((number) => number < most)).toBe(true);
    expect(noise.some((number) => number > 2n ** 45n)).toBe(true);
  });
});

function addedMod({ n, primes }: Ring, left: Uint8Array, right: Uint8Array): bigint[] {
  const [a, b] = [new BigUint64Array(left.slice().buffer), new BigUint64Array(right.slice().buffer)];
  return Array.from(a, (word, at) => (word + (b[at] ?? 0n)) % BigInt(primes[Math.floor(at / n)] ?? 1));
}

/** Magnitudes, by the Chinese remainder theorem. */
function lifted({ n, primes }: Ring, residues: readonly bigint[]): bigint[] {
  const q = primes.reduce((product, prime) => product * BigInt(prime), 1n);
  const lifts = primes.map((prime) => {
    const rest = q / BigInt(prime);
    let inverse = 1n;
    for (let power = BigInt(prime) - 2n, square = rest % BigInt(prime); power > 0n; power /= 2n) {
      if (power % 2n === 1n) inverse = (inverse * square) % BigInt(prime);
      square = (square * square) % BigInt(prime);
    }
    return rest * inverse;
  });
  return Array.from({ length: n }, (_, at) => {
    const value = lifts.reduce((sum, lift, row) => sum + lift * (residues[row * n + at] ?? 0n), 0n) % q;
    return value > q / 2n ? q - value : value;
  });
}
