// SPDX-License-Identifier: Apache-2.0
// What an owner tried on a join of two, and what each measure is there for: with it the attack gets nothing, without it
// the same script wins.
import { type HeBackend, loadHe, polynomialBytes } from "@koplamp/he";
import { beforeAll, describe, expect, it } from "vitest";
import { tinyBfv } from "../../../test/toy/bfv.ts";
import { addPolynomials, decodeCiphertext, subtractPolynomials } from "../../he/src/index.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import { JOIN_MEASURES, type JoinMeasures } from "../src/join-pair-jobs.ts";
import { seeded } from "./federation.ts";
import { JoinBench, product, quotient } from "./join-pair-bench.ts";

const primitives = nodePrimitives();
const tiny = tinyBfv(seeded(primitives, "join attacks"));
let seal: HeBackend;

beforeAll(async () => {
  seal = await loadHe(primitives);
});

const valueAt = (slot: number): number => 1000 + slot;
const selectedAt = (slot: number): number => Number(slot % 3 === 0);

function bench(he: HeBackend, weakened: Partial<JoinMeasures> = {}): JoinBench {
  const { slots } = he.set;
  const values = Float64Array.from({ length: slots }, (_, slot) => valueAt(slot));
  const selected = Float64Array.from({ length: slots }, (_, slot) => selectedAt(slot));
  return new JoinBench(he, primitives, values, selected, { ...JOIN_MEASURES, ...weakened });
}

const NO_ZERO: Partial<JoinMeasures> = {
  freshZero: ({ set }) => ({ c0: nothing(set.data), c1: nothing(set.data) }),
};

function nothing(ring: HeBackend["set"]["data"]): Uint8Array {
  return new Uint8Array(polynomialBytes(ring));
}

function truth(he: HeBackend): number {
  return Array.from({ length: he.set.slots }, (_, slot) => valueAt(slot) * selectedAt(slot)).reduce(
    (a, b) => a + b,
  );
}

describe("honest steps by hand", () => {
  it("give the total", () => {
    const table = bench(tiny);
    expect(table.total(table.reply())).toBe(truth(tiny));
  });
});

/** The owner divides c1 by the one that it had sent: what is left is the selection. Gives how much of it is right. */
function selectionFromSecond(he: HeBackend, weakened: Partial<JoinMeasures>): number {
  const table = bench(he, weakened);
  const { c1 } = decodeCiphertext(table.he.set, table.reply());
  const found = quotient(table.he, table.toNtt(c1), table.sent.c1);
  const selected = Float64Array.from({ length: he.set.slots }, (_, slot) => selectedAt(slot));
  const coefficients = (ntt: Uint8Array): BigUint64Array =>
    new BigUint64Array(table.he.fromNtt({ c0: ntt, c1: ntt }).c0.buffer).subarray(0, he.set.slots);
  const right = coefficients(table.he.factor(selected));
  return coefficients(found).filter((coefficient, at) => coefficient === right[at]).length;
}

describe("the selection", () => {
  it("cannot be read from c1: 0 of 8192 coefficients", () => {
    expect(selectionFromSecond(tiny, {})).toBe(0);
    expect(selectionFromSecond(seal, {})).toBe(0);
  });

  it("would be there whole without a fresh encryption of zero: 8192 of 8192", () => {
    expect(selectionFromSecond(tiny, NO_ZERO)).toBe(16);
    expect(selectionFromSecond(seal, NO_ZERO)).toBe(8192);
  });
});

/** How many slots of a reply are the owner's own value, or zero where it was not selected. */
function slotsRead(he: HeBackend, weakened: Partial<JoinMeasures>): number {
  const table = bench(he, weakened);
  return table.slots(table.reply()).filter((slot, at) => slot === valueAt(at) * selectedAt(at)).length;
}

