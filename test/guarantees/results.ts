// SPDX-License-Identifier: Apache-2.0
// What a run of the tests left behind when KOPLAMP_RESULTS named a folder.
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { ROOT } from "./promises.ts";

/** How one test file ended. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Cases that its properties tried; a test without a property is one case. */
  readonly cases: number;
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** Outcomes by test file, from the root. */
export function readResults(folder: string): ReadonlyMap<string, Outcome> {
  const { testResults } = JSON.parse(readFileSync(join(folder, "results.json"), "utf8")) as Report;
  const tried = casesIn(join(folder, "cases"));
  return new Map(
    testResults.map(({ name, status, assertionResults }) => {
      const file = relative(ROOT, name);
      const count = (wanted: string): number =>
        assertionResults.filter((one) => one.status === wanted).length;
      const [passed, failed] = [count("passed"), count("failed")];
      const skipped = assertionResults.length - passed - failed;
      const runs = tried.get(file) ?? [];
      const cases = Math.max(0, passed - runs.length) + runs.reduce((sum, each) => sum + each, 0);
      const broken = status === "failed" && failed === 0 ? 1 : 0; // the file itself could not be loaded
      return [file, { passed, failed: failed + broken, skipped, cases }] as const;
    }),
  );
}

function casesIn(file: string): ReadonlyMap<string, readonly number[]> {
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  const cases = new Map<string, number[]>();
  for (const line of lines.filter((one) => one !== "")) {
    const [path = "", runs = ""] = line.split("\t");
    const name = relative(ROOT, path);
    cases.set(name, [...(cases.get(name) ?? []), Number(runs)]);
  }
  return cases;
}
