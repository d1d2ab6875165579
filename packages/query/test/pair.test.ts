// SPDX-License-Identifier: Apache-2.0
// When a question of two takes match-pair/1, in which mode, and what its contract then says.
import type { Covenant, Plan } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import { choose, contractOf, explain, explainText, readQuestion, substanceOf } from "../src/index.ts";
import { covenantOf, entry, planned, primitives, rosterOf } from "./agreement.ts";
import { ONE_OFF_MATCH, PAIR_COUNT, PAIR_MATCH, SHIPS } from "./samples.ts";

const read = (text: string) => readQuestion(text, { file: "q.yaml", lab: false });
const OFFERED = [
  entry("customs", "watch", { imo: "imo" }, 256),
  entry("harbour", "ships", { imo: "imo" }, 1536),
];
const local = PAIR_COUNT.replace("pairs.blind", "pairs.local");

/** A covenant whose data are of some sensitivity, and which may admit fewer protocols. */
function covenantWith(
  sensitivity: Covenant["dataClasses"][number]["sensitivity"],
  change: Partial<Covenant> = {},
): Covenant {
  const parties = ["customs", "harbour"];
  const [customs, harbour] = [
    { id: "customs.watch", party: "customs", dataset: "watch" },
    { id: "harbour.ships", party: "harbour", dataset: "ships" },
  ].map((row, at) => ({
    ...row,
    columns: ["imo"],
    registerSize: 1000,
    sensitivity: at === 0 ? ("ordinary" as const) : sensitivity,
    allow: [],
  }));
  if (customs === undefined || harbour === undefined) throw new Error("no data");
  return { ...covenantOf(parties), dataClasses: [customs, harbour], ...change };
}

const chosen = (text: string, covenant?: Covenant): string =>
  planned(read(text), OFFERED, covenant).plan.protocol.id;

