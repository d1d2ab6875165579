// SPDX-License-Identifier: Apache-2.0
// What a match of two long lists rests on for which nobody deals.
import type { Switch } from "./switch.ts";

const JOBS = "packages/psi/src/silent-jobs.ts";
const SILENT = "packages/psi/test/bulk-silent.test.ts";
const PICKS = "packages/pool/test/picks.test.ts";

export const UNDEALT: readonly Switch[] = [
  {
    id: "silent.rows-unchecked",
    guarantee: "G10",
    weak: "a recipient that masks other noise in each row is answered, and so learns of the sender's secret",
    edits: [
      {
        file: JOBS,
        from: 'if (!sumsHold(primitives, { delta: words, b }, coins("check"), sums)) {',
        to: 'if (sumsHold(primitives, { delta: words, b }, coins("check"), sums) && sums.length === 0) {',
      },
    ],
    test: { file: SILENT, name: "before any tree leaves" },
  },
  {
    id: "silent.early-coin",
    guarantee: "G10",
    weak: "the coin of the rows' check is there before the rows are",
    edits: [
      {
        file: "packages/psi/src/silent-coins.ts",
        from: "return sha256(concat(sha256(offers), sha256(answered)));",
        to: "return sha256(concat(sha256(offers), sha256(answered.subarray(0, 32))));",
      },
    ],
    test: { file: SILENT, name: "has other coins" },
  },
  {
    id: "silent.pads-off",
    guarantee: "G1",
    weak: "both sums of a level of trees leave in the clear, so that a recipient learns all leaves",
    edits: [
      {
        file: "packages/psi/src/silent-transfer.ts",
        from: "  return wordsOf(pads);",
        to: "  return wordsOf(pads).fill(0);",
      },
    ],
    test: { file: "packages/psi/test/silent-parts.test.ts", name: "the other one does not" },
  },
  {
    id: "silent.less-noise",
    guarantee: "G1",
    weak: "less noise than the code needs hides the recipient's list",
    edits: [
      {
        file: "packages/psi/src/silent-code.ts",
        from: "export const NOISE = 1763;",
        to: "export const NOISE = 820;",
      },
    ],
    test: { file: "packages/psi/test/silent-code.test.ts", name: "leave a linear test an advantage" },
  },
  {
    id: "silent.unlisted",
    guarantee: "G2",
    weak: "a covenant cannot tell a correlation that two make themselves from one that is dealt",
    edits: [
      {
        file: "packages/query/src/bulk.ts",
        from: "params: `${STORE}+${SILENT_PARAMS}`,",
        to: "params: [STORE, SILENT_PARAMS][0] ?? STORE,",
      },
    ],
    test: { file: "packages/engine/test/bulk.test.ts", name: "does not list the parameters" },
  },
  {
    id: "silent.untold",
    guarantee: "G2",
    weak: "a contract does not say on what a correlation rests that two make themselves",
    edits: [
      {
        file: "packages/psi/src/bulk-description.ts",
        from: "...(dealer === undefined ? UNDEALT : DEALT),",
        to: "...(dealer === undefined ? UNDEALT.slice(3) : DEALT),",
      },
    ],
    test: { file: "packages/query/test/bulk.test.ts", name: "says under which assumptions" },
  },
  {
    id: "kernel.picks-left",
    guarantee: "G1",
    weak: "elements and sums of a correlation stay in the kernel's memory",
    edits: [
      {
        file: "packages/pool/src/kernel-picks.ts",
        from: "  } finally {\n    kernel.picksWipe(vectors.length);",
        to: "  } finally {\n    kernel.picksWipe(vectors.length - vectors.length);",
      },
    ],
    test: { file: PICKS, name: "leave nothing" },
  },
  {
    id: "kernel.picks-untested",
    guarantee: "G1",
    weak: "a kernel sums the elements of a correlation, whatever comes of it",
    edits: [
      {
        file: "packages/pool/src/agreeing.ts",
        from: "return equal(given(kernel), given(portable)) ? kernel : portable;",
        to: "return given(kernel).length >= 0 ? kernel : portable;",
      },
    ],
    test: { file: PICKS, name: "do not serve" },
  },
];
