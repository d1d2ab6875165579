// SPDX-License-Identifier: Apache-2.0
// The whole crash matrix with real processes: a SIGKILL at every point, then the disks, the restart and the next
// question. `npm test` runs a part of it.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BACK, MATRIX, titleOf } from "../crash/matrix.ts";
import { type Mortal, startMortal } from "../crash/run.ts";

const SLOW = 300_000;

/** Longer than any process takes to start. */
const LONG_GRACE_S = 120;

describe.each([
  ["dead until all have noticed", MATRIX, 2],
  ["back before anybody gives it up", BACK, LONG_GRACE_S],
] as const)("%s", (_name, rows, graceSeconds) => {
  let mortal: Mortal;

  beforeAll(async () => {
    mortal = await startMortal(graceSeconds);
  }, SLOW);

  afterAll(async () => {
    await mortal?.[Symbol.asyncDispose]();
  }, SLOW);

  it.each(rows.map((point) => [titleOf(point), point] as const))(
    "%s",
    async (_title, point) => {
      const told = await mortal.crash(point);
      process.stdout.write(`${told}\n`);
      expect(told).toContain("next one answered");
    },
    SLOW,
  );
});
