// SPDX-License-Identifier: Apache-2.0
// What rests on disclosure control: the rules for a cell alone, and the audit of what several give away.
import type { Switch } from "./switch.ts";

const AUDIT = "packages/covenant/src/audit.ts";
const RELEASE = "packages/covenant/src/release.ts";
const EARLIER = "packages/engine/src/earlier.ts";
const AUDITED = "packages/covenant/test/audit.test.ts";
const SHOWN = "packages/sdk/test/release.test.ts";

export const DISCLOSURE: readonly Switch[] = [
  {
    id: "disclosure.zeros",
    guarantee: "G17",
    weak: "an empty cell is shown as one, so that withheld says more than it should",
    edits: [
      {
        file: RELEASE,
        from: 'if (cell.count < BigInt(rules.minCount)) broken.push("minCount");',
        to: 'if (cell.count > 0n && cell.count < BigInt(rules.minCount)) broken.push("minCount");',
      },
    ],
    test: { file: "packages/covenant/test/release.test.ts", name: "an empty one like any other" },
  },
  {
    id: "disclosure.dominance",
    guarantee: "G17",
    weak: "a sum is shown that one record or one party makes",
    edits: [{ file: RELEASE, from: 'broken.push("dominance");', to: "broken.pop();" }],
    test: { file: "packages/covenant/test/decision-table.test.ts", name: "in every case of the table" },
  },
  {
    id: "disclosure.width",
    guarantee: "G17",
    weak: "a total is shown that leaves withheld cells fewer numbers than they might have",
    edits: [
      {
        file: AUDIT,
        from: "return [undefined, ...columns.keys()].every((column) => isOpen(state, rest, column, reader));",
        to: "return columns.length >= 0;",
      },
    ],
    test: { file: AUDITED, name: "in a list with its total" },
  },
  {
    id: "disclosure.together",
    guarantee: "G17",
    weak: "margins are looked at one by one, and not together",
    edits: [
      {
        file: AUDIT,
        from: "return finding !== undefined && remedied(state, finding, lost);",
        to: "return finding !== undefined && lost.size < 0;",
      },
    ],
    test: { file: AUDITED, name: "in a table of two columns with its margins" },
  },
  {
    id: "disclosure.earlier",
    guarantee: "G17",
    weak: "a table is judged without what its recipient was told before",
    edits: [{ file: EARLIER, from: "  return tables;", to: "  return tables.slice(0, 0);" }],
    test: { file: SHOWN, name: "opens no cell of the next one" },
  },
  {
    id: "disclosure.public",
    guarantee: "G17",
    weak: "a table is judged without the totals that everybody knows",
    edits: [
      {
        file: EARLIER,
        from: "...known.map((total) => publicClaim(ask, summed, total)),",
        to: "...known.slice(0, 0).map((total) => publicClaim(ask, summed, total)),",
      },
    ],
    test: { file: SHOWN, name: "takes public totals into account" },
  },
];
