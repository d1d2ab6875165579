// SPDX-License-Identifier: Apache-2.0
// Every way in which two approvals can be given or not, against the rule as a sentence says it.
import { publicKeyText, signDocument } from "@koplamp/crypto";
import { type Approval, type Card, documentBytes, documentHash, type Plan } from "@koplamp/wire";
import { describe, expect, it } from "vitest";
import { type ApprovalCase, checkApprovals, type SignedBytes } from "../src/index.ts";
import { charter, documentOf, primitives, rng } from "./charter.ts";

const hash = (digit: string): string => `sha256:${digit.repeat(64)}`;
const NOW = "2026-11-24T12:00:00Z";
const PEOPLE = ["p1", "p2", "p3"] as const;
const ROLES = ["lawful", "ethical"] as const;
type PersonId = (typeof PEOPLE)[number];
type Role = (typeof ROLES)[number];

const seeds = new Map(PEOPLE.map((id) => [id, rng(32)] as const));
const seedOf = (id: PersonId): Uint8Array => seeds.get(id) ?? new Uint8Array(32);
const keyOf = (seed: Uint8Array): string => publicKeyText(primitives.ed25519PublicKey(seed));
const bert = charter.cards
  .map((signed) => documentOf("card/v1", signed))
  .find(({ party }) => party === "bert");

function signed(role: Role, seed: Uint8Array, change: Partial<Approval> = {}): SignedBytes {
  const bytes = documentBytes({
    koplamp: "approval/v1",
    covenantHash: hash("1"),
    planHash: hash("2"),
    contractHash: hash("3"),
    party: "bert",
    role,
    decision: "approve",
    by: keyOf(seed),
    considered: [],
    reason: null,
    at: "2026-11-24T09:00:00Z",
    validUntil: "2026-12-01T00:00:00Z",
    salt: Buffer.alloc(32).toString("base64"),
    ...change,
  });
  const line = signDocument(primitives, seed, "approval/v1", documentHash(primitives.sha256, bytes));
  return { bytes, signatures: [line] };
}

/** The question as bert judges it: who has which roles, and who proposed. */
function caseOf(roles: Readonly<Record<PersonId, readonly Role[]>>, proposer?: PersonId): ApprovalCase {
  if (bert === undefined) throw new Error("expected a card");
  const people: Card["people"] = PEOPLE.map((person) => ({
    person,
    roles: [...roles[person], "analyst"],
    key: keyOf(seedOf(person)),
    validUntil: "2200-01-01T00:00:00Z",
  }));
  const by = proposer === undefined ? keyOf(rng(32)) : keyOf(seedOf(proposer));
  return {
    plan: { covenantHash: hash("1"), class: "F", proposer: { party: "bert", by } } as unknown as Plan,
    planHash: hash("2"),
    contractHash: hash("3"),
    covenant: documentOf("covenant/v1", charter.covenant),
    cards: new Map([["bert", { ...bert, people }]]),
    now: NOW,
  };
}

function isYes(given: readonly SignedBytes[], question: ApprovalCase): boolean {
  try {
    checkApprovals("bert", given, question, primitives);
    return true;
  } catch (reason) {
    expect(reason).toMatchObject({ name: "CovenantError", code: "approval" });
    return false;
  }
}

const SUBSETS: readonly (readonly Role[])[] = [[], ["lawful"], ["ethical"], ["lawful", "ethical"]];
const NOBODY_OR = [undefined, ...PEOPLE] as const;

interface Permutation {
  readonly roles: Readonly<Record<PersonId, readonly Role[]>>;
  readonly lawful: PersonId | undefined;
  readonly ethical: PersonId | undefined;
}

/** Every card of three people with any roles, and every choice of who gives which approval. */
const PERMUTATIONS: readonly Permutation[] = SUBSETS.flatMap((p1) =>
  SUBSETS.flatMap((p2) =>
    SUBSETS.flatMap((p3) =>
      NOBODY_OR.flatMap((lawful) => NOBODY_OR.map((ethical) => ({ roles: { p1, p2, p3 }, lawful, ethical }))),
    ),
  ),
);

