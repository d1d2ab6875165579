// SPDX-License-Identifier: Apache-2.0
// What deconfliction rests on.
import type { Switch } from "./switch.ts";

const ENGINE = "packages/engine/test/deconflict.test.ts";

export const DECONFLICTION: readonly Switch[] = [
  {
    id: "deconflict.kept-index",
    guarantee: "G2",
    weak: "an index of interests is kept and brought up to date, so that what leaves depends on what is new",
    edits: [
      {
        file: "packages/engine/src/lookup-publication.ts",
        from: 'return ask.kind === "lookup" && ask.interests !== undefined;',
        to: 'return ask.kind === "lookup" && ask.interests === null;',
      },
    ],
    test: { file: ENGINE, name: "sends the same whether" },
  },
  {
    id: "deconflict.over",
    guarantee: "G2",
    weak: "what was withdrawn or has expired still meets",
    edits: [
      {
        file: "packages/engine/src/interest-book.ts",
        from: "return withdrawn === null && now < expires;",
        to: 'return withdrawn === null || now < expires || expires !== "";',
      },
    ],
    test: { file: ENGINE, name: "as soon as it is withdrawn" },
  },
];
