// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import {
  type Ciphertext,
  ciphertextBytes,
  decodeCiphertext,
  decodeSeeded,
  encodeCiphertext,
  encodeSeeded,
  parameterSet,
  polynomialBytes,
  seededBytes,
} from "../src/index.ts";

const set = parameterSet("bfv-amt-50-pq");

function polynomial(first: number): Uint8Array {
  const residues = Array.from({ length: set.slots * set.data.primes.length }, (_, at) => BigInt(at + first));
  return new Uint8Array(BigUint64Array.from(residues).buffer);
}

const SAMPLE: Ciphertext = { c0: polynomial(1), c1: polynomial(77) };

describe("a ciphertext frame", () => {
  const frame = encodeCiphertext(set, SAMPLE);

  it("has 524,291 bytes: set, form, polynomials, then bare residues", () => {
    expect(frame.length).toBe(524_291);
    expect(ciphertextBytes(set)).toBe(524_291);
    expect([...frame.subarray(0, 12)]).toEqual([1, 1, 2, 1, 0, 0, 0, 0, 0, 0, 0, 2]);
  });

  it("comes back as it was", () => {
    expect(decodeCiphertext(set, frame)).toEqual(SAMPLE);
  });

  const changed = (at: number, byte: number): Uint8Array => {
    const copy = frame.slice();
    copy[at] = byte;
    return copy;
  };
  const prime = BigInt(set.data.primes[0] ?? 0);
  const half = polynomialBytes(set.data);

  it.each([
    ["another set", changed(0, 2)],
    ["the seeded form", changed(1, 2)],
    ["three polynomials", changed(2, 3)],
    ["a byte too few", frame.slice(0, -1)],
    ["a byte too many", new Uint8Array([...frame, 0])],
    ["a coefficient equal to its prime", withResidue(frame, 3, prime)],
    ["a coefficient of the second polynomial equal to its prime", withResidue(frame, 3 + half, prime)],
    ["an all-zero first polynomial", frame.slice().fill(0, 3, 3 + half)],
    ["an all-zero second polynomial: transparent", frame.slice().fill(0, 3 + half)],
    ["SEAL's own header in front", new Uint8Array([0x5e, 0xa1, 0x10, 0x04, ...frame.subarray(4)])],
  ])("is refused with %s", (_name, bytes) => {
    expect(() => decodeCiphertext(set, bytes)).toThrow(expect.objectContaining({ code: "refused" }));
  });
});

describe("the other forms of a frame", () => {
  const joins = parameterSet("bfv-join-46-pq");
  const seeded = encodeSeeded(joins, { seed: new Uint8Array(32).fill(9), c0: SAMPLE.c0 });

  it("have the seed in place of the second polynomial, or say that both are in NTT form", () => {
    expect([seeded.length, seededBytes(joins)]).toEqual([262_179, 262_179]);
    expect([...seeded.subarray(0, 3)]).toEqual([2, 2, 2]);
    expect(decodeSeeded(joins, seeded)).toEqual({ seed: new Uint8Array(32).fill(9), c0: SAMPLE.c0 });
    const ntt = encodeCiphertext(joins, SAMPLE, "ntt");
    expect([...ntt.subarray(0, 3)]).toEqual([2, 3, 2]);
    expect(decodeCiphertext(joins, ntt, "ntt")).toEqual(SAMPLE);
  });

  it.each<[string, () => unknown]>([
    ["one form for another", () => decodeCiphertext(joins, encodeCiphertext(joins, SAMPLE), "ntt")],
    ["one set for another", () => decodeSeeded(set, seeded)],
    ["a byte too many", () => decodeSeeded(joins, new Uint8Array([...seeded, 0]))],
    ["a full ciphertext", () => decodeSeeded(joins, encodeCiphertext(joins, SAMPLE))],
    ["an all-zero polynomial", () => decodeSeeded(joins, seeded.slice().fill(0, 35))],
    [
      "a coefficient equal to its prime",
      () => decodeSeeded(joins, withResidue(seeded, 35, BigInt(joins.data.primes[0] ?? 0))),
    ],
  ])("are not taken with %s", (_name, decode) => {
    expect(decode).toThrow(expect.objectContaining({ code: "refused" }));
  });
});

function withResidue(frame: Uint8Array, at: number, value: bigint): Uint8Array {
  const copy = frame.slice();
  new DataView(copy.buffer).setBigUint64(at, value, true);
  return copy;
}

describe("a parameter set", () => {
  it("is known by its id alone", () => {
    expect(() => parameterSet("bfv-amt-51")).toThrow(expect.objectContaining({ code: "unknown-set" }));
  });

  it.each([
    ["bfv-amt-50-pq", 50],
    ["bfv-join-46-pq", 46],
    ["bfv-sel-42-pq", 42],
  ])("keeps %s within 202 bits, and its t is the largest batching prime of %i bits", (id, size) => {
    const set = parameterSet(id);
    const bits = set.key.primes.reduce((sum, prime) => sum + Math.log2(prime), 0);
    expect(bits).toBeLessThanOrEqual(202);
    expect(set.key.primes).not.toContain(set.t);
    for (const prime of [...set.key.primes, set.t])
      expect([prime % (2 * set.slots), isPrime(prime)]).toEqual([1, true]);
    for (let above = set.t + 2 * set.slots; above < 2 ** size; above += 2 * set.slots)
      expect(isPrime(above)).toBe(false);
  });
});

/** Fermat to seven bases: enough to tell the primes of a list that a library has accepted. */
function isPrime(candidate: number): boolean {
  const modulus = BigInt(candidate);
  return [2n, 3n, 5n, 7n, 11n, 13n, 17n].every((base) => power(base, modulus - 1n, modulus) === 1n);
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  if (exponent === 0n) return 1n;
  const half = power((base * base) % modulus, exponent / 2n, modulus);
  return exponent % 2n === 1n ? (half * base) % modulus : half;
}
