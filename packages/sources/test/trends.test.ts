// SPDX-License-Identifier: Apache-2.0
// Trends in a lab equal SQL over the pooled rows, and say nothing where a window has a withheld period.
import { afterAll, expect, test } from "vitest";
import { toyMeans } from "../../../test/simulation/compare.ts";
import { trendsAgree } from "./trends.ts";

const means = toyMeans();
afterAll(() => means.workers.close());

test("random trends equal DuckDB's, withheld periods included", { timeout: 120_000 }, async () => {
  const { alarms, unknown } = await trendsAgree(10, means);
  expect(alarms).toBeGreaterThan(0);
  expect(unknown).toBeGreaterThan(0);
});
