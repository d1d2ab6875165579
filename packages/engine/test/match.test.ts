// SPDX-License-Identifier: Apache-2.0
import type { AnswerResult } from "@koplamp/wire";
import { afterEach, describe, expect, it } from "vitest";
import type { Outcome } from "../src/index.ts";
import { countOf, Federation, type Lists, matchOf, type Wishes } from "./federation.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

function open(lists: Lists, wishes?: Wishes): Federation {
  federation = new Federation(lists, wishes);
  return federation;
}

function resultOf(outcome: Outcome<AnswerResult>): AnswerResult | undefined {
  expect(outcome).toMatchObject({ status: "released" });
  return outcome.status === "released" ? outcome.result : undefined;
}

const THREE = { anna: ["x", "y", "z", "z", ""], bert: ["y", "z", "q"], cleo: ["z", "r"] };
const PARTIES = ["anna", "bert", "cleo"];

describe("a match", () => {
  it("tells each recipient the holders of its own keys, and nobody else anything", async () => {
    const all = open(THREE);
    const outcome = await all.ask("anna", matchOf(PARTIES, ["anna", "cleo"]));
    expect(resultOf(outcome)).toEqual({
      kind: "match",
      matches: [
        { key: ["y"], holders: ["anna", "bert"] },
        { key: ["z"], holders: ["anna", "bert", "cleo"] },
      ],
    });
    const [bert, cleo] = await all.outcomes(["bert", "cleo"]);
    expect(resultOf(bert ?? outcome)).toBeUndefined();
    expect(resultOf(cleo ?? outcome)).toEqual({
      kind: "match",
      matches: [{ key: ["z"], holders: ["anna", "bert", "cleo"] }],
    });
  });

  it.each([
    ["count", [{ key: ["z"], holders: 3 }]],
    ["nothing", [{ key: ["z"] }]],
  ])("tells %s where the question says so, from atLeast on", async (tell, matches) => {
    const all = open(THREE);
    const outcome = await all.ask("anna", matchOf(PARTIES, ["anna"], { tell, atLeast: 3 }));
    expect(resultOf(outcome)).toEqual({ kind: "match", matches });
  });

  it("is asked by a party that holds nothing and receives nothing", async () => {
    const all = open({ ...THREE, dora: undefined });
    const outcome = await all.ask("dora", matchOf(PARTIES, ["bert"]));
    expect(resultOf(outcome)).toBeUndefined();
    const [bert] = await all.outcomes(["bert"]);
    expect(resultOf(bert ?? outcome)).toMatchObject({ matches: [{ key: ["y"] }, { key: ["z"] }] });
  });

  it("works between two, over empty lists and over lists without a common key", async () => {
    const all = open({ anna: [], bert: ["a", "b"] });
    for (const id of ["one", "two"]) {
      const outcome = await all.ask("anna", matchOf(["anna", "bert"], ["anna", "bert"], { id }));
      expect(resultOf(outcome)).toEqual({ kind: "match", matches: [] });
      all.machine("anna").list = ["c"];
    }
  });

  it("discloses exactly the lines of its contract, each once", async () => {
    const all = open(THREE);
    const outcome = await all.ask("anna", matchOf(PARTIES, ["anna", "cleo"]));
    const [bert, cleo] = await all.outcomes(["bert", "cleo"]);
    const disclosed = [outcome, bert, cleo].flatMap((one) => one?.disclosures ?? []);
    const lines = outcome.contract?.disclosures ?? [];
    expect(disclosed.map(({ id, from, to }) => [id, from, to].join(" ")).sort()).toEqual(
      lines.map(({ id, from, to }) => [id, from, to].join(" ")).sort(),
    );
    expect(lines).toHaveLength(10);
  });
});

describe("a count", () => {
  it.each([
    ["histogram", "", { histogram: { "1": 3, "2": 1, "3": 1 } }],
    ["histogram", "recipient", { histogram: { "1": 3, "2": 1, "3": 1 } }],
    ["histogram", "atLeast", { histogram: { "1": 3, "2": 1, "3": 1 } }],
    ["pairs", "", { pairs: { "anna&bert": 2, "anna&cleo": 1, "bert&cleo": 1 } }],
    ["atLeast, atLeast: 2", "", { atLeast: { "2": 2 } }],
    ["atLeast, atLeast: 1", "recipient", { atLeast: { "1": 5 } }],
    ["atLeast, atLeast: 1", "atLeast", { atLeast: { "1": 5 } }],
  ])("gives %s (%s) to a recipient that holds no keys", async (shape, mode, counts) => {
    const all = open({ ...THREE, dora: undefined });
    const outcome = await all.ask("dora", countOf(PARTIES, ["dora"], { shape, mode }));
    expect(resultOf(outcome)).toEqual({ kind: "overlap-count", ...counts });
  });

  it.each(["", "recipient", "atLeast"])(
    "withholds what is below minCount, at several recipients (%s)",
    async (mode) => {
      const all = open({ ...THREE, dora: undefined });
      const outcome = await all.ask("anna", countOf(PARTIES, ["anna", "dora"], { minCount: 2, mode }));
      const withheld = { withheld: "minCount" };
      const expected = { kind: "overlap-count", histogram: { "1": 3, "2": withheld, "3": withheld } };
      expect(resultOf(outcome)).toEqual(expected);
      const [dora] = await all.outcomes(["dora"]);
      expect(resultOf(dora ?? outcome)).toEqual(expected);
      const ledger = all.machine("anna").ports.ledger;
      const release = ledger.entriesOf(outcome.planHash ?? "").find(({ entry }) => entry.type === "release");
      expect(release?.entry.body).toMatchObject({ withheld: [{ rule: "minCount", cells: 2 }] });
    },
  );

  it.each(["", "atLeast"])("is acknowledged by the coordinator, which counted (%s)", async (mode) => {
    const all = open({ ...THREE, dora: undefined });
    const outcome = await all.ask("dora", countOf(PARTIES, ["dora"], { mode }));
    await all.outcomes(PARTIES);
    for (const party of PARTIES) {
      const entries = all.machine(party).ports.ledger.entriesOf(outcome.planHash ?? "");
      const types = entries.map(({ entry }) => entry.type);
      expect(types.filter((type) => type === "deliver" || type === "undelivered")).toEqual(["deliver"]);
      expect(entries.find(({ entry }) => entry.type === "disclose")?.entry.body).toMatchObject({
        to: ["coordinator", "dora"],
      });
    }
  });
});
