// SPDX-License-Identifier: Apache-2.0
// What rests on the derivation audit beside what its reader knows: what was told before, and what he brought himself.
import type { Switch } from "./switch.ts";

const AUDIT = "packages/covenant/src/audit.ts";
const SUMS = "packages/covenant/src/audit-sums.ts";
const OWN = "packages/covenant/test/own-part.test.ts";
const HALTED = "packages/engine/test/series-halted.test.ts";
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
  {
    id: "derivation.series",
    guarantee: "G17",
    weak: "a table is judged without the series of a trend that its recipient was told before",
    edits: [
      {
        file: "packages/engine/src/earlier.ts",
        from: 'result?.kind === "trend" && result.series !== undefined',
        to: 'result?.kind === "trend" && result.series?.length === 0',
      },
    ],
    test: { file: "packages/engine/test/earlier.test.ts", name: "may be a trend" },
  },
  {
    id: "derivation.own",
    guarantee: "G17",
    weak: "a table is judged as if its recipient had brought nothing himself",
    edits: [
      {
        file: AUDIT,
        from: 'state.hasOwn ? ["everybody", "recipient"] : ["everybody"];',
        to: 'state.hasOwn ? ["everybody", "everybody"] : ["everybody"];',
      },
    ],
    test: { file: OWN, name: "in a list with its total" },
  },
  {
    id: "derivation.own-sums",
    guarantee: "G17",
    weak: "a sum counts as hidden where its recipient, who brought all of it, can compute it",
    edits: [
      {
        file: "packages/covenant/src/hiding.ts",
        from: "return width > 0n && others.every(",
        to: "return width >= 0n && others.every(",
      },
    ],
    test: { file: OWN, name: "cannot narrow what others' rows add up to" },
  },
  {
    id: "derivation.others",
    guarantee: "G17",
    weak: "a cell is shown to one of the two parties behind it, who sees what the other brought",
    edits: [
      {
        file: "packages/covenant/src/audit-state.ts",
        from: 'leavesOthers(cell, rules) ? broken : ["derivable"];',
        to: 'cell.key !== "" ? broken : ["derivable"];',
      },
    ],
    test: { file: OWN, name: "is left with the rows of two other parties" },
  },
  {
    id: "derivation.own-numbers",
    guarantee: "G17",
    weak: "a recipient's node does not look at what it brought itself",
    edits: [
      {
        file: "packages/engine/src/aggregate-stage.ts",
        from: "const own = receives && brought !== undefined ?",
        to: "const own = receives && brought === undefined && node.lab && brought !== undefined ?",
      },
    ],
    test: { file: "packages/sdk/test/release.test.ts", name: "leaves a recipient that brought rows" },
  },
  {
    id: "derivation.together",
    guarantee: "G17",
    weak: "of a very large table small cells are told apart from those that nobody is in",
    edits: [
      {
        file: "packages/engine/src/release-together.ts",
        from: 'return "withheld" in cell && cell.withheld.join() === empty.withheld.join();',
        to: 'return "withheld" in cell && cell.withheld.length > 4 && empty.withheld.length > 4;',
      },
    ],
    test: {
      file: "packages/engine/test/release-together.test.ts",
      name: "says of every cell what the whole",
    },
  },
];

/** What halts a standing question. */
export const HALTED_SERIES: readonly Switch[] = [
  {
    id: "series.halted",
    guarantee: "G3",
    weak: "what stands at a node that its officer halts goes on standing, and runs when the node goes on",
    edits: [
      {
        file: "packages/engine/src/suspensions.ts",
        from: "for (const run of this.#runs) if (run.parties.includes(party)) run.refuse(refusal);",
        to: 'for (const run of this.#runs) if (run.phase !== "standing" && run.parties.includes(party)) run.refuse(refusal);',
      },
    ],
    test: { file: HALTED, name: "ends where an officer halts a node" },
  },
  {
    id: "series.paused",
    guarantee: "G3",
    weak: "a standing question that is paused runs all the same",
    edits: [
      {
        file: "packages/engine/src/series.ts",
        from: "if (isPaused(node, planHash)) node.log(",
        to: 'if (isPaused(node, planHash) && planHash === "sha256:") node.log(',
      },
    ],
    test: { file: HALTED, name: "that is paused runs nothing" },
  },
];
