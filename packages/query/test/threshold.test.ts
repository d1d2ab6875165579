// SPDX-License-Identifier: Apache-2.0
// When a match is one at a threshold, what it refuses, and what its contract then says.
import type { Fact } from "@koplamp/protocol";
import { matchThresholdParty, thresholdCoordinator } from "@koplamp/psi";
import type { Covenant } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { oraclePrimitives } from "../../crypto/test/oracle-primitives.ts";
import { Federation, inputsOf } from "../../psi/test/federation.ts";
import { sessionOf } from "../../psi/test/threshold.ts";
import { choose, contractOf, explain, QueryError, readQuestion } from "../src/index.ts";
import { covenantOf, entry, planned, primitives, rosterOf } from "./agreement.ts";
import { SHIPS } from "./samples.ts";

const PARTIES = ["coastguard", "customs", "harbour"];
const read = (text: string) => readQuestion(text, { file: "q.yaml", lab: false });

/** A match of three. */
function three(fields: string): string {
  return SHIPS.replace(/from:.*\n/, "from: { coastguard: seen, customs: watch, harbour: ships }\n").replace(
    /atLeast: \d+\n {2}tell: holders\n {2}mode: tokens\n/,
    `${fields}\n`,
  );
}

const offered = (rows = 256) =>
  ["seen", "watch", "ships"].map((dataset, at) =>
    entry(PARTIES[at] ?? "", dataset, { imo: "imo", flagged: "boolean" }, rows),
  );
const chosen = (fields: string, text = three) => choose(read(text(fields)).ask);

describe("the choice", () => {
  test.each([
    ["atLeast: 3\n  tell: holders", "match-threshold/1"],
    ["atLeast: 2\n  tell: count", "match-threshold/1"],
    ["atLeast: 2\n  tell: nothing", "match-threshold/1"],
    ["atLeast: 2\n  tell: holders", "match-tokens/1"],
    ["atLeast: 2\n  tell: holders\n  mode: threshold", "match-threshold/1"],
    ["atLeast: 3\n  tell: nothing\n  mode: tokens", "match-tokens/1"],
    ["atLeast: 2\n  tell: holders\n  flaggedBy: { flagged: true }", "match-threshold/1"],
  ])("%s takes %s", (fields, protocol) => {
    expect(chosen(fields).protocol).toBe(protocol);
    expect(planned(read(three(fields)), offered()).contract.protocol).toBe(protocol);
  });

  test("says what is passed over, and why", () => {
    const why = (fields: string) => chosen(fields).refused.map(({ why: text }) => text.en);
    expect(why("atLeast: 3\n  tell: count")).toEqual([expect.stringContaining("mode: tokens")]);
    expect(why("atLeast: 2\n  tell: holders")).toEqual([expect.stringContaining("mode: threshold")]);
    expect(why("atLeast: 3\n  tell: count\n  mode: tokens")).toEqual([
      expect.stringContaining("without mode: tokens"),
    ]);
  });

  test("takes tokens where the covenant does not admit it, says so, and cannot keep flags then", () => {
    const covenant = covenantOf(PARTIES);
    const without = {
      ...covenant,
      protocols: covenant.protocols.filter(({ id }) => id !== "match-threshold/1"),
    };
    const { plan, contract } = planned(read(three("atLeast: 3\n  tell: count")), offered(), without);
    expect(plan.protocol.id).toBe("match-tokens/1");
    const [passedOver] = explain(contract, plan, { lang: "en" }).passedOver;
    expect(passedOver?.why).toContain("the covenant does not admit");
    expect(contract.warnings).toContain("SEES-BELOW-THRESHOLD");
  });
});

