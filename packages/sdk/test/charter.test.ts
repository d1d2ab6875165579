// SPDX-License-Identifier: Apache-2.0
import { randomFillSync } from "node:crypto";
import { admitCharter, CovenantError } from "@koplamp/covenant";
import { nodePrimitives } from "@koplamp/pool";
import { timeText } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import { type CharterRequest, createCharter } from "../src/charter.ts";
import { labTerms } from "../src/lab-terms.ts";

const rng = (length: number) => randomFillSync(new Uint8Array(length));
const NOW = 1_795_478_400_000;

function request(parties: readonly string[], id = "lab/test"): CharterRequest {
  const members = parties.map((party) => ({
    id: party,
    name: party.toUpperCase(),
    datasets: { ships: { file: "ships.csv", nulls: [], columns: { imo: { kind: "imo" as const } } } },
  }));
  return { id, parties: members, terms: labTerms(members, ["watch-2026", "lab"]), now: NOW };
}

describe("a founded federation", () => {
  test("is admitted by every node, for 2 to 26 parties", () => {
    for (const count of [2, 3, 4, 5, 10, 26]) {
      const parties = Array.from({ length: count }, (_, at) => `party-${at}`);
      const { charter, keys } = createCharter(request(parties), rng);
      const membership = admitCharter(charter, nodePrimitives());
      expect([...membership.cards.keys()].sort()).toEqual([...parties].sort());
      expect([...membership.addresses.keys()].sort()).toEqual(["coordinator", ...parties].sort());
      expect(Object.keys(keys)).toEqual(parties);
      const quorum = { 2: 1, 3: 2, 4: 3, 5: 3, 10: 6, 26: 14 }[count];
      expect(membership.roster.witnessQuorum).toBe(quorum);
    }
  });

  test("names ledgers by covenant and party, and gives every machine and person a key of its own", () => {
    const { charter, keys } = createCharter(request(["eu", "ofac"]), rng);
    const { cards, covenant, covenantHash } = admitCharter(charter, nodePrimitives());
    const card = cards.get("eu");
    expect(card?.ledger).toMatch(/^lab\/test\/eu\+/);
    expect(card?.witness).toMatch(/^lab\/test\/eu\/witness\+/);
    expect(card?.covenantHash).toBe(covenantHash);
    expect(card?.people.map(({ roles }) => roles[0])).toEqual(["analyst", "lawful", "ethical", "officer"]);
    const seeds = Object.values(keys).flatMap(({ people, ...machine }) => [
      ...Object.values(machine),
      ...Object.values(people),
    ]);
    expect(new Set(seeds.map((seed) => Buffer.from(seed).toString("hex"))).size).toBe(2 * 11);
    expect(covenant.validFrom < timeText(NOW)).toBe(true);
  });

  test("agrees anew under the same keys: the next version names the one before", () => {
    const first = createCharter(request(["eu", "ofac"]), rng);
    const second = createCharter({ ...request(["eu", "ofac"]), before: first }, rng);
    const [one, two] = [first, second].map(({ charter }) => admitCharter(charter, nodePrimitives()));
    expect(two?.covenant).toMatchObject({ version: 2, previous: one?.covenantHash });
    expect(two?.roster).toMatchObject({ epoch: 2, previous: one?.rosterHash });
    expect(second.keys).toBe(first.keys);
  });

  test("is refused with one signature less, another card or another key", () => {
    const { charter } = createCharter(request(["eu", "ofac", "un"]), rng);
    const other = createCharter(request(["eu", "ofac", "un"]), rng).charter;
    const { covenant, roster, cards, mlkem } = charter;
    for (const wrong of [
      { ...charter, covenant: { ...covenant, signatures: covenant.signatures.slice(1) } },
      { ...charter, roster: { ...roster, signatures: roster.signatures.slice(0, -1) } },
      { ...charter, cards: [...cards.slice(1), ...other.cards.slice(0, 1)] },
      { ...charter, cards: cards.slice(1) },
      { ...charter, mlkem: { ...mlkem, un: other.mlkem["un"] ?? new Uint8Array() } },
    ]) {
      expect(() => admitCharter(wrong, nodePrimitives())).toThrow(CovenantError);
    }
  });
});