describe("the slots", () => {
  it("cannot be read one by one: 0 of 8192, and another reply has others with the same total", () => {
    expect(slotsRead(seal, {})).toBe(0);
    const table = bench(tiny);
    const replies = [table.reply(true, "one"), table.reply(true, "two")];
    expect(replies.map((reply) => table.total(reply))).toEqual([truth(tiny), truth(tiny)]);
    const [one, two] = replies.map((reply) => table.slots(reply));
    expect(one?.filter((slot, at) => slot === two?.[at]).length).toBe(0);
  });

  it("would be the selected values without the mask: 8192 of 8192", () => {
    expect(slotsRead(seal, { zeroSum: (mask) => mask.map(() => 0) })).toBe(8192);
  });
});

/** The bits of what is left of a reply's error when what a guess of the selection explains of it is taken away. */
function unexplained(weakened: Partial<JoinMeasures>, guess: (slot: number) => number): number {
  const table = bench(tiny, weakened);
  const { set } = table.he;
  const guessed = table.coefficients(Float64Array.from({ length: set.slots }, (_, slot) => guess(slot)));
  const explained = product(table.errors(table.he.fromNtt(table.sent)), guessed);
  const errors = table.errors(decodeCiphertext(set, table.reply()));
  const rest = errors.map((error, at) => (error - (explained[at] ?? 0n)) / BigInt(set.t));
  return Math.max(...rest.map((number) => number.toString(2).length));
}

describe("the noise", () => {
  it("confirms no guess of the selection", () => {
    const bits = [unexplained({}, selectedAt), unexplained({}, () => 1)];
    for (const found of bits) expect(found).toBeGreaterThan(112);
  });

  it("would confirm the right one without the flood", () => {
    const open: Partial<JoinMeasures> = { flood: (_ring, packed) => packed };
    expect(unexplained(open, selectedAt)).toBeLessThan(20);
    expect(unexplained(open, () => 1)).toBeGreaterThan(40);
  });
});

describe("a group with too few rows", () => {
  it("has a total like any other: uniform, and nothing of the true one", () => {
    const table = bench(tiny);
    const totals = ["one", "two", "three"].map((seed) => table.total(table.reply(false, seed)));
    expect(new Set([...totals, truth(tiny)]).size).toBe(4);
  });
});

describe("what an owner who leaves the protocol gains, and its contract says", () => {
  it("reads which rows match from values that are powers of two", () => {
    const powers = Float64Array.from({ length: 16 }, (_, slot) => 2 ** slot);
    const selected = Float64Array.from({ length: 16 }, (_, slot) => selectedAt(slot));
    const table = new JoinBench(tiny, primitives, powers, selected);
    const total = table.total(table.reply()) ?? 0;
    expect(powers.map((power) => Math.floor(total / power) % 2)).toEqual(selected);
  });

  it("reads the selection's leading bits, under mask and flood, from a ciphertext that no honest node makes", () => {
    const table = bench(tiny);
    const { data, t } = table.he.set;
    const shift = 87n;
    const scaled = BigUint64Array.from(
      data.primes.flatMap((prime) => Array.from({ length: data.n }, () => 2n ** shift % BigInt(prime))),
    );
    const own = table.withSecret(table.he.fromNtt(table.sent)); // takes out the values, and puts in 2^87
    const stripped = subtractPolynomials(data, table.sent.c0, table.toNtt(own));
    table.replace(addPolynomials(data, stripped, new Uint8Array(scaled.buffer)));
    const errors = table.errors(decodeCiphertext(table.he.set, table.reply()));
    const right = table.coefficients(Float64Array.from({ length: data.n }, (_, slot) => selectedAt(slot)));
    const near = errors.filter((error, at) => {
      const off = error / BigInt(t) - (right[at] ?? 0n) * 2n ** shift; // the flood is some 2^116, the coefficients 2^132
      return off < 2n ** 118n && off > -(2n ** 118n);
    });
    expect(near.length).toBe(16);
  });
});
