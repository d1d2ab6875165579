// SPDX-License-Identifier: Apache-2.0
import type { Description, Item, PartyId } from "@koplamp/protocol";
import { describe, expect, it } from "vitest";
import { sumThreshold } from "../src/index.ts";

const FOUR = ["alice", "bob", "carol", "dave"];
const sum = (recipients: readonly PartyId[], cells = 28): Description =>
  sumThreshold.describe({ contributors: FOUR, recipients, params: "bfv-amt-50-pq", cells, columns: 3 });

function brief({ fact, about, bound }: Item): string {
  return `${fact} of ${about.join("+")}: ${bound}`;
}

function learns({ views }: Description, who: PartyId): readonly string[] {
  return (views.find((view) => view.who === who)?.learns ?? []).map(brief);
}

describe("what sum-threshold/1 says of itself", () => {
  it("gives a recipient the cells, and everybody else who took part and when", () => {
    const described = sum(["bob"]);
    const others = [
      "took-part of alice+carol+dave: this session",
      "timing of alice+carol+dave: when messages came",
    ];
    expect(learns(described, "bob")).toEqual([...others, "cell of alice+bob+carol+dave: 28"]);
    expect(learns(described, "alice").map((item) => item.split(" ")[0])).toEqual(["took-part", "timing"]);
    expect(learns(described, "coordinator").map((item) => item.split(" ")[0])).toEqual([
      "took-part",
      "timing",
    ]);
    expect(described.outputs.map(({ id, to, item }) => `${id} to ${to}: ${brief(item)}`)).toEqual([
      "sums to bob: cell of alice+bob+carol+dave: 28",
    ]);
    expect(described.views.every(({ atMost }) => atMost.length === 0)).toBe(true);
  });

  it("has one line for each share, all in one release", () => {
    expect(sum(["bob", "zoe"]).disclosures.map(({ id, release, output }) => [id, release, output])).toEqual([
      ["share.alice.bob", 0, "sums"],
      ["share.carol.bob", 0, "sums"],
      ["share.dave.bob", 0, "sums"],
      ["share.alice.zoe", 0, "sums"],
      ["share.bob.zoe", 0, "sums"],
      ["share.carol.zoe", 0, "sums"],
      ["share.dave.zoe", 0, "sums"],
    ]);
  });

  it("says what coalitions with a recipient subtract: some, or all but one", () => {
    const rules = (recipients: readonly PartyId[]): readonly string[] =>
      sum(recipients).together.map(({ who, item }) => `${who.join("+")}: ${brief(item)}`);
    expect(rules(["bob"])).toEqual([
      "any+bob: cell of alice+bob+carol+dave: 28",
      "bob+carol+dave: cell of alice: 28",
      "alice+bob+dave: cell of carol: 28",
      "alice+bob+carol: cell of dave: 28",
    ]);
    expect(rules(["zoe"])).toContain("alice+bob+carol+zoe: cell of dave: 28");
    expect(sum(["zoe"]).together.some(({ who }) => who.includes("coordinator"))).toBe(false);
  });

  it("rests on masks and lattice, honest nodes and true inputs", () => {
    expect(sum(["bob"]).assumptions.map(({ id }) => id)).toEqual([
      "masks-and-lattice",
      "authentic-nodes",
      "true-inputs",
    ]);
  });

  it("has a node send at most 8 MB before its release, at 100,000 cells of up to 20 parties", () => {
    for (const count of [2, 3, 10, 20]) {
      const contributors = Array.from({ length: count }, (_, at) => `p${at + 10}`);
      const described = sumThreshold.describe({
        ...{ contributors, recipients: ["p10"], params: "bfv-amt-50-pq", cells: 100_000, columns: 1 },
      });
      const sent = described.egress.filter(({ from, channel }) => from === "p10" && channel === "send");
      expect(sent.reduce((sum, row) => sum + row.bytes, 0)).toBeLessThan(8_000_000);
    }
  });

  it("grows with the cells, block by block, and by nothing else", () => {
    const bytes = (described: Description, what: string): number =>
      described.egress.filter((row) => row.what === what).reduce((all, row) => all + row.bytes, 0);
    expect(bytes(sum(["bob"], 2729), "ct")).toBe(4 * 524_291);
    expect(bytes(sum(["bob"], 2730), "ct")).toBe(8 * 524_291);
    expect(bytes(sum(["bob"]), "c1")).toBe(4 * 3 * 262_144);
    // Each share once to the coordinator, and by it to each of the others.
    expect(bytes(sum(["bob"], 2730), "b")).toBe((4 + 12) * 327_712);
  });
});
