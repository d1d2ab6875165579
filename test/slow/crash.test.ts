// SPDX-License-Identifier: Apache-2.0
// The whole crash matrix with real processes: a SIGKILL at every point, then the disks, the restart and the next
// question. `npm test` runs a part of it.
import { afterAll, beforeAll, expect, it } from "vitest";
import { MATRIX, titleOf } from "../crash/matrix.ts";
import { type Mortal, startMortal } from "../crash/run.ts";

const SLOW = 300_000;
let mortal: Mortal;

beforeAll(async () => {
  mortal = await startMortal();
}, SLOW);

afterAll(async () => {
  await mortal?.[Symbol.asyncDispose]();
}, SLOW);

it.each(MATRIX.map((point) => [titleOf(point), point] as const))(
  "%s",
  async (_title, point) => {
    const told = await mortal.crash(point);
    process.stdout.write(`${told}\n`);
    expect(told).toContain("next one answered");
  },
  SLOW,
);
