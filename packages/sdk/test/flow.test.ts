// SPDX-License-Identifier: Apache-2.0
// Money on its way, from where to where and when, through a whole lab: cell by cell under the same rules.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answerText } from "@koplamp/wire";
import { afterAll, expect, test } from "vitest";
import { toyWorkers } from "../../../test/toy/workers.ts";
import { runLab } from "../src/lab.ts";
import { readLab } from "../src/read-lab.ts";

const folder = mkdtempSync(join(tmpdir(), "flow-"));
const workers = toyWorkers();
afterAll(async () => {
  await workers.close();
  rmSync(folder, { recursive: true });
});

const LARGEST = String(Number.MAX_SAFE_INTEGER);
const ROWS: Readonly<Record<string, readonly string[]>> = {
  aa: [`NL,DE,2026-01,${LARGEST}`, "NL,DE,2026-02,7", "DE,NL,2026-01,5"],
  bb: [`NL,DE,2026-01,${LARGEST}`, "DE,NL,2026-01,-6", "NL,FR,2026-01,1"],
  cc: [`NL,DE,2026-01,${LARGEST}`, "NL,DE,2026-02,8", "NL,NL,2026-02,1"],
};
const amount = `{ kind: integer, min: -${LARGEST}, max: ${LARGEST}, unit: cent }`;

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test("a flow is told by origin, destination and period, beyond 2^53 cents, and says which is which", async () => {
  const parties = Object.entries(ROWS).map(([id, rows]) => {
    written(`${id}.csv`, `${["from,to,month,amount", ...rows].join("\n")}\n`);
    const columns = `{ from: { kind: category }, to: { kind: category }, month: { kind: month }, amount: ${amount} }`;
    return `  - { id: ${id}, name: ${id}, datasets: { moved: { file: ${id}.csv, columns: ${columns} } } }`;
  });
  const federation = written(
    "federation.yaml",
    `koplamp: federation/v1\nid: three\ncovenant: default\nparties:\n${parties.join("\n")}\n`,
  );
  const flow = "flow: { origin: from, destination: to, period: month }";
  const domain = "domain: { from: [DE, NL], to: [DE, NL], month: [2026-01, 2026-02] }";
  const query = written(
    "query.yaml",
    `koplamp: query/v1\nid: moved\nask: { kind: aggregate, from: { aa: moved, bb: moved, cc: moved }, ${flow}, ${domain}, measures: [count, sum(amount)] }\nrecipients: [aa]\nrelease: { minCount: 2, minContributors: 1 }\n`,
  );
  const { answer } = await runLab({ ...(await readLab({ federation, query })), workers });
  const { aa } = JSON.parse(answerText(answer)).results;
  expect(aa.flow).toEqual({ origin: "from", destination: "to", period: "month" });
  expect(aa.cells).toHaveLength(8);
  const shown = aa.cells.filter((cell: object) => !("withheld" in cell));
  expect(shown).toEqual([
    { group: { from: "DE", month: "2026-01", to: "NL" }, count: 2, "sum(amount)": -1 },
    {
      group: { from: "NL", month: "2026-01", to: "DE" },
      count: 3,
      "sum(amount)": String(3n * BigInt(Number.MAX_SAFE_INTEGER)),
    },
    { group: { from: "NL", month: "2026-02", to: "DE" }, count: 2, "sum(amount)": 15 },
  ]);
}, 60_000);