describe("a count of what enough hold", () => {
  const count = (shape: string) =>
    three(shape).replace("kind: match", "kind: overlap-count").replace("class: F", "class: B");
  const AT_LEAST = "shape: atLeast\n  atLeast: 2\n  mode: atLeast";

  test("takes tables when asked to, and the coordinator sees hits and no pattern", () => {
    const { contract } = planned(read(count(AT_LEAST)), offered());
    expect(contract.protocol).toBe("overlap-threshold/1");
    const seen = contract.views
      .find(({ who }) => who.includes("coordinator"))
      ?.learns.map(({ fact }) => fact);
    expect(seen).toContain("hit-pattern");
    expect(seen).not.toContain("pattern");
    expect(contract.warnings).toContain("COORDINATOR-HITS");
    expect(() => planned(read(count(AT_LEAST)), offered(), undefined, rosterOf("harbour"))).toThrow(
      expect.objectContaining({ code: "coordinator" }),
    );
  });

  /** A covenant whose coordinator may learn so much in each way to count, and nothing else of it. */
  const covenantFor = (learns: Readonly<Partial<Record<"hub" | "threshold", readonly Fact[]>>>): Covenant => {
    const covenant = covenantOf(PARTIES);
    const protocols = covenant.protocols.flatMap((row) => {
      const [, way] = /^overlap-(hub|threshold)\/1$/.exec(row.id) ?? [];
      if (way !== "hub" && way !== "threshold") return [row];
      const facts = learns[way];
      return facts === undefined ? [] : [{ ...row, coordinatorLearns: facts }];
    });
    return { ...covenant, protocols };
  };
  /** The protocol that is taken, or the refusal. */
  const taken = (shape: string, covenant: Covenant): unknown => {
    try {
      return planned(read(count(shape)), offered(), covenant).plan.protocol.id;
    } catch (reason) {
      return reason;
    }
  };
  const HUB = ["pattern", "count"] as const;
  const HITS = ["hit-pattern", "count"] as const;
  const TWO = "shape: atLeast\n  atLeast: 2";
  const FROM_TWO = "shape: histogram\n  atLeast: 2";
  const ALL = "shape: histogram";
  const UNION = "shape: atLeast\n  atLeast: 1";

  test.each([
    ["both ways may be", { hub: HUB, threshold: HITS }, [TWO, FROM_TWO], "overlap-threshold/1"],
    ["both ways may be", { hub: HUB, threshold: HITS }, [ALL, UNION], "overlap-hub/1"],
    [
      "the pattern is kept from it",
      { hub: [], threshold: HITS },
      [TWO, FROM_TWO, ALL, UNION],
      "overlap-threshold/1",
    ],
    ["the hub is not admitted", { threshold: HITS }, [TWO, FROM_TWO, ALL, UNION], "overlap-threshold/1"],
    ["hits are kept from it", { hub: HUB, threshold: [] }, [TWO, FROM_TWO, ALL, UNION], "overlap-hub/1"],
    ["tables are not admitted", { hub: HUB }, [TWO, FROM_TWO, ALL, UNION], "overlap-hub/1"],
    [
      "it may not know how many there are",
      { hub: ["pattern"], threshold: ["hit-pattern"] },
      [TWO, FROM_TWO],
      "overlap-threshold/1",
    ],
    [
      "in tables it may not know how many there are",
      { hub: HUB, threshold: ["hit-pattern"] },
      [ALL, UNION],
      "overlap-hub/1",
    ],
    [
      "in the hub it may not know how many there are",
      { hub: ["pattern"], threshold: HITS },
      [ALL, UNION],
      "overlap-threshold/1",
    ],
  ] as const)("unasked, where %s %j: %j by %s", (_name, learns, shapes, protocol) => {
    const covenant = covenantFor(learns);
    for (const shape of shapes) {
      expect(taken(shape, covenant)).toBe(protocol);
      const { contract } = planned(read(count(shape)), offered(), covenant);
      const warned = protocol === "overlap-hub/1" ? "COORDINATOR-PATTERN" : "COORDINATOR-HITS";
      expect(contract.warnings).toContain(warned);
    }
  });

  test("says why, and what the coordinator sees in each way", () => {
    const said = (shape: string, covenant?: Covenant) => {
      const { plan, contract } = planned(read(count(shape)), offered(), covenant);
      const { reason, summary } = explain(contract, plan, { lang: "en" });
      return { reason, summary };
    };
    expect(said(ALL).summary).toContain("who holds each key, also where that is one party");
    expect(said(TWO)).toEqual({
      reason: expect.stringContaining("nothing of what fewer hold"),
      summary: expect.stringContaining("each key that at least 2 parties hold, and nothing of the others"),
    });
    expect(said(TWO.replace("2", "3")).summary).toContain("each key that at least 3 parties hold");
    expect(said(ALL, covenantFor({ threshold: HITS }))).toEqual({
      reason: expect.stringContaining("the covenant does not let it see the whole pattern"),
      summary: expect.stringContaining("at least 2 parties hold, and of the others only how many there are"),
    });
    expect(said(`${ALL}\n  mode: atLeast`).reason).toContain("as asked (mode: atLeast)");
    expect(said(`${ALL}\n  mode: recipient`).summary).toContain("does not see who holds a key");
  });

  test("is refused where the coordinator may see neither, with the ways that there are", () => {
    const neither = { code: "coordinator", hint: expect.stringContaining("mode: recipient") };
    for (const shape of [TWO, ALL]) {
      expect(taken(shape, covenantFor({ hub: [], threshold: [] }))).toMatchObject(neither);
      expect(taken(shape, covenantFor({ hub: [] }))).toMatchObject(neither);
    }
    const uncounted = covenantFor({ hub: [], threshold: ["hit-pattern"] });
    expect(taken(ALL, uncounted)).toMatchObject(neither);
    expect(taken(`${ALL}\n  mode: atLeast`, uncounted)).toMatchObject({
      message: expect.stringContaining('in overlap-threshold/1 the coordinator learns "count"'),
      hint: expect.stringContaining("`atLeast: 2`"),
    });
  });

  test("goes by the hub where the lists are too long for tables, and is refused where that may not be", () => {
    const names = Array.from({ length: 16 }, (_, at) => `p${at + 10}`);
    const text = count("shape: atLeast\n  atLeast: 8")
      .replace(/from:.*\n/, `from: { ${names.map((name) => `${name}: d`).join(", ")} }\n`)
      .replace(/recipients:.*\n/, "recipients: [p10]\n");
    const catalogue = names.map((name) => entry(name, "d", { imo: "imo" }, 2 ** 15));
    const covenant = covenantOf(names);
    const { plan, contract } = planned(read(text), catalogue, covenant);
    expect(plan.protocol.id).toBe("overlap-hub/1");
    const [passedOver] = explain(contract, plan, { lang: "en" }).passedOver;
    expect(passedOver?.why).toContain("the lists are too long for it");
    const protocols = covenant.protocols.filter(({ id }) => id !== "overlap-hub/1");
    expect(() => planned(read(text), catalogue, { ...covenant, protocols })).toThrow(
      expect.objectContaining({ code: "too-many", hint: expect.stringContaining("mode: hub") }),
    );
  });

  test("every node makes the same choice again: a plan that names the other way is refused", () => {
    const { plan, covenant } = planned(read(count(TWO)), offered());
    const hub = { ...plan, protocol: { ...plan.protocol, id: "overlap-hub/1" } };
    expect(() => contractOf(covenant, rosterOf(), hub, primitives)).toThrow(
      expect.objectContaining({
        code: "invalid-value",
        hint: expect.stringContaining("overlap-threshold/1"),
      }),
    );
  });

  test("by the number of holders too, from the threshold on", () => {
    const { contract, plan } = planned(
      read(count("shape: histogram\n  atLeast: 2\n  mode: atLeast")),
      offered(),
    );
    expect(plan.protocol.id).toBe("overlap-threshold/1");
    expect(explain(contract, plan, { lang: "en" }).summary).toContain("exactly 2, 3, … parties hold");
    expect(contract.egress.filter(({ what }) => what === "C").every(({ bytes }) => bytes === 16)).toBe(true);
    const seen = contract.views.find(({ who }) => who.includes("coordinator"));
    expect(seen?.learns.map(({ fact }) => fact)).not.toContain("pattern");
  });

  test("from one holder on: the coordinator sees who holds what two hold, and how many keys there are", () => {
    const { contract, plan } = planned(read(count("shape: histogram\n  mode: atLeast")), offered());
    expect(plan.protocol.id).toBe("overlap-threshold/1");
    expect(contract.egress.filter(({ what }) => what === "C").every(({ bytes }) => bytes === 24)).toBe(true);
    const seen = contract.views.find(({ who }) => who.includes("coordinator"))?.learns ?? [];
    const beyond = seen.filter(({ fact }) => !["took-part", "timing", "size-padded"].includes(fact));
    expect(beyond.map(({ fact, about }) => `${fact} of ${about.join("+")}`)).toEqual([
      "count of coastguard+customs+harbour",
      "hit-pattern of coastguard+customs+harbour",
    ]);
  });

  test("names it beside the count of all pseudonyms, and that beside it", () => {
    const passedOver = (shape: string) => chosen(shape, count).refused.map(({ protocol }) => protocol);
    expect(passedOver(TWO)).toEqual(["overlap-hub/1"]);
    expect(passedOver(ALL)).toEqual(["overlap-threshold/1", "overlap-recipient/1"]);
  });

  test.each([
    ["shape: pairs\n  mode: atLeast", "mode: atLeast answers histogram and atLeast, not pairs"],
    ["shape: atLeast\n  mode: atLeast", `expected a field "atLeast"`],
    ["shape: histogram\n  atLeast: 1", "from 2 to 3"],
  ])("%s", (fields, message) => {
    expect(() => read(count(fields))).toThrow(message);
  });
});

