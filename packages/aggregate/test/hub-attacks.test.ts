// SPDX-License-Identifier: Apache-2.0
// What coalitions tried on a hub, and what each measure is there for: with it the attack gets nothing, without it the
// same script wins.
import { addPolynomials, type HeBackend, type PackedPolynomial, parameterSet, type Slots } from "@koplamp/he";
import { describe, expect, it } from "vitest";
import { tinyBfv, toyBfv } from "../../../test/toy/bfv.ts";
import { subtractPolynomials } from "../../he/src/index.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import { HUB_MEASURES, type HubMeasures } from "../src/join-hub-jobs.ts";
import { seeded } from "./federation.ts";
import { HubBench } from "./hub-workbench.ts";

const primitives = nodePrimitives();

const SET = "bfv-sel-42-pq";
/** A ring of dimension 16: what is read is read by algebra, in all coefficients or in none. */
const tiny = tinyBfv(seeded(primitives, "hub attacks")).forSet(SET);
/** Coefficients stand apart, each as a ring of its own: what noise says of its number can be read off by division. */
const toy = toyBfv(seeded(primitives, "hub attacks"), parameterSet(SET));

/** The victim's numbers: in every slot but the count; the last one keeps the plain from being all zero. */
function numbersAt({ set: { slots } }: HeBackend): Slots {
  const numbers = Float64Array.from({ length: slots }, (_, at) => 1_000_000 + 1000 * at);
  numbers.set([0, 1], slots - 2);
  return numbers;
}

/** All rows are selected. */
function bench(he: HeBackend, weakened: Partial<HubMeasures> = {}): HubBench {
  const selected = new Float64Array(he.set.slots).fill(1, 0, he.set.slots - 2);
  return new HubBench(he, primitives, numbersAt(he), selected, { ...HUB_MEASURES, ...weakened });
}

function readFrom(shown: Slots): number {
  const numbers = numbersAt(tiny).subarray(0, tiny.set.slots - 2);
  return numbers.filter((number, at) => shown[at] === number).length;
}

const ALL = tiny.set.slots - 2;

describe("a recipient that looks at single slots", () => {
  it("reads the sum of the group, and no number", () => {
    const opened = bench(tiny).peek();
    const { t } = tiny.set;
    const sum = opened.subarray(0, ALL).reduce((all, slot) => (all + slot) % t, 0);
    expect(sum).toBe(numbersAt(tiny).reduce((all, number) => all + number, -1));
    expect(readFrom(opened)).toBe(0);
  });

  it("would read every selected number without masks that add up to zero", () => {
    expect(readFrom(bench(tiny, { zeroSumMasks: () => undefined }).peek())).toBe(ALL);
  });

  it("reads nothing with one share missing, whoever holds the rest", () => {
    for (const missing of ["alice", "oscar", "victim"]) {
      const rest = ["alice", "oscar", "victim"].filter((party) => party !== missing);
      expect(readFrom(bench(tiny, { zeroSumMasks: () => undefined }).peek(rest))).toBe(0);
    }
  });
});

describe("who has the collective key", () => {
  /** The sum of the victim's group, from what the victim sent alone. */
  function ownSum(weakened: Partial<HubMeasures>): number {
    const table = bench(tiny, weakened);
    const slots = tiny.decrypt(table.secret(), table.sealed);
    return slots.subarray(0, ALL).reduce((all, slot) => (all + slot) % tiny.set.t, 0);
  }
  const truth = numbersAt(tiny).reduce((all, number) => all + number, -1);

  it("reads no party's own sum: masks of others are over it", () => {
    expect(ownSum({})).not.toBe(truth);
  });

  it("would read it without them", () => {
    expect(ownSum({ addMasks: () => undefined })).toBe(truth);
  });
});

describe("a coordinator that divides what it gets by what it sent", () => {
  /** c1 of what it gets is c1 of what it sent, times the numbers; plus that of a fresh encryption. */
  function divided(weakened: Partial<HubMeasures>): number {
    const { selection, sealed } = bench(tiny, weakened);
    const sent = tiny.fromNtt(selection).c1;
    const quotient = quotientOf(
      firstRow(tiny, sealed.c1),
      firstRow(tiny, sent),
      BigInt(tiny.set.data.primes[0] ?? 0),
    );
    const factor = tiny.factor(numbersAt(tiny));
    const truth = firstRow(tiny, tiny.fromNtt({ c0: factor, c1: factor }).c0);
    return truth.filter((coefficient, at) => quotient[at] === coefficient).length;
  }

  it("reads nothing in the quotients", () => {
    expect(divided({})).toBe(0);
  });

  it("would read every number, selected or not, without the fresh encryption", () => {
    expect(divided({ encryptsAnew: false })).toBe(tiny.set.slots);
  });
});

