// SPDX-License-Identifier: Apache-2.0

import { concat, hex, i2osp, lp } from "@koplamp/wire";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { nodePrimitives } from "../../pool/src/index.ts";
import { kdf } from "../src/keyed.ts";
import { makeCells } from "../src/threshold-cells.ts";
import { isReceipt, Limbs, mod25, P25, read25, subsetsOf, weigh } from "../src/threshold-field.ts";

import type { ThresholdLayout } from "../src/threshold-layout.ts";
import { hitsCodec } from "../src/threshold-messages.ts";
import { atMost, commonCells, missBits, missChance, missedWithin, sharesOf } from "./threshold-places.ts";

const primitives = nodePrimitives();
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

/** What a cell says, by the text of protocols.md and big integers alone. */
function plainCell(
  key: Uint8Array,
  sid: Uint8Array,
  { atLeast, point, place }: { readonly atLeast: number; readonly point: number; readonly place: number },
): { readonly filter: bigint; readonly receipt: bigint; readonly pad: number } {
  const stream = primitives.aes256Ctr(key, 496 + 48 * 2 * 16 * (atLeast - 1));
  const big = (at: number): bigint => bigOf(stream.slice(at, at + 16));
  const value = big(0) % P61;
  const sum = (from: number, prime: bigint): bigint =>
    Array.from(
      { length: atLeast - 1 },
      (_, term) => big(from + 16 * term) * BigInt(point) ** BigInt(term + 1),
    ).reduce((total, term) => (total + term) % prime, 0n);
  const filters = 496 + place * 2 * 16 * (atLeast - 1);
  const secret = primitives.sha256(concat(lp("koplamp/flag/1"), i2osp(value, 8)));
  const pads = primitives.aes256Ctr(kdf(primitives, secret, sid, "flag", [point], 32), 192);
  return {
    filter: sum(filters, BigInt(P25)),
    receipt: (value + sum(filters + 16 * (atLeast - 1), P61)) % P61,
    pad: new DataView(pads.buffer, pads.byteOffset).getUint32(place * 4),
  };
}

const FROZEN_CELL = [1, "dc149d0032b1a27096b3721cb4a6bdda", "41767b2f1ca0731e"];
const FROZEN_HITS: string = `020b000000040302010500000013000000ff${"00".repeat(16)}`;
const SID = new Uint8Array(32).fill(1);
const SEED = new Uint8Array(32).fill(2);
const KEY = Uint8Array.from({ length: 32 }, (_, at) => at);

describe("a cell", () => {
  const layout: ThresholdLayout = { parties: 5, atLeast: 3, flagged: true, shards: 1, rows: 4, bins: 12 };
  const made = makeCells(
    primitives,
    { layout, sid: SID, point: 4, seed: SEED },
    { keys: KEY, flags: Uint8Array.of(1) },
  );

  it("is what the page says, wherever the item stands", () => {
    const view = new DataView(made.tables.buffer);
    const standing = [...made.places.entries()].filter(([, place]) => place >= 0);
    expect(standing.length).toBeGreaterThanOrEqual(36);
    for (const [at, place] of standing) {
      const table = Math.floor(at / layout.bins);
      const plain = plainCell(KEY, SID, { atLeast: 3, point: 4, place: table * 2 + (place & 1) });
      expect(view.getUint32(at * 16, true)).toBe(Number(plain.filter));
      expect(view.getBigUint64(at * 16 + 4, true)).toBe(plain.receipt);
      expect((view.getUint32(at * 16 + 12, true) ^ plain.pad) >>> 0).toBe(0x464c4147);
    }
    expect(bigFrom({ low: view.getUint32(4, true), high: view.getUint32(8, true) })).toBeLessThan(P61);
  });

  it("stays what it was in this version", () => {
    const at = made.places.indexOf(0);
    expect([at, hex(made.tables.slice(at * 16, at * 16 + 16)), hex(made.values)]).toEqual(FROZEN_CELL);
    const hits = hitsCodec({ rows: 2, bins: 12 });
    expect(hex(hits.encode([{ table: 2, bin: 11, low: 0x01020304, high: 5, told: 0b10011 }]))).toBe(
      FROZEN_HITS,
    );
  });

  it("is filled everywhere, and looks the same where nothing stands", () => {
    const view = new DataView(made.tables.buffer);
    const filters = Array.from(made.places, (_, cell) => view.getUint32(cell * 16, true));
    expect(new Set(filters).size).toBeGreaterThan(filters.length - 3);
    expect(Math.max(...filters)).toBeLessThan(P25);
  });
});

describe("places", () => {
  let cells: readonly number[] = [];
  let shares: readonly number[] = [];
  beforeAll(() => {
    cells = commonCells(primitives, { parties: 3, rows: 128, common: 4, runs: 120 });
    shares = sharesOf(cells);
  });

  it("are missed by a pair of tables as the bound of 2^-40 supposes", () => {
    expect(Math.abs((shares[0] ?? 1) - 0.06)).toBeLessThan(0.01);
    expect(Math.abs((shares[1] ?? 1) - 0.34)).toBeLessThan(0.02);
    expect(missBits(shares)).toBeLessThan(-40);
    expect(missBits(atMost(shares, cells))).toBeLessThan(-40);
  });

  it.each([2, 3])("are missed by %i pairs of tables as often as by independent ones", (pairs) => {
    const { items, missed } = missedWithin(cells, pairs);
    const expected = items * missChance(shares, pairs);
    expect(missed).toBeGreaterThan(0);
    expect(Math.abs(missed - expected)).toBeLessThan(4 * Math.sqrt(expected)); // chance 1 in 10,000
  });
});
