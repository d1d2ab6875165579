// SPDX-License-Identifier: Apache-2.0
// The other ways to answer a question: what they would leak, what they cost, and what rules them out.
import type { Covenant } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import { explain, readQuestion } from "../src/index.ts";
import { covenantOf, entry, planned } from "./agreement.ts";
import { COUNTS, ONE_OFF_MATCH, PAIR_COUNT, PAIR_MATCH, REPORTS, SHIPS } from "./samples.ts";

const OFFERED = [
  entry("customs", "watch", { imo: "imo" }, 256),
  entry("harbour", "ships", { imo: "imo" }, 1536),
  entry("coastguard", "seen", { imo: "imo" }, 384),
];
const THREE = "customs: watch, coastguard: seen";

function told(text: string, covenant?: Covenant, lang: "nl" | "en" = "en") {
  const question = readQuestion(text, { file: "q.yaml", lab: false });
  const names = question.sources.map(({ party }) => party);
  const found = planned(
    question,
    OFFERED.filter(({ party }) => names.includes(party)),
    covenant,
  );
  return explain(found.contract, found.plan, { lang, covenant: found.covenant });
}

const forces = (text: string, covenant?: Covenant): readonly string[] =>
  told(text, covenant).otherWays.map(({ force, possible }) => `${force}${possible ? "" : ": no"}`);
const way = (text: string, force: string, covenant?: Covenant) => {
  const found = told(text, covenant).otherWays.find((one) => one.force === force);
  if (found === undefined) throw new Error(`no way ${force}`);
  return found;
};
const pairs = PAIR_COUNT.replace("customs: watch", THREE);

describe("the ways that there are", () => {
  test("of each question: those whose mode can be named, but the one that is taken", () => {
    expect(forces(ONE_OFF_MATCH)).toEqual(["mode: bulk", "mode: tokens", "mode: threshold"]);
    expect(forces(SHIPS)).toEqual(["mode: pair", "mode: bulk", "mode: threshold"]);
    expect(forces(COUNTS)).toEqual(["mode: recipient", "mode: atLeast"]);
    expect(forces(pairs)).toEqual(["mode: hub", "mode: pairs.local"]);
    const three = COUNTS.replace("shape: histogram", "shape: atLeast\n  atLeast: 2");
    expect(forces(three)).toEqual(["mode: hub", "mode: recipient"]);
  });

  test("of a sum there is none to name, and without the covenant nothing is said", () => {
    const question = readQuestion(PAIR_MATCH, { file: "q.yaml", lab: false });
    const { contract, plan } = planned(question, OFFERED.slice(0, 2));
    expect(explain(contract, plan, { lang: "en" }).otherWays).toEqual([]);
    const reports = readQuestion(REPORTS, { file: "q.yaml", lab: false });
    const columns = { region: "category", month: "month", settled: "boolean", amount: "integer" } as const;
    const sum = planned(
      reports,
      ["north", "south", "west"].map((party) => entry(party, "reports", columns, 4096)),
    );
    expect(explain(sum.contract, sum.plan, { lang: "en", covenant: sum.covenant }).otherWays).toEqual([]);
  });

  test("each can be asked for as it says, and then is what the plan takes, at the cost that it said", () => {
    for (const text of [ONE_OFF_MATCH, SHIPS, COUNTS, pairs]) {
      for (const { force, protocol, cost } of told(text).otherWays) {
        const line = text.includes("mode:")
          ? text.replace(/mode: [a-z.]+/, force)
          : text.replace(/(tell: holders|shape: histogram)/, `$1\n  ${force}`);
        const asked = told(line);
        expect(asked.protocol).toBe(protocol);
        expect(asked.cost).toEqual(cost);
      }
    }
  });

  test("a way that the covenant does not allow is named, with what rules it out, and has no cost", () => {
    const covenant = covenantOf(["coastguard", "customs", "harbour", "insurer"]);
    const protocols = covenant.protocols
      .filter(({ id }) => id !== "match-pair-count-local/1")
      .map((row) => ({ ...row, coordinatorLearns: [] }));
    const change = { ...covenant, protocols };
    expect(forces(pairs, change)).toEqual(["mode: hub: no", "mode: pairs.local: no"]);
    expect(way(pairs, "mode: hub", change).why).toContain('the coordinator learns "pattern"');
    expect(way(pairs, "mode: pairs.local", change).why).toContain("does not admit match-pair-count-local/1");
    expect(way(pairs, "mode: hub", change)).not.toHaveProperty("cost");
  });

  test("tokens over sensitive data are ruled out by what refuses them", () => {
    const covenant = covenantOf(["customs", "harbour"]);
    const dataClasses = [{ party: "customs", dataset: "watch" }].map(({ party, dataset }) => ({
      ...{ id: "c", party, dataset, columns: ["imo"], registerSize: 1000 },
      ...{ sensitivity: "criminal" as const, allow: [] },
    }));
    const found = way(ONE_OFF_MATCH, "mode: tokens", { ...covenant, dataClasses });
    expect(found.possible).toBe(false);
    expect(found.why).toContain("over sensitive data two parties match under a key for one question");
  });
});

