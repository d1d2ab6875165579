// SPDX-License-Identifier: Apache-2.0
// When a match of two takes bulk-pair/1, and what its contract then says of who deals.
import { describe, expect, test } from "vitest";
import { costOf } from "../src/cost.ts";
import { explain, explainText, partiesOf, readQuestion } from "../src/index.ts";
import { covenantOf, entry, planned, rosterOf } from "./agreement.ts";
import { ONE_OFF_MATCH, PAIR_MATCH, SHIPS } from "./samples.ts";

const read = (text: string) => readQuestion(text, { file: "q.yaml", lab: false });
const offered = (rows: number) => [
  entry("customs", "watch", { imo: "imo" }, 256),
  entry("harbour", "ships", { imo: "imo" }, rows),
];
const BULK_MATCH = PAIR_MATCH.replace("mode: pair", "mode: bulk");

const dealtBy = (dealer: string): string =>
  BULK_MATCH.replace("mode: bulk", `mode: bulk\n  dealer: ${dealer}`);
const THREE = covenantOf(["customs", "harbour", "navy"]);

describe("mode: bulk", () => {
  test("is taken when it is asked for, and only then", () => {
    expect(planned(read(BULK_MATCH), offered(1536)).plan.protocol.id).toBe("bulk-pair/1");
    expect(planned(read(ONE_OFF_MATCH), offered(1536)).plan.protocol.id).toBe("match-pair/1");
  });

  test("is told to be worth asking for above 65,536 items, where the covenant admits it; and is not taken unasked", () => {
    const wayIn = (rows: number, text = ONE_OFF_MATCH, admitted = true) => {
      const both = covenantOf(["customs", "harbour"]);
      const covenant = {
        ...both,
        protocols: both.protocols.filter(({ id }) => admitted || id !== "bulk-pair/1"),
      };
      const { contract, plan } = planned(read(text), offered(rows), covenant);
      expect(plan.protocol.id).not.toBe("bulk-pair/1");
      return explain(contract, plan, { lang: "en", covenant }).otherWays.find(
        ({ force }) => force === "mode: bulk",
      );
    };
    const worth = expect.stringContaining("worth asking for with lists as long as these");
    expect(wayIn(2 ** 17)).toMatchObject({ possible: true, why: worth });
    expect(wayIn(2 ** 16)).toMatchObject({ possible: true, why: expect.not.stringContaining("worth") });
    expect(wayIn(2 ** 17, SHIPS)?.why).toEqual(expect.not.stringContaining("worth"));
    expect(wayIn(2 ** 17, ONE_OFF_MATCH, false)).toMatchObject({
      possible: false,
      why: 'covenant "ports" does not admit bulk-pair/1',
    });
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

describe("a dealer that is a party of the agreement", () => {
  test("has a role, and agrees like the other two; the contract says what it learns and with whom it breaks whose list", () => {
    const { contract, plan } = planned(read(dealtBy("navy")), offered(1536), THREE);
    expect(plan.protocol).toMatchObject({ id: "bulk-pair/1", roles: { dealer: ["navy"] } });
    expect(partiesOf(plan)).toEqual(["customs", "harbour", "navy"]);
    const joint = contract.coalitions.filter(({ learns }) =>
      learns.some(({ bound }) => bound === "any item that they try"),
    );
    expect(joint.map(({ who, learns }) => [[...who].sort(), learns.map(({ about }) => about)])).toEqual([
      [["customs", "navy"], [["harbour"]]],
      [["harbour", "navy"], [["customs"]]],
    ]);
    const [seen] = contract.views.filter(({ who }) => who.includes("navy"));
    expect(seen?.learns.map(({ fact }) => fact)).not.toContain("holders-of-own");
    expect(contract.egress.filter(({ what }) => what === "dealt").map(({ from }) => from)).toEqual([
      "navy",
      "navy",
    ]);
    expect(costOf(plan, contract).parties.map(({ party }) => party)).toEqual(["customs", "harbour", "navy"]);
  });

  test.each(["en", "nl"] as const)("in words: %s", (lang) => {
    const { contract, plan, covenant } = planned(read(dealtBy("navy")), offered(1536), THREE);
    expect(explainText(contract, plan, { lang, width: 100, covenant })).toMatchSnapshot();
  });

  test.each([
    ["brings a list", dealtBy("harbour"), "harbour brings a list and cannot deal"],
    [
      "is told the answer",
      dealtBy("navy").replace("[customs]", "[customs, navy]"),
      "navy cannot receive a match: it brings no keys of its own",
    ],
    ["is no party", dealtBy("nvay"), 'nvay is not a party to covenant "ports"; did you mean "navy"?'],
    [
      "has no mode to deal in",
      dealtBy("navy").replace("mode: bulk", "mode: pair"),
      "only in mode: bulk somebody deals",
    ],
  ])("is refused when it %s", (_what, text, message) => {
    expect(() => planned(read(text), offered(1536), THREE)).toThrow(message);
  });

  test("deals where whoever runs the coordinator may not, being one of the two", () => {
    const run = (text: string) => planned(read(text), offered(1536), THREE, rosterOf("harbour")).plan;
    expect(() => run(BULK_MATCH)).toThrow("harbour");
    expect(run(dealtBy("navy")).protocol.id).toBe("bulk-pair/1");
  });

  test("is not taken over into what the other ways would cost", () => {
    const { plan, contract, covenant } = planned(read(dealtBy("navy")), offered(1536), THREE);
    const { otherWays } = explain(contract, plan, { lang: "en", covenant });
    expect(JSON.stringify(otherWays)).not.toContain("navy");
  });
});

describe("a match of two for which nobody deals", () => {
  const undealt = dealtBy("nobody");

  test("names the parameters of the correlation in its plan, and nobody beside the two", () => {
    const { plan, contract } = planned(read(undealt), offered(1536), THREE);
    expect(plan.protocol).toMatchObject({ id: "bulk-pair/1", params: "okvs3-gf128+ea41-1763-v1" });
    expect(plan.protocol.roles).not.toHaveProperty("dealer");
    expect(partiesOf(plan)).toEqual(["customs", "harbour"]);
    expect(contract.coalitions.flatMap(({ learns }) => learns).map(({ bound }) => bound)).not.toContain(
      "any item that they try",
    );
    expect([...new Set(contract.egress.map(({ what }) => what))].sort()).toEqual(
      ["O", "R", "T", "U", "V", "alpha", "commit", "echo", "ready"].sort(),
    );
    expect(contract.egress.flatMap(({ from, to }) => [from, to])).not.toContain("coordinator");
  });

  test("says under which assumptions, and that one does not hold against a quantum computer", () => {
    const { contract, plan, covenant } = planned(read(undealt), offered(1536), THREE);
    const text = explainText(contract, plan, { lang: "en", width: 400, covenant });
    for (const part of [
      "gap Diffie-Hellman",
      "learning parity with noise",
      "does not hold against a quantum computer",
    ])
      expect(text).toContain(part);
    expect(text).not.toContain("The dealer");
    const dealt = planned(read(BULK_MATCH), offered(1536), THREE);
    expect(explainText(dealt.contract, dealt.plan, { lang: "en", width: 400, covenant })).not.toContain(
      "quantum",
    );
  });

  test.each(["en", "nl"] as const)("in words: %s", (lang) => {
    const { contract, plan, covenant } = planned(read(undealt), offered(1536), THREE);
    expect(explainText(contract, plan, { lang, width: 100, covenant })).toMatchSnapshot();
  });

  test("may be asked for where one of the two runs the coordinator", () => {
    const run = () => planned(read(undealt), offered(1536), THREE, rosterOf("harbour")).plan;
    expect(run().protocol.id).toBe("bulk-pair/1");
  });

  test("costs more than where somebody deals", () => {
    const cost = (text: string) => {
      const { plan, contract } = planned(read(text), offered(2 ** 20), THREE);
      return costOf(plan, contract);
    };
    const [alone, dealt] = [cost(undealt), cost(BULK_MATCH)];
    expect(alone.firstSeconds).toBeGreaterThan(dealt.firstSeconds);
    const [own, before] = [alone, dealt].map((each) => each.parties.find(({ party }) => party === "customs"));
    expect(own?.bytesOut).toBeGreaterThan((before?.bytesOut ?? 0) + 1_000_000); // rows of its 256 items
  });

  test("is not asked for in another mode, and no party may have that name", () => {
    const inPair = undealt.replace("mode: bulk", "mode: pair");
    expect(() => read(inPair)).toThrow("only in mode: bulk somebody deals, or nobody");
    expect(() => read(undealt.replace("customs: watch", "nobody: watch"))).toThrow("nobody");
  });
});
