// SPDX-License-Identifier: Apache-2.0
// Counts and joins in a lab equal SQL over the tables of all parties.
import { afterAll, expect, test } from "vitest";
import { realMeans, toyMeans } from "../../../test/simulation/compare.ts";
import { countsAgree, joinsAgree } from "./joined.ts";

const [toy, real] = [toyMeans(), realMeans()];
afterAll(async () => {
  await toy.workers.close();
  await real.workers.close();
});

test("random counts of keys equal DuckDB's", { timeout: 120_000 }, () => countsAgree(10, toy));

test("random joins equal DuckDB's, withholding included", { timeout: 120_000 }, async () => {
  const { withheld, shown } = await joinsAgree(3, real);
  expect(withheld).toBeGreaterThan(0);
  expect(shown).toBeGreaterThan(0);
});
