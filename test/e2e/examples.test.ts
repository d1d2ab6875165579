// SPDX-License-Identifier: Apache-2.0
// Every example answers as it says, through the command line that its README shows.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const CLI = join(ROOT, "packages/cli/bin/koplamp.js");
const run = promisify(execFile);

const EXAMPLES = [
  { folder: "ships", query: "query.yaml", expected: "expected.json" },
  { folder: "ships", query: "again.yaml", expected: "again.expected.json" },
  { folder: "ships", query: "how-many.yaml", expected: "how-many.expected.json" },
  { folder: "accounts", query: "how-many.yaml", expected: "how-many.expected.json" },
  { folder: "accounts", query: "which.yaml", expected: "which.expected.json" },
  { folder: "persons", query: "with-number.yaml", expected: "with-number.expected.json" },
  { folder: "persons", query: "without-number.yaml", expected: "without-number.expected.json" },
  { folder: "reports", query: "query.yaml", expected: "expected.json" },
  { folder: "flows", query: "flow.yaml", expected: "flow.expected.json" },
  { folder: "flows", query: "per-parcel.yaml", expected: "per-parcel.expected.json" },
  { folder: "lookup", query: "query.yaml", expected: "expected.json" },
  { folder: "lookup", query: "both.yaml", expected: "both.expected.json" },
  { folder: "deconfliction", query: "query.yaml", expected: "expected.json" },
  { folder: "trend", query: "alarms.yaml", expected: "alarms.expected.json" },
  { folder: "trend", query: "series.yaml", expected: "series.expected.json" },
] as const;

describe("examples", () => {
  for (const { folder, query, expected } of EXAMPLES) {
    test(`${folder}/${query}`, { timeout: 60_000 }, async () => {
      const federation = `examples/${folder}/federation.yaml`;
      const args = ["lab", "run", "--federation", federation, "--query", `examples/${folder}/${query}`];
      expect(readFileSync(join(ROOT, "examples", folder, "README.md"), "utf8")).toContain(args.join(" "));
      const { stdout } = await run(process.execPath, ["--conditions=source", CLI, ...args, "--json"], {
        cwd: ROOT,
      });
      const answer = JSON.parse(stdout) as { readonly status: string; readonly results: unknown };
      expect(answer.status).toBe("released");
      expect(answer.results).toEqual(
        JSON.parse(readFileSync(join(ROOT, "examples", folder, expected), "utf8")),
      );
    });
  }
});
