// SPDX-License-Identifier: Apache-2.0
import type { Description, Item, PartyId } from "@koplamp/protocol";
import { describe, expect, it } from "vitest";
import { distinctSum, type JoinHubParameters, joinHub } from "../src/index.ts";

const THREE = ["alice", "bob", "carol"];
const JOIN: JoinHubParameters = {
  contributors: THREE,
  recipients: ["zoe"],
  params: "bfv-sel-42-pq",
  rowsPadded: { alice: 768, bob: 384, carol: 512 },
  cells: 20,
  groupOwner: "alice",
  columns: [{ party: "bob", ranges: { least: 0, most: 100 } }],
  minCount: 10,
  quotas: { alice: 1000, bob: 2000, carol: 3000 },
};
const ranges = Object.fromEntries(THREE.map((party) => [party, { least: 0, most: 100 }]));
const DISTINCT = { ...JOIN, columns: [ranges] };

const brief = ({ fact, about, bound }: Item): string => `${fact} of ${about.join("+")}: ${bound}`;

function learns({ views }: Description, who: PartyId): readonly string[] {
  return (views.find((view) => view.who === who)?.learns ?? []).map(brief).slice(2);
}

const sizes = (...parties: readonly PartyId[]): readonly string[] =>
  parties.map((party) => `size-padded of ${party}: ${JOIN.rowsPadded[party]}`);

describe("what join-sum-hub/1 says of itself", () => {
  const described = joinHub.describe(JOIN);

  it("gives a recipient the groups that pass, contributors sizes, and the coordinator the pattern", () => {
    expect(learns(described, "zoe")).toEqual([...sizes(...THREE), "cell of alice+bob+carol: 20"]);
    expect(learns(described, "bob")).toEqual(sizes("alice", "carol"));
    expect(learns(described, "coordinator")).toEqual([
      ...sizes(...THREE),
      "pattern of alice+bob+carol: 1664",
    ]);
    expect(described.outputs.map(({ to, item }) => [to, item.because])).toEqual([
      [
        "zoe",
        "groups in which at least 10 rows match are opened at its node; nothing is selected of the others",
      ],
    ]);
  });

  it("says where owners of values see how many groups pass", () => {
    const fronts = { ...JOIN, rowsPadded: { alice: 32_768, bob: 6144, carol: 4096 }, cells: 355 };
    expect(learns(joinHub.describe(fronts), "bob").at(-1)).toBe(
      "count of alice+bob+carol: how many groups pass, rounded up to one of 4, 8, 16, 32, 64, 128, 256",
    );
    expect(learns(joinHub.describe(fronts), "carol").at(-1)).toBe("size-padded of bob: 6144");
  });

  it("tells tokens first, then shares and the names of groups", () => {
    expect(described.disclosures.map(({ id, to, via, release }) => [id, via ?? to, release])).toEqual([
      ["tokens.alice", "coordinator", 0],
      ["tokens.bob", "coordinator", 0],
      ["tokens.carol", "coordinator", 0],
      ["groups.alice.zoe", "zoe", 1],
      ["share.alice.zoe", "zoe", 1],
      ["share.bob.zoe", "zoe", 1],
      ["share.carol.zoe", "zoe", 1],
    ]);
  });

  it("names what the coordinator learns with a party, and with a recipient", () => {
    const rules = described.together.map(({ who, item }) => `${who.join("+")}: ${brief(item)}`);
    expect(rules).toEqual([
      "alice+coordinator: test-evaluated of bob+carol: 1000",
      "bob+coordinator: test-evaluated of alice+carol: 2000",
      "carol+coordinator: test-evaluated of alice+bob: 3000",
      "coordinator+zoe: row of bob: any linear combination of rows",
    ]);
  });

  it("rests on a coordinator that stands apart and selects what it should", () => {
    expect(described.assumptions.map(({ id }) => id).sort()).toEqual([
      "authentic-nodes",
      "coordinator-apart",
      "coordinator-selects",
      "masks-and-lattice",
      "one-more-diffie-hellman",
      "selection-lattice",
      "true-inputs",
    ]);
  });

  it("takes selections at owners of numbers alone, and the pseudonyms of groups of their owner alone", () => {
    const bytes = (what: string, from?: PartyId): readonly (readonly [string, number])[] =>
      described.egress
        .filter((row) => row.what === what && (from === undefined || row.from === from))
        .map(({ to, bytes: length }) => [to, length]);
    expect(bytes("sel")).toEqual([["bob", 2 * 524_291]]); // 32 groups of 255 slots: 384 rows in two chunks
    expect(bytes("Tpi", "alice")).toEqual([["coordinator", 768 * 20]]);
    expect(bytes("Tpi", "bob")).toEqual([["coordinator", 384 * 16]]);
  });
});

describe("what distinct-sum/1 says of itself", () => {
  const described = distinctSum.describe(DISTINCT);

  it("has tokens of each party in every cell, and opens every cell", () => {
    expect(learns(described, "coordinator").at(-1)).toBe(`pattern of alice+bob+carol: ${1664 * 20}`);
    expect(described.outputs.map(({ item }) => item.because)).toEqual([
      expect.stringContaining("small ones too"),
    ]);
    expect(described.disclosures.some(({ id }) => id.startsWith("groups."))).toBe(false);
  });

  it("opens the number of parties of every cell too, where a rule asks", () => {
    const { outputs } = distinctSum.describe({ ...DISTINCT, presence: true });
    expect(outputs.map(({ item }) => item.because)).toEqual([
      expect.stringContaining("opens every cell and how many parties it has, small ones too"),
    ]);
  });

  it("says what coalitions subtract", () => {
    const rules = described.together.map(({ who, item }) => `${who.join("+")}: ${brief(item)}`).slice(4);
    expect(rules).toEqual([
      "any+zoe: cell of alice+bob+carol: 20",
      "bob+carol+zoe: cell of alice: 20",
      "alice+carol+zoe: cell of bob: 20",
      "alice+bob+zoe: cell of carol: 20",
    ]);
  });
});
