// SPDX-License-Identifier: Apache-2.0
// One seed for every property, and a count of the cases that each file tried.
import { appendFileSync } from "node:fs";
import fc, { type RunDetails } from "fast-check";

const { KOPLAMP_SEED: seed = "1", KOPLAMP_CASES: log = "" } = process.env;

/** Counts, and fails as fast-check would. */
function report<T>(details: RunDetails<T>): void {
  appendFileSync(log, `${details.numRuns}\n`);
  if (details.failed) throw new Error(fc.defaultReportMessage(details));
}

fc.configureGlobal({ seed: Number(seed), reporter: report });
