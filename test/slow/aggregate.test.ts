// SPDX-License-Identifier: Apache-2.0
// Sums in numbers: thousands of questions on a tiny ring, hundreds on SEAL, and one of full size.
import { loadHe } from "@koplamp/he";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Federation, plainSum, seeded } from "../../packages/aggregate/test/federation.ts";
import { anyWorld, expectPooled } from "../../packages/aggregate/test/worlds.ts";
import { nodePrimitives } from "../../packages/pool/src/index.ts";
import { tinyBfv } from "../toy/bfv.ts";

const primitives = nodePrimitives();

describe("sums", () => {
  it("equal the pooled question in 5,000 worlds on a tiny ring", () => {
    const federation = new Federation(tinyBfv(seeded(primitives, "slow")), primitives);
    fc.assert(
      fc.property(anyWorld, (world) => expectPooled(federation, world)),
      { numRuns: 5000 },
    );
  });

  it("equal the pooled question in 200 worlds on SEAL", async () => {
    const federation = new Federation(await loadHe(primitives), primitives);
    fc.assert(
      fc.property(anyWorld, (world) => expectPooled(federation, world)),
      { numRuns: 200 },
    );
  });

  it.each([
    [10, 100_000],
    [26, 84],
    [32, 8_189],
  ])("are exact for %i parties and %i numbers", async (parties, numbers) => {
    const federation = new Federation(await loadHe(primitives), primitives);
    const values = Object.fromEntries(
      Array.from({ length: parties }, (_, party) => [
        `p${party + 10}`,
        Array.from({ length: numbers }, (_, at) => (((party + 1) * (at + 3) * 7919) % 1_000_003) - 500_000),
      ]),
    );
    const opened = federation.sum({ values, recipients: ["p10"] }).outputs.get("p10") as Float64Array;
    expect(Array.from(opened)).toEqual(plainSum({ values, recipients: [] }));
  });
});
