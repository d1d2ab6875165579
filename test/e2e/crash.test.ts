// SPDX-License-Identifier: Apache-2.0
// A part of the crash matrix with every run: real processes, killed at a point, started again. test/slow has all of it.
import { afterAll, beforeAll, expect, it } from "vitest";
import { MATRIX, titleOf } from "../crash/matrix.ts";
import { type Mortal, startMortal } from "../crash/run.ts";

const SLOW = 180_000;
const QUICK = MATRIX.filter(({ quick }) => quick);
let mortal: Mortal;

beforeAll(async () => {
  mortal = await startMortal();
}, SLOW);

afterAll(async () => {
  await mortal?.[Symbol.asyncDispose]();
}, SLOW);

it("is ten points of at least sixteen", () => {
  expect(QUICK).toHaveLength(10);
  expect(new Set(MATRIX.map(titleOf)).size).toBeGreaterThanOrEqual(16);
});

it.each(QUICK.map((point) => [titleOf(point), point] as const))(
  "%s",
  async (_title, point) => {
    expect(await mortal.crash(point)).toContain("next one answered");
  },
  SLOW,
);
