// SPDX-License-Identifier: Apache-2.0
// What sum-masked/1 rests on.
import type { Switch } from "./switch.ts";

const ATTACKS = "packages/aggregate/test/sum-masked-attacks.test.ts";
const WORDS = "packages/aggregate/test/sum-masked-words.test.ts";

export const MASKED_SUMS: readonly Switch[] = [
  {
    id: "masked.mask-off",
    guarantee: "G10",
    weak: "a masked sum carries no masks",
    edits: [
      {
        file: "packages/aggregate/src/sum-masked-streams.ts",
        from: "contributors.filter((other) => other !== me)",
        to: "contributors.filter((other) => other !== me && other === undefined)",
      },
    ],
    test: { file: ATTACKS, name: "is noise of one party, its seed known" },
  },
  {
    id: "masked.mask-numbers-only",
    guarantee: "G10",
    weak: "masks leave the check words out",
    edits: [
      {
        file: "packages/aggregate/src/sum-masked-streams.ts",
        from: "const mask = streamOf(streams, exporter(peer), info, lanes.length);",
        to: "const mask = streamOf(streams, exporter(peer), info, lanes.length).fill(0, lanes.length - 12);",
      },
    ],
    test: { file: ATTACKS, name: "is noise of one party, its seed known" },
  },
  {
    id: "masked.mac-off",
    guarantee: "G7",
    weak: "a masked sum is taken as it comes",
    edits: [
      {
        file: "packages/aggregate/src/sum-masked-checks.ts",
        from: "return counted && first === true && second === true;",
        to: "return counted || first === true || second === true || true;",
      },
    ],
    test: { file: ATTACKS, name: "gets INVALID_RESULT when it" },
  },
  {
    id: "masked.count-off",
    guarantee: "G7",
    weak: "how many contributed to a masked sum is not looked at",
    edits: [
      {
        file: "packages/aggregate/src/sum-masked-checks.ts",
        from: "return counted && first === true && second === true;",
        to: "return (counted || first === true) && first === true && second === true;",
      },
    ],
    test: { file: WORDS, name: "for the sum of 32 parties" },
  },
  {
    id: "masked.seed-off",
    guarantee: "G10",
    weak: "a sum opens without the seeds: nobody has a veto",
    edits: [
      {
        file: "packages/aggregate/src/sum-masked-streams.ts",
        from: "return streamOf(streams, seed, info, lanes);",
        to: "return streamOf(streams, seed, info, lanes).fill(0);",
      },
    ],
    test: { file: ATTACKS, name: "while one seed is missing" },
  },
  {
    id: "masked.list-off",
    guarantee: "G7",
    weak: "the list of a masked sum is not held against the commitments",
    edits: [
      {
        file: "packages/aggregate/src/sum-masked.ts",
        from: "if (committed !== undefined) yield* checkList(setup, list, committed.all);",
        to: "if (committed !== undefined && list.entries.length === 0) yield* checkList(setup, list, committed.all);",
      },
    ],
    test: { file: ATTACKS, name: "lists other words" },
  },
  {
    id: "masked.seed-unchecked",
    guarantee: "G7",
    weak: "any seed is taken for the one that was committed to",
    edits: [
      {
        file: "packages/aggregate/src/sum-masked.ts",
        from: "if (!equal(commitment, entries[at]?.slice(0, 32) ?? NOTHING)) {",
        to: "if (equal(commitment, entries[at]?.slice(0, 31) ?? NOTHING)) {",
      },
    ],
    test: { file: ATTACKS, name: "discloses another seed" },
  },
];
