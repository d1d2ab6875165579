// SPDX-License-Identifier: Apache-2.0
// What decides on the release of sums over selected rows.
import type { Switch } from "./switch.ts";

export const JOINED_RELEASE: readonly Switch[] = [
  {
    id: "joined.presence",
    guarantee: "G17",
    weak: "every party counts as one that has rows in a cell, rows or not",
    edits: [
      {
        file: "packages/aggregate/src/join-hub-session.ts",
        from: "(_, cell) => Number(held.has(cell))",
        to: "() => Number(held.size > 0)",
      },
    ],
    test: {
      file: "packages/aggregate/test/join-hub.test.ts",
      name: "says how many parties brought rows to a cell",
    },
  },
  {
    id: "joined.few-parties",
    guarantee: "G17",
    weak: "a cell in which events count once passes as one of all parties",
    edits: [
      {
        file: "packages/aggregate/src/join-layout.ts",
        from: "BigInt(contributors?.[cell] ?? parties)",
        to: "BigInt(Math.max(contributors?.[cell] ?? 0, parties))",
      },
    ],
    test: { file: "packages/aggregate/test/join-layout.test.ts", name: "has as many parties as were told" },
  },
  {
    id: "joined.no-noise",
    guarantee: "G11",
    weak: "a plan of distinct sums may say noise that nobody adds",
    edits: [
      {
        file: "packages/query/src/joins.ts",
        from: "  checkJoin(plan); // a node does not take a proposer's word for it",
        to: "",
      },
    ],
    test: { file: "packages/query/test/join.test.ts", name: "takes the hub where events count once" },
  },
  {
    id: "joined.entangled",
    guarantee: "G17",
    weak: "a join is told beside an earlier one, whatever the two together tell",
    edits: [
      {
        file: "packages/engine/src/entangled.ts",
        from: "if (earlier.length === 0) return new Set();",
        to: "if (earlier.length >= 0) return new Set();",
      },
    ],
    test: { file: "packages/engine/test/entangled.test.ts", name: "after a total no group is told" },
  },
  {
    id: "joined.earlier",
    guarantee: "G17",
    weak: "what hangs together with a withheld cell of an earlier join is told all the same",
    edits: [
      {
        file: "packages/engine/src/join-stage.ts",
        from: "withoutCells(table, gone, rules)",
        to: "withoutCells(table, new Set(gone.size === 0 ? gone : []), rules)",
      },
    ],
    test: { file: "packages/engine/test/join.test.ts", name: "tells no group of a total" },
  },
];
