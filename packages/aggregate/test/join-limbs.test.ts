// SPDX-License-Identifier: Apache-2.0
import { type ParameterSet, parameterSet } from "@koplamp/he";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joinLimbs, limbsOf, splitLimbs } from "../src/join-limbs.ts";

const small: ParameterSet = { ...parameterSet("bfv-amt-50-pq"), t: 2 ** 42 - 11 };

describe("limbs", () => {
  it("of a sum that fits a slot are the number itself", () => {
    expect(limbsOf({ least: -5, most: 2 ** 21 }, 2 ** 19, small)).toEqual([{ least: -5, most: 2 ** 21 }]);
  });

  it("are as many as the bounds ask for", () => {
    expect(limbsOf({ least: -1e9, most: 1e9 }, 100_000, small)).toEqual([
      { least: 0, most: 2 ** 21 - 1 },
      { least: -477, most: 476 },
    ]);
    expect(limbsOf({ least: 0, most: 2 ** 45 }, 250, small).length).toBe(2);
  });

  it("do not go beyond 2^53", () => {
    expect(() => limbsOf({ least: 0, most: 2 ** 40 }, 2 ** 13 + 1, small)).toThrow(
      expect.objectContaining({ code: "overflow" }),
    );
    expect(() => limbsOf({ least: 0, most: 2 ** 22 }, 2 ** 22, small)).toThrow(
      expect.objectContaining({ code: "overflow" }),
    );
  });

  it("of every row, each within its bounds, add up to those of the sum", () => {
    const most = 2 ** 42;
    const range = { least: -most, most };
    const row = fc.integer({ min: -most, max: most });
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 1, max: 3 }),
        (rows, limbs) => {
          const split = splitLimbs(Float64Array.from(rows), limbs);
          const bounds = limbsOf(range, 1000, small);
          if (limbs === bounds.length) {
            bounds.forEach(({ least, most: top }, at) => {
              expect(split[at]?.every((limb) => limb >= least && limb <= top)).toBe(true);
            });
          }
          const sums = split.map((limb) => Float64Array.of(limb.reduce((sum, value) => sum + value, 0)));
          expect(joinLimbs(sums)[0]).toBe(rows.reduce((sum, value) => sum + value, 0));
        },
      ),
    );
  });
});
