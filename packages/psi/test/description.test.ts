// SPDX-License-Identifier: Apache-2.0
import type { Description, Item, PartyId } from "@koplamp/protocol";
import { describe, expect, it } from "vitest";
import {
  describePreparation,
  evaluate,
  keyset,
  matchPair,
  matchTokens,
  type OverlapParameters,
  overlapHub,
  overlapRecipient,
  pairCountBlind,
  pairCountLocal,
} from "../src/index.ts";

const PARTIES = ["alice", "bob", "carol"];
const rowsPadded = { alice: 256, bob: 24_576, carol: 512 };
const quotas = { alice: 1024, bob: 98_304, carol: 2048 };
const match = matchTokens.describe({ parties: PARTIES, recipients: ["alice"], rowsPadded, quotas });
const count: OverlapParameters = {
  parties: PARTIES,
  recipients: ["zoe"],
  rowsPadded,
  quotas,
  shape: "histogram",
  atLeast: null,
};

function view(
  { views }: Description,
  who: PartyId,
): { readonly learns: readonly string[]; readonly atMost: readonly string[] } {
  const found = views.find((row) => row.who === who);
  return { learns: (found?.learns ?? []).map(brief), atMost: (found?.atMost ?? []).map(brief) };
}

function brief({ fact, about, bound }: Item): string {
  return `${fact} of ${about.join("+")}: ${bound}`;
}

const SIZES_OF_OTHERS = [
  "took-part of bob+carol: this session",
  "timing of bob+carol: when messages came",
  "size-padded of bob: 24576",
  "size-padded of carol: 512",
];

describe("what match-tokens/1 says of itself", () => {
  it("gives a recipient the holders of its own items, and what its quota lets it test", () => {
    expect(view(match, "alice")).toEqual({
      learns: [...SIZES_OF_OTHERS, "holders-of-own of bob+carol: 256"],
      atMost: ["test-evaluated of bob+carol: 1024"],
    });
    expect(match.outputs.map(({ id, to, item }) => `${id} to ${to}: ${brief(item)}`)).toEqual([
      "holders to alice: holders-of-own of bob+carol: 256",
    ]);
  });

  it("gives the others and the coordinator sizes and timing", () => {
    const { learns, atMost } = view(match, "coordinator");
    expect(new Set(learns.map((item) => item.split(" ")[0]))).toEqual(
      new Set(["took-part", "timing", "size-padded"]),
    );
    expect([...atMost, ...view(match, "bob").atMost]).toEqual([]);
    expect(view(match, "bob").learns).toContain("size-padded of alice: 256");
  });

  it("says that members of a coalition share what they evaluated", () => {
    expect(match.together.map(({ who, item }) => `${who}: ${brief(item)}`)).toEqual([
      "any: test-evaluated of alice+bob+carol: sum of members' quotas",
    ]);
  });
});

