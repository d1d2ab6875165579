// SPDX-License-Identifier: Apache-2.0
// Fractions of whole numbers as decimal text, and linear equations over them: nothing is rounded but once, at the end.

/** `top / bottom`, rounded half to even to a whole number. `bottom` is above zero. */
export function rounded(top: bigint, bottom: bigint): bigint {
  const floor = top / bottom - (top % bottom < 0n ? 1n : 0n);
  const twice = 2n * (top - floor * bottom);
  const up = twice > bottom || (twice === bottom && floor % 2n !== 0n);
  return up ? floor + 1n : floor;
}

/** `top / bottom` with so many decimals, half to even. `bottom` is not zero. */
export function decimalText(top: bigint, bottom: bigint, decimals: number): string {
  const sign = bottom < 0n ? -1n : 1n;
  return pointed(rounded(sign * top * 10n ** BigInt(decimals), sign * bottom), decimals);
}

/** `top / bottom` with so many digits that count, half to even, without an exponent. `bottom` is not zero. */
export function significantText(top: bigint, bottom: bigint, digits: number): string {
  if (top === 0n) return "0";
  const [above, below] = [magnitude(top), magnitude(bottom)];
  const lengths = String(above).length - String(below).length;
  const [left, right] =
    lengths < 0 ? [above * 10n ** BigInt(-lengths), below] : [above, below * 10n ** BigInt(lengths)];
  const decimals = digits - 1 - (left >= right ? lengths : lengths - 1);
  if (decimals >= 0) return decimalText(top, bottom, decimals);
  const unit = 10n ** BigInt(-decimals);
  const sign = bottom < 0n ? -1n : 1n;
  return String(rounded(sign * top, sign * bottom * unit) * unit);
}

/** `sign · √(top / bottom)` with so many decimals, half to even. Neither is below zero, `bottom` above. */
export function rootText(sign: bigint, top: bigint, bottom: bigint, decimals: number): string {
  const scaled = top * 100n ** BigInt(decimals);
  const floor = rootOf(scaled / bottom);
  const [half, all] = [(2n * floor + 1n) ** 2n * bottom, 4n * scaled];
  const root = all > half || (all === half && floor % 2n !== 0n) ? floor + 1n : floor;
  return pointed(sign < 0n ? -root : root, decimals);
}

/** The largest whole number whose square is no more. */
function rootOf(square: bigint): bigint {
  if (square < 2n) return square;
  let root = 1n << BigInt(Math.ceil(square.toString(2).length / 2));
  for (;;) {
    const next = (root + square / root) / 2n;
    if (next >= root) return root;
    root = next;
  }
}

function pointed(scaled: bigint, decimals: number): string {
  const digits = String(magnitude(scaled)).padStart(decimals + 1, "0");
  const sign = scaled < 0n ? "-" : "";
  if (decimals === 0) return `${sign}${digits}`;
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** A solution as fractions under one denominator, which is not zero. */
export interface Solution {
  readonly tops: readonly bigint[];
  readonly bottom: bigint;
}

/**
 * Solves as many equations as there are unknowns; each row ends with its right side. Fraction-free (Bareiss, "Sylvester's
 * identity and multistep integer-preserving Gaussian elimination", 1968).
 * @returns nothing where there is no solution, or more than one.
 */
export function solved(equations: readonly (readonly bigint[])[]): Solution | undefined {
  const rows = equations.map((row) => [...row]);
  let before = 1n;
  for (let step = 0; step < rows.length; step += 1) {
    const found = rows.findIndex((row, at) => at >= step && row[step] !== 0n);
    if (found < 0) return undefined;
    const [pivot = [], current = []] = [rows[found], rows[step]];
    if (found !== step) {
      rows[found] = current;
      rows[step] = pivot;
    }
    eliminate(rows, step, before);
    before = pivot[step] ?? 0n;
  }
  return { tops: rows.map((row) => row.at(-1) ?? 0n), bottom: before };
}

/** Takes one unknown out of all other equations; every division comes out even. */
function eliminate(rows: bigint[][], step: number, before: bigint): void {
  const pivot = rows[step] ?? [];
  const leading = pivot[step] ?? 0n;
  for (const row of rows) {
    if (row === pivot) continue;
    const factor = row[step] ?? 0n;
    row.forEach((value, column) => {
      row[column] = (leading * value - factor * (pivot[column] ?? 0n)) / before;
    });
  }
}
