// SPDX-License-Identifier: Apache-2.0
// What coalitions tried, and what each measure is there for: with it the attack gets nothing, without it the same
// script wins. A script that stays harmless without its measure would prove nothing.
import { addPolynomials, type PackedPolynomial } from "@koplamp/he";
import type { PartyId } from "@koplamp/protocol";
import { describe, expect, it } from "vitest";
import { TINY_SET, tinyBfv } from "../../../test/toy/bfv.ts";
import { subtractPolynomials } from "../../he/src/index.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import { blockHolds, layBlock } from "../src/checks.ts";
import { addMasks } from "../src/masks.ts";
import { MEASURES, type Measures } from "../src/sum-jobs.ts";
import { seeded } from "./federation.ts";
import { amplified, Workbench } from "./workbench.ts";

const primitives = nodePrimitives();

const he = tinyBfv(seeded(primitives, "attacks"));
const { data, t, slots } = TINY_SET;
const CELLS = slots - 4;
const VICTIM = Array.from({ length: CELLS }, (_, at) => 1000 + at);
const ZEROS = new Array<number>(CELLS).fill(0);

function bench(weakened: Partial<Measures> = {}): Workbench {
  const values = { mallory: ZEROS, oscar: ZEROS, victim: VICTIM };
  return new Workbench(he, primitives, values, { ...MEASURES, ...weakened });
}

describe("honest steps by hand", () => {
  it("give the sum", () => {
    const table = bench();
    expect(Array.from(table.open(table.firsts(), table.allShares(), CELLS) ?? [])).toEqual(VICTIM);
  });
});

/** Mallory hands in 2^17 times what the victim handed in, and the recipient divides what it opens by 2^17. */
function readByAmplifying(weakened: Partial<Measures>): number {
  const table = bench(weakened);
  table.ciphertexts.set("mallory", amplified(he, table.of("victim"), 17));
  const opened = table.peek(table.firsts(), table.allShares());
  const truth = [...VICTIM, 1];
  return truth.filter((value, at) => Math.floor((opened[at] ?? 0) / 2 ** 17) === value).length;
}

describe("a multiple of somebody's ciphertext", () => {
  it("opens to nothing, check slots included", () => {
    expect(readByAmplifying({})).toBe(0);
  });

  it("would open to every value without masks", () => {
    expect(readByAmplifying({ addMasks: () => undefined })).toBe(CELLS + 1);
  });

  it("would open to the count, and with it the check sums, if masks left those out", () => {
    const cellsOnly: typeof addMasks = (tools, block, modulus, scope, exporter) => {
      const cells = block.slice(0, CELLS + 1); // a mask spares the last slot of what it is given
      addMasks(tools, cells, modulus, scope, exporter);
      block.set(cells.subarray(0, CELLS));
    };
    expect(readByAmplifying({ addMasks: cellsOnly })).toBe(1);
  });
});

/** The coordinator, the recipient and mallory choose the sum of all c1: floor(Q/t), which opens to the key itself. */
function keyByChoosing(weakened: Partial<Measures>): { readonly refused: boolean; readonly read: number } {
  const table = bench(weakened);
  const committed = new Map(table.ciphertexts);
  const others = addPolynomials(data, table.of("oscar").c1, table.of("victim").c1);
  table.ciphertexts.set("mallory", {
    ...table.of("mallory"),
    c1: subtractPolynomials(data, chosen(), others),
  });
  if (!table.addSeconds("victim", committed)) return { refused: true, read: 0 };
  const secret = residues(table.vault("victim").get("sum/secret").slice());
  const read = table.peek(new Uint8Array(secret.length * 8), [table.share("victim")]);
  return { refused: false, read: read.filter((slot, at) => slot === signed(secret[at] ?? 0n)).length };
}

/** floor(Q/t), as a constant polynomial. */
function chosen(): PackedPolynomial {
  const product = data.primes.reduce((all, prime) => all * BigInt(prime), 1n);
  const constant = data.primes.flatMap((prime) =>
    Array.from({ length: data.n }, (_, at) => (at === 0 ? (product / BigInt(t)) % BigInt(prime) : 0n)),
  );
  return new Uint8Array(BigUint64Array.from(constant).buffer);
}

function residues(packed: PackedPolynomial): bigint[] {
  return [...new BigUint64Array(packed.buffer)];
}

/** A ternary residue under the first prime, as it stands in a slot. */
function signed(residue: bigint): number {
  return residue > 1n ? t - 1 : Number(residue);
}

describe("a c1 chosen after the others'", () => {
  it("is refused: it is not the one that was committed to", () => {
    expect(keyByChoosing({})).toEqual({ refused: true, read: 0 });
  });

  it("would hand out every coefficient of the victim's key share", () => {
    expect(keyByChoosing({ checksSeconds: false })).toEqual({ refused: false, read: slots });
  });
});

