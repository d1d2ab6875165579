// SPDX-License-Identifier: Apache-2.0
// What a count of the items that one party alone holds rests on, where tables find the others.
import type { Switch } from "./switch.ts";

const MASKED = "packages/psi/src/masked-numbers.ts";
const COUNT = "packages/psi/src/overlap-threshold.ts";
const SINGLES = "packages/psi/test/overlap-singles.test.ts";

export const SINGLE_HOLDERS: readonly Switch[] = [
  {
    id: "singles.unmasked",
    guarantee: "G2",
    weak: "each party tells the coordinator how many items it has, in the clear",
    edits: [
      {
        file: MASKED,
        from: "addTo(sum, me < peer ? mask : negated(mask));",
        to: 'if (use === "padding") addTo(sum, me < peer ? mask : negated(mask));',
      },
    ],
    test: { file: SINGLES, name: "look the same to the coordinator, which sees one number" },
  },
  {
    id: "singles.one-mask",
    guarantee: "G2",
    weak: "numbers of dummies and of items are hidden by one mask, so that their difference shows",
    edits: [{ file: MASKED, from: "`${use}/${to}`", to: '`${use === "items" ? "padding" : use}/${to}`' }],
    test: { file: SINGLES, name: "of two uses have nothing in common" },
  },
  {
    id: "singles.any-sum",
    guarantee: "G2",
    weak: "a number of singles is told that does not fit what several hold",
    edits: [
      {
        file: "packages/psi/src/overlap-cells.ts",
        from: "if (items >= shared && items <= most) return items - shared;",
        to: "if (items >= shared - most && items <= most * shared) return items - shared;",
      },
    ],
    test: { file: SINGLES, name: "end the session at fewer items in all than several of them hold" },
  },
  {
    id: "contract.count-in-all",
    guarantee: "G2",
    weak: "the contract of a count by tables does not say that the coordinator learns how many items there are in all",
    edits: [{ file: COUNT, from: "...itemsInAll(parameters),", to: "...itemsInAll(parameters).slice(1)," }],
    test: {
      file: "packages/psi/test/overlap-threshold.test.ts",
      name: "adds how many items there are in all where singles count",
    },
  },
];
