// SPDX-License-Identifier: Apache-2.0
// How likely some linear test of a correlation made without a dealer has a low weight: the first moment, as in Boyle et al.,
// eprint 2022/1014, section 3, worked out for rows with one position in each band.

/** Tests that combine so few elements are counted exactly; above, by Chernoff's bound, which is wider. */
const EXACT = 8;

/** A code: elements, bands of so many positions each, and the part of all positions that a test may not stay below. */
export interface Code {
  readonly elements: number;
  readonly bands: number;
  readonly band: number;
  readonly distance: number;
}

/** log2 of how many sums of `rows` elements are expected to have a weight of `distance` or less. */
export function expectedLight({ elements, bands, band, distance }: Code, rows: number): number {
  const of = rows <= EXACT ? exactly : chernoff;
  const odd = rows % 2;
  const total = (logSteps: number): number => {
    const steps = Math.exp(logSteps);
    const z = Math.exp(-steps / band);
    // E z^weight: bands are independent, and after an odd number of rows the parity changes from band to band.
    const even = of(rows, 0, band, z);
    const other = odd === 1 ? of(rows, 1, band, z) : even;
    return Math.ceil(bands / 2) * even + Math.floor(bands / 2) * other + steps * distance * bands;
  };
  return (logChoose(elements, rows) + lowest(total, -1, Math.log(3 * band))) / Math.LN2;
}

/**
 * ln E z^w for the weight w of what `rows` random positions of a band accumulate to, after an entry parity. The generating
 * function: a position is met an even number of times (cosh) or an odd one (sinh), and counts where the parity is then odd.
 */
function exactly(rows: number, parity: number, band: number, z: number): number {
  const series = (from: number, factor: number): number[] =>
    Array.from({ length: rows + 1 }, (_, at) => (at % 2 === from ? factor / factorial(at) : 0));
  const step = [
    [series(0, 1), series(1, z)],
    [series(1, 1), series(0, z)],
  ];
  const power = powerOf(step, band);
  const [even = [], uneven = []] = power[parity] ?? [];
  const all = (even[rows] ?? 0) + (uneven[rows] ?? 0);
  return Math.log(all) + Math.log(factorial(rows)) - rows * Math.log(band);
}

/** An upper bound of the same: a coefficient of a series without negative ones is at most f(x) / x^rows. */
function chernoff(rows: number, parity: number, band: number, z: number): number {
  const value = (logX: number): number => {
    const x = Math.exp(logX);
    const [even, uneven] = [Math.cosh(x), Math.sinh(x)];
    const trace = (1 + z) * even;
    const root = Math.sqrt(trace * trace - 4 * z);
    const [large, small] = [(trace + root) / 2, (2 * z) / (trace + root)];
    const row = parity === 0 ? even + z * uneven : uneven + z * even;
    const rest = Math.exp(band * Math.log(small / large)) * (row - large);
    return band * Math.log(large) + Math.log((row - small - rest) / root) - rows * logX;
  };
  const near = Math.log(rows / band);
  return (
    lowest(value, near - 3, Math.min(near + 8, Math.log(300))) + logFactorial(rows) - rows * Math.log(band)
  );
}

/** The lowest value between two points of a function with one valley, or any value near it: each of them is a bound. */
function lowest(value: (at: number) => number, from: number, to: number): number {
  let [left, right] = [from, to];
  for (let step = 0; step < 40; step += 1) {
    const [one, two] = [left + 0.382 * (right - left), left + 0.618 * (right - left)];
    if (value(one) < value(two)) right = two;
    else left = one;
  }
  return value((left + right) / 2);
}

type Series = readonly number[];

function powerOf(matrix: readonly (readonly Series[])[], exponent: number): readonly (readonly Series[])[] {
  if (exponent === 1) return matrix;
  const half = powerOf(matrix, Math.floor(exponent / 2));
  const square = productOf(half, half);
  return exponent % 2 === 0 ? square : productOf(square, matrix);
}

function productOf(
  left: readonly (readonly Series[])[],
  right: readonly (readonly Series[])[],
): readonly (readonly Series[])[] {
  return left.map((row) =>
    [0, 1].map((column) => {
      const sum = (row[0] ?? []).map(() => 0);
      row.forEach((one, inner) => {
        const other = right[inner]?.[column] ?? [];
        one.forEach((coefficient, at) => {
          for (let more = 0; at + more < sum.length; more += 1) {
            sum[at + more] = (sum[at + more] ?? 0) + coefficient * (other[more] ?? 0);
          }
        });
      });
      return sum;
    }),
  );
}

function factorial(number: number): number {
  return number <= 1 ? 1 : number * factorial(number - 1);
}

/** ln n!, by Stirling's series from 10 on. */
function logFactorial(number: number): number {
  if (number < 10) return Math.log(factorial(number));
  return number * Math.log(number) - number + Math.log(2 * Math.PI * number) / 2 + 1 / (12 * number);
}

function logChoose(all: number, some: number): number {
  return logFactorial(all) - logFactorial(some) - logFactorial(all - some);
}
