// SPDX-License-Identifier: Apache-2.0
// A sum under masks, from the question to the ledgers: the agreement admits nothing else here, so that a small one takes it.
import type { Terms } from "@koplamp/sdk";
import type { AggregateResult } from "@koplamp/wire";
import { afterEach, describe, expect, it } from "vitest";
import { tinyBfv } from "../../../test/toy/bfv.ts";
import type { Outcome } from "../src/index.ts";
import { Federation, rng, sumOf } from "./federation.ts";

const THREE = ["anna", "bert", "cleo"];
const LISTS = {
  anna: ["a1@a@5", "a2@a@7", "a3@b@1"],
  bert: ["b1@a@11", "b2@b@2"],
  cleo: ["c1@a@100"],
};
const masked = (terms: Terms): Terms => ({
  ...terms,
  protocols: terms.protocols.filter(({ id }) => id !== "sum-threshold/1"),
});
let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

function open(lists: Readonly<Record<string, readonly string[]>> = LISTS): Federation {
  federation = new Federation(lists, { terms: masked, graceMs: 500, he: tinyBfv(rng) });
  return federation;
}

function cellsOf(outcome: Outcome): AggregateResult["cells"] {
  if (outcome.status !== "released") throw new Error(`expected an answer: ${outcome.message}`);
  return (outcome.result as AggregateResult).cells;
}

describe("a sum under masks, on nodes", () => {
  it("is what the rows add up to, at every recipient", async () => {
    const all = open();
    const outcome = await all.ask("anna", sumOf(THREE, ["anna", "cleo"]));
    expect(cellsOf(outcome)).toEqual([
      { group: { kind: "a" }, measures: { count: 4, "sum(n)": 123 } },
      { group: { kind: "b" }, measures: { count: 2, "sum(n)": 3 } },
    ]);
    const [cleo] = await all.outcomes(["cleo"]);
    if (cleo === undefined) throw new Error("expected an outcome");
    expect(cellsOf(cleo)).toEqual(cellsOf(outcome));
  });

  it("shows no cell below the floor", async () => {
    const outcome = await open().ask("anna", sumOf(THREE, ["anna"], { minCount: 3 }));
    expect(cellsOf(outcome).map((cell) => ("withheld" in cell ? cell.withheld : cell.measures))).toEqual([
      { count: 4, "sum(n)": 123 },
      ["minCount"],
    ]);
  });

  it("takes more numbers than one chunk has, unevenly", async () => {
    const kinds = Array.from({ length: 900 }, (_, at) => `k${at}`);
    const lists = Object.fromEntries(
      THREE.map((party, own) => [party, kinds.map((kind, at) => `${party}${at}@${kind}@${own + at}`)]),
    );
    const outcome = await open(lists).ask("anna", sumOf(THREE, ["anna"], { kinds }));
    const cells = cellsOf(outcome);
    expect(cells.length).toBe(900);
    cells.forEach((cell, at) => {
      expect("measures" in cell ? cell.measures : {}).toEqual({ count: 3, "sum(n)": 3 * at + 3 });
    });
  });
});
