// SPDX-License-Identifier: Apache-2.0
// join-sum-pair/1 on SEAL: full size, two chunks.
import { loadHe } from "@koplamp/he";
import { beforeAll, describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import { describeJoinPair } from "../src/join-pair-description.ts";
import { expectDescribed } from "./described.ts";
import { type Join, PairFederation, plainJoin } from "./join-pair-federation.ts";

const primitives = nodePrimitives();

let pair: PairFederation;
beforeAll(async () => {
  pair = new PairFederation(toyGroup(), await loadHe(primitives), primitives);
});

const ROWS = 9000;
const bob = Array.from({ length: ROWS }, (_, at) => ({
  key: `${at}`,
  values: [at - 4000, (at % 7) * 10 ** 9],
  group: at % 2,
}));
const alice = Array.from({ length: 300 }, (_, at) => ({ key: `${at * 31}`, group: (at % 3) - 1 }));
const JOIN: Join = {
  alice,
  bob,
  cells: 2,
  ranges: [
    { least: -4000, most: 5000 },
    { least: 0, most: 10 ** 12 },
  ],
  minCount: 10,
  rowsPadded: { alice: 384, bob: 12_288 },
};

describe("join-sum-pair/1 on SEAL", () => {
  it.each<[string, Join]>([
    ["groups of the one who selects", { ...JOIN, groupOwner: "alice" }],
    ["groups of the owner", { ...JOIN, groupOwner: "bob" }],
  ])("gives the sums of positive and negative values, by %s", (_name, join) => {
    const setups = pair.setups(join);
    const run = pair.run(pair.parties(setups));
    expect(run.outputs.get("bob")).toEqual(plainJoin(join));
    expectDescribed(run, describeJoinPair(setups.bob));
  });
});