describe("the choice", () => {
  test("a match of two takes a key for the question, unless it asks for tokens: nobody sees whether it comes again", () => {
    expect(chosen(ONE_OFF_MATCH)).toBe("match-pair/1");
    expect(chosen(PAIR_MATCH)).toBe("match-pair/1");
    expect(chosen(SHIPS)).toBe("match-tokens/1");
    expect(chosen(SHIPS, covenantWith("ordinary"))).toBe("match-tokens/1");
    const more = ONE_OFF_MATCH.replace("customs: watch", "customs: watch, navy: seen");
    expect(choose(read(more).ask).protocol).toBe("match-tokens/1");
    expect(choose(read(ONE_OFF_MATCH).ask).reason).not.toEqual(choose(read(PAIR_MATCH).ask).reason);
  });

  test("where the covenant does not admit it keys of the epoch are taken, and the choice says so", () => {
    const { protocols } = covenantWith("criminal");
    const without = protocols.filter(({ id }) => id !== "match-pair/1");
    for (const sensitivity of ["ordinary", "criminal"] as const) {
      const covenant = covenantWith(sensitivity, { protocols: without });
      const { plan } = planned(read(ONE_OFF_MATCH), OFFERED, covenant);
      expect(plan.protocol.id).toBe("match-tokens/1");
      expect(chosen(SHIPS, covenant)).toBe("match-tokens/1");
    }
    const text = planned(read(ONE_OFF_MATCH), OFFERED, covenantWith("ordinary", { protocols: without }));
    expect(explain(text.contract, text.plan, { lang: "en" }).passedOver).toEqual([
      {
        protocol: "match-pair/1",
        why: "a key for this question only, but the covenant does not admit that protocol",
      },
    ]);
  });

  test("over sensitive data tokens cannot be had for the asking, unless their keys live for one plan anyway", () => {
    for (const sensitivity of ["special", "criminal", "secret"] as const) {
      expect(chosen(ONE_OFF_MATCH, covenantWith(sensitivity))).toBe("match-pair/1");
      expect(() => chosen(SHIPS, covenantWith(sensitivity))).toThrow(
        expect.objectContaining({ code: "invalid-value", hint: expect.stringContaining("leave `mode` out") }),
      );
    }
    const { quotas } = covenantWith("criminal");
    const once = quotas.map((quota) => ({ ...quota, epoch: "once" }));
    expect(chosen(SHIPS, covenantWith("criminal", { quotas: once }))).toBe("match-tokens/1");
    expect(chosen(ONE_OFF_MATCH, covenantWith("criminal", { quotas: once }))).toBe("match-pair/1");
  });

  test("a count of two takes the mode that is named; where none is, one of them counts blindly", () => {
    const free = PAIR_COUNT.replace("  mode: pairs.blind\n", "");
    expect(chosen(PAIR_COUNT)).toBe("match-pair-count-blind/1");
    expect(chosen(local)).toBe("match-pair-count-local/1");
    expect(chosen(free)).toBe("match-pair-count-blind/1");
    expect(chosen(PAIR_COUNT.replace("pairs.blind", "hub"))).toBe("overlap-hub/1");
    const covenant = covenantOf(["customs", "harbour", "insurer"]);
    const protocols = covenant.protocols.filter(({ id }) => !id.startsWith("match-pair-count"));
    expect(chosen(free, { ...covenant, protocols })).toBe("overlap-hub/1");
    const passedOver = choose(read(PAIR_COUNT.replace("pairs.blind", "hub")).ask).refused;
    expect(passedOver.map(({ protocol }) => protocol)).toEqual(["match-pair-count-blind/1"]);
  });

  test("a mode is no part of what a question is about", () => {
    const about = (text: string): object => substanceOf(planned(read(text), OFFERED).plan);
    expect(about(PAIR_MATCH)).toEqual(about(SHIPS));
    expect(about(local)).toEqual(about(PAIR_COUNT));
    expect(about(PAIR_COUNT)).not.toEqual(about(PAIR_COUNT.replace("customs, insurer", "customs")));
  });

  test("a node refuses a plan that takes less than its covenant would choose, whoever proposes it", () => {
    const { plan } = planned(read(ONE_OFF_MATCH), OFFERED);
    const classed = plan.inputs.map((input) => ({ ...input, dataClass: `${input.party}.${input.dataset}` }));
    const propose = (covenant: Covenant, id: string): unknown =>
      contractOf(
        covenant,
        rosterOf(),
        { ...plan, inputs: classed, protocol: { ...plan.protocol, id } },
        primitives,
      );
    const refusal = 'no protocol "match-tokens/1" answers this question';
    for (const sensitivity of ["criminal", "ordinary"] as const) {
      expect(() => propose(covenantWith(sensitivity), "match-tokens/1")).toThrow(refusal);
      expect(() => propose(covenantWith(sensitivity), "match-pair/1")).not.toThrow();
    }
    const { protocols } = covenantWith("ordinary");
    const without = covenantWith("ordinary", {
      protocols: protocols.filter(({ id }) => id !== "match-pair/1"),
    });
    expect(() => propose(without, "match-tokens/1")).not.toThrow();
    expect(() => propose(without, "match-pair/1")).not.toThrow(); // keeps more: its own rule refuses it, if at all
    const asked = { ...plan, ask: { ...plan.ask, mode: "tokens" as const }, inputs: classed };
    const tokens = (id: string, covenant: Covenant): unknown =>
      contractOf(covenant, rosterOf(), { ...asked, protocol: { ...plan.protocol, id } } as Plan, primitives);
    expect(() => tokens("match-tokens/1", covenantWith("ordinary"))).not.toThrow();
    expect(() => tokens("match-pair/1", covenantWith("ordinary"))).toThrow('no protocol "match-pair/1"');
    expect(() => tokens("match-tokens/1", covenantWith("criminal"))).toThrow("over sensitive data");
  });

  test("no plan promises one mode and runs another", () => {
    const { plan, covenant } = planned(read(PAIR_COUNT), OFFERED);
    for (const id of ["match-pair-count-local/1", "overlap-hub/1", "match-pair/1", "match-tokens/1"]) {
      const other = { ...plan, protocol: { ...plan.protocol, id } };
      expect(() => contractOf(covenant, rosterOf(), other, primitives)).toThrow(
        `no protocol "${id}" answers this question`,
      );
    }
  });
});