describe("what is refused before anything runs", () => {
  test("limits, with what can be asked instead", () => {
    const names = Array.from({ length: 17 }, (_, at) => `p${at + 10}`);
    const text = SHIPS.replace(/from:.*\n/, `from: { ${names.map((name) => `${name}: d`).join(", ")} }\n`)
      .replace("mode: tokens", "mode: threshold")
      .replace(/recipients:.*\n/, "recipients: [p10]\n");
    const catalogue = names.map((name) => entry(name, "d", { imo: "imo" }, 256));
    expect(() => planned(read(text), catalogue, covenantOf(names))).toThrow(
      expect.objectContaining({ code: "too-many", hint: expect.stringContaining("mode: tokens") }),
    );
    const fewer = names.slice(0, 16);
    const large = text.replace(", p26: d", "").replace(/atLeast: \d+/, "atLeast: 8");
    const rows = fewer.map((name) => entry(name, "d", { imo: "imo" }, 2 ** 15));
    expect(() => planned(read(large), rows, covenantOf(fewer))).toThrow(/combinations of cells/);
  });

  test("a coordinator run by somebody of the question, or that may not see hits", () => {
    const question = read(three("atLeast: 3\n  tell: count"));
    for (const operator of ["customs", "harbour"]) {
      expect(() => planned(question, offered(), undefined, rosterOf(operator))).toThrow(
        expect.objectContaining({ code: "coordinator", party: operator }),
      );
    }
    const covenant = covenantOf(PARTIES);
    const blind = {
      ...covenant,
      protocols: covenant.protocols.map((one) => ({ ...one, coordinatorLearns: ["pattern"] as const })),
    };
    expect(() => planned(question, offered(), blind)).toThrow(/"hit-pattern"/);
  });

  test.each([
    ["flaggedBy: {}", "1 to 16 columns"],
    ["flaggedBy: { 1x: true }", "the name of a column"],
    ["flaggedBy: { flagged: true }\n  mode: tokens", "does not go with mode: tokens"],
  ])("%s", (fields, message) => {
    expect(() => read(three(`atLeast: 2\n  tell: holders\n  ${fields}`))).toThrow(message);
  });

  test("a flag that the column cannot have", () => {
    const question = read(three("atLeast: 2\n  tell: holders\n  flaggedBy: { flagged: sometimes }"));
    expect(() => planned(question, offered())).toThrow(QueryError);
  });
});