describe("parts of what it takes", () => {
  it("open to nothing without one share, whoever holds the rest", () => {
    for (const party of ["mallory", "oscar", "victim"]) {
      const table = bench();
      const shares = table.allShares();
      const without = shares.filter((_, at) => table.contributors[at] !== party);
      const opened = table.peek(table.firsts(), without);
      expect(opened.filter((slot, at) => slot === VICTIM[at]).length).toBe(0);
      expect(table.open(table.firsts(), without, CELLS)).toBeUndefined();
    }
  });

  it("open to nothing for one contribution, or for all but one, under all shares of the sum", () => {
    const parts: readonly (readonly PartyId[])[] = [["victim"], ["mallory", "victim"], ["oscar", "victim"]];
    for (const parties of parts) {
      const table = bench();
      const opened = table.peek(table.firsts(parties), table.allShares());
      expect(opened.filter((slot, at) => slot === VICTIM[at]).length).toBe(0);
    }
  });

  it("open to nothing when a share comes from another session, or twice", () => {
    const [table, other] = [bench(), bench()];
    const [first = new Uint8Array(), second = new Uint8Array(), third = new Uint8Array()] = table.allShares();
    const [, foreign = new Uint8Array()] = other.allShares();
    for (const shares of [
      [first, foreign, third],
      [first, second, second],
      [first, second, third, third],
    ]) {
      expect(table.open(table.firsts(), shares, CELLS)).toBeUndefined();
    }
  });
});

describe("a share", () => {
  it("is released once: a second one, or one over a second sum, is refused", () => {
    const table = bench();
    table.allShares();
    expect(() => table.share("victim")).toThrow(expect.objectContaining({ code: "released" }));
    expect(table.addSeconds("victim")).toBe(false);
  });

  it("would be released again without that rule", () => {
    const table = bench({ releasesOnce: false });
    table.allShares();
    expect(table.share("victim").length).toBeGreaterThan(0);
  });

  /** How large the number is in which Σc1·s_i drowns: log2 of the largest coefficient. */
  function noiseBits(weakened: Partial<Measures>): number {
    const table = bench(weakened);
    const [share = new Uint8Array()] = table.allShares();
    const key = table.vault("r").get("sum/own-key");
    const secret = table.vault("mallory").get("sum/secret");
    const frame = share.slice(3);
    const [c0, c1] = [frame.slice(0, frame.length / 2), frame.slice(frame.length / 2)];
    const shown = addPolynomials(data, c0, he.timesSecret(c1, key));
    const hidden = he.timesSecret(table.vault("mallory").get("sum/total/0"), secret);
    return Math.max(...lifted(subtractPolynomials(data, shown, hidden)).map(bitsOf));
  }

  it("drowns what it says of the secret: noise of 91 bits, and of 8 without flooding", () => {
    expect(noiseBits({})).toBeGreaterThan(86);
    expect(noiseBits({})).toBeLessThanOrEqual(92);
    expect(noiseBits({ flood: (_ring, packed) => packed.slice() })).toBeLessThan(9);
  });
});

/** Coefficients mod Q in (-Q/2, Q/2). */
function lifted(packed: PackedPolynomial): bigint[] {
  const all = residues(packed);
  const primes = data.primes.map(BigInt);
  const product = primes.reduce((left, right) => left * right, 1n);
  return Array.from({ length: data.n }, (_, at) => {
    const value = primes.reduce((sum, prime, row) => {
      const rest = product / prime;
      return sum + (all[row * data.n + at] ?? 0n) * rest * inverse(rest % prime, prime);
    }, 0n);
    const least = value % product;
    return least > product / 2n ? least - product : least;
  });
}

function inverse(value: bigint, prime: bigint): bigint {
  let [result, square] = [1n, value];
  for (let exponent = prime - 2n; exponent > 0n; exponent /= 2n) {
    if (exponent % 2n === 1n) result = (result * square) % prime;
    square = (square * square) % prime;
  }
  return result;
}

function bitsOf(value: bigint): number {
  return (value < 0n ? -value : value).toString(2).length;
}

describe("the check slots", () => {
  /** The coordinator adds a plaintext of its own to the sum that the recipient gets. */
  function meddled(weakened: Partial<Measures>, change: (block: Float64Array) => void): boolean {
    const table = bench(weakened);
    const plain = new Float64Array(slots);
    change(plain);
    const scale = data.primes.reduce((all, prime) => all * BigInt(prime), 1n) / BigInt(t);
    const extra = data.primes.flatMap((prime) =>
      Array.from(plain, (value) => (BigInt(value) * scale) % BigInt(prime)),
    );
    const c0 = addPolynomials(data, table.firsts(), new Uint8Array(BigUint64Array.from(extra).buffer));
    return table.open(c0, table.allShares(), CELLS) !== undefined;
  }
  const set = (at: number, value: number) => (block: Float64Array) => {
    block[at] = value;
  };

  it.each([
    ["a cell", set(0, 1)],
    ["the last cell", set(CELLS - 1, t - 1)],
    ["the count", set(CELLS, 1)],
    ["the first check sum", set(CELLS + 1, 1)],
    ["the second check sum", set(CELLS + 2, 1)],
    ["the slot that stays zero", set(CELLS + 3, 1)],
  ])("notice a change of %s", (_name, change) => {
    expect(meddled({}, () => undefined)).toBe(true);
    expect(meddled({}, change)).toBe(false);
    expect(meddled({ blockHolds: () => true }, change)).toBe(true);
  });

  it("notice a party too few, though its check sums fit", () => {
    const keys = Float64Array.of(12_345, 67_890);
    const one = layBlock(Float64Array.of(5, -6, 7), slots, t, keys);
    expect(blockHolds(one, t, keys, 1)).toBe(true);
    expect(blockHolds(one, t, keys, 2)).toBe(false);
    expect(blockHolds(one, t, Float64Array.of(12_346, 67_890), 1)).toBe(false);
    expect(blockHolds(one, t, Float64Array.of(12_345, 67_891), 1)).toBe(false);
  });
});