describe("a mode is refused with what exists instead", () => {
  const three = (text: string): string => text.replace("customs: watch", "customs: watch, navy: seen");
  test.each([
    [three(PAIR_MATCH), "invalid-value", "mode: pair is for two parties, got 3", "match-tokens/1"],
    [
      PAIR_COUNT.replace("shape: pairs", "shape: histogram"),
      "invalid-value",
      "mode: pairs.blind answers shape: pairs, not histogram",
      "the coordinator counts pseudonyms",
    ],
    [PAIR_MATCH.replace("mode: pair", "mode: blind"), "invalid-value", "mode", "pair"],
  ])("%#", (text, code, message, hint) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code, hint: expect.stringContaining(hint) }));
    expect(() => read(text)).toThrow(message);
  });

  test("lists above 2^27 keys; above 2^17 they go in shards, and the contract counts what these are padded to", () => {
    const large = (rows: number) => [entry("customs", "watch", { imo: "imo" }, rows), ...OFFERED.slice(1)];
    expect(() => planned(read(PAIR_MATCH), large(3 * 2 ** 26))).toThrow("and match-pair/1 takes 134217728");
    const { contract } = planned(read(PAIR_MATCH), large(3 * 2 ** 16));
    expect(contract.debits.map(({ amount }) => amount)).toEqual([2 * 100_864]);
    const commitment = contract.egress.find(({ what }) => what === "K");
    expect(commitment).toMatchObject({ messages: 2, bytes: 2 * 72 });
    const lines = contract.disclosures.filter(({ id }) => id.startsWith("pair."));
    expect(lines).toMatchObject([{ perShard: 1, shards: 2 }]);
    const seeds = contract.egress.filter(({ what }) => what.startsWith("cut."));
    expect(seeds.map(({ what, messages, bytes }) => [what, messages, bytes])).toEqual([
      ["cut.alpha", 1, 32],
      ["cut.commit", 1, 32],
      ["cut.echo", 1, 32],
      ["cut.alpha", 1, 32],
      ["cut.commit", 1, 32],
      ["cut.echo", 1, 32],
    ]);
  });

  test("a count in memory, where the covenant allows nothing at the level of persons", () => {
    const personLevel = { allowed: false, ground: null, external: [] };
    const covenant = { ...covenantOf(["customs", "harbour", "insurer"]), personLevel };
    expect(() => planned(read(local), OFFERED, covenant)).toThrow(
      expect.objectContaining({ code: "above-class", party: "customs" }),
    );
    expect(() => planned(read(PAIR_COUNT), OFFERED, covenant)).not.toThrow();
  });
});

describe("pairs among three", () => {
  const offered = [...OFFERED, entry("navy", "seen", { imo: "imo" }, 256)];
  const among = (text: string): string => text.replace("customs: watch", "customs: watch, navy: seen");
  const free = among(PAIR_COUNT.replace("  mode: pairs.blind\n", ""));
  const parties = ["customs", "harbour", "insurer", "navy"];

  test("take the hub where the covenant lets the coordinator see the pattern, else each pair counts by itself", () => {
    const covenant = covenantOf(parties);
    const protocols = covenant.protocols.map((row) =>
      row.id === "overlap-hub/1" ? { ...row, coordinatorLearns: [] } : row,
    );
    const chosenBy = (agreement: Covenant, text = free): string =>
      planned(read(text), offered, agreement).plan.protocol.id;
    expect(chosenBy(covenant)).toBe("overlap-hub/1");
    expect(chosenBy({ ...covenant, protocols })).toBe("match-pair-count-blind/1");
    expect(chosenBy(covenant, among(PAIR_COUNT))).toBe("match-pair-count-blind/1");
    expect(chosenBy(covenant, among(local))).toBe("match-pair-count-local/1");
    const neither = protocols.filter(({ id }) => id !== "match-pair-count-blind/1");
    expect(() => chosenBy({ ...covenant, protocols: neither })).toThrow(
      expect.objectContaining({ code: "coordinator", hint: expect.stringContaining("mode: pairs.blind") }),
    );
  });

  test("without a way that the covenant allows are refused with the ways that there are", () => {
    const covenant = covenantOf(parties);
    const protocols = covenant.protocols.map((row) => ({ ...row, coordinatorLearns: [] }));
    const histogram = free.replace("shape: pairs", "shape: histogram");
    expect(() => planned(read(histogram), offered, { ...covenant, protocols })).toThrow(
      expect.objectContaining({ code: "coordinator", hint: expect.stringContaining("mode: recipient") }),
    );
  });

  test("list every pair in the contract, and the coordinator sees no pattern: in the hub it does", () => {
    const { contract } = planned(read(among(PAIR_COUNT)), offered);
    expect(contract.disclosures.map(({ id }) => id)).toEqual([
      "count-blind.customs.insurer.count",
      "count-blind.harbour.customs",
      "count-blind.harbour.navy",
      "count-blind.navy.customs",
      "count-blind.navy.customs.count",
      "count-blind.navy.insurer.count",
    ]);
    const coordinator = ({ views }: typeof contract): readonly string[] =>
      views.find(({ who }) => who.includes("coordinator"))?.learns.map(({ fact }) => fact) ?? [];
    expect(coordinator(contract)).not.toContain("pattern");
    expect(coordinator(planned(read(free), offered).contract)).toContain("pattern");
    expect(contract.debits.map(({ holder, asker }) => `${holder} for ${asker}`)).toEqual([
      "harbour for customs",
      "harbour for navy",
      "navy for customs",
    ]);
  });
});

