// SPDX-License-Identifier: Apache-2.0
// What deconfliction rests on.
import type { Switch } from "./switch.ts";

const AUDIT = "packages/engine/test/interest-audit.test.ts";
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
  {
    id: "deconflict.during",
    guarantee: "G2",
    weak: "a hit is noted though what met was withdrawn while the run was under way",
    edits: [
      {
        file: "packages/engine/src/deconflict.ts",
        from: "const byItem = idsByItem(node, grid); // as it is now",
        to: "const byItem = idsByItem(node, grid, true);",
      },
      {
        file: "packages/engine/src/deconflict.ts",
        from: "function idsByItem(node: NodePorts, grid: PresenceGrid)",
        to: "function idsByItem(node: NodePorts, grid: PresenceGrid, over = false)",
      },
      {
        file: "packages/engine/src/deconflict.ts",
        from: ".filter((one) => isLive(one, now))",
        to: ".filter((one) => over || isLive(one, now))",
      },
      {
        file: "packages/engine/src/interest-book.ts",
        from: "ids.has(kept.id) && isLive(kept, at)",
        to: "ids.has(kept.id)",
      },
    ],
    test: { file: ENGINE, name: "withdrawn while the run is under way" },
  },
  {
    id: "deconflict.hit-entry",
    guarantee: "G2",
    weak: "a ledger grows more by a run with a hit than by one without",
    edits: [
      {
        file: "packages/engine/src/lookup-stage.ts",
        from: "  logActs(node, planHash, noted); // whether there was a hit or not",
        to: "  if (met.length > 0) logActs(node, planHash, noted);",
      },
    ],
    test: { file: ENGINE, name: "has every act and hit on record" },
  },
  {
    id: "deconflict.unlogged",
    guarantee: "G4",
    weak: "a run takes what is in a register before the ledger has it",
    edits: [
      {
        file: "packages/engine/src/lookup-stage.ts",
        from: "  logActs(node, planHash);\n  return ownItems(node, grid, context);",
        to: '  if (planHash === "") logActs(node, planHash);\n  return ownItems(node, grid, context);',
      },
    ],
    test: { file: ENGINE, name: "has every act and hit on record" },
  },
  {
    id: "interest.signer",
    guarantee: "G3",
    weak: "whoever is on the card, in whatever role, adds an interest",
    edits: [
      {
        file: "packages/covenant/src/interest.ts",
        from: "roles.some((role) => ROLES[said.action].includes(role))",
        to: "roles.some((role) => ROLES[said.action].length > 0 || role)",
      },
    ],
    test: { file: AUDIT, name: "is refused when it is one of somebody who is no analyst" },
  },
  {
    id: "interest.replay",
    guarantee: "G3",
    weak: "a word adds an interest as often as it is given",
    edits: [
      {
        file: "packages/engine/src/interest-book.ts",
        from: "  if (known) throw unfit(",
        to: "  if (known && word.salt === act) throw unfit(",
      },
    ],
    test: { file: AUDIT, name: "is taken once" },
  },
  {
    id: "interest.another",
    guarantee: "G3",
    weak: "a word about one interest adds another",
    edits: [
      {
        file: "packages/engine/src/interest-book.ts",
        from: "if (hex(canonicalBytes({ action, own, previous })) !== hex(same))",
        to: "if (action !== act && hex(canonicalBytes({ action, own, previous })) !== hex(same))",
      },
    ],
    test: { file: AUDIT, name: "is refused when another agency's analyst signed it" },
  },
];
