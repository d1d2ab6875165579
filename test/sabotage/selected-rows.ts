// SPDX-License-Identifier: Apache-2.0
// What sums over selected rows rest on outside their protocols.
import type { Switch } from "./switch.ts";

export const SELECTED_ROWS: readonly Switch[] = [
  {
    id: "rows.repeated",
    guarantee: "G2",
    weak: "a join takes a party's rows whose key stands twice",
    edits: [
      {
        file: "packages/engine/src/join-rows.ts",
        from: 'if (kind === "aggregate") return;',
        to: 'if (kind !== "aggregate") return;',
      },
    ],
    test: { file: "packages/engine/test/join.test.ts", name: "is refused where a key stands twice" },
  },
  {
    id: "rows.differences",
    guarantee: "G12",
    weak: "joins are compared with nothing that was answered before",
    edits: [
      {
        file: "packages/engine/src/join-stage.ts",
        from: "if (brought !== undefined) keepRelease(node, run, brought.release);",
        to: "",
      },
    ],
    test: { file: "packages/engine/test/join.test.ts", name: "with one row more at a party" },
  },
  {
    id: "rows.one-party-more",
    guarantee: "G12",
    weak: "a join with one party more is another question",
    edits: [
      {
        file: "packages/engine/src/history-rows.ts",
        from: "contributors, told, minCount, noisy: false",
        to: "contributors: [], told, minCount, noisy: false",
      },
    ],
    test: { file: "packages/engine/test/join.test.ts", name: "of which one takes one party more" },
  },
  {
    id: "rows.vocabulary",
    guarantee: "G2",
    weak: "outside a lab the values in the data become a public list that nobody declared",
    edits: [
      {
        file: "packages/engine/src/offer.ts",
        from: 'membership.covenant.id.startsWith("lab/") ? table : undefined',
        to: 'membership.covenant.id.startsWith("lab/") || true ? table : undefined',
      },
    ],
    test: { file: "packages/engine/test/join.test.ts", name: "in a lab alone" },
  },
];