describe("who has the collective key, and knows the noise of what the coordinator sent", () => {
  /** The noise of what the victim sent, over that of what it took: its numbers, give or take the fresh noise. */
  function fromNoise(weakened: Partial<HubMeasures>): number {
    const table = bench(toy, weakened);
    const numbers = numbersAt(toy);
    const secret = table.secret();
    const [taken, given] = [table.selection, table.sealed].map(({ c0, c1 }) =>
      noise(toy, addPolynomials(toy.set.data, c0, toy.timesSecret(c1, secret))),
    );
    const rows = Array.from({ length: toy.set.slots - 2 }, (_, at) => at);
    const clear = rows.filter((at) => (taken?.[at] ?? 0n) !== 0n); // a toy's noise is so small that some of it is none
    expect(clear.length).toBeGreaterThan(rows.length / 2);
    const near = clear.filter((at) => {
      const ratio = Number(given?.[at] ?? 0n) / Number(taken?.[at] ?? 1n);
      return Math.abs(ratio - (numbers[at] ?? 0)) <= 20;
    });
    return near.length / clear.length;
  }

  it("reads nothing in the noise", () => {
    expect(fromNoise({})).toBe(0);
  });

  it("would read every number that met noise, within 20 of a million, without the flood", () => {
    expect(fromNoise({ flood: (_ring, packed) => packed.slice() })).toBe(1);
  });
});

/** What is left of an opened polynomial when the plain part is taken away: coefficients in (-Q/2, Q/2). */
function noise(he: HeBackend, opened: PackedPolynomial): readonly bigint[] {
  const { data, t } = he.set;
  const plain = he.decrypt(new Uint8Array(opened.length), { c0: opened, c1: new Uint8Array(opened.length) });
  const product = data.primes.reduce((all, prime) => all * BigInt(prime), 1n);
  const scale = product / BigInt(t);
  const message = data.primes.flatMap((prime) =>
    Array.from(plain, (slot) => (BigInt(slot) * scale) % BigInt(prime)),
  );
  const left = residues(
    subtractPolynomials(data, opened, new Uint8Array(BigUint64Array.from(message).buffer)),
  );
  const primes = data.primes.map(BigInt);
  return Array.from({ length: data.n }, (_, at) => {
    const value = primes.reduce((sum, prime, row) => {
      const rest = product / prime;
      return sum + (left[row * data.n + at] ?? 0n) * rest * inverse(rest % prime, prime);
    }, 0n);
    const least = value % product;
    return least > product / 2n ? least - product : least;
  });
}

function residues(packed: PackedPolynomial): bigint[] {
  return [...new BigUint64Array(packed.slice().buffer)];
}

/** The residues under the first prime. */
function firstRow({ set }: HeBackend, packed: PackedPolynomial): readonly bigint[] {
  return residues(packed).slice(0, set.slots);
}

/** q with q · divisor = dividend mod x^n + 1 and a prime: Gauss on the matrix of the divisor. */
function quotientOf(
  dividend: readonly bigint[],
  divisor: readonly bigint[],
  prime: bigint,
): readonly bigint[] {
  const n = divisor.length;
  const rows = dividend.map((value, row) => [
    ...divisor.map((_, column) => {
      const coefficient = divisor[(row - column + n) % n] ?? 0n;
      return row >= column ? coefficient : prime - coefficient;
    }),
    value,
  ]);
  for (let pivot = 0; pivot < n; pivot += 1) {
    const own = (rows[pivot] ?? []).map(
      (value, _, all) => (value * inverse(all[pivot] ?? 0n, prime)) % prime,
    );
    rows.forEach((row, at) => {
      const times = row[pivot] ?? 0n;
      rows[at] =
        at === pivot
          ? own
          : row.map((value, column) => (value + (prime - times) * (own[column] ?? 0n)) % prime);
    });
  }
  return rows.map((row) => row[n] ?? 0n);
}

const INVERSES = new Map<string, bigint>();

function inverse(value: bigint, prime: bigint): bigint {
  const name = `${value}/${prime}`;
  const found = INVERSES.get(name);
  if (found !== undefined) return found;
  let [result, square] = [1n, value];
  for (let exponent = prime - 2n; exponent > 0n; exponent /= 2n) {
    if (exponent % 2n === 1n) result = (result * square) % prime;
    square = (square * square) % prime;
  }
  INVERSES.set(name, result);
  return result;
}
