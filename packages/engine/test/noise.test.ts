// SPDX-License-Identifier: Apache-2.0
// Noise on a node: what it costs is charged for good, and the same question has the same noisy answer.
import { type HeBackend, loadHe } from "@koplamp/he";
import type { Terms } from "@koplamp/sdk";
import type { AggregateResult } from "@koplamp/wire";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Outcome } from "../src/index.ts";
import { Federation, type Lists, primitives, sumOf, type Wishes } from "./federation.ts";

const THREE = ["anna", "bert", "cleo"];
const rows = (party: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${party}${at}@${at % 5 === 0 ? "b" : "a"}@${at % 10}`);
const LISTS = { anna: rows("a", 200), bert: rows("b", 150), cleo: rows("c", 100) };
const SLOW = { timeout: 120_000 };
let he: HeBackend;
let federation: Federation | undefined;
beforeAll(async () => {
  he = await loadHe(primitives);
});
afterEach(async () => {
  await federation?.close();
});

function open(rhoMicro: number, wishes: Wishes = {}, lists: Lists = LISTS): Federation {
  const row = {
    party: "bert",
    dataset: "list",
    unit: "row",
    period: "P1Y",
    exactCells: 0,
    repeats: 9,
  } as const;
  const terms = (own: Terms): Terms => ({ ...own, budgets: [{ ...row, rhoMicro }] });
  federation = new Federation(lists, { he, graceMs: 500, terms, ...wishes });
  return federation;
}

const noisy = (more: Parameters<typeof sumOf>[2] = {}, recipients = ["anna"]) =>
  sumOf(THREE, recipients, { noise: "{ epsilon: 5 }", ...more });

function cellsOf(outcome: Outcome): AggregateResult["cells"] {
  if (outcome.status !== "released") throw new Error(`expected an answer: ${outcome.message}`);
  return (outcome.result as AggregateResult).cells;
}

describe("a noisy answer", () => {
  it("is near the exact one, says how near, and is the same for every recipient", SLOW, async () => {
    const all = open(10_000_000);
    const outcome = await all.ask("anna", noisy({}, ["anna", "cleo"]));
    const [first, second] = cellsOf(outcome);
    if (first === undefined || !("measures" in first)) throw new Error("expected a cell");
    const { count = 0 } = first.measures;
    const { count: off = 0 } = first.uncertainty ?? {};
    expect(Number(off)).toBeGreaterThan(3);
    expect(Math.abs(Number(count) - 360)).toBeLessThan(3.3 * Number(off)); // 6.4 standard deviations
    expect(second).toHaveProperty("uncertainty");
    const [cleo] = await all.outcomes(["cleo"]);
    if (cleo === undefined) throw new Error("expected an outcome");
    expect(cellsOf(cleo)).toEqual(cellsOf(outcome));
  });

  it("is stored: the same question draws no other noise", SLOW, async () => {
    const all = open(10_000_000);
    const first = await all.ask("anna", noisy());
    await all.outcomes(["bert", "cleo"]);
    const again = await all.ask("anna", noisy());
    expect(again).toHaveProperty("stored");
    expect(cellsOf(again)).toEqual(cellsOf(first));
  });

  it("is withheld where the noise may have lifted it over the floor", SLOW, async () => {
    const kinds = Array.from({ length: 64 }, (_, at) => `k${at}`);
    const lists = Object.fromEntries(
      THREE.map((party) => [party, kinds.map((kind, at) => `${party}${at}@${kind}@1`)]),
    );
    const all = open(10_000_000, {}, lists);
    // Three rows in each cell, and a floor of three: noise alone lifts about half of them to the floor, and few so far
    // beyond it that no noise can have done it (2 in 100; 14 of 64 happen once in 10^9).
    const cells = cellsOf(await all.ask("anna", noisy({ minCount: 3, id: "floor", kinds })));
    expect(cells).toHaveLength(64);
    expect(cells.filter((cell) => "measures" in cell).length).toBeLessThan(14);
  });
});

describe("the budget of noise", () => {
  it(
    "is charged with each disclosure, and refuses what would pass it, whatever the purpose",
    SLOW,
    async () => {
      const all = open(500_000);
      const first = await all.ask("anna", noisy({ id: "one" }));
      expect(first.contract?.debits).toContainEqual({
        holder: "bert",
        asker: "anna",
        unit: "rhoMicro",
        amount: 385_346,
      });
      await all.outcomes(["bert", "cleo"]);
      const { entry } =
        all
          .machine("bert")
          .ports.ledger.entriesOf(first.planHash ?? "")
          .find((placed) => placed.entry.type === "disclose") ?? {};
      expect(entry?.body["debits"]).toEqual([{ unit: "rhoMicro", amount: 385_346 }]);
      const refused = await all.ask("cleo", noisy({ id: "two", kinds: ["a"] }, ["cleo"]));
      expect(refused).toMatchObject({
        status: "refused",
        party: "bert",
        rule: "budgets/1",
        message: expect.stringContaining("114654 are left, and the question takes 385346"),
      });
    },
  );

  it("is apart from that of exact cells, of which there are none here", SLOW, async () => {
    const all = open(10_000_000);
    expect(await all.ask("anna", sumOf(THREE, ["anna"]))).toMatchObject({
      status: "refused",
      rule: "budgets/1",
    });
    expect(await all.ask("anna", noisy())).toMatchObject({ status: "released" });
  });
});
