// SPDX-License-Identifier: Apache-2.0
import { publicKeyText, signDocument } from "@koplamp/crypto";
import { type Approval, type Card, documentBytes, documentHash, type Plan } from "@koplamp/wire";
import { describe, expect, it } from "vitest";
import { type ApprovalCase, checkApprovals, EXTERNAL, type SignedBytes } from "../src/index.ts";
import { charter, documentOf, founded, primitives, rng } from "./charter.ts";

const hash = (digit: string): string => `sha256:${digit.repeat(64)}`;
const seeds = founded.keys["bert"]?.people ?? { analyst: rng(32), lawful: rng(32), ethical: rng(32) };
const keyOf = (seed: Uint8Array): string => publicKeyText(primitives.ed25519PublicKey(seed));
const cards = new Map(
  charter.cards.map((signed) => documentOf("card/v1", signed)).map((card) => [card.party, card]),
);

const question: ApprovalCase = {
  plan: {
    covenantHash: hash("1"),
    class: "F",
    proposer: { party: "anna", by: keyOf(founded.keys["anna"]?.people.analyst ?? rng(32)) },
  } as unknown as Plan,
  planHash: hash("2"),
  contractHash: hash("3"),
  covenant: documentOf("covenant/v1", charter.covenant),
  cards,
  now: "2026-11-24T12:00:00Z",
};

type Role = "lawful" | "ethical";

function approvalOf(role: Role, change: Partial<Approval> = {}, seed: Uint8Array = seeds[role]): SignedBytes {
  const approval: Approval = {
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
  };
  const bytes = documentBytes(approval);
  return {
    bytes,
    signatures: [signDocument(primitives, seed, "approval/v1", documentHash(primitives.sha256, bytes))],
  };
}

const both = (change: Partial<Approval> = {}): readonly SignedBytes[] => [
  approvalOf("lawful", change),
  approvalOf("ethical", change),
];
const check = (given: readonly SignedBytes[], changed: Partial<ApprovalCase> = {}): readonly Approval[] =>
  checkApprovals("bert", given, { ...question, ...changed }, primitives);

/** The cards with one changed field of all people of bert. */
function withPeople(
  change: (person: Card["people"][number]) => Card["people"][number],
): Partial<ApprovalCase> {
  const card = cards.get("bert");
  if (card === undefined) throw new Error("expected a card");
  return { cards: new Map([...cards, ["bert", { ...card, people: card.people.map(change) }]]) };
}

type Refused = readonly [what: string, given: () => readonly SignedBytes[], changed?: Partial<ApprovalCase>];

describe("approvals", () => {
  it("of two people with both roles are a yes, in any order", () => {
    expect(check(both()).map(({ role }) => role)).toEqual(["lawful", "ethical"]);
    expect(check([...both()].reverse()).map(({ role }) => role)).toEqual(["ethical", "lawful"]);
  });

  const refused: readonly Refused[] = [
    ["nobody's", () => []],
    ["one lawful alone", () => [approvalOf("lawful")]],
    ["one ethical alone", () => [approvalOf("ethical")]],
    ["two of one role", () => [approvalOf("lawful"), approvalOf("lawful")]],
    ["of another contract", () => both({ contractHash: hash("4") })],
    ["of another plan", () => both({ planHash: hash("4") })],
    ["under another covenant", () => both({ covenantHash: hash("4") })],
    ["of another party", () => both({ party: "anna" })],
    [
      "one a refusal",
      () => [approvalOf("lawful"), approvalOf("ethical", { decision: "refuse", reason: { en: "no" } })],
    ],
    [
      "with a withdrawal beside them",
      () => [...both(), approvalOf("lawful", { decision: "withdraw", reason: { en: "no" } })],
    ],
    ["expired", () => both({ validUntil: "2026-11-24T12:00:00Z" })],
    ["by one person for both roles", () => [approvalOf("lawful"), approvalOf("ethical", {}, seeds.lawful)]],
    ["by a person without the role", () => [approvalOf("lawful", {}, seeds.analyst), approvalOf("ethical")]],
    ["by nobody on the card", () => [approvalOf("lawful", {}, rng(32)), approvalOf("ethical")]],
    [
      "by another agency's people",
      () => [approvalOf("lawful", {}, founded.keys["anna"]?.people.lawful), approvalOf("ethical")],
    ],
    [
      "by the proposer",
      () => both(),
      { plan: { ...question.plan, proposer: { party: "bert", by: keyOf(seeds.lawful) } } },
    ],
    [
      "by people whose time is over",
      () => both(),
      withPeople((person) => ({ ...person, validUntil: "2026-11-24T12:00:00Z" })),
    ],
    [
      "by people who are no longer on the card",
      () => both(),
      withPeople((person) => ({ ...person, key: keyOf(rng(32)) })),
    ],
    ["by two keys of one person", () => both(), withPeople((person) => ({ ...person, person: "the-same" }))],
    ["of a party without a card", () => both(), { cards: new Map() }],
    ["dated in the future", () => both({ at: "2026-11-24T12:06:00Z" })],
    ["of longer than the covenant allows", () => both({ validUntil: "2026-12-24T09:00:01Z" })],
    ["unsigned", () => both().map(({ bytes }) => ({ bytes, signatures: [] }))],
    [
      "signed by another than they name",
      () => [approvalOf("lawful", { by: keyOf(seeds.lawful) }, seeds.ethical), approvalOf("ethical")],
    ],
  ];

  it.each(refused.map(([what, given, changed = {}]) => ({ what, given, changed })))(
    "$what are no yes",
    ({ given, changed }) => {
      expect(() => check(given(), changed)).toThrow(
        expect.objectContaining({ name: "CovenantError", code: "approval" }),
      );
    },
  );

  it("that are no approvals at all are refused by their reader", () => {
    expect(() => check([{ bytes: new Uint8Array([1]), signatures: [] }])).toThrow(
      expect.objectContaining({ name: "WireError" }),
    );
  });
});

