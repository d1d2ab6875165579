// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isReceipt, Limbs, mod25, P25, read25, subsetsOf, weigh } from "../src/threshold-field.ts";

const P61 = 2n ** 61n - 1n;
const bigFrom = ({ low, high }: { low: number; high: number }): bigint =>
  BigInt(high) * 2n ** 32n + BigInt(low);
const limbsOf = (value: bigint): Limbs => {
  const limbs = new Limbs();
  limbs.low = Number(value & 0xffffffffn);
  limbs.high = Number(value >> 32n);
  return limbs;
};
const element = fc.oneof(
  fc.bigInt({ min: 0n, max: P61 - 1n }),
  fc.constantFrom(0n, 1n, P61 - 1n, 2n ** 32n - 1n),
);
const bytes16 = fc.oneof(
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  fc.constantFrom(new Uint8Array(16).fill(255), new Uint8Array(16)),
);
const bigOf = (bytes: Uint8Array): bigint => bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);

describe("the two fields", () => {
  it("equal arithmetic on big integers", () => {
    fc.assert(
      fc.property(bytes16, element, element, fc.integer({ min: 1, max: 2 ** 16 }), (bytes, a, c, factor) => {
        const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
        expect(read25(view, 0, 4)).toBe(Number(bigOf(bytes) % BigInt(P25)));
        const read = new Limbs();
        read.read(view, 0);
        expect(bigFrom(read)).toBe(bigOf(bytes) % P61);
        const sum = limbsOf(a);
        sum.timesPlus(factor, limbsOf(c));
        expect(bigFrom(sum)).toBe((a * BigInt(factor) + c) % P61);
        expect(isReceipt(sum.low, sum.high)).toBe(true);
      }),
    );
    expect(mod25(2 ** 53 - 1)).toBe(Number((2n ** 53n - 1n) % BigInt(P25)));
    expect(isReceipt(2 ** 32 - 1, 2 ** 29 - 1)).toBe(false);
  });

  it("give the value at 0 from any subset of shares, up to 16 parties", () => {
    const cases = fc
      .integer({ min: 2, max: 9 })
      .chain((parties) => fc.tuple(fc.constant(parties), fc.integer({ min: 2, max: parties })));
    fc.assert(
      fc.property(
        cases,
        fc.array(element, { minLength: 16, maxLength: 16 }),
        ([parties, atLeast], numbers) => {
          expectShares(parties, atLeast, numbers);
        },
      ),
      { numRuns: 30, examples: [[[16, 16], new Array<bigint>(16).fill(P61 - 1n)]] },
    );
  });
});

/** Shares of polynomials with these coefficients, opened by every subset. */
function expectShares(parties: number, atLeast: number, numbers: readonly bigint[]): void {
  const share = (party: number, prime: bigint, constant: bigint): bigint =>
    numbers.slice(1, atLeast).reduceRight((sum, number) => (sum + (number % prime)) * BigInt(party + 1), 0n) +
    constant;
  for (const { members, factors, weights } of subsetsOf(parties, atLeast)) {
    const filters = members.map((party) => Number(share(party, BigInt(P25), 0n) % BigInt(P25)));
    const sum = factors.reduce((total, factor, at) => mod25(total + factor * (filters[at] ?? 0)), 0);
    expect(sum).toBe(filters.at(-1));
    const receipts = members.map((party) => limbsOf(share(party, P61, numbers[0] ?? 0n) % P61));
    const opened = new Limbs();
    const low = Float64Array.from(receipts, (limbs) => limbs.low);
    weigh(
      opened,
      low,
      Float64Array.from(receipts, (limbs) => limbs.high),
      weights,
    );
    expect(bigFrom(opened)).toBe(numbers[0]);
  }
}
