// SPDX-License-Identifier: Apache-2.0
// Arithmetic mod a 62-bit prime in plain numbers: three limbs of 21 bits, so that every product is exact in a double.

/** p = 2^62 - 10565, a safe prime. */
export const P: bigint = (1n << 62n) - 10565n;
/** 2^63 mod p: what a fourth limb is worth. */
const FOLD = 21130;
const LIMB = 2 ** 21;
const INVERSE = 2 ** -21;
const MASK = 0x1fffffn;

/** `n * 3` limbs, each below 2^22: n residues, not always below p. */
export type Residues = Float64Array;

/** `to[at..at+3] = left * right`. The places may be the same. */
export function multiply(
  to: Residues,
  at: number,
  left: Residues,
  leftAt: number,
  right: Residues,
  rightAt: number,
): void {
  const a0 = left[leftAt] ?? 0;
  const a1 = left[leftAt + 1] ?? 0;
  const a2 = left[leftAt + 2] ?? 0;
  const b0 = right[rightAt] ?? 0;
  const b1 = right[rightAt + 1] ?? 0;
  const b2 = right[rightAt + 2] ?? 0;
  const p0 = a0 * b0;
  const p1 = a0 * b1 + a1 * b0;
  const p2 = a0 * b2 + a1 * b1 + a2 * b0;
  const p3 = a1 * b2 + a2 * b1;
  const p4 = a2 * b2;
  // All carries at once, not one after the other: a limb may stay a little too large.
  const k0 = Math.floor(p0 * INVERSE);
  const k1 = Math.floor(p1 * INVERSE);
  const k2 = Math.floor(p2 * INVERSE);
  const k3 = Math.floor(p3 * INVERSE);
  const k4 = Math.floor(p4 * INVERSE);
  const s0 = p0 - k0 * LIMB + (p3 - k3 * LIMB + k2) * FOLD;
  const s1 = p1 - k1 * LIMB + k0 + (p4 - k4 * LIMB + k3) * FOLD;
  const s2 = p2 - k2 * LIMB + k1 + k4 * FOLD;
  const c0 = Math.floor(s0 * INVERSE);
  const c1 = Math.floor(s1 * INVERSE);
  const c2 = Math.floor(s2 * INVERSE);
  const low = s0 - c0 * LIMB + c2 * FOLD;
  const last = Math.floor(low * INVERSE);
  to[at] = low - last * LIMB;
  to[at + 1] = s1 - c1 * LIMB + c0 + last;
  to[at + 2] = s2 - c2 * LIMB + c1;
}

/** Writes a residue in 0..p-1. */
export function put(to: Residues, at: number, value: bigint): void {
  to[at] = Number(value & MASK);
  to[at + 1] = Number((value >> 21n) & MASK);
  to[at + 2] = Number(value >> 42n);
}

/** Reads a residue, brought to 0..p-1. */
export function get(from: Residues, at: number): bigint {
  const low = BigInt((from[at + 1] ?? 0) * LIMB + (from[at] ?? 0));
  return (low + (BigInt(from[at + 2] ?? 0) << 42n)) % P;
}