describe("approvals of a third person", () => {
  it("make up for one that expired, and a copy counts once", () => {
    const [lawful, ethical] = both();
    const late = { at: "2026-11-24T09:00:00Z", validUntil: "2026-11-24T12:00:00Z" };
    const expired = approvalOf("ethical", late);
    if (lawful === undefined || ethical === undefined) throw new Error("expected two approvals");
    expect(() => check([lawful, expired])).toThrow("bert has no ethical approval");
    expect(check([lawful, expired, ethical, ethical, lawful])).toHaveLength(5);
  });

  it("with any role of the card may be a no, an officer's too, but no yes", () => {
    const officer = rng(32);
    const person = {
      person: "bert-officer",
      roles: ["officer" as const],
      key: keyOf(officer),
      validUntil: "2200-01-01T00:00:00Z",
    };
    const card = cards.get("bert");
    if (card === undefined) throw new Error("expected a card");
    const changed = { cards: new Map([...cards, ["bert", { ...card, people: [...card.people, person] }]]) };
    const by = (decision: Approval["decision"]): SignedBytes =>
      approvalOf(
        "lawful",
        { role: "officer", decision, reason: { en: "stop" }, by: keyOf(officer) },
        officer,
      );
    expect(() => check([...both(), by("refuse")], changed)).toThrow("refuses");
    expect(() => check([...both(), by("approve")], changed)).toThrow(
      "expected a lawful or an ethical approval",
    );
    expect(() => check([...both(), by("refuse")])).toThrow("by nobody on its card");
  });
});

describe("an approver outside the agencies", () => {
  const prosecutor = rng(32);
  const covenant = {
    ...question.covenant,
    approval: {
      ...question.covenant.approval,
      external: [{ role: "prosecutor", classes: ["E" as const, "F" as const], keys: [keyOf(prosecutor)] }],
    },
  };
  const outside = (change: Partial<Approval> = {}, seed = prosecutor): SignedBytes =>
    approvalOf("lawful", { party: EXTERNAL, role: "prosecutor", by: keyOf(seed), ...change }, seed);
  const checked = (given: readonly SignedBytes[], changed: Partial<ApprovalCase> = {}): number =>
    checkApprovals(EXTERNAL, given, { ...question, covenant, ...changed }, primitives).length;

  it("is asked where the covenant names the class, once a question", () => {
    expect(checked([outside()])).toBe(1);
    expect(() => checked([])).toThrow("external has no prosecutor approval");
    expect(checked([], { plan: { ...question.plan, class: "B" } })).toBe(0);
    expect(check(both(), { covenant })).toHaveLength(2); // the agencies' own approvals are as before
  });

  it("counts for nothing without a key in the covenant, and never for an agency", () => {
    expect(() => checked([outside({}, seeds.lawful)])).toThrow("by nobody whom the covenant names");
    expect(() => checked([outside({ role: "mayor" })])).toThrow("by nobody whom the covenant names");
    expect(() => checked([outside({ validUntil: "2026-11-24T12:00:00Z" })])).toThrow(
      "no prosecutor approval",
    );
    expect(() => checked([outside({ decision: "refuse", reason: { en: "no" } })])).toThrow("refuses");
    const both = [approvalOf("lawful", { by: keyOf(prosecutor) }, prosecutor), approvalOf("ethical")];
    expect(() => check(both, { covenant })).toThrow("by nobody on its card");
    const inside = {
      ...covenant.approval.external[0],
      role: "prosecutor",
      classes: ["F" as const],
      keys: [keyOf(seeds.lawful)],
    };
    const shared = { ...covenant, approval: { ...covenant.approval, external: [inside] } };
    expect(() => checked([outside({}, seeds.lawful)], { covenant: shared })).toThrow(
      "by nobody whom the covenant names",
    );
  });
});