describe("what evaluate/1 and keyset/1 say of themselves", () => {
  it("lists each allowance as a disclosure of tests, and debits every holder", () => {
    const described = evaluate.describe({ parties: PARTIES, asker: "bob", elements: 24_576, quotas });
    expect(described.disclosures).toEqual([
      { id: "tests.alice.bob", from: "alice", to: "bob", release: 0, output: "tests.alice" },
      { id: "tests.carol.bob", from: "carol", to: "bob", release: 0, output: "tests.carol" },
    ]);
    expect(described.outputs.map(({ item }) => brief(item))).toEqual([
      "test-evaluated of alice: 1024",
      "test-evaluated of carol: 2048",
    ]);
    expect(described.debits).toEqual([
      { holder: "alice", asker: "bob", unit: "evaluations", amount: 24_576 },
      { holder: "carol", asker: "bob", unit: "evaluations", amount: 24_576 },
    ]);
    expect(view(described, "alice").learns).toEqual([
      "timing of bob: whether it has new items",
      "size-padded of bob: 24576",
    ]);
  });

  it("discloses nothing in a key ceremony", () => {
    const { disclosures, outputs, views } = keyset.describe({ parties: PARTIES });
    expect([disclosures, outputs]).toEqual([[], []]);
    expect(views.flatMap(({ learns }) => learns.map(({ fact }) => fact))).toEqual(
      new Array(4).fill("took-part"),
    );
  });

  it("stands in a question's contract under names of its own", () => {
    const twoSessions = { ...rowsPadded, bob: 98_304 };
    const prepared = describePreparation({ parties: PARTIES, rowsPadded: twoSessions, quota: () => 7 });
    expect(new Set(prepared.egress.map(({ what }) => what))).toEqual(
      new Set([
        ...["keyset.commit", "keyset.echo", "keyset.open"],
        ...["evaluate.R", "evaluate.ready", "evaluate.M", "evaluate.E", "evaluate.W"],
      ]),
    );
    expect(prepared.disclosures.map(({ id }) => id)).toEqual([
      ...["tests.bob.alice", "tests.carol.alice"],
      ...["tests.alice.bob", "tests.carol.bob"],
      ...["tests.alice.carol", "tests.bob.carol"],
    ]);
    const requests = prepared.egress.filter(({ what, from }) => what === "evaluate.M" && from === "bob");
    expect(requests.map(({ messages, bytes }) => [messages, bytes])).toEqual([
      [2, 98_304 * 32],
      [2, 98_304 * 32],
    ]);
  });
});

describe("what the counts say of themselves", () => {
  it("gives the coordinator of a hub the pattern, and with a party the holders of what that party evaluates", () => {
    const described = overlapHub.describe(count);
    const all = 256 + 24_576 + 512;
    expect(view(described, "coordinator").learns.slice(-2)).toEqual([
      `pattern of alice+bob+carol: ${all}`,
      "count of alice+bob+carol: 1",
    ]);
    expect(view(described, "zoe").learns.at(-1)).toBe("count of alice+bob+carol: 3");
    expect(view(described, "alice").learns).toEqual(SIZES_OF_OTHERS);
    expect(described.together.map(({ who, item }) => `${who}: ${brief(item)}`)).toEqual([
      "alice,coordinator: test-evaluated of bob+carol: 1024",
      "bob,coordinator: test-evaluated of alice+carol: 98304",
      "carol,coordinator: test-evaluated of alice+bob: 2048",
      "bob,carol,coordinator: count of alice: 1",
      "alice,carol,coordinator: count of bob: 1",
      "alice,bob,coordinator: count of carol: 1",
    ]);
    expect(described.assumptions.map(({ id }) => id)).toContain("coordinator-apart");
    expect(view(overlapHub.describe({ ...count, shape: "pairs" }), "coordinator").learns.at(-1)).toContain(
      "pattern",
    );
  });

  it("names the recipient of a hub in its lines; of several, the outputs do", () => {
    const lines = (recipients: readonly PartyId[]): unknown =>
      overlapHub.describe({ ...count, recipients }).disclosures[0];
    const line = { id: "overlap.alice", from: "alice", release: 0, output: "overlap" };
    expect(lines(["zoe"])).toEqual({ ...line, to: "zoe", via: "coordinator" });
    expect(lines(["bob", "zoe"])).toEqual({ ...line, to: "coordinator" });
  });

  it("gives a recipient that counts by itself the pattern and, if it holds items, their holders", () => {
    const described = overlapRecipient.describe({ ...count, recipients: ["alice", "zoe"] });
    expect(view(described, "zoe").learns.slice(-2)).toEqual([
      "count of alice+bob+carol: 3",
      `pattern of alice+bob+carol: ${256 + 24_576 + 512}`,
    ]);
    expect(view(described, "alice").learns.slice(-3)).toEqual([
      "count of bob+carol: 3",
      `pattern of bob+carol: ${24_576 + 512}`,
      "holders-of-own of bob+carol: 256",
    ]);
    expect(view(described, "alice").atMost).toEqual(["test-evaluated of bob+carol: 1024"]);
    expect(view(described, "coordinator").learns.some((item) => item.startsWith("pattern"))).toBe(false);
  });

  it("calls what pairs share a pair-count", () => {
    const [output] = overlapRecipient.describe({ ...count, shape: "pairs" }).outputs;
    expect(output?.item).toMatchObject({ fact: "pair-count", bound: 3 });
  });
});

