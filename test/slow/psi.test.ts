// SPDX-License-Identifier: Apache-2.0
// Sessions of full size, on the toy group and on ristretto255.
import { loadSodium } from "@koplamp/crypto";
import { evaluate, type Matched, matchTokensParty, tellMatches } from "@koplamp/psi";
import { describe, expect, it } from "vitest";
import { oraclePrimitives } from "../../packages/crypto/test/oracle-primitives.ts";
import { expectDescribed } from "../../packages/psi/test/described.ts";
import { Federation, inputsOf } from "../../packages/psi/test/federation.ts";
import { toyGroup } from "../toy/group.ts";

const names = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, at) => `item ${at + from}`);

describe("psi at full size", () => {
  it("evaluates 2^14 items in two proven blocks, and 20,000 in two sessions", () => {
    const federation = new Federation(toyGroup(), oraclePrimitives, ["alice", "bob"]);
    federation.ceremony();
    const runs = federation.evaluate("alice", inputsOf(names(20_000)));
    expect(federation.metered.map(({ elements, block }) => [elements, block])).toEqual([
      [8192, 0],
      [8192, 1],
      [4096, 0],
    ]);
    const [first] = runs;
    if (first === undefined) throw new Error("no session ran");
    const quotas = { bob: 2 ** 20 };
    expectDescribed(
      first,
      evaluate.describe({ parties: ["alice", "bob"], asker: "alice", elements: 16_384, quotas }),
    );
    federation.evaluate("bob", inputsOf(names(5_000, 18_000)));
    const lists = { alice: inputsOf(names(20_000)), bob: inputsOf(names(5_000, 18_000)) };
    const setups = federation.matchSetups(lists, ["alice", "bob"]);
    const run = federation.run(
      Object.fromEntries(setups.map((setup) => [setup.me, matchTokensParty(setup, federation.rng)])),
    );
    expect(tellMatches(run.outputs.get("alice") as Matched, "nothing", 2)).toHaveLength(2_000);
    expect(tellMatches(run.outputs.get("bob") as Matched, "nothing", 2)).toHaveLength(2_000);
  });

  it("matches lists of three parties on ristretto255, padded to buckets", async () => {
    const federation = new Federation(await loadSodium(), oraclePrimitives, ["alice", "bob", "carol"]);
    federation.ceremony();
    const lists = {
      alice: inputsOf(names(900)),
      bob: inputsOf(names(900, 450)),
      carol: inputsOf(names(10, 895)),
    };
    for (const [party, list] of Object.entries(lists)) federation.evaluate(party, list);
    const setups = federation.matchSetups(lists, ["alice"]);
    const run = federation.run(
      Object.fromEntries(setups.map((setup) => [setup.me, matchTokensParty(setup, federation.rng)])),
    );
    const matched = run.outputs.get("alice") as Matched;
    expect(tellMatches(matched, "count", 2)).toHaveLength(450);
    expect(tellMatches(matched, "count", 3)).toHaveLength(5);
  });
});
