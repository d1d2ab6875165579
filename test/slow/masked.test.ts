// SPDX-License-Identifier: Apache-2.0
// Cubes of more numbers than one session under a collective key takes: the planner chooses masks, and the whole lab runs.
import type { ReadSource } from "@koplamp/engine";
import { readQuestion } from "@koplamp/query";
import { runLab } from "@koplamp/sdk";
import type { AggregateResult, DatasetSpec } from "@koplamp/wire";
import { afterAll, expect, test } from "vitest";
import { realMeans } from "../simulation/compare.ts";

const means = realMeans();
afterAll(() => means.workers.close());

const PARTIES = ["aa", "bb", "cc"];
const ROWS = 40_000;
const columns: DatasetSpec["columns"] = {
  from: { kind: "category" },
  to: { kind: "category" },
  year: { kind: "category" },
};

/** Names on three axes, the last of which runs fastest. */
interface Axes {
  readonly sizes: readonly [from: number, to: number, year: number];
}

/** Cells of a party's rows: some that the parties share, unevenly, and one that only the first has. */
function cellsAt(party: number, { sizes }: Axes): readonly number[] {
  const all = sizes.reduce((product, size) => product * size, 1);
  const rows = Array.from({ length: ROWS }, (_, at) => (at * (party + 1) * 79_192_111) % all);
  return party === 0 ? [...rows, 5, 5, 5] : rows;
}

function nameOf(cell: number, axis: number, { sizes: [, to, year] }: Axes): string {
  return `p${[Math.floor(cell / year / to), Math.floor(cell / year) % to, cell % year][axis]}`;
}

function sourceOf(axes: Axes): ReadSource {
  return async ({ file }, names) => {
    const cells = cellsAt(PARTIES.indexOf(file), axes);
    const of = (name: string): readonly string[] =>
      cells.map((cell) => nameOf(cell, Object.keys(columns).indexOf(name), axes));
    const table = { rows: cells.length, columns: Object.fromEntries(names.map((name) => [name, of(name)])) };
    return { table, quality: {}, digest: new Uint8Array(32) };
  };
}

/** Cells with two rows or more, by the rows themselves. */
function expectedOf(axes: Axes): readonly (readonly [cell: number, count: number])[] {
  const counts = new Map<number, number>();
  for (const cell of PARTIES.flatMap((_, party) => cellsAt(party, axes))) {
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count >= 2).sort(([a], [b]) => a - b);
}

const textOf = ({ sizes }: Axes): string => {
  const domain = Object.keys(columns).map((column, axis) => {
    const values = Array.from({ length: sizes[axis] ?? 0 }, (_, at) => `p${at}`);
    return `${column}: [${values.join(", ")}]`;
  });
  return `koplamp: query/v1
id: large
ask: { kind: aggregate, from: { aa: moved, bb: moved, cc: moved }, groupBy: [from, to, year], domain: { ${domain.join(", ")} }, measures: [count] }
recipients: [aa]
release: { minCount: 2, minContributors: 1 }
`;
};

test.each<Axes>([{ sizes: [750, 750, 1] }, { sizes: [1000, 1000, 10] }, { sizes: [1000, 1000, 134] }])(
  "$sizes cells are summed under masks, by the planner's choice, and are what the rows add up to",
  {
    timeout: 3_600_000,
  },
  async (axes) => {
    const parties = PARTIES.map((id) => ({
      id,
      name: id,
      datasets: { moved: { file: id, nulls: [], columns } },
    }));
    const { answer, outcomes } = await runLab({
      federation: { id: "large", covenant: "default", parties },
      question: readQuestion(textOf(axes), { file: "large.yaml", lab: true }),
      readSource: sourceOf(axes),
      ...means,
    });
    if (answer.status !== "released") throw new Error(JSON.stringify(answer.refusal));
    expect(outcomes["aa"]?.plan?.protocol).toMatchObject({ id: "sum-masked/1", params: "words-64" });
    const { cells, others } = answer.results["aa"] as AggregateResult;
    const expected = expectedOf(axes);
    expect(expected.length).toBeGreaterThan(1000);
    const told = cells.map((cell) => [
      Object.values(cell.group).join(),
      "measures" in cell ? cell.measures["count"] : cell,
    ]);
    expect(told).toEqual(
      expected.map(([cell, count]) => [[0, 1, 2].map((axis) => nameOf(cell, axis, axes)).join(), count]),
    );
    const all = axes.sizes.reduce((product, size) => product * size, 1);
    expect(others).toMatchObject({ cells: all - cells.length, withheld: ["minCount"] });
  },
);
