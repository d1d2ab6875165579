// SPDX-License-Identifier: Apache-2.0
// The answer to a trend: as a table and as a file for a spreadsheet.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { koplamp, transcript } from "./transcript.ts";

const group = { kind: "raid" };
const SERIES = {
  kind: "trend",
  alarms: [{ group, period: "2026-03", value: 9007 }],
  unknown: 1,
  series: [
    { group, period: "2026-01", value: 10 },
    { group, period: "2026-02", value: 12 },
    { group, period: "2026-03", value: 9007 },
    { group, period: "2026-04", withheld: ["minCount", "minContributors"] },
  ],
};
const ALARMS = { kind: "trend", alarms: [{ group, period: "2026-03" }] };
const NONE = { kind: "trend", alarms: [] };
const UNKNOWN = { kind: "trend", alarms: [], unknown: 12 };

let cwd = "";
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "koplamp-trend-"));
  const results = { series: SERIES, alarms: ALARMS, none: NONE, unknown: UNKNOWN };
  for (const [query, result] of Object.entries(results)) {
    const answer = { query, status: "released", results: { eu: result }, disclosures: [], ledger: {} };
    await writeFile(join(cwd, `${query}.json`), JSON.stringify(answer));
  }
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

test.each(["series", "alarms", "none", "unknown"])("the table of %s", async (name) => {
  expect(await transcript(["result", `${name}.json`], { cwd })).toMatchSnapshot();
});

test.each(["series", "alarms"])("%s for a spreadsheet", async (name) => {
  const { stdout, exit } = await koplamp(["result", `${name}.json`, "--format", "csv"], { cwd });
  expect({ stdout, exit }).toMatchSnapshot();
});
