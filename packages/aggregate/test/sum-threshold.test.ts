// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tinyBfv } from "../../../test/toy/bfv.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import { describeSession } from "../src/sum-description.ts";
import { expectDescribed } from "./described.ts";
import { Federation, plainSum, type Sum, seeded, type Weather } from "./federation.ts";
import { anyWeather } from "./weather.ts";

const primitives = nodePrimitives();

const PARTIES = ["alice", "bob", "carol", "dave", "erin", "frank"];
const toy = new Federation(tinyBfv(seeded(primitives, "toy")), primitives);

const number: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 0, 1, -1, 1e9, -1e9),
  fc.integer({ min: -1e9, max: 1e9 }),
);

const anySum: fc.Arbitrary<{ sum: Sum; weather: Weather }> = fc
  .tuple(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 30 }))
  .chain(([parties, numbers]) =>
    fc.record({
      weather: anyWeather(),
      sum: fc.record({
        values: fc
          .tuple(
            ...PARTIES.slice(0, parties).map(() =>
              fc.array(number, { minLength: numbers, maxLength: numbers }),
            ),
          )
          .map((lists) => Object.fromEntries(lists.map((list, at) => [PARTIES[at] ?? "", list]))),
        recipients: fc.subarray([...PARTIES.slice(0, parties), "aaron", "zoe"], {
          minLength: 1,
          maxLength: 3,
        }),
      }),
    }),
  );

describe("sum-threshold/1", () => {
  it("equals the plain sum, for any numbers, blocks, parties, recipients and interleaving", () => {
    fc.assert(
      fc.property(anySum, ({ sum, weather }) => {
        const run = toy.sum(sum, weather);
        for (const recipient of sum.recipients) {
          expect(Array.from(run.outputs.get(recipient) as Float64Array)).toEqual(plainSum(sum));
        }
        for (const other of Object.keys(sum.values).filter((party) => !sum.recipients.includes(party))) {
          expect(run.outputs.get(other)).toBeUndefined();
        }
        const [session] = toy.setups(sum);
        if (session !== undefined) expectDescribed(run, describeSession(session, { cells: 1 }));
      }),
      { numRuns: 100 },
    );
  });
});
