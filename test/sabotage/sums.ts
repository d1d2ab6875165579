// SPDX-License-Identifier: Apache-2.0
// What sums rest on.
import type { Switch } from "./switch.ts";

const NOISE = "packages/aggregate/test/noise.test.ts";
const NOISY_SUM = "packages/aggregate/test/noisy-sum.test.ts";

/** What noise promises. */
export const NOISES: readonly Switch[] = [
  {
    id: "noise.half",
    guarantee: "G11",
    weak: "noise has half the standard deviation that the promise takes",
    edits: [
      {
        file: "packages/aggregate/src/calibration.ts",
        from: "sensitivity * sensitivity * MILLION * FINE, 2n",
        to: "sensitivity * sensitivity * MILLION * FINE, 8n",
      },
    ],
    test: { file: NOISY_SUM, name: "the size that the plan promises" },
  },
  {
    id: "noise.sensitivity",
    guarantee: "G11",
    weak: "a row is taken to change a sum by one less than it can",
    edits: [
      {
        file: "packages/aggregate/src/layout.ts",
        from: "return Math.max(1, Math.abs(min), Math.abs(max));",
        to: "return Math.max(1, Math.abs(min), Math.abs(max) - 1);",
      },
    ],
    test: { file: NOISY_SUM, name: "what one row can change, to the last unit" },
  },
  {
    id: "noise.sampler",
    guarantee: "G11",
    weak: "a candidate is kept by a rule that is a little off",
    edits: [
      {
        file: "packages/aggregate/src/noise.ts",
        from: "const off = magnitude(candidate) * b * scale - a;",
        to: "const off = magnitude(candidate) * b * scale;",
      },
    ],
    test: { file: NOISE, name: "of the discrete Gaussian with variance" },
  },
  {
    id: "noise.uncharged",
    guarantee: "G11",
    weak: "a noisy answer costs the dataset nothing",
    edits: [
      {
        file: "packages/engine/src/budgets.ts",
        from: '(unit === "exactCells" || unit === "rhoMicro")',
        to: 'unit === "exactCells"',
      },
    ],
    test: { file: "packages/engine/test/noise.test.ts", name: "is charged with each disclosure" },
  },
  {
    id: "noise.bound",
    guarantee: "G11",
    weak: "a subject may count more often than its noise is made for",
    edits: [
      {
        file: "packages/aggregate/src/cube.ts",
        from: "if (times <= most) return;",
        to: "if (times <= most * Number.POSITIVE_INFINITY) return;",
      },
    ],
    test: { file: NOISY_SUM, name: "counts more often than its dataset declares" },
  },
  {
    id: "noise.own",
    guarantee: "G11",
    weak: "the noise of a recipient counts as hiding something from itself",
    edits: [
      {
        file: "packages/wire/src/documents/plan.ts",
        from: "return colluders >= own && colluders < inputs.length;",
        to: "return own >= 0 && colluders < inputs.length;",
      },
    ],
    test: { file: "packages/query/test/noise.test.ts", name: "is refused as a plan too" },
  },
  {
    id: "noise.unit",
    guarantee: "G11",
    weak: "noise that hides rows is taken where the agreement protects subjects",
    edits: [
      {
        file: "packages/covenant/src/decide.ts",
        from: "row.unit !== noise.unit &&",
        to: "row.unit === undefined &&",
      },
    ],
    test: { file: "packages/covenant/test/decide.test.ts", name: "noise for rows where subjects" },
  },
  {
    id: "noise.floor",
    guarantee: "G11",
    weak: "a cell that the noise may have lifted over the floor is shown",
    edits: [
      {
        file: "packages/engine/src/aggregate-stage.ts",
        from: "minCount: minCount + raised,",
        to: "minCount: minCount + 0 * raised,",
      },
    ],
    test: { file: "packages/engine/test/noise.test.ts", name: "lifted it over the floor" },
  },
];

