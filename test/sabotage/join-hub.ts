// SPDX-License-Identifier: Apache-2.0
// What joins over the hub and distinct sums rest on.
import type { Switch } from "./switch.ts";

const ATTACKS = "packages/aggregate/test/hub-attacks.test.ts";
const HOSTILE = "packages/aggregate/test/hub-hostile.test.ts";
const LAYOUT = "packages/aggregate/test/hub-layout.test.ts";
const JOBS = "packages/aggregate/src/join-hub-jobs.ts";
const TOKENS = "packages/aggregate/src/join-hub-tokens.ts";
const NODE = "packages/aggregate/src/join-hub.ts";
const COORDINATOR = "packages/aggregate/src/join-hub-coordinator.ts";

export const JOIN_HUB: readonly Switch[] = [
  {
    id: "hub.named-groups",
    guarantee: "G7",
    weak: "the coordinator of a join reads the names of groups",
    edits: [
      {
        file: JOBS,
        from: "bind(pseudonymsOfCells, (_vault, cells, seed) => shuffled(seed, cells)),",
        to: "bind(pseudonymsOfCells, (_vault, cells, seed) => shuffled(seed, cells).sort()),",
      },
    ],
    test: { file: "packages/aggregate/test/join-hub.test.ts", name: "another name in each session" },
  },
  {
    id: "hub.zero-sum",
    guarantee: "G10",
    weak: "a recipient of a join can look at single slots",
    edits: [
      {
        file: JOBS,
        from: "  fillBelow(masks, t, stream);",
        to: "  fillBelow(masks, t, stream);\n  masks.fill(0);",
      },
    ],
    test: { file: ATTACKS, name: "reads the sum of the group, and no number" },
  },
  {
    id: "hub.fresh-zero",
    guarantee: "G10",
    weak: "what was multiplied goes back without a fresh encryption over it",
    edits: [{ file: JOBS, from: "flood, encryptsAnew: true };", to: "flood, encryptsAnew: false };" }],
    test: { file: ATTACKS, name: "reads nothing in the quotients" },
  },
  {
    id: "hub.flood-off",
    guarantee: "G10",
    weak: "the noise of what was multiplied goes back with it",
    edits: [
      {
        file: JOBS,
        from: "const c0 = flood(data, both.c0, products?.floodBits ?? 0, stream);",
        to: "const c0 = (products?.floodBits ?? 0) > 0 ? both.c0.slice() : flood(data, both.c0, 0, stream);",
      },
    ],
    test: { file: ATTACKS, name: "reads nothing in the noise" },
  },
  {
    id: "hub.masks-off",
    guarantee: "G10",
    weak: "a party's own sum stands in its ciphertext without the others' masks",
    edits: [
      {
        file: JOBS,
        from: "addMasks(primitives, plain, t, of,",
        to: "addMasks(primitives, plain.slice(), t, of,",
      },
    ],
    test: { file: ATTACKS, name: "reads no party's own sum" },
  },
  {
    id: "hub.own-key",
    guarantee: "G10",
    weak: "a contributor can have its selection under a key of its own",
    edits: [
      {
        file: COORDINATOR,
        from: "if (!equal(hash, expected)) {",
        to: "if (hash.length !== expected.length) {",
      },
    ],
    test: { file: HOSTILE, name: "gives it one and says so" },
  },
  {
    id: "hub.token-twice",
    guarantee: "G10",
    weak: "a party may send one pseudonym in two cells",
    edits: [
      {
        file: TOKENS,
        from: "if (new Set(names).size === names.length) return names;",
        to: "if (new Set(names).size <= names.length) return names;",
      },
    ],
    test: { file: HOSTILE, name: "the same token stands in two cells" },
  },
  {
    id: "hub.min-count",
    guarantee: "G10",
    weak: "a group with fewer rows than the minimum is selected",
    edits: [{ file: TOKENS, from: ">= Math.max(1, minCount)", to: ">= Math.min(1, minCount)" }],
    test: { file: HOSTILE, name: "passes when it does not" },
  },
  {
    id: "hub.min-again",
    guarantee: "G10",
    weak: "a recipient shows a group below the minimum that the coordinator selected",
    edits: [{ file: NODE, from: "if (empty || small) throw", to: "if (empty && !small) throw" }],
    test: { file: HOSTILE, name: "opens no group with fewer rows" },
  },
  {
    id: "hub.uncounted",
    guarantee: "G10",
    weak: "an opened block is taken whoever contributed to it",
    edits: [
      {
        file: "packages/aggregate/src/join-hub-layout.ts",
        from: "const counted = block[slots - RESERVED] === hub.contributors.length;",
        to: "const counted = block.length === slots && hub.contributors.length > 0;",
      },
    ],
    test: { file: LAYOUT, name: "counts every contributor once" },
  },
  {
    id: "hub.unseeded",
    guarantee: "G7",
    weak: "a selection has randomness that no auditor can make again",
    edits: [
      {
        file: JOBS,
        from: "const own = primitives.hkdfExpand(seed, info, 32);",
        to: "const own = primitives.hkdfExpand(seed, concat(info, i2osp(Math.floor(Math.random() * 2 ** 32), 4)), 32);",
      },
    ],
    test: { file: HOSTILE, name: "whoever has its seed and the tokens finds out" },
  },
  {
    id: "hub.unlisted",
    guarantee: "G7",
    weak: "the coordinator may list another selection than it sent",
    edits: [
      {
        file: NODE,
        from: "if (own === undefined || equal(listed.slice(at, at + 32), own)) return;",
        to: "if (own === undefined || !equal(listed.slice(at), own)) return;",
      },
    ],
    test: { file: HOSTILE, name: "lists another selection than it sent" },
  },
];