describe("what would be learned otherwise", () => {
  test("tokens let everybody compare later; a key for one question lets nobody", () => {
    const { more, less } = way(ONE_OFF_MATCH, "mode: tokens");
    expect(more.map(({ who }) => who)).toEqual(["customs", "harbour"]);
    expect(more[0]?.learns.join()).toContain("that it has evaluated in this epoch");
    expect(less).toEqual([]);
    expect(way(SHIPS, "mode: pair").less).toEqual(more);
  });

  test("the hub shows the coordinator the pattern; pairs show it nothing, and whoever counts its numbers", () => {
    const hub = way(pairs, "mode: hub");
    expect(hub.more.map(({ who }) => who)).toContain("coordinator");
    expect(hub.more.find(({ who }) => who === "coordinator")?.learns.join()).toContain("in pseudonyms");
    const free = pairs.replace("  mode: pairs.blind\n", "");
    const blind = way(free, "mode: pairs.blind");
    expect(blind.less.map(({ who }) => who)).toContain("coordinator");
    expect(blind.more.map(({ who }) => who)).not.toContain("coordinator");
    expect(blind.more.find(({ who }) => who === "harbour")?.learns.join()).toContain("keys");
  });

  test("tables show the coordinator who holds what several hold, and never the pattern", () => {
    const tables = way(COUNTS, "mode: atLeast");
    const at = (list: typeof tables.more): string =>
      list.find(({ who }) => who === "coordinator")?.learns.join() ?? "";
    expect(at(tables.more)).toContain("the pattern of hits");
    expect(at(tables.less)).toContain("which keys are at which of");
    expect(at(tables.less)).not.toContain("numbers of keys"); // how many there are in all it learns in both
    expect(tables.why).toContain("of what one party alone holds the number only");
  });

  test("in words, in both languages", () => {
    for (const lang of ["en", "nl"] as const) {
      const { otherWays } = told(pairs, undefined, lang);
      expect(otherWays.map(({ why, more, less }) => ({ why, more, less }))).toMatchSnapshot();
    }
  });
});

describe("what it costs, party by party", () => {
  test("the figures of the question are those of who pays most", () => {
    for (const text of [ONE_OFF_MATCH, SHIPS, COUNTS, pairs]) {
      const { cost } = told(text);
      for (const what of ["firstSeconds", "repeatSeconds", "bytesOut", "bytesIn"] as const) {
        expect(cost[what]).toBe(Math.max(...cost.parties.map((row) => row[what])));
      }
    }
  });

  test("who has its list evaluated pays for it, and who evaluates; who only gets a number pays nothing", () => {
    const at = (text: string, party: string) => {
      const found = told(text).cost.parties.find((row) => row.party === party);
      if (found === undefined) throw new Error(`no cost of ${party}`);
      return found;
    };
    const [asking, answering] = [at(ONE_OFF_MATCH, "customs"), at(ONE_OFF_MATCH, "harbour")];
    expect(asking.bytesOut).toBe(256 * 32 + 2 * 32);
    expect(answering.bytesOut).toBe(72 + 2 * 32 + 256 * 32 + 64 + 32 + 1536 * 16);
    expect(answering.firstSeconds).toBeGreaterThan(asking.firstSeconds);
    expect(at(PAIR_COUNT, "insurer").firstSeconds).toBe(0);
    expect(at(ONE_OFF_MATCH, "harbour").repeatSeconds).toBe(answering.firstSeconds);
    expect(at(SHIPS, "harbour").repeatSeconds).toBeLessThan(at(SHIPS, "harbour").firstSeconds / 10);
  });

  test("rounds are kinds of messages; keys and evaluations come before a first question only", () => {
    expect(told(ONE_OFF_MATCH).cost).toMatchObject({ rounds: 6, repeatRounds: 6 });
    expect(told(PAIR_COUNT).cost).toMatchObject({ rounds: 7, repeatRounds: 7 });
    expect(told(SHIPS).cost).toMatchObject({ rounds: 3 + 3 + 5, repeatRounds: 3 });
  });
});