export const SUMS: readonly Switch[] = [
  {
    id: "mac.skip",
    guarantee: "G7",
    weak: "a sum is taken as it comes",
    edits: [
      {
        file: "packages/aggregate/src/checks.ts",
        from: "return counted && first && second;",
        to: "return counted || first || second || true;",
      },
    ],
    test: { file: "packages/aggregate/test/attacks.test.ts", name: "notice a change of" },
  },
  {
    id: "frame.coefficient",
    guarantee: "G10",
    weak: "a coefficient may be above its prime",
    edits: [
      {
        file: "packages/he/src/polynomial.ts",
        from: "bad |= Number(residue >= prime);",
        to: "bad |= Number(residue < 0);",
      },
    ],
    test: { file: "packages/he/test/polynomial.test.ts", name: "" },
  },
  {
    id: "frame.transparent",
    guarantee: "G10",
    weak: "a ciphertext may have no secret in it",
    edits: [
      {
        file: "packages/he/src/polynomial.ts",
        from: "if (bad === 0 && any === 1) return packed;",
        to: "if (bad === 0 && any >= 0) return packed;",
      },
    ],
    test: { file: "packages/he/test/frames.test.ts", name: "" },
  },
  {
    id: "mask.off",
    guarantee: "G10",
    weak: "sums are not masked",
    edits: [
      {
        file: "packages/aggregate/src/masks.ts",
        from: "slots[at] = combine(slots[at] ?? 0, value, t);",
        to: "slots[at] = combine(slots[at] ?? 0, value * 0, t);",
      },
    ],
    test: { file: "packages/aggregate/test/attacks.test.ts", name: "opens to nothing, check slots included" },
  },
  {
    id: "mask.data-slots-only",
    guarantee: "G10",
    weak: "masks leave the count and the check sums out",
    edits: [
      {
        file: "packages/aggregate/src/masks.ts",
        from: "const mask = new Float64Array(slots.length - 1);",
        to: "const mask = new Float64Array(slots.length - 4);",
      },
    ],
    test: { file: "packages/aggregate/test/attacks.test.ts", name: "opens to nothing, check slots included" },
  },
  {
    id: "share.reuse",
    guarantee: "G10",
    weak: "a share of the key is released again",
    edits: [
      {
        file: "packages/aggregate/src/sum-jobs.ts",
        from: "  releasesOnce: true,",
        to: "  releasesOnce: false,",
      },
    ],
    test: { file: "packages/aggregate/test/attacks.test.ts", name: "is released once" },
  },
  {
    id: "flood.off",
    guarantee: "G10",
    weak: "a released share carries the noise of the secret",
    edits: [
      {
        file: "packages/aggregate/src/sum-jobs.ts",
        from: "const flooded = flood(data, part, floodBits, stream);",
        to: "const flooded = floodBits > 0 ? part.slice() : stream;",
      },
    ],
    test: { file: "packages/aggregate/test/attacks.test.ts", name: "drowns what it says of the secret" },
  },
  {
    id: "ct.commit-skip",
    guarantee: "G10",
    weak: "a ciphertext may be chosen after the others'",
    edits: [
      {
        file: "packages/aggregate/src/sum-jobs.ts",
        from: "  checksSeconds: true,",
        to: "  checksSeconds: false,",
      },
    ],
    test: {
      file: "packages/aggregate/test/attacks.test.ts",
      name: "it is not the one that was committed to",
    },
  },
  {
    id: "range.off",
    guarantee: "G10",
    weak: "a number outside its declared bounds is summed",
    edits: [
      {
        file: "packages/aggregate/src/tallies.ts",
        from: "if (Number.isSafeInteger(value) && value >= min && value <= max) return value;",
        to: "if (Number.isSafeInteger(value) && min <= max) return value;",
      },
    ],
    test: { file: "packages/aggregate/test/cube.test.ts", name: "" },
  },
];
