// SPDX-License-Identifier: Apache-2.0
// Which curves there are: what is measured of each protocol, and what its costs are taken to be made of.
import { MOST_PAIR_ROWS, MOST_ROWS, thresholdLayout } from "@koplamp/psi";
import { bucket } from "@koplamp/wire";
import type { Operations } from "./bench-count.ts";
import type { BenchCase } from "./bench-record.ts";
import {
  type Bytes,
  bulkBytes,
  firstBytes,
  indexBytes,
  joinBytes,
  laterBytes,
  MOST_SUM_CELLS,
  maskedBytes,
  overlapBytes,
  pairBytes,
  questionBytes,
  type Scale,
  SUM_BLOCK_CELLS,
  sumBytes,
  thresholdBytes,
} from "./curve-bytes.ts";

/** Something that a cost is proportional to: what a person calls it, and how much of it there is at a scale. */
export interface Term {
  readonly name: string;
  readonly amount: (scale: Scale) => number;
}

/** One curve: a part of a benchmark's case, over sizes and, where it takes more than two, over parties. */
export interface Curve {
  /** The name of its picture's file. */
  readonly id: string;
  readonly title: string;
  /** What an item of it is. */
  readonly unit: string;
  readonly suite: BenchCase["suite"];
  readonly backend: BenchCase["backend"];
  readonly only?: readonly string[];
  readonly part: string;
  /** Over sizes: how large, among how many. */
  readonly sizes: readonly number[];
  readonly among: number;
  /** Over parties: how many, with how much each. Empty where a session has the same number always. */
  readonly parties: readonly number[];
  readonly with: number;
  /** What the CPU time of all nodes is a sum of, and that of the coordinator; always with a constant before these. */
  readonly nodes: readonly Term[];
  readonly coordinator: readonly Term[];
  /** Phases that are the coordinator's work. */
  readonly atCoordinator: readonly string[];
  readonly bytes: Bytes;
  /** Most items of a session, where its description admits more than its nodes do. */
  readonly most?: number;
  /** Elements through each operation of the group, but for some that do not grow; empty where it has no part. */
  readonly operations: (scale: Scale) => Operations;
  /** So many sessions of it when each of so many agencies does this with every other one; 1 where all are in one. */
  readonly meetings: (parties: number) => number;
  /** What these sessions are, in words. */
  readonly meant: string;
}

const ITEMS: Term = { name: "item", amount: ({ items }) => bucket(items) };
const ALL_ITEMS: Term = { name: "item of a party", amount: (at) => at.parties * bucket(at.items) };
const ALL_CELLS: Term = { name: "cell of a party", amount: ({ items, parties }) => parties * items };
const BETWEEN: Term = {
  name: "item of a party and other party",
  amount: (at) => at.parties * (at.parties - 1) * bucket(at.items),
};
const CELLS_BETWEEN: Term = {
  name: "cell of a party and other party",
  amount: ({ items, parties }) => parties * (parties - 1) * items,
};
const PARTIES: Term = { name: "party", amount: ({ parties }) => parties };
/** Cells of whole blocks. */
const PADDED: Term = { name: "cell of a party", amount: (at) => at.parties * inBlocks(at) };
const PADDED_BETWEEN: Term = {
  name: "cell of a party and other party",
  amount: (at) => at.parties * (at.parties - 1) * inBlocks(at),
};
const TESTS: Term = { name: "combination that is tried", amount: testsOf };

function inBlocks({ items }: Scale): number {
  return Math.ceil(items / SUM_BLOCK_CELLS) * SUM_BLOCK_CELLS;
}

/** What a threshold match's coordinator tries: combinations of parties, for every cell of every table. */
function testsOf({ items, parties: count }: Scale): number {
  const parties = Array.from({ length: count }, (_, at) => `${at}`.padStart(2, "0"));
  const rowsPadded = Object.fromEntries(parties.map((party) => [party, bucket(items)]));
  const { shards, bins } = thresholdLayout({
    parties,
    rowsPadded,
    atLeast: Math.min(3, count),
    flagged: false,
  });
  return ((count * (count - 1) * (count - 2)) / 6) * bins * shards;
}

const NOTHING = (): Operations => ({});
const ONCE = (): number => 1;
const EVERY_TWO = (parties: number): number => (parties * (parties - 1)) / 2;
const BOTH_WAYS = (parties: number): number => parties * (parties - 1);

/** What the curves of a match have in common. */
const MATCH = { suite: "psi", backend: "kernel", unit: "items of each" } as const;
/** The three that one case measures, one after the other in one process. */
const TOKENS = {
  ...MATCH,
  only: ["first", "overlap"],
  sizes: [256, 1024, 4096, 16_384],
  among: 2,
  parties: [2, 3, 5, 7, 10],
  with: 1024,
  nodes: [ALL_ITEMS, BETWEEN],
  meetings: ONCE,
  meant: "one session of all ten",
} as const;
const PAIR = { among: 2, parties: [], with: 0, nodes: [ITEMS], meetings: EVERY_TWO } as const;
const NO_COORDINATOR = { coordinator: [], atCoordinator: [] } as const;