describe("the contract", () => {
  test("lists what a simulation sends, and says who is trusted for what", () => {
    const federation = new Federation(toyGroup(), oraclePrimitives, PARTIES);
    const lists = Object.fromEntries(PARTIES.map((party) => [party, inputsOf(["a", "b", party])]));
    federation.ceremony();
    for (const party of PARTIES) federation.evaluate(party, lists[party] ?? inputsOf([]));
    const shape = { atLeast: 3, tell: "count", flagged: true } as const;
    const more = { ...shape, planHash: new Uint8Array(32), flags: new Uint8Array(3) };
    const setups = federation.matchSetups(lists, ["customs"]).map((setup) => ({ ...setup, ...more }));
    const nodes = setups.map((setup) => [setup.me, matchThresholdParty(setup, federation.rng)] as const);
    const coordinator = thresholdCoordinator(sessionOf(setups));
    const run = federation.run({ ...Object.fromEntries(nodes), coordinator });
    const fields = "atLeast: 3\n  tell: count\n  flaggedBy: { flagged: true }";
    const { contract } = planned(read(three(fields)), offered());
    const own = contract.egress.filter(({ what }) => !/^(?:evaluate|keyset)\./.test(what));
    const left = run.transcript.map(({ from, to, type, bytes }) => `${from} ${to} ${type} ${bytes.length}`);
    expect(own.map(({ from, to, what, bytes }) => `${from} ${to} ${what} ${bytes}`).sort()).toEqual(
      left.sort(),
    );
    expect(contract.disclosures.map(({ id }) => id)).toEqual(expect.arrayContaining(["cells.customs.1"]));
    expect(contract.assumptions.map(({ id }) => id)).toEqual(
      expect.arrayContaining(["A7", "coordinator-tells"]),
    );
    expect(contract.text.en).toContain("if at least one of these has flagged it (flagged = true)");
    expect(contract.text.nl).toContain("als ten minste één van hen hem gemarkeerd heeft");
    expect(contract.warnings).toEqual(expect.arrayContaining(["COORDINATOR-HITS", "COORDINATOR-UNFLAGGED"]));
  });
});
