// SPDX-License-Identifier: Apache-2.0
// Matches at a threshold at full size, and how often a hit is missed, over more parties and runs.
import { nodePrimitives } from "@koplamp/pool";
import type { ThresholdMatched } from "@koplamp/psi";
import { describe, expect, it } from "vitest";
import { Federation, inputsOf } from "../../packages/psi/test/federation.ts";
import { runThreshold } from "../../packages/psi/test/threshold.ts";
import { atMost, commonCells, missBits, sharesOf } from "../../packages/psi/test/threshold-places.ts";
import { toyGroup } from "../toy/group.ts";

const names = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => `item ${at + from}`);

describe("match-threshold/1 at full size", () => {
  it.each([2, 3, 5, 8])("is missed with a chance below 2^-40 by %i parties", (parties) => {
    const crowd = { parties, rows: 256, common: 4, runs: 150 };
    const cells = commonCells(nodePrimitives(), crowd);
    const found = sharesOf(cells);
    expect(Math.abs((found[0] ?? 1) - 0.06)).toBeLessThan(0.01);
    expect(Math.abs((found[1] ?? 1) - 0.34)).toBeLessThan(0.02);
    expect(missBits(found)).toBeLessThan(-40);
    expect(missBits(atMost(found, cells))).toBeLessThan(-40);
  });

  it("finds every one of 9,000 items that three hold, in two parts", () => {
    const parties = ["alice", "bob", "carol"];
    const federation = new Federation(toyGroup(), nodePrimitives(), parties);
    federation.ceremony();
    const lists = { alice: names(0, 17_000), bob: names(4_000, 17_000), carol: names(8_000, 20_000) };
    for (const party of parties) federation.evaluate(party, inputsOf(lists[party as keyof typeof lists]));
    const question = {
      sides: Object.fromEntries(Object.entries(lists).map(([party, items]) => [party, { items, flags: [] }])),
      recipients: ["bob"],
      atLeast: 3,
      tell: "holders" as const,
      flagged: false,
      rows: 24_576,
    };
    const run = runThreshold(federation, question);
    const { told } = run.outputs.get("bob") as ThresholdMatched;
    expect(told).toHaveLength(9_000);
    expect(told?.map(({ item }) => item)).toEqual(names(8_000, 17_000).map((_, at) => at + 4_000));
  });
});
