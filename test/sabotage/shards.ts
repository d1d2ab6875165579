// SPDX-License-Identifier: Apache-2.0
// What lists in several sessions of one question rest on.
import type { Switch } from "./switch.ts";

const SEEK = "packages/psi/src/cache-seek.ts";
const CUTS = "packages/psi/test/cache-seek.test.ts";
const RUNS = "packages/engine/test/shards.test.ts";

export const SHARDS: readonly Switch[] = [
  {
    id: "shards.unchecked",
    guarantee: "G1",
    weak: "a shard that is over its size is found when the tokens of those before it have left",
    edits: [
      {
        file: "packages/engine/src/shards.ts",
        from: "  if (over < 0) return;",
        to: "  if (over < shards) return;",
      },
    ],
    test: { file: RUNS, name: "over its size tells nothing to anybody" },
  },
  {
    id: "shards.known-cut",
    guarantee: "G1",
    weak: "lists under keys of the epoch are cut by a hash that needs no key",
    edits: [
      {
        file: SEEK,
        from: "const names = kdfEach(primitives, secrets, planHash,",
        to: "const names = kdfEach(primitives, new Uint8Array(secrets.length), planHash,",
      },
    ],
    test: { file: CUTS, name: "follows from KDF" },
  },
  {
    id: "shards.one-cut",
    guarantee: "G9",
    weak: "lists are cut alike in every question of an epoch: who shares a shard is the same each time",
    edits: [
      {
        file: SEEK,
        from: "const names = kdfEach(primitives, secrets, planHash,",
        to: "const names = kdfEach(primitives, secrets, planHash.slice(32),",
      },
    ],
    test: { file: CUTS, name: "is another in every question" },
  },
  {
    id: "shards.taken-back",
    guarantee: "G3",
    weak: "what the first of several sessions has told makes it too late to take an approval back",
    edits: [
      {
        file: "packages/engine/src/question-run.ts",
        from: "opened.filter((line) => line === id).length >= shards;",
        to: "opened.filter((line) => line === id).length >= Math.min(1, shards);",
      },
    ],
    test: {
      file: "packages/engine/test/four-eyes.test.ts",
      name: "between two shards stops those that are still to come",
    },
  },
  {
    id: "shards.proposer",
    guarantee: "G12",
    weak: "only who proposes a plan looks whether its shards can be",
    edits: [
      {
        file: "packages/query/src/describe-plan.ts",
        from: "  checkShards(plan);",
        to: "  void checkShards;",
      },
    ],
    test: { file: "packages/query/test/shards.test.ts", name: "is checked by every node" },
  },
  {
    id: "shards.first-only",
    guarantee: "G12",
    weak: "what several sessions will take of a quota is looked at session by session: half of an answer is told",
    edits: [
      {
        file: "packages/engine/src/pair-stage.ts",
        from: "  expectQuota(node, run);\n",
        to: "  void expectQuota;\n",
      },
    ],
    test: { file: RUNS, name: "more than what is left of a quota" },
  },
  {
    id: "shards.told-twice",
    guarantee: "G5",
    weak: "a verifier takes any second session of a shard for a repeat of one that was lost",
    edits: [
      {
        file: "packages/ledger/src/check-ledgers.ts",
        from: "repeatOf(other.entry) > repeatOf(one.entry)",
        to: "repeatOf(other.entry) >= repeatOf(one.entry)",
      },
    ],
    test: { file: "packages/ledger/test/superseded.test.ts", name: "is none" },
  },
];