/** The rule, as a sentence says it. */
function mayRun({ roles, lawful, ethical }: Permutation, proposer: PersonId | undefined): boolean {
  if (lawful === undefined || ethical === undefined || lawful === ethical) return false;
  if (lawful === proposer || ethical === proposer) return false;
  return roles[lawful].includes("lawful") && roles[ethical].includes("ethical");
}

describe("four eyes", () => {
  const given: ReadonlyMap<string, SignedBytes> = new Map(
    PEOPLE.flatMap((id) => ROLES.map((role) => [`${role} ${id}`, signed(role, seedOf(id))] as const)),
  );

  it.each([{ proposer: undefined, yes: 96 }, ...PEOPLE.map((proposer) => ({ proposer, yes: 32 }))])(
    "are two people with the two roles: all 1,024 permutations, proposed by $proposer",
    ({ proposer, yes }) => {
      const found = PERMUTATIONS.map((one) => {
        const approvals = [given.get(`lawful ${one.lawful}`), given.get(`ethical ${one.ethical}`)];
        return isYes(
          approvals.filter((approval) => approval !== undefined),
          caseOf(one.roles, proposer),
        );
      });
      expect(found).toEqual(PERMUTATIONS.map((one) => mayRun(one, proposer)));
      expect([found.length, found.filter(Boolean).length]).toEqual([1024, yes]);
    },
    20_000,
  );

  /** What can be wrong with one approval. A good one is the only one that counts; a no undoes the other one too. */
  const states: readonly (readonly [
    what: string,
    make: (role: Role, seed: Uint8Array) => readonly SignedBytes[],
  ])[] = [
    ["good", (role, seed) => [signed(role, seed)]],
    ["good, twice", (role, seed) => [signed(role, seed), signed(role, seed)]],
    ["missing", () => []],
    ["expired", (role, seed) => [signed(role, seed, { validUntil: NOW })]],
    ["dated in the future", (role, seed) => [signed(role, seed, { at: "2026-11-24T12:05:01Z" })]],
    [
      "longer than the covenant allows",
      (role, seed) => [signed(role, seed, { validUntil: "2026-12-25T00:00:00Z" })],
    ],
    ["of a removed key", (role) => [signed(role, rng(32))]],
    ["of another plan", (role, seed) => [signed(role, seed, { planHash: hash("4") })]],
    ["of another contract", (role, seed) => [signed(role, seed, { contractHash: hash("4") })]],
    ["of another covenant", (role, seed) => [signed(role, seed, { covenantHash: hash("4") })]],
    ["of another party", (role, seed) => [signed(role, seed, { party: "anna" })]],
    [
      "of another role",
      (role, seed) => [signed(role, seed, { role: role === "lawful" ? "ethical" : "lawful" })],
    ],
    ["of no role", (role, seed) => [signed(role, seed, { role: "operator" })]],
    ["unsigned", (role, seed) => [{ ...signed(role, seed), signatures: [] }]],
    ["signed by another", (role, seed) => [signed(role, rng(32), { by: keyOf(seed) })]],
    ["self-given", (role) => [signed(role, seedOf("p3"))]],
    ["a refusal", (role, seed) => [signed(role, seed, { decision: "refuse", reason: { en: "no" } })]],
    [
      "withdrawn",
      (role, seed) => [
        signed(role, seed),
        signed(role, seed, { decision: "withdraw", reason: { en: "no" } }),
      ],
    ],
  ];
  const pairs = states.flatMap((lawful) => states.map((ethical) => ({ lawful, ethical })));
  const question = caseOf({ p1: ["lawful"], p2: ["ethical"], p3: ["lawful", "ethical"] }, "p3");

  it(`count only when both are good: all ${pairs.length} pairs of what can be wrong, in both orders`, () => {
    const counted = { cases: 0, yes: 0 };
    for (const { lawful, ethical } of pairs) {
      const given = [...lawful[1]("lawful", seedOf("p1")), ...ethical[1]("ethical", seedOf("p2"))];
      const expected = lawful[0].startsWith("good") && ethical[0].startsWith("good");
      for (const order of [given, [...given].reverse()]) {
        const found = isYes(order, question);
        if (found !== expected) expect([lawful[0], ethical[0], found]).toBe(expected);
        counted.cases += 1;
        counted.yes += Number(found);
      }
    }
    expect(counted).toEqual({ cases: 2 * states.length ** 2, yes: 8 });
  });
});
