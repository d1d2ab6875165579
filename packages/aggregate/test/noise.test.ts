// SPDX-License-Identifier: Apache-2.0
// Noise has the stated distribution (chi-square at a significance of 10⁻⁶, on fixed seeds) and the stated size.
import { describe, expect, it, test } from "vitest";
import { nodePrimitives } from "../../pool/src/index.ts";
import {
  calibrated,
  drawNoise,
  epsilonOf,
  type Noise,
  type Protection,
  rhoMicroOf,
  spreadOf,
  tailOf,
} from "../src/calibration.ts";
import { Draws } from "../src/draws.ts";
import { discreteGaussian, discreteLaplace, squareRoot } from "../src/noise.ts";

const primitives = nodePrimitives();
const drawsOf = (seed: number): Draws =>
  new Draws(primitives, new Uint8Array(32).fill(seed), new Uint8Array([7]));
const ratio = (numerator: number, denominator = 1) => ({
  numerator: BigInt(numerator),
  denominator: BigInt(denominator),
});

/** The value that chi-square with so many degrees of freedom exceeds once in a million (Wilson and Hilferty, 1931). */
function critical(freedom: number): number {
  const part = 2 / (9 * freedom);
  return freedom * (1 - part + 4.753 * Math.sqrt(part)) ** 3;
}

/** Chi-square of so many draws against weights that are not normalised; rare values count together. */
function chiSquare(
  draw: () => bigint,
  weight: (x: number) => number,
  count: number,
): { readonly value: number; readonly freedom: number } {
  const reach = 4000;
  const weights = Array.from({ length: 2 * reach + 1 }, (_, at) => weight(at - reach));
  const total = weights.reduce((sum, one) => sum + one, 0);
  const seen = new Float64Array(2 * reach + 1);
  for (let at = 0; at < count; at += 1) {
    const place = Number(draw()) + reach;
    if (place >= 0 && place < seen.length) seen[place] = (seen[place] ?? 0) + 1;
  }
  let [value, freedom, expected, observed] = [0, -1, 0, 0];
  const bin = (): void => {
    value += (observed - expected) ** 2 / expected;
    freedom += 1;
    [expected, observed] = [0, 0];
  };
  weights.forEach((one, at) => {
    expected += (count * one) / total;
    observed += seen[at] ?? 0;
    if (expected >= 10) bin();
  });
  return { value, freedom };
}

const gaussian =
  (variance: number) =>
  (x: number): number =>
    Math.exp((-x * x) / (2 * variance));
const laplace =
  (scale: number) =>
  (x: number): number =>
    Math.exp(-Math.abs(x) / scale);

describe("a draw", () => {
  it.each([
    [1, 4, 1_000_000],
    [9, 1, 200_000],
    [10_025, 100, 200_000],
    [250_000, 7, 200_000],
  ])("of the discrete Gaussian with variance %i/%i has its probabilities, over %i draws", (a, b, count) => {
    const draws = drawsOf(1);
    const { value, freedom } = chiSquare(() => discreteGaussian(draws, ratio(a, b)), gaussian(a / b), count);
    expect(freedom).toBeGreaterThan(2);
    expect(value).toBeLessThan(critical(freedom));
  });

  it.each([
    [1, 1, 1_000_000],
    [7, 3, 200_000],
    [50, 1, 200_000],
  ])("of the discrete Laplace with scale %i/%i has its probabilities, over %i draws", (t, s, count) => {
    const draws = drawsOf(2);
    const { value, freedom } = chiSquare(() => discreteLaplace(draws, ratio(t, s)), laplace(t / s), count);
    expect(freedom).toBeGreaterThan(5);
    expect(value).toBeLessThan(critical(freedom));
  });

  it("of half the scale, or of a variance of an eighth more, would not pass", () => {
    const half = chiSquare(() => discreteLaplace(drawsAt, ratio(25)), laplace(50), 100_000);
    expect(half.value).toBeGreaterThan(critical(half.freedom));
    const more = chiSquare(() => discreteGaussian(drawsAt, ratio(9, 8)), gaussian(1), 100_000);
    expect(more.value).toBeGreaterThan(critical(more.freedom));
  });
  const drawsAt = drawsOf(3);

  it("beyond 2^32 is as wide as it should be", () => {
    const draws = drawsOf(4);
    const sigma = 2 ** 40;
    const sample = Array.from({ length: 20_000 }, () =>
      Number(discreteGaussian(draws, ratio(2 ** 30 * 2 ** 20, 1))),
    );
    const variance = sample.reduce((sum, x) => sum + x * x, 0) / sample.length / 2 ** 50;
    expect(Math.abs(variance - 1)).toBeLessThan(4.9 * Math.sqrt(2 / sample.length)); // five in a million
    const wide = Array.from({ length: 20_000 }, () =>
      Number(discreteLaplace(draws, { numerator: 1n << 40n, denominator: 1n })),
    );
    const mean = wide.reduce((sum, x) => sum + Math.abs(x), 0) / wide.length / sigma;
    expect(Math.abs(mean - 1)).toBeLessThan(4.9 / Math.sqrt(wide.length));
  });

  it("is the same from the same seed, and another from another seed or use", () => {
    const first = (draws: Draws): readonly bigint[] =>
      Array.from({ length: 40 }, () => discreteGaussian(draws, ratio(1000)));
    expect(first(drawsOf(5))).toEqual(first(drawsOf(5)));
    expect(first(drawsOf(5))).not.toEqual(first(drawsOf(6)));
    const other = new Draws(primitives, new Uint8Array(32).fill(5), new Uint8Array([8]));
    expect(first(drawsOf(5))).not.toEqual(first(other));
  });
});