describe("the contract", () => {
  const viewOf = (text: string, who: string) => {
    const { contract } = planned(read(text), OFFERED);
    const { learns = [], atMost = [] } = contract.views.find((row) => row.who.includes(who)) ?? {};
    return { learns: learns.map(({ fact }) => fact), atMost };
  };

  test("of a match says that nothing can be compared later", () => {
    const { contract } = planned(read(PAIR_MATCH), OFFERED);
    expect(viewOf(PAIR_MATCH, "customs").atMost).toEqual([]);
    expect(viewOf(PAIR_MATCH, "customs").learns).toContain("holders-of-own");
    expect(contract.coalitions).toEqual([]);
    expect(contract.debits).toEqual([
      { holder: "harbour", asker: "customs", unit: "evaluations", amount: 256 },
    ]);
    expect(contract.egress.filter(({ what }) => what.startsWith("evaluate."))).toEqual([]);
  });

  test("of count.blind says what a node that deviates learns, and that nobody can notice", () => {
    expect(viewOf(PAIR_COUNT, "customs").learns).toContain("pair-count");
    expect(viewOf(PAIR_COUNT, "customs").atMost).toMatchObject([
      { fact: "test-evaluated", about: ["harbour"], bound: 256 },
    ]);
    const { contract } = planned(read(PAIR_COUNT), OFFERED);
    expect(contract.warnings).toContain("COUNTER-CAN-DEVIATE");
    expect(contract.assumptions.map(({ id }) => id)).toEqual([
      ...["A1", "A2", "A4", "A5", "A6"],
      ...[
        "answers-unproven",
        "authentic-nodes",
        "counter-follows",
        "decisional-diffie-hellman",
        "true-inputs",
      ],
    ]);
    expect(contract.assumptions.filter(({ text }) => text.nl === undefined)).toEqual([]);
  });

  test("of count.local says what the counting node's memory holds", () => {
    expect(viewOf(local, "customs").learns).not.toContain("holders-of-own");
    expect(viewOf(local, "customs").atMost).toMatchObject([
      { fact: "holders-of-own", about: ["harbour"], bound: 256 },
    ]);
    const { contract } = planned(read(local), OFFERED);
    expect(contract.warnings).toContain("COUNTER-MEMORY");
    expect(contract.assumptions.map(({ id }) => id)).toContain("counting-software");
  });

  test.each(["en", "nl"] as const)("in words: %s", (lang) => {
    for (const text of [PAIR_MATCH, PAIR_COUNT, local]) {
      const { plan, contract, covenant } = planned(read(text), OFFERED);
      expect(explainText(contract, plan, { lang, width: 100, covenant })).toMatchSnapshot();
    }
  });

  test("has names of its own in each mode: protocol, lines and warning", () => {
    const modes = [PAIR_MATCH, local, PAIR_COUNT].map((text) => planned(read(text), OFFERED).contract);
    expect(new Set(modes.map(({ protocol }) => protocol)).size).toBe(3);
    expect(modes.map(({ disclosures }) => disclosures.map(({ id }) => id))).toEqual([
      ["pair.harbour.customs"],
      ["count-local.customs.insurer.count", "count-local.harbour.customs"],
      ["count-blind.customs.insurer.count", "count-blind.harbour.customs"],
    ]);
  });
});
