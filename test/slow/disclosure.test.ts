// SPDX-License-Identifier: Apache-2.0
// Disclosure control at length: more tables, larger ones, and more labs against SQL.
import { afterAll, describe, expect, test } from "vitest";
import { holdsFor } from "../../packages/covenant/test/hidden.ts";
import { holdsForOwn } from "../../packages/covenant/test/own.ts";
import { agrees } from "../../packages/sources/test/pooled.ts";
import { trendsAgree } from "../../packages/sources/test/trends.ts";
import { toyMeans } from "../simulation/compare.ts";

const means = toyMeans();
afterAll(() => means.workers.close());

describe("nothing that is withheld can be narrowed, many times", { timeout: 3_600_000 }, () => {
  test("in lists with their total", () => holdsFor([7], 20_000));
  test("in tables of two columns", () => holdsFor([3, 3], 10_000));
  test("in wider tables of two columns", () => holdsFor([3, 4], 1000, 4));
  test("in tables of three columns", () => holdsFor([2, 2, 2], 3000, 5));
  test("in lists of which a reader brought a part", () => holdsForOwn([5], 5000));
  test("in tables of which a reader brought a part", () => holdsForOwn([3, 3], 1500));
});

test("random questions equal DuckDB's answer over all rows, many times", { timeout: 3_600_000 }, async () => {
  const { withheld, lines } = await agrees(400, means);
  expect(withheld).toBeGreaterThan(200);
  expect(lines).toBeGreaterThan(200);
});

test("random trends equal DuckDB's, many times", { timeout: 3_600_000 }, async () => {
  const { alarms, unknown } = await trendsAgree(300, means);
  expect(alarms).toBeGreaterThan(100);
  expect(unknown).toBeGreaterThan(100);
});
