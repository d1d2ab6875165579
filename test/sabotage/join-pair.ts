// SPDX-License-Identifier: Apache-2.0
// What a join of two rests on.
import type { Switch } from "./switch.ts";

const JOBS = "packages/aggregate/src/join-pair-jobs.ts";
const NODE = "packages/aggregate/src/join-pair.ts";
const OPENED = "packages/aggregate/src/join-pair-opened.ts";
const SLOTS = "packages/psi/src/pair-slots.ts";
const ATTACKS = "packages/aggregate/test/join-pair-attacks.test.ts";
const HOSTILE = "packages/aggregate/test/join-pair-hostile.test.ts";

export const JOIN_PAIR: readonly Switch[] = [
  {
    id: "join-pair.fresh-zero",
    guarantee: "G10",
    weak: "the owner of the values reads from c1 which of its rows match",
    edits: [
      {
        file: JOBS,
        from: "freshZero: (he, key) => he.encryptZero(key) }",
        to: "freshZero: ({ set: { data } }) => ({ c0: new Uint8Array(polynomialBytes(data)), c1: new Uint8Array(polynomialBytes(data)) }) }",
      },
    ],
    test: { file: ATTACKS, name: "cannot be read from c1" },
  },
  {
    id: "join-pair.zero-sum",
    guarantee: "G10",
    weak: "the owner of the values reads single slots in place of a total",
    edits: [{ file: JOBS, from: "  return balanced;", to: "  return balanced.fill(0);" }],
    test: { file: ATTACKS, name: "cannot be read one by one" },
  },
  {
    id: "join-pair.flood",
    guarantee: "G10",
    weak: "the error of an answer confirms a guess of which rows match",
    edits: [{ file: JOBS, from: "c0: drown(data, c0, products?.floodBits ?? 0, noise),", to: "c0," }],
    test: { file: ATTACKS, name: "confirms no guess of the selection" },
  },
  {
    id: "join-pair.uniform",
    guarantee: "G10",
    weak: "a group below the minimum has its true total in its answer",
    edits: [
      {
        file: JOBS,
        from: "he.addPlain(sum, open ? masks(mask, t) : mask)",
        to: "he.addPlain(sum, masks(mask, t))",
      },
    ],
    test: { file: ATTACKS, name: "has a total like any other" },
  },
  {
    id: "join-pair.floor",
    guarantee: "G10",
    weak: "a group with fewer matched rows than the minimum is opened",
    edits: [
      { file: NODE, from: "(count < setup.minCount ? null :", to: "(count + 1e9 < setup.minCount ? null :" },
    ],
    test: { file: HOSTILE, name: "is not opened, even by an owner" },
  },
  {
    id: "join-pair.range",
    guarantee: "G10",
    weak: "a total that no such rows can have is shown",
    edits: [{ file: OPENED, from: "if (!plausible) return undefined;", to: "" }],
    test: { file: HOSTILE, name: "where no such rows can give it" },
  },
  {
    id: "join-pair.repeated-tokens",
    guarantee: "G10",
    weak: "one of the owner's rows counts as often as it has put its token into slots",
    edits: [
      {
        file: SLOTS,
        from: "if (hasRepeats(list, TOKEN_BYTES)) {",
        to: "if (hasRepeats(list, TOKEN_BYTES) && list.length === 0) {",
      },
    ],
    test: { file: "packages/psi/test/pair-slots.test.ts", name: "are refused where one stands twice" },
  },
];
