// SPDX-License-Identifier: Apache-2.0
// What a match of two under numbers of a third agency rests on.
import type { Switch } from "./switch.ts";

export const DEALERS: readonly Switch[] = [
  {
    id: "dealer.unnamed",
    guarantee: "G2",
    weak: "anybody deals for two others, also whom the agreement does not name for it",
    edits: [
      {
        file: "packages/covenant/src/decide.ts",
        from: "(party) => !protocol.dealers?.includes(party)",
        to: '(party) => protocol.dealers?.includes(party) === undefined && party === ""',
      },
    ],
    test: {
      file: "packages/covenant/test/decide.test.ts",
      name: "refuses a dealer that the agreement does not name",
    },
  },
  {
    id: "dealer.both",
    guarantee: "G2",
    weak: "a node takes a plan in which one party both deals and brings a list, and opens the other's alone",
    edits: [
      {
        file: "packages/wire/src/documents/plan.ts",
        from: "return ![...inputs, ...recipients].some((row) => dealers.includes(row.party));",
        to: "return ![...inputs, ...recipients].every((row) => dealers.includes(row.party));",
      },
    ],
    test: { file: "packages/wire/test/dealer.test.ts", name: "when it brings data" },
  },
  {
    id: "dealer.operator",
    guarantee: "G2",
    weak: "the coordinator deals where one of the two runs it",
    edits: [
      {
        file: "packages/query/src/ceilings.ts",
        from: "beyondRelay(described).length === 0 && !isDealtByCoordinator(plan)",
        to: "beyondRelay(described).length === 0 && isDealtByCoordinator(plan)",
      },
    ],
    test: {
      file: "packages/query/test/bulk.test.ts",
      name: "deals where whoever runs the coordinator may not",
    },
  },
  {
    id: "dealer.unasked",
    guarantee: "G3",
    weak: "evidence passes without the approval of whoever dealt",
    edits: [
      {
        file: "packages/ledger/src/check-approvals.ts",
        from: "new Set([...named, ...dealersOf(ask)])",
        to: "new Set([...named, ...dealersOf(ask).slice(1)])",
      },
    ],
    test: { file: "packages/ledger/test/pair.test.ts", name: "dealer's lawful approval" },
  },
];