/** Every curve. Three of them are parts of one case, and measured together. */
export const CURVES: readonly Curve[] = [
  {
    ...TOKENS,
    ...NO_COORDINATOR,
    id: "match-tokens-first",
    title: "match-tokens/1, the first question",
    part: "first",
    bytes: firstBytes,
    operations: ({ items, parties }) => ofTokens(bucket(items), parties),
  },
  {
    ...TOKENS,
    ...NO_COORDINATOR,
    id: "match-tokens-later",
    title: "match-tokens/1, a later question",
    part: "second",
    bytes: laterBytes,
    operations: NOTHING,
  },
  {
    ...TOKENS,
    id: "overlap-hub",
    title: "overlap-hub/1, a histogram",
    part: "overlap",
    nodes: [ALL_ITEMS],
    coordinator: [ALL_ITEMS],
    atCoordinator: ["coordinator"],
    bytes: overlapBytes,
    operations: NOTHING,
  },
  {
    ...MATCH,
    ...PAIR,
    ...NO_COORDINATOR,
    id: "match-pair",
    title: "match-pair/1, with proofs",
    only: ["pair"],
    part: "pair",
    sizes: [256, 1024, 4096, 16_384, 49_152],
    bytes: pairBytes,
    operations: ({ items }) => ofPair(bucket(items)),
    meant: "every two of the ten, one of them told",
  },
  {
    id: "match-threshold",
    title: "match-threshold/1, at least 3",
    unit: "items of each",
    suite: "threshold",
    backend: "tables",
    part: "threshold",
    sizes: [256, 1024, 4096, 16_384],
    among: 5,
    parties: [3, 5, 7, 10],
    with: 1024,
    nodes: [ALL_ITEMS],
    coordinator: [ALL_ITEMS, TESTS],
    atCoordinator: ["coordinator"],
    bytes: thresholdBytes,
    operations: NOTHING,
    meetings: ONCE,
    meant: "one session of all ten",
  },
  {
    ...PAIR,
    id: "bulk-pair",
    title: "bulk-pair/1, the coordinator deals",
    unit: "items of each",
    suite: "bulk",
    backend: "tables",
    part: "bulk",
    only: ["bulk"],
    sizes: [4096, 16_384, 65_536, 262_144],
    coordinator: [ITEMS],
    atCoordinator: ["dealer"],
    bytes: bulkBytes,
    operations: NOTHING,
    meant: "every two of the ten, one of them told",
  },
  {
    id: "sum-masked",
    title: "sum-masked/1",
    unit: "cells",
    suite: "masked",
    backend: "masks",
    part: "masked",
    sizes: [65_536, 262_144, 1_048_576, 4_194_304],
    among: 3,
    parties: [3, 5, 10, 20],
    with: 262_144,
    nodes: [ALL_CELLS, CELLS_BETWEEN],
    coordinator: [ALL_CELLS],
    atCoordinator: ["coordinator"],
    bytes: maskedBytes,
    operations: NOTHING,
    meetings: ONCE,
    meant: "one sum of all ten, a cell for each item",
  },
  {
    id: "sum-threshold",
    title: "sum-threshold/1",
    unit: "cells",
    suite: "sum",
    backend: "seal",
    part: "sum",
    sizes: [8000, 32_000, 128_000],
    among: 3,
    parties: [2, 3, 5, 10, 20],
    with: 16_000,
    nodes: [PARTIES, PADDED, PADDED_BETWEEN],
    coordinator: [PADDED],
    atCoordinator: ["coordinator"],
    bytes: sumBytes,
    most: MOST_SUM_CELLS,
    operations: NOTHING,
    meetings: ONCE,
    meant: "one sum of all ten, a cell for each item",
  },
  {
    ...PAIR,
    ...NO_COORDINATOR,
    id: "join-sum-pair",
    title: "join-sum-pair/1, its homomorphic work",
    unit: "rows of the owner",
    suite: "join",
    backend: "seal",
    part: "join",
    sizes: [12_288, 49_152, 98_304, 131_072],
    bytes: joinBytes,
    most: MOST_PAIR_ROWS,
    operations: NOTHING,
    meant: "every two of the ten, one total",
  },
  {
    ...MATCH,
    ...PAIR,
    ...NO_COORDINATOR,
    id: "lookup-index",
    title: "lookup/1, publishing an index",
    unit: "items of the list",
    suite: "lookup",
    only: ["index"],
    part: "index",
    sizes: [256, 1024, 4096, 16_384, 65_536],
    bytes: indexBytes,
    most: MOST_ROWS,
    operations: ({ items }) => ({ hashToGroup: items, mulSame: items }),
    meetings: BOTH_WAYS,
    meant: "each list, for each of the nine others",
  },
  {
    ...PAIR,
    ...NO_COORDINATOR,
    id: "lookup-question",
    title: "lookup/1, one question",
    unit: "items of the list",
    suite: "lookup",
    backend: "kernel",
    part: "lookup",
    sizes: [1024, 16_384, 262_144, 1_048_576],
    bytes: questionBytes,
    most: MOST_ROWS,
    operations: NOTHING,
    meetings: (parties) => parties - 1,
    meant: "one question of one agency to the nine others",
  },
];

/**
 * A match between two with lists of `rows`: the sender hashes and multiplies its own, the recipient hashes, adds a blind
 * times the base, and takes the blind times the key off; the sender multiplies; one sum to prove, two to check.
 */
function ofPair(rows: number): Operations {
  return {
    hashToGroup: 2 * rows,
    mulSame: 2 * rows,
    mulBase: rows,
    mulPoint: rows,
    addEach: rows,
    subEach: rows,
    decodeCheck: 3 * rows,
    msm: 3 * rows,
  };
}

/**
 * Lists of `rows` evaluated by all parties: each multiplies its own, and every other one's with a proof; answers are added
 * up.
 */
function ofTokens(rows: number, parties: number): Operations {
  const [all, answered] = [parties * rows, parties * (parties - 1) * rows];
  return {
    hashToGroup: all,
    mulBase: all,
    mulPoint: all,
    subEach: all,
    mulSame: all + answered,
    addEach: all + answered,
    decodeCheck: 3 * answered,
    msm: 3 * answered,
  };
}
