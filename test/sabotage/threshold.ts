// SPDX-License-Identifier: Apache-2.0
// What a match of at least t of n rests on.
import type { Switch } from "./switch.ts";

const CELLS = "packages/psi/src/threshold-cells.ts";
const HITS = "packages/psi/src/threshold-hits.ts";
const JOBS = "packages/psi/src/threshold-jobs.ts";
const HOSTILE = "packages/psi/test/threshold-hostile.test.ts";

export const THRESHOLD: readonly Switch[] = [
  {
    id: "share.no-cell",
    guarantee: "G7",
    weak: "an item has the same coefficients in every cell, so its shares are the same wherever it stands",
    edits: [
      {
        file: CELLS,
        from: "const filters = PLACE_BYTES + place * 2 * terms * COEFFICIENT_BYTES;",
        to: "const filters = PLACE_BYTES + 0 * place * terms * COEFFICIENT_BYTES;",
      },
    ],
    test: { file: HOSTILE, name: "below the threshold" },
  },
  {
    id: "share.low-degree",
    guarantee: "G7",
    weak: "shares lie on a line, so that two of them open an item whatever the threshold is",
    edits: [
      {
        file: CELLS,
        from: "for (let term = terms - 1; term >= 0; term -= 1) {",
        to: "for (let term = terms - 1; term >= terms - 1; term -= 1) {",
      },
    ],
    test: { file: "packages/psi/test/threshold-cells.test.ts", name: "is what the page says" },
  },
  {
    id: "share.party-seed",
    guarantee: "G7",
    weak: "each party draws its second places by a seed of its own, so hits are missed more often than is said",
    edits: [
      {
        file: CELLS,
        from: "const places = placed(wishes, layout.bins);",
        to: "for (let at = 1; at < wishes.bins.length; at += 2) wishes.bins[at] = ((wishes.bins[at] ?? 0) * terms.point + terms.point) % layout.bins;\n  const places = placed(wishes, layout.bins);",
      },
    ],
    test: { file: "packages/psi/test/threshold-cells.test.ts", name: "are missed by a pair of tables" },
  },
  {
    id: "sid.plan",
    guarantee: "G7",
    weak: "cells are bound to the plan and not to the session, so shares of two runs combine",
    edits: [
      {
        file: JOBS,
        from: 'kdfEach(primitives, secrets, sid, "threshold")',
        to: 'kdfEach(primitives, secrets, sid.length > 0 ? planHash : sid, "threshold")',
      },
    ],
    test: { file: HOSTILE, name: "says nothing in a second run" },
  },
  {
    id: "receipt.single",
    guarantee: "G7",
    weak: "a receipt counts that was reconstructed in one cell only",
    edits: [{ file: HITS, from: "const CELLS = 2;", to: "const CELLS = 1;" }],
    test: { file: HOSTILE, name: "counts no receipt that stands in one cell only" },
  },
  {
    id: "receipt.skip",
    guarantee: "G7",
    weak: "a party believes a hit whose receipt is not the one that it placed there",
    edits: [
      {
        file: JOBS,
        from: "values.getUint32(item * VALUE_BYTES, true) === low &&",
        to: "(low !== low || item >= 0) &&",
      },
      {
        file: JOBS,
        from: "values.getUint32(item * VALUE_BYTES + 4, true) === high;",
        to: "(high !== high || item >= 0);",
      },
    ],
    test: { file: HOSTILE, name: "is refused with a receipt that is one off" },
  },
  {
    id: "receipt.told",
    guarantee: "G7",
    weak: "a party believes that fewer hold an item than must",
    edits: [
      {
        file: JOBS,
        from: "if (!proven || !isTold(layout, party, tell, told)) throw unproven();",
        to: "if (!proven || (told < 0 && !isTold(layout, party, tell, told))) throw unproven();",
      },
    ],
    test: { file: HOSTILE, name: "the bitmap of fewer than enough" },
  },
  {
    id: "flag.tell-all",
    guarantee: "G2",
    weak: "hits that nobody has flagged are told",
    edits: [
      {
        file: JOBS,
        from: "layout.flagged ? flaggedOnly(",
        to: "layout.flagged && all.length === 0 ? flaggedOnly(",
      },
    ],
    test: { file: "packages/psi/test/match-threshold.test.ts", name: "equals counting" },
  },
  {
    id: "contract.hit-pattern",
    guarantee: "G2",
    weak: "the contract does not say that the coordinator sees who holds each hit",
    edits: [
      {
        file: "packages/psi/src/threshold-description.ts",
        from: "learns: [...presence(COORDINATOR, parties, rowsPadded), patternOf(parameters)],",
        to: "learns: [...presence(COORDINATOR, parties, rowsPadded), ...[patternOf(parameters)].slice(1)],",
      },
    ],
    test: { file: "packages/psi/test/threshold-description.test.ts", name: "the coordinator" },
  },
];
