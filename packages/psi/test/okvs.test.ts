// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodePrimitives } from "../../pool/src/index.ts";
import { PsiError } from "../src/index.ts";
import { putInOrder } from "../src/key-order.ts";
import { okvsDecode } from "../src/okvs-decode.ts";
import { okvsEncode } from "../src/okvs-encode.ts";
import { DENSE, type OkvsLayout, okvsLayout } from "../src/okvs-layout.ts";
import { Peeler } from "../src/okvs-peel.ts";
import { okvsRows } from "../src/okvs-rows.ts";
import { wordsOf } from "../src/words.ts";
import { cellsOf, failuresOf, keysOf, seedOf } from "./stores.ts";

const primitives = nodePrimitives();

/** One bin of so few cells that often some rows do not peel. */
function tight(keys: number, sparse: number): OkvsLayout {
  return { keys, bins: 1, sparse, cells: sparse + DENSE };
}

describe("the store", () => {
  it("gives every key its value, for any number of keys up to that of the layout", () => {
    const cases = fc.record({
      planned: fc.integer({ min: 1, max: 700 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      seed: fc.nat(2 ** 30),
    });
    fc.assert(
      fc.property(cases, ({ planned, share, seed }) => {
        const layout = okvsLayout(planned);
        const rows = okvsRows(
          primitives,
          layout,
          seedOf(seed),
          keysOf(Math.floor(planned * share), seed + 1),
        );
        const cells = cellsOf(layout, seed + 2);
        expect(okvsEncode(rows, cells)).toBe(true);
        expect(okvsDecode(rows, cells)).toEqual(rows.values);
      }),
      { numRuns: 60 },
    );
  });

  it("gives every key its value over several bins", () => {
    const layout = okvsLayout(40_000);
    expect(layout.bins).toBe(3);
    const rows = okvsRows(primitives, layout, seedOf(1), keysOf(40_000, 2));
    const cells = cellsOf(layout, 3);
    expect(okvsEncode(rows, cells)).toBe(true);
    expect(okvsDecode(rows, cells)).toEqual(rows.values);
  });

  it("is linear: the sum of two stores gives the sum of what they give", () => {
    const layout = okvsLayout(300);
    const rows = okvsRows(primitives, layout, seedOf(1), keysOf(300, 2));
    const [one, two] = [cellsOf(layout, 3), cellsOf(layout, 4)];
    const sum = one.map((word, at) => word ^ (two[at] ?? 0));
    const decoded = [one, two, sum].map((cells) => okvsDecode(rows, cells));
    expect(decoded[2]).toEqual(decoded[0]?.map((word, at) => word ^ (decoded[1]?.[at] ?? 0)));
  });

  it("gives other keys something that has nothing to do with their values", () => {
    const layout = okvsLayout(300);
    const cells = cellsOf(layout, 3);
    okvsEncode(okvsRows(primitives, layout, seedOf(1), keysOf(300, 2)), cells);
    const others = okvsRows(primitives, layout, seedOf(1), keysOf(300, 9));
    const decoded = okvsDecode(others, cells);
    expect(decoded.filter((word, at) => word === others.values[at])).toHaveLength(0);
  });

  it("leaves the cells that no key fixes as random as they were", () => {
    const layout = okvsLayout(300);
    const before = cellsOf(layout, 3);
    const after = before.slice();
    okvsEncode(okvsRows(primitives, layout, seedOf(1), keysOf(20, 2)), after);
    const changed = new Set(
      Array.from(after.keys())
        .filter((at) => after[at] !== before[at])
        .map((at) => at >>> 2),
    );
    expect(changed.size).toBe(20);
  });

  it("refuses keys of which one stands twice, or that do not ascend", () => {
    const keys = keysOf(10, 1);
    const twice = keys.slice();
    twice.copyWithin(64, 48, 64);
    const turned = keys.slice();
    turned.set(keys.subarray(0, 16), 16);
    turned.set(keys.subarray(16, 32), 0);
    for (const wrong of [twice, turned]) {
      expect(() => okvsRows(primitives, okvsLayout(10), seedOf(1), wrong)).toThrow(PsiError);
    }
  });
});

describe("rows that do not peel", () => {
  it("are solved with the dense cells, and none is left out", () => {
    let gaps = 0;
    for (let seed = 0; seed < 200; seed += 1) {
      const layout = tight(100, 124);
      const rows = okvsRows(primitives, layout, seedOf(seed), keysOf(100, seed + 500));
      const gap = new Peeler(layout.sparse).peel(rows.places, DENSE)?.gap.length ?? 0;
      const cells = cellsOf(layout, seed + 1000);
      if (gap > 24) continue;
      expect(okvsEncode(rows, cells)).toBe(true);
      expect(okvsDecode(rows, cells)).toEqual(rows.values);
      gaps += gap > 0 ? 1 : 0;
    }
    expect(gaps).toBeGreaterThan(100);
  });

  it("make the encoding fail, under this seed, when there are too many for the dense cells or the cells", () => {
    for (const [keys, sparse] of [
      [100, 70],
      [100, 99],
    ] as const) {
      const layout = tight(keys, sparse);
      const rows = okvsRows(primitives, layout, seedOf(1), keysOf(keys, 2));
      expect(okvsEncode(rows, cellsOf(layout, 3))).toBe(false);
    }
  });
});

/** How many of so many random sets of keys leave each number of rows in the gap. */
function gapsOf(keys: number, sparse: number, trials: number): readonly number[] {
  const peeler = new Peeler(sparse);
  const counts = [0, 0, 0];
  for (let trial = 0; trial < trials; trial += 1) {
    const { places } = okvsRows(
      primitives,
      tight(keys, sparse),
      seedOf(trial),
      keysOf(keys, trial + 2 ** 24),
    );
    const gap = Math.min(2, peeler.peel(places, DENSE)?.gap.length ?? 2);
    counts[gap] = (counts[gap] ?? 0) + 1;
  }
  return counts;
}

/** -log2 of the chance that rows do not peel, by the paper's equations 2 and 3 for weight 3. */
function modelBits(keys: number, sparse: number): number {
  const w = Math.log2(3);
  const slope = 2 ** (0.55 * Math.log2(keys) + 0.093 * w ** 3 - 1.01 * w ** 2 + 2.92 * w - 0.13);
  return slope * (sparse / keys - 1.223) - 9.2;
}

/** -log2 of the chance that some bin does not peel, over all loads: tail of the load (Chernoff) times the model. */
function totalBits({ keys, bins, sparse }: OkvsLayout): number {
  if (bins === 1) return modelBits(keys, sparse);
  const share = 1 / bins;
  const deviation = Math.sqrt(keys * share * (1 - share));
  let chance = 0;
  for (let step = -40; step < 130; step += 1) {
    const load = keys * share + (step / 10) * deviation;
    const at = load / keys;
    const divergence = at * Math.log(at / share) + (1 - at) * Math.log((1 - at) / (1 - share));
    const tail = step > 0 ? Math.exp(-keys * divergence) : 1;
    chance += tail * Math.min(1, 2 ** -modelBits(load + deviation / 10, sparse));
  }
  return -Math.log2(chance * bins);
}

describe("the sizes of the store", () => {
  it("fail with a chance below 2^-40 by the paper's model, from 2^6 keys to 2^24, at 1.33 cells a key", () => {
    for (let power = 6; power <= 24; power += 1) {
      for (const keys of [2 ** power, 1.5 * 2 ** power].filter((count) => count <= 2 ** 24)) {
        expect(totalBits(okvsLayout(keys))).toBeGreaterThan(40);
      }
    }
    const { cells, bins } = okvsLayout(2 ** 20);
    expect(bins).toBe(64);
    expect(cells / 2 ** 20).toBeCloseTo(1.3285, 4);
  });

  it("leave one row in the gap as often as two rows agree (n²/2 · 6/m³), and the model is no less pessimistic", () => {
    const { sparse } = okvsLayout(64);
    const [, one = 0, more = 0] = gapsOf(64, sparse, 6000);
    const agree = (64 ** 2 / 2) * (6 / sparse ** 3);
    expect(one / 6000 / agree).toBeGreaterThan(0.7);
    expect(one / 6000 / agree).toBeLessThan(1.6);
    expect(more).toBeLessThan(3);
    // Where the model says 2^-4 for a gap of anything but agreeing rows, fewer have one of two or more.
    const [, , tightMore = 0] = gapsOf(64, 96, 2000);
    expect(modelBits(64, 96)).toBeGreaterThan(4);
    expect(tightMore / 2000).toBeLessThan(2 ** -4);
  });

  it("encode 1,500 lists of 64 without one failure: below two in a thousand at 95%", () => {
    expect(failuresOf(64, 1500)).toBe(0);
  });
});

describe("the order of keys", () => {
  it("is that of their bytes, also where the first 32 bits agree", () => {
    const anyRows = fc.array(
      fc.tuple(fc.constantFrom(0, 1, 0xff00ff00), fc.constantFrom(0, 0x80000000, 5), fc.nat(9)),
      { maxLength: 300 },
    );
    fc.assert(
      fc.property(anyRows, (rows) => {
        const bytes = new Uint8Array(rows.length * 16);
        const view = new DataView(bytes.buffer);
        rows.forEach(([first, second, last], at) => {
          view.setUint32(at * 16, first);
          view.setUint32(at * 16 + 4, second);
          view.setUint32(at * 16 + 12, last);
        });
        const hexOf = (all: Uint8Array) =>
          rows.map((_, at) => Buffer.from(all.slice(at * 16, at * 16 + 16)).toString("hex"));
        const before = hexOf(bytes);
        const order = [...putInOrder(wordsOf(bytes))];
        expect(hexOf(bytes)).toEqual(before.toSorted());
        expect(order.map((at) => before[at])).toEqual(hexOf(bytes));
        expect(order.toSorted((a, b) => a - b)).toEqual([...rows.keys()]);
      }),
    );
  });
});
