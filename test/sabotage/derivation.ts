// SPDX-License-Identifier: Apache-2.0
// What rests on the derivation audit beside what its reader knows: what was told before, and what he brought himself.
import type { Switch } from "./switch.ts";

const AUDIT = "packages/covenant/src/audit.ts";
const SUMS = "packages/covenant/src/audit-sums.ts";
const KNOWN = "packages/covenant/test/derivation.test.ts";

export const DERIVATION: readonly Switch[] = [
  {
    id: "derivation.before",
    guarantee: "G17",
    weak: "more is withheld for what was known anyway, though it helps nobody",
    edits: [
      {
        file: SUMS,
        from: "if (beside && alike(before, solver, target)) continue;",
        to: "if (beside && before === undefined) continue;",
      },
    ],
    test: { file: KNOWN, name: "is no doing of a table" },
  },
  {
    id: "derivation.narrowed",
    guarantee: "G17",
    weak: "what was narrow before is narrowed further by the numbers of a table",
    edits: [
      {
        file: SUMS,
        from: "if (beside && alike(before, solver, target)) continue;",
        to: "if (beside && !isHidden(before, target)) continue;",
      },
    ],
    test: { file: KNOWN, name: "is not made more by a number" },
  },
  {
    id: "derivation.words",
    guarantee: "G17",
    weak: "a withheld cell says by which rule, though with an earlier answer that says how many rows it has",
    edits: [
      {
        file: AUDIT,
        from: "if (byWords && state.mute([...near])) return true;",
        to: "if (byWords && state.withheld.length === 0) return true;",
      },
    ],
    test: { file: KNOWN, name: "by the rules of withheld cells" },
  },
];
