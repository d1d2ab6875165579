// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addMod,
  addPolynomials,
  checkPolynomial,
  FLOOD_BYTES,
  flood,
  multiplyMod,
  parameterSet,
  type Ring,
  subtractMod,
} from "../src/index.ts";
import { multiplyAdd, multiplyPolynomials, subtractPolynomials } from "../src/polynomial.ts";

const set = parameterSet("bfv-amt-50-pq");
const RING: Ring = { n: 4, primes: set.key.primes };

const residue = (prime: number): fc.Arbitrary<number> =>
  fc.oneof(fc.constantFrom(0, 1, prime - 1, prime - 2), fc.integer({ min: 0, max: prime - 1 }));

const pair = fc
  .constantFrom(...set.key.primes, set.t)
  .chain((prime) => fc.tuple(fc.constant(prime), residue(prime), residue(prime)));

const polynomial: fc.Arbitrary<Uint8Array> = fc
  .tuple(...RING.primes.flatMap((prime) => Array.from({ length: RING.n }, () => residue(prime))))
  .map(packed);

function packed(residues: readonly (number | bigint)[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(residues, BigInt).buffer);
}

function residuesOf(bytes: Uint8Array): bigint[] {
  return [...new BigUint64Array(bytes.slice().buffer)];
}

/** The same in BigInt, residue by residue. */
function plainly(of: (prime: bigint, at: number) => bigint): bigint[] {
  return RING.primes.flatMap((prime, row) =>
    Array.from({ length: RING.n }, (_, column) => {
      const value = of(BigInt(prime), row * RING.n + column) % BigInt(prime);
      return value < 0n ? value + BigInt(prime) : value;
    }),
  );
}

describe("arithmetic in doubles", () => {
  it("equals BigInt for every prime, at the edges too", () => {
    fc.assert(
      fc.property(pair, ([prime, left, right]) => {
        const big = [BigInt(left), BigInt(right), BigInt(prime)] as const;
        expect(BigInt(addMod(left, right, prime))).toBe((big[0] + big[1]) % big[2]);
        expect(BigInt(subtractMod(left, right, prime))).toBe((big[0] - big[1] + big[2]) % big[2]);
        expect(BigInt(multiplyMod(left, right, prime, 1 / prime))).toBe((big[0] * big[1]) % big[2]);
      }),
      { numRuns: 5000 },
    );
  });

  it("adds, subtracts and multiplies polynomials, from any alignment", () => {
    fc.assert(
      fc.property(polynomial, polynomial, fc.integer({ min: 0, max: 3 }), (left, right, shift) => {
        const moved = new Uint8Array([...new Uint8Array(shift), ...left]).subarray(shift);
        const [a, b] = [residuesOf(left), residuesOf(right)];
        expect(residuesOf(addPolynomials(RING, moved, right))).toEqual(
          plainly((_, at) => (a[at] ?? 0n) + (b[at] ?? 0n)),
        );
        expect(residuesOf(subtractPolynomials(RING, moved, right))).toEqual(
          plainly((_, at) => (a[at] ?? 0n) - (b[at] ?? 0n)),
        );
        const product = plainly((_, at) => (a[at] ?? 0n) * (b[at] ?? 0n));
        expect(residuesOf(multiplyPolynomials(RING, moved, right))).toEqual(product);
        expect(residuesOf(multiplyAdd(RING, undefined, moved, right))).toEqual(product);
        expect(residuesOf(multiplyAdd(RING, left, moved, right))).toEqual(
          plainly((_, at) => (a[at] ?? 0n) * (b[at] ?? 0n) + (a[at] ?? 0n)),
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe("flooding", () => {
  const stream = fc.uint8Array({ minLength: RING.n * FLOOD_BYTES, maxLength: RING.n * FLOOD_BYTES });

  it("adds one integer of [-2^bits, 2^bits) to a coefficient, the same under every prime", () => {
    fc.assert(
      fc.property(polynomial, stream, fc.integer({ min: 64, max: 126 }), (before, noise, bits) => {
        const words = new DataView(noise.buffer, noise.byteOffset);
        const a = residuesOf(before);
        const added = plainly((_, at) => {
          const place = (at % RING.n) * FLOOD_BYTES;
          const low = words.getBigUint64(place, true);
          const high = BigInt.asUintN(bits - 63, words.getBigUint64(place + 8, true));
          return (a[at] ?? 0n) + low + (high << 64n) - (1n << BigInt(bits));
        });
        expect(residuesOf(flood(RING, before, bits, noise))).toEqual(added);
      }),
      { numRuns: 300 },
    );
  });

  it.each([91, 96, 118])("of %i bits has its two ends in range, and no narrower stream", (bits) => {
    const zero = packed(new Array(RING.n * RING.primes.length).fill(0));
    const end = (byte: number): bigint => {
      const lifted = flood(RING, zero, bits, new Uint8Array(RING.n * FLOOD_BYTES).fill(byte));
      return residuesOf(lifted)[0] ?? 0n;
    };
    const prime = BigInt(set.data.primes[0] ?? 0);
    expect(end(0)).toBe(((-(2n ** BigInt(bits)) % prime) + prime) % prime);
    expect(end(255)).toBe((2n ** BigInt(bits) - 1n) % prime);
    expect(() => flood(RING, zero, bits, new Uint8Array(FLOOD_BYTES))).toThrow(
      expect.objectContaining({ code: "refused" }),
    );
    expect(() => flood(RING, zero, 63, new Uint8Array(RING.n * FLOOD_BYTES))).toThrow();
    expect(() => flood(RING, zero, 127, new Uint8Array(RING.n * FLOOD_BYTES))).toThrow();
  });
});

describe("a polynomial from a peer", () => {
  const good = packed(RING.primes.flatMap((prime) => [0, 1, 2, prime - 1]));

  it("passes when every residue is below its prime", () => {
    expect(checkPolynomial(RING, good)).toBe(good);
  });

  it.each([
    [
      "a residue equal to its prime",
      packed(RING.primes.flatMap((prime, row) => [0, 1, 2, prime - Number(row !== 3)])),
    ],
    ["a residue with a high bit", good.map((byte, at) => (at === 7 ? 0x80 : byte))],
    ["nothing but zeros", new Uint8Array(good.length)],
    ["a byte too few", good.slice(1)],
    ["a byte too many", new Uint8Array([...good, 0])],
    ["no bytes", new Uint8Array()],
  ])("is refused with %s, in one opaque way", (_name, bytes) => {
    expect(() => checkPolynomial(RING, bytes)).toThrow(
      expect.objectContaining({
        code: "refused",
        message: "expected lattice material of the agreed form, got something else",
      }),
    );
  });
});
