// SPDX-License-Identifier: Apache-2.0
// When a match of two takes bulk-pair/1, and what its contract then says of who deals.
import { describe, expect, test } from "vitest";
import { explain, readQuestion } from "../src/index.ts";
import { covenantOf, entry, planned } from "./agreement.ts";
import { ONE_OFF_MATCH, PAIR_MATCH } from "./samples.ts";

const read = (text: string) => readQuestion(text, { file: "q.yaml", lab: false });
const offered = (rows: number) => [
  entry("customs", "watch", { imo: "imo" }, 256),
  entry("harbour", "ships", { imo: "imo" }, rows),
];
const BULK_MATCH = PAIR_MATCH.replace("mode: pair", "mode: bulk");

describe("mode: bulk", () => {
  test("is taken when it is asked for, and only then", () => {
    expect(planned(read(BULK_MATCH), offered(1536)).plan.protocol.id).toBe("bulk-pair/1");
    expect(planned(read(ONE_OFF_MATCH), offered(1536)).plan.protocol.id).toBe("match-pair/1");
  });

  test("takes lists as long as a key for one question takes in shards", () => {
    for (const text of [BULK_MATCH, PAIR_MATCH]) {
      expect(planned(read(text), offered(2 ** 20)).plan.inputs.at(-1)?.rowsPadded).toBe(2 ** 20);
    }
  });

  test("is for two parties", () => {
    const three = BULK_MATCH.replace("customs: watch", "customs: watch, navy: seen");
    expect(() => read(three)).toThrow("mode: bulk is for two parties, got 3");
  });

  test("says who can do what together with the dealer, and what is passed over", () => {
    const { contract, plan } = planned(read(BULK_MATCH), offered(1536), covenantOf(["customs", "harbour"]));
    const joint = contract.coalitions.filter(({ who }) => who.includes("coordinator"));
    expect(joint.map(({ who }) => [...who].sort())).toEqual([
      ["coordinator", "customs"],
      ["coordinator", "harbour"],
    ]);
    for (const { learns } of joint) {
      expect(learns).toEqual([
        expect.objectContaining({ fact: "test-evaluated", bound: "any item that they try" }),
      ]);
    }
    const { passedOver, protocol } = explain(contract, plan, { lang: "en" });
    expect(protocol).toBe("bulk-pair/1");
    expect(passedOver.map((row) => row.protocol)).toEqual(["match-pair/1"]);
  });
});
