// SPDX-License-Identifier: Apache-2.0
// bulk-pair/1 over several bins, and how often its store fails.
import { describe, expect, it } from "vitest";
import { nodePrimitives } from "../../packages/pool/src/index.ts";
import { type Matched, tellMatches } from "../../packages/psi/src/index.ts";
import { bulkOf, bulkSetups, runBulk } from "../../packages/psi/test/bulk.ts";
import { failuresOf } from "../../packages/psi/test/stores.ts";

const primitives = nodePrimitives();

describe("bulk-pair/1 over several bins", { timeout: 600_000 }, () => {
  it.each([
    ["the coordinator deals", "coordinator"],
    ["nobody deals", "nobody"],
  ])("matches 40,000 against 40,000, of which half are the same: %s", (_who, dealer) => {
    const federation = bulkOf(primitives);
    const from = (first: number): readonly string[] =>
      Array.from({ length: 40_000 }, (_, at) => `${first + at}`);
    const setups = bulkSetups(federation, { alice: from(0), bob: from(20_000) }, ["alice", "bob"], dealer);
    const { outputs } = runBulk(federation, setups);
    const found = (me: string): readonly number[] =>
      tellMatches(outputs.get(me) as Matched, "nothing", 2).map(({ item }) => item);
    expect(found("bob")).toEqual(Array.from({ length: 20_000 }, (_, at) => at));
    expect(found("alice")).toEqual(Array.from({ length: 20_000 }, (_, at) => 20_000 + at));
  });
});

describe("the store", { timeout: 600_000 }, () => {
  it("encodes 60,000 lists of 64 and 3,000 of 1,024 without one failure: below 5 in 100,000 and one in 1,000 at 95%", () => {
    expect(failuresOf(64, 60_000)).toBe(0);
    expect(failuresOf(1024, 3000)).toBe(0);
  });
});