describe("what match-pair/1 says of itself, mode by mode", () => {
  const pair = { parties: ["alice", "bob"], recipients: ["alice"], rowsPadded };
  const sizes = [
    "took-part of bob: this session",
    "timing of bob: when messages came",
    "size-padded of bob: 24576",
  ];

  it("match: holders of own items, charged as evaluations of the whole padded list, and nothing to test later", () => {
    const described = matchPair.describe(pair);
    expect(view(described, "alice")).toEqual({
      learns: [...sizes, "holders-of-own of bob: 256"],
      atMost: [],
    });
    expect(view(described, "bob").learns.at(-1)).toBe("size-padded of alice: 256");
    expect(described.debits).toEqual([{ holder: "bob", asker: "alice", unit: "evaluations", amount: 256 }]);
    expect(described.together).toEqual([]);
    expect(matchPair.model).toBe("malicious senders detected");
    const both = matchPair.describe({ ...pair, recipients: ["alice", "bob"] });
    expect(both.disclosures.map(({ id }) => id)).toEqual(["pair.bob.alice", "pair.alice.bob"]);
  });

  it("count.local: the number, and what the memory of the counting node holds", () => {
    const described = pairCountLocal.describe(pair);
    expect(view(described, "alice")).toEqual({
      learns: [...sizes, "pair-count of bob: 1", "holders-of-own of bob: 256"],
      atMost: [],
    });
    expect(described.assumptions.map(({ id }) => id)).toContain("counting-software");
    expect(pairCountLocal.model).toBe("malicious senders detected");
  });

  it("count.blind: the number, and at most the whole intersection of a node that deviates unseen", () => {
    const described = pairCountBlind.describe(pair);
    expect(view(described, "alice")).toEqual({
      learns: [...sizes, "pair-count of bob: 1"],
      atMost: ["test-evaluated of bob: 256"],
    });
    expect(described.views.find(({ who }) => who === "alice")?.atMost[0]?.because).toContain(
      "nobody can notice",
    );
    expect(described.assumptions.map(({ id }) => id).slice(-3)).toEqual([
      "counter-follows",
      "answers-unproven",
      "decisional-diffie-hellman",
    ]);
    expect(pairCountBlind.model).toBe("semi-honest");
  });

  it("a count for somebody without data: the counting party learns it too, and its answer is a release after", () => {
    for (const protocol of [pairCountLocal, pairCountBlind]) {
      const described = protocol.describe({ ...pair, recipients: ["zoe"] });
      expect(described.outputs.map(({ to, item }) => `${to}: ${brief(item)}`)).toEqual([
        "bob: pair-count of alice: 1",
        "zoe: pair-count of alice+bob: 1",
      ]);
      expect(described.disclosures.map(({ from, to, release }) => [from, to, release])).toEqual([
        ["alice", "bob", 0],
        ["bob", "zoe", 1],
      ]);
    }
  });

  it("names its modes apart: no two have a protocol, a line or a model's caveat in common", () => {
    const modes = [matchPair, pairCountLocal, pairCountBlind];
    expect(new Set(modes.map(({ id }) => id)).size).toBe(3);
    const lines = modes.flatMap((mode) => mode.describe(pair).disclosures.map(({ id }) => id));
    expect(lines).toEqual(["pair.bob.alice", "count-local.bob.alice", "count-blind.bob.alice"]);
  });
});
