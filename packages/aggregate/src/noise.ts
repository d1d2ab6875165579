// SPDX-License-Identifier: Apache-2.0
// Noise by integers alone: Canonne, Kamath and Steinke, "The Discrete Gaussian for Differential Privacy" (2020),
// algorithms 1 to 3. No float is ever compared with a draw. The time that a draw takes depends on what is drawn: it
// is drawn before a session waits for anybody.
import type { Draws } from "./draws.ts";

/** A positive rational number. */
export interface Ratio {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/**
 * The discrete Gaussian: every integer x with probability proportional to exp(-x² / 2σ²). `variance` is σ².
 * A draw of the discrete Laplace with scale ⌊σ⌋ + 1 is kept with probability exp(-(|y| - σ²/t)² / 2σ²) (algorithm 3).
 */
export function discreteGaussian(draws: Draws, variance: Ratio): bigint {
  const { numerator: a, denominator: b } = variance;
  const scale = squareRoot(a / b) + 1n;
  const most = 2n * a * b * scale * scale;
  for (;;) {
    const candidate = discreteLaplace(draws, { numerator: scale, denominator: 1n });
    const off = magnitude(candidate) * b * scale - a;
    if (chanceOfExp(draws, off * off, most)) return candidate;
  }
}

/**
 * The discrete Laplace: every integer x with probability proportional to exp(-|x| / scale). A geometric draw of the
 * numerator's scale, rounded down to the denominator's, with a sign; zero has one sign only (algorithm 2).
 */
export function discreteLaplace(draws: Draws, scale: Ratio): bigint {
  const { numerator: t, denominator: s } = scale;
  for (;;) {
    const within = uniformBelow(draws, t);
    if (!chanceOfExp(draws, within, t)) continue;
    let whole = 0n;
    while (chanceOfExp(draws, 1n, 1n)) whole += 1n;
    const size = (within + t * whole) / s;
    const negative = draws.below(2) === 1;
    if (!(negative && size === 0n)) return negative ? -size : size;
  }
}

/** True with probability exp(-numerator / denominator), exactly (algorithm 1). */
function chanceOfExp(draws: Draws, numerator: bigint, denominator: bigint): boolean {
  for (let whole = numerator / denominator; whole > 0n; whole -= 1n) {
    if (!chanceOfExpBelowOne(draws, 1n, 1n)) return false;
  }
  return chanceOfExpBelowOne(draws, numerator % denominator, denominator);
}

/** The same for an exponent of at most one: the first of γ/1, γ/2, … that fails has an odd place so often. */
function chanceOfExpBelowOne(draws: Draws, numerator: bigint, denominator: bigint): boolean {
  let place = 1n;
  while (draws.chance(numerator, denominator * place)) place += 1n;
  return place % 2n === 1n;
}

const WORD = 1n << 32n;

/** Uniform in 0..bound-1. */
function uniformBelow(draws: Draws, bound: bigint): bigint {
  if (bound <= WORD) return BigInt(draws.below(Number(bound)));
  const words = Math.ceil(bound.toString(16).length / 8) + 1;
  let room = 1n;
  let value = 0n;
  for (let at = 0; at < words; at += 1) {
    value = value * WORD + BigInt(draws.word());
    room *= WORD;
  }
  return value < room - (room % bound) ? value % bound : uniformBelow(draws, bound);
}

/** ⌊√n⌋, by Newton's method from above. */
export function squareRoot(n: bigint): bigint {
  if (n < 2n) return n;
  let root = 1n << BigInt((n.toString(2).length + 1) >> 1);
  for (let next = (root + n / root) / 2n; next < root; next = (root + n / root) / 2n) root = next;
  return root;
}

function magnitude(n: bigint): bigint {
  return n < 0n ? -n : n;
}
