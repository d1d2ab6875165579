// SPDX-License-Identifier: Apache-2.0
import { MemoryVault, type PartyId, type Sent } from "@koplamp/protocol";
import { hex } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodePrimitives } from "../../pool/src/index.ts";
import { bulkPair, type Matched, PsiError, tellMatches } from "../src/index.ts";
import { bulkOf, bulkSetups, dealerOf, runBulk } from "./bulk.ts";
import { expectDescribed } from "./described.ts";
import { padded } from "./federation.ts";
import { type Lists, packed, replacing } from "./pair.ts";
import { anyWeather } from "./weather.ts";

const primitives = nodePrimitives();
const UNIVERSE = Array.from({ length: 24 }, (_, at) => `item ${at}`);
const BOTH: readonly PartyId[] = ["alice", "bob"];

/** The own items that the other one holds too, by plain sets. */
function plain(lists: Lists, me: PartyId): readonly { readonly item: number }[] {
  const theirs = new Set(lists[me === "alice" ? "bob" : "alice"]);
  return (lists[me] ?? []).flatMap((name, item) => (theirs.has(name) ? [{ item }] : []));
}

const anyList = fc.array(fc.constantFrom(...UNIVERSE), { maxLength: 30 });
const anyDealer = fc.constantFrom("coordinator", "zeta", "aaron");

describe("bulk-pair/1", () => {
  it("equals the plain sets, and sends what it describes: any lists, recipients, dealer and interleaving", () => {
    const cases = fc.record({
      lists: fc.record({ alice: anyList, bob: anyList }),
      recipients: fc.subarray([...BOTH], { minLength: 1 }),
      dealer: anyDealer,
      weather: anyWeather(),
    });
    fc.assert(
      fc.property(cases, ({ lists, recipients, dealer, weather }) => {
        const federation = bulkOf(primitives);
        const run = runBulk(federation, bulkSetups(federation, lists, recipients, dealer), weather);
        for (const me of BOTH) {
          const matched = run.outputs.get(me) as Matched;
          expect(matched.holders !== undefined).toBe(recipients.includes(me));
          expect([...matched.roots.keys()]).toEqual(BOTH);
          if (matched.holders !== undefined) expect(tellMatches(matched, "nothing", 2)).toEqual(plain(lists, me));
        }
        const rowsPadded = padded(packed(lists));
        expectDescribed(run, bulkPair.describe({ parties: BOTH, recipients, rowsPadded, dealer }));
      }),
      { numRuns: 40 },
    );
  });
});
