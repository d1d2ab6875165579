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
