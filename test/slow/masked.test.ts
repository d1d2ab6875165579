// SPDX-License-Identifier: Apache-2.0
// A cube of more numbers than one session under a collective key takes: the planner chooses masks, and the whole lab runs.
import type { ReadSource } from "@koplamp/engine";
import { readQuestion } from "@koplamp/query";
import { runLab } from "@koplamp/sdk";
import type { AggregateResult, DatasetSpec } from "@koplamp/wire";
import { afterAll, expect, test } from "vitest";
import { realMeans } from "../simulation/compare.ts";

const means = realMeans();
afterAll(() => means.workers.close());

const PARTIES = ["aa", "bb", "cc"];
const SIDE = 750;
const ROWS = 40_000;
const PLACES = Array.from({ length: SIDE }, (_, at) => `p${at}`);
const columns: DatasetSpec["columns"] = { from: { kind: "category" }, to: { kind: "category" } };

/** Rows of a party: cells that the parties share, unevenly, and one that only the first has. */
function placesOf(party: number): readonly (readonly [from: number, to: number])[] {
  const rows = Array.from({ length: ROWS }, (_, at) => {
    const cell = (at * (party + 1) * 7919) % (SIDE * SIDE);
    return [Math.floor(cell / SIDE), cell % SIDE] as const;
  });
  return party === 0 ? [...rows, [1, 0], [1, 0], [1, 0]] : rows;
}

const readSource: ReadSource = async ({ file }, names) => {
  const rows = placesOf(PARTIES.indexOf(file));
  const column = (name: string) => rows.map(([from, to]) => `p${name === "from" ? from : to}`);
  const table = { rows: rows.length, columns: Object.fromEntries(names.map((name) => [name, column(name)])) };
  return { table, quality: {}, digest: new Uint8Array(32) };
};

test("562,500 cells are summed under masks, by the planner's choice, and are what the rows add up to", {
  timeout: 3_600_000,
}, async () => {
  const list = PLACES.join(", ");
  const text = `koplamp: query/v1
id: large
ask: { kind: aggregate, from: { aa: moved, bb: moved, cc: moved }, groupBy: [from, to], domain: { from: [${list}], to: [${list}] }, measures: [count] }
recipients: [aa]
release: { minCount: 2, minContributors: 1 }
`;
  const parties = PARTIES.map((id) => ({
    id,
    name: id,
    datasets: { moved: { file: id, nulls: [], columns } },
  }));
  const { answer, outcomes } = await runLab({
    federation: { id: "large", covenant: "default", parties },
    question: readQuestion(text, { file: "large.yaml", lab: true }),
    readSource,
    ...means,
  });
  if (answer.status !== "released") throw new Error(JSON.stringify(answer.refusal));
  expect(outcomes["aa"]?.plan?.protocol).toMatchObject({ id: "sum-masked/1", params: "words-64" });
  const counts = new Int32Array(SIDE * SIDE);
  for (const party of PARTIES.keys()) {
    for (const [from, to] of placesOf(party)) counts[from * SIDE + to] = (counts[from * SIDE + to] ?? 0) + 1;
  }
  const { cells } = answer.results["aa"] as AggregateResult;
  expect(cells.length).toBe(SIDE * SIDE);
  const wrong = cells.filter((cell, at) => {
    const count = counts[at] ?? 0;
    const { from, to } = cell.group;
    if (from !== PLACES[Math.floor(at / SIDE)] || to !== PLACES[at % SIDE]) return true;
    return "measures" in cell ? count < 2 || cell.measures["count"] !== count : count >= 2;
  });
  expect(wrong).toEqual([]);
  expect(cells.filter((cell) => "measures" in cell).length).toBeGreaterThan(10_000);
});
