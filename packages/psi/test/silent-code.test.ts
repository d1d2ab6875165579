// SPDX-License-Identifier: Apache-2.0
import { portablePickSums } from "@koplamp/crypto";
import { describe, expect, it } from "vitest";
import { nodePrimitives } from "../../pool/src/index.ts";
import { okvsLayout } from "../src/okvs-layout.ts";
import { BANDS, expandAccumulate, NOISE, silentShape } from "../src/silent-code.ts";
import { wordsOf } from "../src/words.ts";
import { expectedLight } from "./weights.ts";

const primitives = nodePrimitives();
const SEED = primitives.sha256(Uint8Array.of(1));
/** Most elements of a correlation: the cells of 2^20 keys, and the mask. */
const MOST = okvsLayout(2 ** 20).cells + 1;
const SIZES = [NOISE + 1, 2_300, 5_000, 100_000, MOST];
/** No linear test has a lower weight than this part of all positions. */
const DISTANCE = 1 / 20;

function random(elements: number, from: number): Uint32Array {
  return wordsOf(primitives.aes256Ctr(primitives.sha256(Uint8Array.of(from)), elements * 16));
}

describe("the shape of a correlation without a dealer", () => {
  it("has no noise where that would cost more, and else at least two positions for each element", () => {
    expect(silentShape(NOISE)).toEqual({ elements: NOISE, trees: 0, block: 0, levels: 0 });
    for (const elements of SIZES) {
      const { trees, block, levels } = silentShape(elements);
      expect(trees).toBe(NOISE);
      expect(trees * block).toBeGreaterThanOrEqual(2 * elements);
      expect((trees * block) % BANDS).toBe(0);
      expect(2 ** levels).toBeGreaterThanOrEqual(block);
      expect(2 ** (levels - 1)).toBeLessThan(block);
    }
  });
});

describe("the code", () => {
  it("gives sums of what is accumulated, one position of each band in each, as defined", () => {
    const shape = silentShape(NOISE + 1);
    const positions = shape.trees * shape.block;
    const vectors = [random(positions, 2), random(positions, 3)];
    const before = vectors.map((vector) => vector.slice());
    const expanded = expandAccumulate(primitives, SEED, shape, vectors);
    for (const vector of before) {
      const sum = new Uint32Array(4);
      for (let at = 0; at < vector.length; at += 1) {
        sum[at % 4] = (sum[at % 4] ?? 0) ^ (vector[at] ?? 0);
        vector[at] = sum[at % 4] ?? 0;
      }
    }
    const zeros = new Uint32Array(positions * 4);
    const picked = portablePickSums(before, BANDS, shape.elements, picksOf(zeros, shape));
    expect(expanded).toEqual(picked);
    expect(expanded[0]).toHaveLength(shape.elements * 4);
  });

  /** The words by which the code picks, seen from outside. */
  function picksOf(vector: Uint32Array, shape: ReturnType<typeof silentShape>) {
    let seen: Parameters<typeof primitives.pickSums>[3] | undefined;
    const watched: typeof primitives = {
      ...primitives,
      pickSums: (...given) => {
        seen = given[3];
        return primitives.pickSums(...given);
      },
    };
    expandAccumulate(watched, SEED, shape, [vector]);
    if (seen === undefined) throw new Error("nothing was picked");
    return seen;
  }

  it("picks other positions in each band, at each element and under each seed", () => {
    const shape = silentShape(NOISE + 1);
    const picks = picksOf(new Uint32Array(shape.trees * shape.block * 4), shape);
    const words = [0, 1, 40].flatMap((band) => [...picks(band, 0, 200)]);
    expect(new Set(words).size).toBeGreaterThan(590);
    const vector = random(shape.trees * shape.block, 4);
    const [one] = expandAccumulate(primitives, SEED, shape, [vector.slice()]);
    const [other] = expandAccumulate(primitives, primitives.sha256(SEED), shape, [vector.slice()]);
    expect(one).not.toEqual(other);
  });
});

describe("the parameters of the code", () => {
  // A linear test of weight d or more over N positions tells A from random with an advantage below (1 - d/N)^t, with t values
  // of noise from the whole field, one in each of t blocks (Boyle et al., eprint 2022/1014, section 2; for a field as large
  // as ours a value is as good as never zero, so that a test is blind only where it meets no noise).
  it("leave a linear test an advantage below 2^-128, if no test has a weight below N/20", () => {
    expect(NOISE * Math.log2(1 - DISTANCE)).toBeLessThan(-128);
  });

  it("leave a chance below 2^-700 that as many positions as would give all noise away hold none", () => {
    for (const elements of SIZES) {
      const { trees, block } = silentShape(elements);
      const noiseless = trees * block - elements;
      expect(noiseless * Math.log2(1 - 1 / block)).toBeLessThan(-700);
    }
  });

  it("leave a chance below 2^-40 over the seed that some test has a weight below N/20, by the first moment", () => {
    for (const elements of SIZES) {
      const { trees, block } = silentShape(elements);
      const code = { elements, bands: BANDS, band: (trees * block) / BANDS, distance: DISTANCE };
      let expected = 0;
      for (let rows = 1, next = 1; rows <= elements; rows = next) {
        next = Math.max(rows + 1, Math.floor(rows * 1.1)); // above ten rows one stands for those up to the next
        const light = expectedLight(code, rows);
        if (rows > 8) expect(light).toBeLessThan(-100);
        expected += (next - rows) * 2 ** light;
      }
      expect(Math.log2(expected)).toBeLessThan(-40);
      expect(Math.log2(expected)).toBeGreaterThan(-65); // two rows that are near each other in every band
    }
  });

  it("would not with fewer bands", () => {
    const code = { elements: MOST, bands: 29, band: Math.ceil((2 * MOST) / 29), distance: DISTANCE };
    expect(expectedLight(code, 2)).toBeGreaterThan(-40);
  });

  it("count what there is: sums of two or three elements of a small code, all of them looked at", () => {
    const [bands, band, distance] = [4, 10, 0.3];
    for (const rows of [1, 2, 3]) {
      const share = 2 ** expectedLight({ elements: rows, bands, band, distance }, rows);
      const seen = lightShare(rows, bands, band, distance * bands * band);
      expect(share).toBeGreaterThan(seen);
      expect(share).toBeLessThan(20 * seen);
    }
  });
});

/** Of all choices of `rows` positions in each band the share with so low a weight, by convolution over bands. */
function lightShare(rows: number, bands: number, band: number, most: number): number {
  let chances = new Map<string, number>([["0 0", 1]]); // parity and weight so far
  for (let at = 0; at < bands; at += 1) {
    const next = new Map<string, number>();
    for (const [key, chance] of chances) {
      const [parity = 0, weight = 0] = key.split(" ").map(Number);
      for (let choice = 0; choice < band ** rows; choice += 1) {
        const met = Array.from({ length: rows }, (_, row) => Math.floor(choice / band ** row) % band);
        let [now, more] = [parity, 0];
        for (let position = 0; position < band; position += 1) {
          now ^= met.filter((where) => where === position).length % 2;
          more += now;
        }
        const to = `${now} ${weight + more}`;
        next.set(to, (next.get(to) ?? 0) + chance / band ** rows);
      }
    }
    chances = next;
  }
  return [...chances].reduce(
    (sum, [key, chance]) => (Number(key.split(" ")[1]) <= most ? sum + chance : sum),
    0,
  );
}
