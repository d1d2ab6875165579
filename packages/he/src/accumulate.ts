// SPDX-License-Identifier: Apache-2.0
import type { Ciphertext } from "./frames.ts";
import type { ParameterSet } from "./parameters.ts";
import { multiplyAdd, type PackedPolynomial } from "./polynomial.ts";

/**
 * `sum` plus a ciphertext times a factor (`HeBackend.factor`), all in NTT form; the first product makes the sum. The
 * library has no part in it: a factor of zeros is a factor like any other, and takes as long.
 */
export function accumulate(
  { data }: ParameterSet,
  sum: Ciphertext | undefined,
  { c0, c1 }: Ciphertext,
  factor: PackedPolynomial,
): Ciphertext {
  return { c0: multiplyAdd(data, sum?.c0, c0, factor), c1: multiplyAdd(data, sum?.c1, c1, factor) };
}
