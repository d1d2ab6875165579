// SPDX-License-Identifier: Apache-2.0
// Lanes and limbs against the same arithmetic with BigInt.
import { hex } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodePrimitives } from "../../pool/src/index.ts";
import { chunkHolds, chunkKeys, layTail } from "../src/sum-masked-checks.ts";
import { maskChunk, seedCommitment, seedStream } from "../src/sum-masked-streams.ts";
import {
  addChunk,
  type Bits,
  bytesOfLanes,
  doublesInPlace,
  packDoubles,
  packWide,
  subtractChunk,
  TAIL_LANES,
  wideOf,
} from "../src/sum-masked-words.ts";

const primitives = nodePrimitives();
const PRIME = 2n ** 61n - 1n;
const bits = fc.constantFrom<Bits>(64, 128);
const secret = primitives.sha256(Uint8Array.of(7));
const transcript = primitives.sha256(Uint8Array.of(8));

/** The words of a chunk, its check words last. */
function wordsOf(lanes: Uint32Array, width: Bits): readonly bigint[] {
  const read = (at: number, count: number): bigint =>
    Array.from(lanes.subarray(at, at + count)).reduceRight((all, lane) => (all << 32n) + BigInt(lane), 0n);
  const numbers = (lanes.length - TAIL_LANES) / (width / 32);
  const words = Array.from({ length: numbers }, (_, at) => read((at * width) / 32, width / 32));
  return [...words, ...[0, 4, 8].map((at) => read(lanes.length - TAIL_LANES + at, 4))];
}

const chunk = fc.tuple(bits, fc.integer({ min: 1, max: 70 })).chain(([width, numbers]) => {
  const length = (numbers * width) / 32 + TAIL_LANES;
  const lane = fc.oneof(fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1), fc.nat({ max: 2 ** 32 - 1 }));
  const lanes = fc.array(lane, { minLength: length, maxLength: length }).map((all) => Uint32Array.from(all));
  return fc.record({ width: fc.constant(width), left: lanes, right: lanes });
});

describe("words", () => {
  it("add and subtract modulo 2^64 and 2^128, check words always modulo 2^128", () => {
    fc.assert(
      fc.property(chunk, ({ width, left, right }) => {
        const [a, b] = [wordsOf(left, width), wordsOf(right, width)];
        const modulus = (at: number): number => (at >= a.length - 3 ? 128 : width);
        const sum = left.slice();
        addChunk(sum, right, width);
        expect(wordsOf(sum, width)).toEqual(
          a.map((value, at) => BigInt.asUintN(modulus(at), value + (b[at] ?? 0n))),
        );
        subtractChunk(sum, right, width);
        expect(sum).toEqual(left);
        subtractChunk(sum, right, width);
        expect(wordsOf(sum, width)).toEqual(
          a.map((value, at) => BigInt.asUintN(modulus(at), value - (b[at] ?? 0n))),
        );
      }),
    );
  });

  it("hold whole doubles, and numbers below 2^127, with their sign", () => {
    fc.assert(
      fc.property(fc.array(fc.maxSafeInteger()), (numbers) => {
        const lanes = packDoubles(Float64Array.from(numbers));
        const big = new BigInt64Array(lanes.slice().buffer);
        expect(Array.from(big)).toEqual(numbers.map(BigInt));
        expect(Array.from(doublesInPlace(lanes))).toEqual(numbers.map((value) => value + 0));
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n - 1n })), (numbers) => {
        expect(wideOf(packWide(numbers))).toEqual(numbers);
      }),
    );
  });
});

/** Σ α^(k+1)·x_k mod 2^61 - 1 over numbers with their sign and the count behind them. */
function plainCheck(words: readonly bigint[], width: Bits, alpha: bigint): bigint {
  const numbers = [...words.slice(0, -3).map((word) => BigInt.asIntN(width, word)), words.at(-3) ?? 0n];
  const sum = numbers.reduceRight((all, value) => ((all + value) * alpha) % PRIME, 0n);
  return ((sum % PRIME) + PRIME) % PRIME;
}

