// SPDX-License-Identifier: Apache-2.0
import type { Item } from "@koplamp/protocol";
import { describe, expect, it } from "vitest";
import { matchThreshold, PsiError, type ThresholdParameters, thresholdLayout } from "../src/index.ts";
import { thresholdTests } from "../src/threshold-layout.ts";

const PARTIES = ["alice", "bob", "carol"];
const PARAMETERS: ThresholdParameters = {
  parties: PARTIES,
  recipients: ["alice", "bob"],
  rowsPadded: { alice: 256, bob: 24_576, carol: 512 },
  quotas: { alice: 1024, bob: 98_304, carol: 2048 },
  atLeast: 2,
  tell: "count",
  flagged: false,
};
const brief = ({ fact, about, bound }: Item): string => `${fact} of ${about.join("+")}: ${bound}`;
const learns = (parameters: ThresholdParameters, who: string): readonly string[] => {
  const { views } = matchThreshold.describe(parameters);
  const found = views.find((view) => view.who === who);
  return [...(found?.learns ?? []), ...(found?.atMost ?? [])]
    .filter(({ fact }) => !["took-part", "timing", "size-padded"].includes(fact))
    .map(brief);
};

describe("what match-threshold/1 says of itself", () => {
  it("gives a recipient what is told of its own items, and the others nothing", () => {
    expect(learns(PARAMETERS, "alice")).toEqual(["multiplicity-of-own of bob+carol: 256"]);
    expect(learns({ ...PARAMETERS, tell: "holders" }, "bob")).toEqual([
      "holders-of-own of alice+carol: 24576",
    ]);
    expect(learns(PARAMETERS, "carol")).toEqual([]);
  });

  it("gives the coordinator the pattern of hits, and with a party all that this party can test", () => {
    expect(learns(PARAMETERS, "coordinator")).toEqual(["hit-pattern of alice+bob+carol: 12672"]);
    const { together, assumptions } = matchThreshold.describe(PARAMETERS);
    expect(together.map(({ who, item }) => `${who.join("+")}: ${brief(item)}`)).toEqual([
      "alice+coordinator: test-evaluated of bob+carol: 1024",
      "bob+coordinator: test-evaluated of alice+carol: 98304",
      "carol+coordinator: test-evaluated of alice+bob: 2048",
    ]);
    expect(assumptions.map(({ id }) => id)).toContain("coordinator-apart");
  });

  it("discloses each part of the tables by a line and a release of its own", () => {
    const { disclosures, egress } = matchThreshold.describe(PARAMETERS);
    expect(disclosures.map(({ id, to, release }) => `${id} ${to} ${release}`)).toEqual([
      "cells.alice.1 coordinator 0",
      "cells.bob.1 coordinator 0",
      "cells.carol.1 coordinator 0",
      "cells.alice.2 coordinator 1",
      "cells.bob.2 coordinator 1",
      "cells.carol.2 coordinator 1",
    ]);
    const rows = 13_312; // 12,288 and eight standard deviations
    expect(egress.find(({ what }) => what === "A")).toMatchObject({
      messages: 2,
      bytes: 2 * 24 * 2 * rows * 12,
    });
    expect(egress.filter(({ what }) => what === "H").map(({ bytes }) => bytes)).toEqual([452_608, 452_608]);
    expect(egress.filter(({ what }) => what === "next")).toHaveLength(1);
    const [only] = matchThreshold.describe({ ...PARAMETERS, recipients: ["bob"] }).disclosures;
    expect(only).toMatchObject({ to: "bob", via: "coordinator" });
  });
});

describe("what one session takes", () => {
  const terms = (parties: number, atLeast: number, rows: number) => {
    const names = Array.from({ length: parties }, (_, at) => `p${at + 10}`);
    const rowsPadded = Object.fromEntries(names.map((name) => [name, rows]));
    return { parties: names, rowsPadded, atLeast, flagged: false };
  };

  it("is a hundred thousand items of five parties in eight parts", () => {
    const layout = thresholdLayout(terms(5, 3, 131_072));
    expect(layout).toMatchObject({ shards: 8, rows: 17_408, bins: 52_224 });
    expect(thresholdTests(layout)).toBe(10 * 52_224 * 24 * 8);
    expect(thresholdLayout(terms(2, 2, 2 ** 14)).shards).toBe(1);
    expect(thresholdLayout(terms(16, 8, 12_288)).shards).toBe(4); // smaller parts, so that memory stays bounded
  });

  it.each<[string, ReturnType<typeof terms>, string]>([
    ["seventeen parties", terms(17, 3, 256), "too-large"],
    ["one party", terms(1, 2, 256), "too-large"],
    ["a threshold of one", terms(5, 1, 256), "setup"],
    ["a threshold above the parties", terms(3, 4, 256), "setup"],
    ["more than 2^20 items", terms(5, 3, 2 ** 21), "too-large"],
    ["more combinations than 5·10^10", terms(16, 8, 2 ** 15), "too-large"],
    ["more parts than a contract has lines for", terms(16, 2, 2 ** 20), "too-large"],
    ["no size", { ...terms(3, 2, 1), rowsPadded: {} }, "too-large"],
  ])("is not %s", (_name, asked, code) => {
    expect(() => thresholdLayout(asked)).toThrow(expect.objectContaining({ code }));
    expect(() => thresholdLayout(asked)).toThrow(PsiError);
  });
});
