// SPDX-License-Identifier: Apache-2.0

const LEAST = 256;

/**
 * The size that others see in place of a true one: the smallest of 2^k and 1.5·2^k that holds `m`, and at least 256
 * (protocols.md, section 5). @throws {RangeError} when `m` is no count of at most 2^52.
 */
export function bucket(m: number): number {
  if (!Number.isSafeInteger(m) || m < 0 || m > 2 ** 52)
    throw new RangeError("expected a count of at most 2^52");
  let size = LEAST;
  while (size < m) size *= 2;
  const between = size * 0.75; // the 1.5·2^k below it
  return between >= m && between >= LEAST ? between : size;
}