describe("check words", () => {
  it("are the sums that they are said to be, for any words", () => {
    fc.assert(
      fc.property(chunk, fc.nat({ max: 1000 }), ({ width, left }, number) => {
        const keys = chunkKeys(primitives, secret, transcript, number, width);
        const drawn = primitives.hkdfExpand(secret, macInfo(number), 16);
        const alphas = Array.from(new BigUint64Array(drawn.slice().buffer), (key) => BigInt.asUintN(61, key));
        layTail(left, width, keys);
        const words = wordsOf(left, width);
        expect(words.slice(-3)).toEqual([
          1n,
          ...alphas.map((alpha) => plainCheck(words, width, alpha % PRIME)),
        ]);
        expect(chunkHolds(left, width, keys, 1)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it("hold for the sum of 32 parties at the edge of their range, and for no other", () => {
    const edge = Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? 2 ** 47 : -(2 ** 47)));
    const keys = chunkKeys(primitives, secret, transcript, 0, 64);
    const one = new Uint32Array(80 + TAIL_LANES);
    one.set(packDoubles(Float64Array.from(edge)));
    layTail(one, 64, keys);
    const sum = new Uint32Array(one.length);
    for (let party = 0; party < 32; party += 1) addChunk(sum, one, 64);
    expect(chunkHolds(sum, 64, keys, 32)).toBe(true);
    expect(chunkHolds(sum, 64, keys, 31)).toBe(false);
    for (let lane = 0; lane < sum.length; lane += 1) {
      const changed = sum.slice();
      changed[lane] = ((changed[lane] ?? 0) ^ 1) >>> 0;
      expect(chunkHolds(changed, 64, keys, 32)).toBe(false);
    }
    expect(chunkHolds(sum, 64, chunkKeys(primitives, secret, transcript, 1, 64), 32)).toBe(false);
  });
});

function macInfo(number: number): Uint8Array {
  const label = new TextEncoder().encode("koplamp/masked-mac/1");
  const at = Uint8Array.of(0, 0, number >> 8, number & 255);
  return Uint8Array.from([0, label.length, ...label, ...transcript, ...at]);
}

describe("streams", () => {
  const of = { transcript, contributors: ["alice", "bob"], chunk: 3, bits: 64 as const };

  it("are what openssl makes of the same keys", () => {
    const lanes = new Uint32Array(4 + TAIL_LANES);
    maskChunk(primitives, lanes, of, "alice", () => secret);
    expect(hex(bytesOfLanes(lanes).slice(0, 16))).toBe("36db0038442ea919330a07db85b42307");
    expect(hex(bytesOfLanes(seedStream(primitives, secret, of, "alice", 4)))).toBe(
      "8e1db9c948613d6b58469b2807823077",
    );
    expect(hex(seedCommitment(primitives, secret, transcript, "alice")).slice(0, 32)).toBe(
      "3b40e4961bfd8efd9a8d91ba46d99d17",
    );
  });

  it("of a pair cancel, check words included", () => {
    const lanes = new Uint32Array(10 + TAIL_LANES);
    maskChunk(primitives, lanes, of, "alice", () => secret);
    expect(lanes.filter((lane) => lane === 0).length).toBe(0);
    maskChunk(primitives, lanes, of, "bob", () => secret);
    expect(lanes.every((lane) => lane === 0)).toBe(true);
  });

  it("differ by party, chunk and session", () => {
    const first = (change: Partial<typeof of>, party = "alice"): string =>
      hex(bytesOfLanes(seedStream(primitives, secret, { ...of, ...change }, party, 4)));
    const all = [first({}), first({}, "bob"), first({ chunk: 4 }), first({ transcript: secret })];
    expect(new Set(all).size).toBe(4);
  });
});
