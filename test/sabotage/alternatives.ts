// SPDX-License-Identifier: Apache-2.0
// What matches by several keys rest on.
import type { Switch } from "./switch.ts";

export const ALTERNATIVES: readonly Switch[] = [
  {
    id: "alternatives.kinds-only",
    guarantee: "G2",
    weak: "keys of columns of the same kinds meet, whatever the columns are called",
    edits: [
      {
        file: "packages/engine/src/alternatives.ts",
        from: '`${kinds[all.indexOf(column)] ?? ""}:${column}`',
        to: 'kinds[all.indexOf(column)] ?? ""',
      },
    ],
    test: { file: "packages/sdk/test/alternatives.test.ts", name: "keeps columns apart" },
  },
  {
    id: "alternatives.below",
    guarantee: "G2",
    weak: "a recipient is told of records that fewer parties hold than the question says",
    edits: [
      {
        file: "packages/engine/src/alternatives.ts",
        from: "if (found.length + 1 < atLeast) continue;",
        to: "if (found.length === 0) continue;",
      },
    ],
    test: { file: "packages/engine/test/alternatives.test.ts", name: "match as they do in the clear" },
  },
  {
    id: "alternatives.best-band",
    guarantee: "G2",
    weak: "a match is in the band of its best holder",
    edits: [
      {
        file: "packages/engine/src/alternatives.ts",
        from: "bandName(Math.max(",
        to: "bandName(Math.min(",
      },
    ],
    test: { file: "packages/engine/test/alternatives.test.ts", name: "weakest agreement" },
  },
  {
    id: "alternatives.padded-apart",
    guarantee: "G2",
    weak: "the keys of each alternative are padded by themselves, so that their numbers show in the sum",
    edits: [
      {
        file: "packages/engine/src/offer.ts",
        from: "counts.push(await distinctCount(table, columns, around));",
        to: "counts.push(bucket(await distinctCount(table, columns, around)));",
      },
    ],
    test: { file: "packages/sdk/test/alternatives.test.ts", name: "shows the same sizes" },
  },
  {
    id: "alternatives.widest-domain",
    guarantee: "G12",
    weak: "a key with a large domain beside it lifts the bound on evaluations of one with a small domain",
    edits: [
      {
        file: "packages/wire/src/quota.ts",
        from: "return Math.min(...ceilings);",
        to: "return Math.max(...ceilings);",
      },
    ],
    test: { file: "packages/query/test/alternatives.test.ts", name: "smallest domain" },
  },
];
