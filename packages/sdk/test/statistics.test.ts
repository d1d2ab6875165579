// SPDX-License-Identifier: Apache-2.0
// Statistics through a whole lab: question, plan, sum, release and answer.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answerText } from "@koplamp/wire";
import { afterAll, describe, expect, test } from "vitest";
import { toyWorkers } from "../../../test/toy/workers.ts";
import { runLab } from "../src/lab.ts";
import { readLab } from "../src/read-lab.ts";

const folder = mkdtempSync(join(tmpdir(), "statistics-"));
const workers = toyWorkers();
afterAll(async () => {
  await workers.close();
  rmSync(folder, { recursive: true });
});

const PARTIES = ["aa", "bb", "cc"];
const ROWS: Readonly<Record<string, readonly string[]>> = {
  aa: ["NL,10,21,true", "NL,20,39,true", "BE,40,83,false", "NL,90,,true"],
  bb: ["NL,30,62,true", "BE,50,99,false", "BE,60,118,true"],
  cc: ["NL,5,8,false", "BE,70,143,false", "BE,,5,true"],
};
const column = "kind: integer, min: 0, max: 1000";
const party = (id: string): string =>
  `  - { id: ${id}, name: ${id}, datasets: { list: { file: ${id}.csv, columns: { place: { kind: category }, x: { ${column} }, y: { ${column} }, late: { kind: boolean } } } } }`;

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
for (const id of PARTIES) written(`${id}.csv`, `${["place,x,y,late", ...(ROWS[id] ?? [])].join("\n")}\n`);
const federation = written(
  "federation.yaml",
  `koplamp: federation/v1\nid: three\ncovenant: default\nparties:\n${PARTIES.map(party).join("\n")}\n`,
);

async function ask(groups: string, measures: string, release = "{ minCount: 2 }") {
  const from = "from: { aa: list, bb: list, cc: list }";
  const query = written(
    "query.yaml",
    `koplamp: query/v1\nid: asked\nask: { kind: aggregate, ${from}, ${groups}, measures: [${measures}] }\nrecipients: [bb]\nrelease: ${release}\n`,
  );
  const run = await runLab({ ...(await readLab({ federation, query })), workers });
  return { ...run, plain: JSON.parse(answerText(run.answer)) };
}

describe("statistics in a lab", { timeout: 60_000 }, () => {
  test("are those of all rows together, with their precision", async () => {
    const { plain, explanation } = await ask(
      "groupBy: [place], domain: { place: [BE, NL] }",
      'count, "variance(x)", "correlation(x,y)", "regression(y~x)"',
    );
    expect(plain.results.bb).toEqual({
      kind: "aggregate",
      cells: [
        {
          group: { place: "BE" },
          count: 5,
          "variance(x)": "166.666667",
          "correlation(x, y)": "0.994813",
          "regression(y ~ x).intercept": "1.30000000000",
          "regression(y ~ x).x": "1.99000000000",
          "regression(y ~ x).r-squared": "0.989654",
        },
        {
          group: { place: "NL" },
          count: 5,
          "variance(x)": "1180.000000",
          "correlation(x, y)": "0.998278",
          "regression(y ~ x).intercept": "-1.76271186441",
          "regression(y ~ x).x": "2.10847457627",
          "regression(y ~ x).r-squared": "0.996559",
        },
      ],
      precision: {
        "variance(x)": "6 decimals, half to even",
        "correlation(x, y)": "6 decimals, half to even",
        "regression(y ~ x)": "12 digits, half to even",
      },
    });
    expect(JSON.stringify(explanation)).toContain("regression(y ~ x)");
  });

  test("of a table follow from its released cells", async () => {
    const { plain } = await ask(
      'groupBy: [late, x], domain: { late: ["false", "true"], x: [0..39, 40..1000] }',
      'count, "chi-square(late,x)", "quantile(x; 0.5)"',
      "{ minCount: 1 }",
    );
    expect(plain.results.bb.cells.map((cell: { count: number }) => cell.count)).toEqual([1, 3, 3, 2]);
    expect(plain.results.bb.statistics).toEqual([
      { statistic: "chi-square(late, x)", group: {}, value: "1.102500", degrees: 1 },
      { statistic: "quantile(x; 0.5)", group: { late: "false" }, value: "40..1000" },
      { statistic: "quantile(x; 0.5)", group: { late: "true" }, value: "0..39" },
    ]);
  });

  test("on fewer rows than the floor are left out, and under noise refused", async () => {
    const groups = "groupBy: [place], domain: { place: [BE, NL] }";
    const { plain } = await ask(groups, 'count, "variance(x)", "regression(y~x)"', "{ minCount: 5 }");
    expect(plain.results.bb.cells).toEqual([
      { group: { place: "BE" }, count: 5 },
      { group: { place: "NL" }, count: 5, "variance(x)": "1180.000000" },
    ]);
    await expect(ask(groups, 'count, "variance(x)"', "{ noise: { epsilon: 1 } }")).rejects.toThrow(
      expect.objectContaining({ message: '"variance(x)" is not told under noise' }),
    );
  });
});
