// SPDX-License-Identifier: Apache-2.0
// How much noise a promise takes: concentrated differential privacy (Bun and Steinke, "Concentrated Differential
// Privacy", 2016), in millionths of ρ, so that what is charged is a whole number.
import type { Draws } from "./draws.ts";
import { discreteGaussian, discreteLaplace, type Ratio, squareRoot } from "./noise.ts";

/** Which noise: Gaussian, or Laplace for a promise without a δ. */
export type Mechanism = "gaussian" | "laplace";

/** What is promised about one number, and by what it changes at most with one protected unit more or less. */
export interface Protection {
  readonly mechanism: Mechanism;
  /** ρ of this number alone, in 10⁻⁶. Above zero. */
  readonly rhoMicro: number;
  /** By how much the number can change with one unit, over all cells. Above zero. */
  readonly sensitivity: bigint;
  /** How many add noise, and of how many of them whoever reads the sum may know it: fewer than all. */
  readonly contributors: number;
  readonly colluders: number;
}

/** The noise of one contributor: σ² of a discrete Gaussian, or the scale of a discrete Laplace. */
export interface Noise {
  readonly mechanism: Mechanism;
  readonly parameter: Ratio;
}

const MILLION = 1_000_000n;
/** Parameters are rounded up to multiples of 2^-20: a little more noise, and numbers that stay short. */
const FINE = 1n << 20n;
/**
 * Least σ² where honest contributors share the noise: a sum of discrete Gaussians is then as good as one, but for less
 * than 2^-100 (Kairouz, Liu and Steinke, "The Distributed Discrete Gaussian Mechanism", 2021, proposition 13).
 */
const LEAST_SHARED = 9n;

/**
 * The noise that each contributor adds so that those who do not collude give the promise by themselves. Gaussian:
 * σ² = Δ² / 2ρ, spread over them. Laplace: Δ / √(2ρ), the whole at each, for a part of it is no Laplace noise.
 */
export function calibrated({ mechanism, rhoMicro, sensitivity, contributors, colluders }: Protection): Noise {
  if (mechanism === "laplace") {
    const root = squareRoot(2n * BigInt(rhoMicro) * MILLION * FINE * FINE); // √(2ρ) · 10⁶ · 2^20, rounded down
    const numerator = divideUp(sensitivity * MILLION * FINE * FINE, root);
    return { mechanism, parameter: { numerator, denominator: FINE } };
  }
  const honest = BigInt(contributors - colluders);
  const needed = divideUp(sensitivity * sensitivity * MILLION * FINE, 2n * BigInt(rhoMicro) * honest);
  const least = honest > 1n ? LEAST_SHARED * FINE : 1n;
  return { mechanism, parameter: { numerator: needed > least ? needed : least, denominator: FINE } };
}

/** One draw of it. */
export function drawNoise({ mechanism, parameter }: Noise, draws: Draws): bigint {
  return mechanism === "gaussian" ? discreteGaussian(draws, parameter) : discreteLaplace(draws, parameter);
}

/** What no draw exceeds in size, but for one in 2^62: 2^-40 over all numbers that one sum can have. */
export function tailOf({ mechanism, parameter }: Noise): number {
  const size = Number(parameter.numerator) / Number(parameter.denominator);
  return mechanism === "gaussian" ? Math.ceil(10 * Math.sqrt(size)) : Math.ceil(44 * size);
}

/** Half the width of the interval in which the noise of all contributors lies 95 times in 100. */
export function spreadOf({ mechanism, parameter }: Noise, contributors: number): number {
  const size = Number(parameter.numerator) / Number(parameter.denominator);
  const variance = mechanism === "gaussian" ? size : 2 * size * size;
  return Math.ceil(1.96 * Math.sqrt(contributors * variance));
}

/**
 * The ρ, in 10⁻⁶ and rounded down, that gives (ε, δ): (√(ε + L) - √L)² with L = ln(1/δ) (Bun and Steinke, proposition
 * 1.3). Without a δ: ε² / 2, which Laplace noise gives (proposition 1.4).
 */
export function rhoMicroOf(epsilon: number, delta: number | undefined): number {
  const rho =
    delta === undefined
      ? epsilon ** 2 / 2
      : (Math.sqrt(epsilon + Math.log(1 / delta)) - Math.sqrt(Math.log(1 / delta))) ** 2;
  return Math.floor(rho * 1e6 * (1 - 2 ** -40)); // what doubles round is never a better promise
}

/** The ε, rounded up to thousandths, that ρ gives with δ: ρ + 2·√(ρ·L). */
export function epsilonOf(rhoMicro: number, delta: number): number {
  const rho = rhoMicro / 1e6;
  return Math.ceil((rho + 2 * Math.sqrt(rho * Math.log(1 / delta))) * 1000) / 1000;
}

function divideUp(top: bigint, bottom: bigint): bigint {
  return (top + bottom - 1n) / bottom;
}
