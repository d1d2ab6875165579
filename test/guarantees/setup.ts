// SPDX-License-Identifier: Apache-2.0
// One seed for every property, and a count of the cases that each test file tried.
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import fc, { type RunDetails } from "fast-check";
import { expect } from "vitest";

const { KOPLAMP_SEED: seed = "1", KOPLAMP_RESULTS: results = "" } = process.env;

/** Counts, and fails as fast-check would. */
function report<T>(details: RunDetails<T>): void {
  appendFileSync(join(results, "cases"), `${expect.getState().testPath}\t${details.numRuns}\n`);
  if (details.failed) throw new Error(fc.defaultReportMessage(details), { cause: details.errorInstance });
}

fc.configureGlobal({ seed: Number(seed), reporter: report });