describe("uniform draws", () => {
  it("are below their bound, each value as often, and go on beyond a chunk", () => {
    const draws = drawsOf(7);
    const seen = new Float64Array(7);
    for (let at = 0; at < 70_000; at += 1) {
      const value = draws.below(7);
      seen[value] = (seen[value] ?? 0) + 1;
    }
    const value = [...seen].reduce((sum, one) => sum + (one - 10_000) ** 2 / 10_000, 0);
    expect(value).toBeLessThan(critical(6));
  });

  it.each([
    [0n, 5n, 0],
    [5n, 5n, 1],
    [1n, 3n, 1 / 3],
    [(1n << 90n) - 1n, 1n << 90n, 1],
    [1n, (1n << 32n) * 3n, 0],
  ])("are below %i/%i as often as they should be", (numerator, denominator, expected) => {
    const draws = drawsOf(8);
    let hits = 0;
    for (let at = 0; at < 30_000; at += 1) hits += Number(draws.chance(numerator, denominator));
    expect(Math.abs(hits / 30_000 - expected)).toBeLessThan(0.014);
  });
});

describe("the size of noise", () => {
  const asked: Protection = {
    mechanism: "gaussian",
    rhoMicro: 50_000,
    sensitivity: 3n,
    contributors: 5,
    colluders: 4,
  };
  const real = ({ parameter: { numerator, denominator } }: Noise): number =>
    Number(numerator) / Number(denominator);

  it("is what the promise takes, when all but one collude: Δ² / 2ρ, or Δ / √(2ρ)", () => {
    expect(real(calibrated(asked))).toBeCloseTo(90, 4);
    expect(real(calibrated({ ...asked, mechanism: "laplace" }))).toBeCloseTo(9.486_833, 5);
  });

  it("is never below it, however numbers round", () => {
    for (let rhoMicro = 1; rhoMicro < 3_000_000; rhoMicro += 7919) {
      const [gauss, scale] = (["gaussian", "laplace"] as const).map((mechanism) =>
        calibrated({ ...asked, mechanism, rhoMicro }),
      );
      if (gauss === undefined || scale === undefined) throw new Error("expected two");
      const { numerator: a, denominator: b } = gauss.parameter;
      expect(a * 2n * BigInt(rhoMicro)).toBeGreaterThanOrEqual(9n * 1_000_000n * b);
      const { numerator: t, denominator: s } = scale.parameter;
      expect(t * t * 2n * BigInt(rhoMicro)).toBeGreaterThanOrEqual(9n * 1_000_000n * s * s);
    }
  });

  it("is shared by those who do not collude, and then wide enough for a sum of parts to be as good as one", () => {
    expect(real(calibrated({ ...asked, colluders: 1 }))).toBeCloseTo(22.5, 4);
    expect(real(calibrated({ ...asked, colluders: 0, sensitivity: 1n }))).toBe(9);
    expect(real(calibrated({ ...asked, colluders: 1, mechanism: "laplace" }))).toBeCloseTo(9.486_833, 5);
  });

  test("neighbouring tables give answers whose likelihoods differ by no more than ρ promises", () => {
    const noise = calibrated(asked);
    const [, variance] = [noise, real(noise)];
    // Rényi divergence of order α between N(0, σ²) and N(Δ, σ²) on the integers, summed: at most α·ρ (definition 1.1).
    for (const order of [1.5, 2, 8, 32]) {
      let sum = 0;
      let total = 0;
      for (let x = -4000; x <= 4000; x += 1) {
        total += gaussian(variance)(x);
        sum += Math.exp((-order * x * x - (1 - order) * (x - 3) ** 2) / (2 * variance));
      }
      expect(Math.log(sum / total) / (order - 1)).toBeLessThanOrEqual(order * 0.05 * (1 + 1e-9));
    }
    // And the draws are those: the observed variance is Δ² / 2ρ, which with Δ - 1 it would miss by more than half.
    const draws = drawsOf(9);
    const sample = Array.from({ length: 50_000 }, () => Number(drawNoise(noise, draws)));
    const observed = sample.reduce((all, x) => all + x * x, 0) / sample.length;
    expect(Math.abs(observed / 90 - 1)).toBeLessThan(4.9 * Math.sqrt(2 / sample.length));
  });

  it("bounds its tails, and says how far an answer may be off", () => {
    for (const mechanism of ["gaussian", "laplace"] as const) {
      const noise = calibrated({ ...asked, mechanism });
      const draws = drawsOf(10);
      const sample = Array.from({ length: 40_000 }, () => Math.abs(Number(drawNoise(noise, draws))));
      expect(Math.max(...sample)).toBeLessThan(tailOf(noise));
      const within = sample.filter((x) => x <= spreadOf(noise, 1)).length / sample.length;
      expect(within).toBeGreaterThan(0.94);
      expect(spreadOf(noise, 4)).toBeGreaterThan(1.9 * spreadOf(noise, 1));
    }
  });

  it("follows from ε and δ, and back, never to a better promise than was asked", () => {
    expect(rhoMicroOf(1, 1e-6)).toBe(17_468);
    expect(rhoMicroOf(1, undefined)).toBe(499_999);
    for (const epsilon of [0.1, 0.5, 1, 3, 10]) {
      const back = epsilonOf(rhoMicroOf(epsilon, 1e-6), 1e-6);
      expect(back).toBeLessThanOrEqual(epsilon);
      expect(back).toBeGreaterThan(0.98 * epsilon);
    }
  });

  it("needs whole roots that are never too large", () => {
    for (const n of [0n, 1n, 2n, 3n, 4n, 15n, 16n, 17n, (1n << 106n) - 1n, 1n << 106n, 10n ** 40n]) {
      const root = squareRoot(n);
      expect(root * root <= n && (root + 1n) * (root + 1n) > n).toBe(true);
    }
  });
});
