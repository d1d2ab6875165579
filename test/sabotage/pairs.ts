// SPDX-License-Identifier: Apache-2.0
// What counts among many pairs, and long lists in shards, rest on.
import type { Switch } from "./switch.ts";

const MANY = "packages/psi/test/pair-many.test.ts";
const SHARDS = "packages/psi/test/pair-shards.test.ts";
const COUNTING = "packages/query/src/counting.ts";
const CUT = "packages/psi/src/pair-cut.ts";

export const PAIRS: readonly Switch[] = [
  {
    id: "pairs.one-blind",
    guarantee: "G1",
    weak: "blinds of one pair serve the others too: two senders see that they answer one request",
    edits: [
      {
        file: "packages/psi/src/pair-parts.ts",
        from: "transcript, ...pair.map((party) => lp(party)), i2osp(shard, 4)",
        to: "transcript, i2osp(0 * (pair.length + shard), 4)",
      },
    ],
    test: { file: MANY, name: "look the same to every party and every coalition" },
  },
  {
    id: "pairs.unpadded-shard",
    guarantee: "G1",
    weak: "a shard is padded to its mean: the size of one in two says how many items fell into it",
    edits: [
      {
        file: "packages/psi/src/query-shards.ts",
        from: "Math.ceil((mean + 8 * Math.sqrt(mean)) / 256) * 256",
        to: "Math.ceil((mean + 0 * Math.sqrt(mean)) / 256) * 256",
      },
    ],
    test: { file: SHARDS, name: "every size lets in the mean and eight deviations" },
  },
  {
    id: "pairs.shard-over",
    guarantee: "G1",
    weak: "a shard that is over its size is found when others have left",
    edits: [
      {
        file: CUT,
        from: "if (cut.every(({ length }) => length <= rows)) {",
        to: "if (cut.length > 0 * rows) {",
      },
    ],
    test: { file: SHARDS, name: "ends before any token, commitment or request leaves" },
  },
  {
    id: "pairs.known-cut",
    guarantee: "G1",
    weak: "lists are cut by a hash that anybody can compute beforehand",
    edits: [
      {
        file: CUT,
        from: "keyedInputs(primitives, vault.get(groupSecretHandle(SEED)), inputs, 4)",
        to: "keyedInputs(primitives, new Uint8Array(32), inputs, 4)",
      },
    ],
    test: { file: SHARDS, name: "cuts otherwise in every session" },
  },
  {
    id: "pairs.hub-of-two",
    guarantee: "G2",
    weak: "the coordinator counts what two could count between them",
    edits: [
      {
        file: COUNTING,
        from: "(from.length === 2 || !hub) && admits(blind.protocol)",
        to: "(from.length === 1 || !hub) && admits(blind.protocol)",
      },
    ],
    test: {
      file: "packages/query/test/pair.test.ts",
      name: "a count of two takes the mode that is named; where none is",
    },
  },
  {
    id: "counts.pattern-kept",
    guarantee: "G2",
    weak: "a count goes by the hub although the covenant keeps the pattern from the coordinator",
    edits: [
      {
        file: COUNTING,
        from: "if (tables && !(hub && singles)) return COUNTS.atLeast;",
        to: "if (tables && hub && !singles) return COUNTS.atLeast;",
      },
      {
        file: COUNTING,
        from: "return hub || singles || !admits(COUNTS.atLeast.protocol) ? COUNTS.hub : COUNTS.atLeast;",
        to: "return COUNTS.hub;",
      },
    ],
    test: { file: "packages/query/test/threshold.test.ts", name: "where the pattern is kept from it" },
  },
  {
    id: "counts.tables-first",
    guarantee: "G2",
    weak: "the coordinator sees the whole pattern although the question is about what several hold",
    edits: [
      {
        file: COUNTING,
        from: "if (tables && !(hub && singles)) return COUNTS.atLeast;",
        to: "if (tables && !hub) return COUNTS.atLeast;",
      },
    ],
    test: { file: "packages/query/test/threshold.test.ts", name: "where both ways may be" },
  },
  {
    id: "pairs.counter-unlisted",
    guarantee: "G2",
    weak: "the contract leaves out the numbers that a party counts for others",
    edits: [
      {
        file: "packages/psi/src/pair-count-description.ts",
        from: "counts || recipients.includes(who) ? [numbersAt(parameters, who)] : [];",
        to: "recipients.includes(who) ? [numbersAt(parameters, who)] : [];",
      },
    ],
    test: { file: MANY, name: "shows the coordinator nothing, and each node the numbers" },
  },
  {
    id: "pairs.shown-below",
    guarantee: "G17",
    weak: "a number just below minCount is told",
    edits: [
      {
        file: "packages/psi/src/overlap-cells.ts",
        from: "count < minCount ? null",
        to: "count < minCount - 1 ? null",
      },
    ],
    test: {
      file: "packages/psi/test/overlap.test.ts",
      name: "keeps back what is below minCount, and no 0 where only 0 is",
    },
  },
  {
    id: "pairs.uncharged",
    guarantee: "G12",
    weak: "a node charges one of those for whom it evaluates, and answers all",
    edits: [
      {
        file: "packages/engine/src/pair-stage.ts",
        from: "costs: () => due.map(",
        to: "costs: () => due.slice(0, 1).map(",
      },
    ],
    test: {
      file: "packages/engine/test/pair.test.ts",
      name: "charges each asker at each holder",
    },
  },
];
