// SPDX-License-Identifier: Apache-2.0
// Sums in a lab equal SQL over the pooled rows, and show what the rules let them, no more and no less.
import { afterAll, expect, test } from "vitest";
import { toyMeans } from "../../../test/simulation/compare.ts";
import { agrees } from "./pooled.ts";

const means = toyMeans();
afterAll(() => means.workers.close());

const RUNS = 12;

test("random questions equal DuckDB's answer over all rows, withholding included", {
  timeout: 120_000,
}, async () => {
  const { withheld, lines } = await agrees(RUNS, means);
  expect(withheld).toBeGreaterThan(RUNS / 3);
  expect(lines).toBeGreaterThan(RUNS / 5);
});
