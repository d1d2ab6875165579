// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { withheldBy } from "../src/index.ts";

describe("a cell", () => {
  it("is withheld by each rule that it breaks, an empty one like any other", () => {
    const floor = { minCount: 10, minContributors: 3 };
    expect(withheldBy({ count: 10n, contributors: 3n }, floor)).toEqual([]);
    expect(withheldBy({ count: 9n, contributors: 3n }, floor)).toEqual(["minCount"]);
    expect(withheldBy({ count: 10n, contributors: 2n }, floor)).toEqual(["minContributors"]);
    expect(withheldBy({ count: 0n, contributors: 0n }, floor)).toEqual(["minCount", "minContributors"]);
  });

  it("that more rows and parties stand behind is never withheld by more rules", () => {
    const some = fc.nat(60);
    fc.assert(
      fc.property(some, some, some, some, (minCount, minContributors, count, contributors) => {
        const rules = { minCount, minContributors };
        const fewer = withheldBy({ count: BigInt(count), contributors: BigInt(contributors) }, rules);
        const more = withheldBy({ count: BigInt(count + 1), contributors: BigInt(contributors + 1) }, rules);
        expect(more.filter((rule) => !fewer.includes(rule))).toEqual([]);
      }),
    );
  });
});
