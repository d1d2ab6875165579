// SPDX-License-Identifier: Apache-2.0
// What a verifier adds up of the budgets of datasets: on a real sum under a real agreement, and on ledgers that lie.
import { loadHe } from "@koplamp/he";
import type { Covenant, EntryDebit } from "@koplamp/wire";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Federation, primitives, sumOf } from "../../engine/test/federation.ts";
import type { ReportLine } from "../src/report.ts";
import { agreed, type Made, made, verified } from "./bundles.ts";

const LISTS = { anna: ["1@a@5", "2@b@7"], bert: ["3@a@1", "4@b@2"], cleo: ["5@b@9"] };
const row = (party: string, period: string): Covenant["budgets"][number] => ({
  party,
  dataset: "list",
  unit: "row",
  period,
  rhoMicro: 0,
  exactCells: 3,
  repeats: 1,
});

let federation: Federation;
let one: Made;
beforeAll(async () => {
  const he = await loadHe(primitives);
  const budgets = [row("bert", "P1Y"), row("bert", "P1M"), row("cleo", "P1Y")];
  federation = agreed(LISTS, { he, terms: (terms) => ({ ...terms, budgets }) });
  one = await made(federation, "anna", sumOf(Object.keys(LISTS), ["anna"]));
}, 60_000);
afterAll(() => federation.close());

function quotas(bytes: Uint8Array): ReportLine | undefined {
  return verified(bytes, one.covenant).lines.find(({ promise }) => promise === "quotas");
}

/** The bundle in which bert states other debits in entries of one type. */
function stating(type: string, change: (debits: readonly EntryDebit[]) => readonly EntryDebit[]): Uint8Array {
  return one.rewritten((entry, party) => {
    if (party !== "bert" || entry.type !== type) return [entry];
    const debits = change(entry.body["debits"] as readonly EntryDebit[]); // safe: these types have them
    return [{ ...entry, body: { ...entry.body, debits } }];
  });
}

it("is what contract and agreement say, for each row over the dataset", () => {
  expect(quotas(one.bytes)).toMatchObject({ verdict: "PASS" });
  const debits = one.bundle.entries.flatMap(({ party, entry }) =>
    ["begin", "disclose"].includes(entry.type) ? [[party, entry.type, entry.body["debits"]]] : [],
  );
  const cells = { unit: "exactCells", amount: 2 };
  const run = { unit: "repeats", amount: 1 };
  expect(debits).toEqual([
    ["anna", "begin", []],
    ["bert", "begin", [run, run]],
    ["bert", "disclose", [cells, cells]],
    ["cleo", "begin", [run]],
    ["cleo", "disclose", [cells]],
  ]);
});

it.each<readonly [string, string, (debits: readonly EntryDebit[]) => readonly EntryDebit[], string]>([
  ["cells that were told for nothing", "disclose", () => [], "bert states 0 exactCells"],
  ["a row that was not charged", "disclose", (debits) => debits.slice(1), "states 2 exactCells"],
  ["fewer cells", "disclose", (debits) => debits.map((debit) => ({ ...debit, amount: 1 })), "states 1,1"],
  [
    "more than the budget",
    "disclose",
    (debits) => debits.map((debit) => ({ ...debit, amount: 4 })),
    "8 of bert",
  ],
  ["a run that was not counted", "begin", () => [], "bert states 0 repeats"],
])("fails for %s", (_what, type, change, why) => {
  expect(quotas(stating(type, change))).toMatchObject({
    verdict: "FAIL",
    detail: expect.stringContaining(why),
  });
});
