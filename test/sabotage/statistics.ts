// SPDX-License-Identifier: Apache-2.0
// What statistics rest on.
import type { Switch } from "./switch.ts";

const STATISTICS = "packages/aggregate/test/statistics.test.ts";
const TABLES = "packages/aggregate/test/table-statistics.test.ts";

export const STATISTICAL: readonly Switch[] = [
  {
    id: "statistics.midpoint",
    guarantee: "G2",
    weak: "the constant of a regression is left where the shifted columns put it",
    edits: [
      {
        file: "packages/aggregate/src/statistics.ts",
        from: "constant + middle(explained) * bottom,",
        to: "constant + 0n * middle(explained) * bottom,",
      },
    ],
    test: { file: STATISTICS, name: "equal those over all rows together" },
  },
  {
    id: "statistics.limb",
    guarantee: "G2",
    weak: "limbs are put together without what the lower ones carry",
    edits: [
      {
        file: "packages/aggregate/src/sum-limbs.ts",
        from: "return limb << (LIMB_BITS * BigInt(at));",
        to: "return BigInt.asUintN(21, limb) << (LIMB_BITS * BigInt(at));",
      },
    ],
    test: { file: STATISTICS, name: "equal those over all rows together" },
  },
  {
    id: "statistics.divisor",
    guarantee: "G2",
    weak: "a variance is divided by all rows",
    edits: [
      {
        file: "packages/aggregate/src/statistics.ts",
        from: "rows * (rows - 1n), DECIMALS",
        to: "rows * rows, DECIMALS",
      },
    ],
    test: { file: "packages/sources/test/statistics.test.ts", name: "are DuckDB's over all rows together" },
  },
  {
    id: "statistics.floor",
    guarantee: "G2",
    weak: "a statistic is told on fewer rows than the floor",
    edits: [
      {
        file: "packages/aggregate/src/opened-cells.ts",
        from: "made === undefined || made.rows < minRows",
        to: "made === undefined || made.rows < 0n * minRows",
      },
    ],
    test: { file: STATISTICS, name: "stand on too few rows" },
  },
  {
    id: "statistics.withheld",
    guarantee: "G2",
    weak: "a test of a table takes a withheld cell for an empty one",
    edits: [
      {
        file: "packages/aggregate/src/table-statistics.ts",
        from: "const rules = rulesIn(cells);\n  if (rules !== undefined) return { withheld: rules };",
        to: "const rules = rulesIn([]);\n  if (rules !== undefined) return { withheld: rules };",
      },
    ],
    test: { file: TABLES, name: "is withheld where one of its cells is" },
  },
  {
    id: "statistics.noise",
    guarantee: "G11",
    weak: "a variance is told under noise that is made for sums",
    edits: [
      {
        file: "packages/aggregate/src/layout.ts",
        from: "if (noise === null && rounding === undefined) return;",
        to: "if (noise === null || rounding === undefined) return;",
      },
    ],
    test: { file: "packages/aggregate/test/noisy-sum.test.ts", name: "is variance(amount)" },
  },
  {
    id: "statistics.margin",
    guarantee: "G2",
    weak: "a margin has statistics too, from which those of a withheld cell follow",
    edits: [
      {
        file: "packages/aggregate/src/opened-cells.ts",
        from: "const told = cells.length > 1 ? [] : ask.measures;",
        to: "const told = cells.length > 1e9 ? [] : ask.measures;",
      },
    ],
    test: { file: STATISTICS, name: "are none of several cells together" },
  },
  {
    id: "sum.overflow",
    guarantee: "G10",
    weak: "a sum may pass what a slot holds",
    edits: [
      {
        file: "packages/aggregate/src/layout.ts",
        from: "if (fitsSlot(totalRange(parties, ranges, noise), set)) return;",
        to: "if (fitsSlot(totalRange(parties, ranges, noise), set) || of.length >= 0) return;",
      },
    ],
    test: { file: "packages/aggregate/test/noisy-sum.test.ts", name: "a sum that needs two limbs" },
  },
  {
    id: "circle.withheld",
    guarantee: "G2",
    weak: "a withheld flow is part of a circle",
    edits: [
      {
        file: "packages/sdk/src/circles.ts",
        from: "from !== to && value !== undefined",
        to: "from !== to && (value ?? 0) >= 0",
      },
      {
        file: "packages/sdk/src/circles.ts",
        from: "for (const { from, to, value = 0 } of flows) {",
        to: "for (const { from, to, value = 2 ** 40 } of flows) {",
      },
    ],
    test: { file: "packages/sdk/test/typologies.test.ts", name: "are none where a flow is small, withheld" },
  },
];

/** What pictures say of what is withheld. */
export const PICTURES: readonly Switch[] = [
  {
    id: "picture.flow",
    guarantee: "G2",
    weak: "a withheld flow is drawn as none",
    edits: [
      {
        file: "packages/sdk/src/sankey.ts",
        from: "const { value } = flow;",
        to: "const { value = 0 } = flow;",
      },
    ],
    test: { file: "packages/sdk/test/pictures.test.ts", name: "shows what is withheld as a line of its own" },
  },
  {
    id: "picture.bar",
    guarantee: "G2",
    weak: "a withheld value is drawn as zero",
    edits: [
      {
        file: "packages/sdk/src/bars.ts",
        from: "function drawing({ value, spread }: Bar",
        to: "function drawing({ value = 0, spread }: Bar",
      },
    ],
    test: { file: "packages/sdk/test/bars.test.ts", name: "marks what is withheld" },
  },
  {
    id: "picture.text",
    guarantee: "G10",
    weak: "a name from the data is put into a picture as it is",
    edits: [
      {
        file: "packages/sdk/src/picture.ts",
        from: '.replaceAll("<", "&lt;")',
        to: '.replaceAll("<", "<")',
      },
    ],
    test: { file: "packages/sdk/test/pictures.test.ts", name: "takes names as text" },
  },
];
