// SPDX-License-Identifier: Apache-2.0
// Four eyes (evidence.md, section 4): whose yes counts for which role, and whose no ends a question.
import { type Primitives, verifyDocument } from "@koplamp/crypto";
import type { PartyId } from "@koplamp/protocol";
import {
  type Approval,
  addPeriod,
  type Card,
  type Covenant,
  documentHash,
  type Hash,
  type Plan,
  readDocument,
  type Time,
  timeMs,
} from "@koplamp/wire";
import { CovenantError } from "./errors.ts";
import type { SignedBytes } from "./membership.ts";

/** What a set of approvals is checked against. */
export interface ApprovalCase {
  readonly plan: Plan;
  readonly planHash: Hash;
  readonly contractHash: Hash;
  readonly covenant: Covenant;
  readonly cards: ReadonlyMap<PartyId, Card>;
  readonly now: Time;
}

/** The `party` of an approval by somebody outside the agencies, whose key is in the covenant. */
export const EXTERNAL: PartyId = "external";

/** The roles of which every agency that takes part gives one approval, by two people. */
export const AGENCY_ROLES = ["lawful", "ethical"] as const;

/** Clocks may differ by as much as this. */
const SKEW_MS = 5 * 60_000;

/**
 * Checks that `party` has approved this contract: one lawful and one ethical approval, by two people of its card with
 * that role, neither of them the proposer, none expired, and no refusal beside them; for {@link EXTERNAL} one approval
 * of each outside role that the covenant demands. Gives them in the order in which they came.
 * @throws {CovenantError} `approval`, naming the party and the role that is missing.
 */
export function checkApprovals(
  party: PartyId,
  given: readonly SignedBytes[],
  question: ApprovalCase,
  primitives: Primitives,
): readonly Approval[] {
  const approvals = given.map((signed) => admitApproval(signed, question, primitives));
  if (approvals.some((approval) => approval.party !== party)) {
    throw new CovenantError("approval", `expected approvals by ${party}, got one of another party`);
  }
  const no = objectionIn(approvals);
  if (no !== undefined) {
    throw new CovenantError("approval", `one of the people of ${party} refuses, or withdrew an approval`);
  }
  const [missing] = missingRoles(party, approvals, question);
  if (missing !== undefined) throw new CovenantError("approval", `${party} has no ${missing} approval`);
  return approvals;
}

/**
 * Reads one decision of one person, and checks all of it that time cannot change: it is of this contract, signed by the
 * person it names, who has that role on the card of that agency and is not the proposer.
 * @throws {CovenantError} `approval`; {@link WireError} for bytes that are no approval.
 */
export function admitApproval(signed: SignedBytes, question: ApprovalCase, primitives: Primitives): Approval {
  const approval = readDocument("approval/v1", signed.bytes); // attacker-controlled
  const { party, by } = approval;
  const { plan, planHash, contractHash } = question;
  const about = [approval.covenantHash, approval.planHash, approval.contractHash].join(" ");
  if (about !== [plan.covenantHash, planHash, contractHash].join(" ")) {
    throw new CovenantError("approval", `expected an approval of this contract by ${party}, got another`);
  }
  expectTimes(approval, question);
  expectEntitled(approval, question);
  const hash = documentHash(primitives.sha256, signed.bytes);
  const type = "approval/v1";
  if (!signed.signatures.some((line) => verifyDocument(primitives, { type, hash, line, keys: [by] }))) {
    throw new CovenantError("approval", `an approval of ${party} is not signed by the person it names`);
  }
  return approval;
}

/** The first decision that is no yes: it ends the question, whatever stands beside it. */
export function objectionIn(approvals: readonly Approval[]): Approval | undefined {
  return approvals.find(({ decision }) => decision !== "approve");
}

/** The roles of which `party` has no approval now, of those that were admitted. */
export function missingRoles(
  party: PartyId,
  approvals: readonly Approval[],
  question: ApprovalCase,
): readonly string[] {
  const valid = approvals.filter((approval) => approval.party === party && counts(approval, question));
  const by = (role: string): readonly string[] =>
    valid.filter((one) => one.role === role).map((one) => one.by);
  if (party === EXTERNAL) return externalRoles(question).filter((role) => by(role).length === 0);
  const missing = AGENCY_ROLES.filter((role) => by(role).length === 0);
  if (missing.length > 0) return missing;
  const people = new Set(valid.map((one) => personOf(one, question)?.person));
  return people.size > 1 ? [] : ["second person's"];
}

/** The outside roles that the covenant demands for the class of a plan. */
export function externalRoles({
  plan,
  covenant,
}: Pick<ApprovalCase, "plan" | "covenant">): readonly string[] {
  const { approval, personLevel } = covenant;
  const personal = plan.class === "E" || plan.class === "F" ? personLevel.external : [];
  return approval.external
    .filter(({ role, classes }) => classes.includes(plan.class) || personal.includes(role))
    .map(({ role }) => role);
}

/** Whether an admitted decision is a yes that holds now. */
function counts(approval: Approval, question: ApprovalCase): boolean {
  const { now } = question;
  if (approval.decision !== "approve" || now >= approval.validUntil) return false;
  return approval.party === EXTERNAL || now < (personOf(approval, question)?.validUntil ?? now);
}

function expectTimes({ at, validUntil, party }: Approval, { covenant, now }: ApprovalCase): void {
  if (timeMs(at) > timeMs(now) + SKEW_MS) {
    throw new CovenantError("approval", `an approval of ${party} is dated in the future`);
  }
  if (validUntil > addPeriod(at, covenant.approval.validFor)) {
    const { validFor } = covenant.approval;
    throw new CovenantError(
      "approval",
      `an approval of ${party} holds longer than the covenant's ${validFor}`,
    );
  }
}

function expectEntitled(approval: Approval, question: ApprovalCase): void {
  const { party, role, by, at, decision } = approval;
  if (party === EXTERNAL) {
    expectOutside(approval, question);
    return;
  }
  const person = personOf(approval, question);
  if (person === undefined || at >= person.validUntil) {
    throw new CovenantError(
      "approval",
      `the ${role} approval of ${party} is by nobody on its card with that role`,
    );
  }
  if (decision !== "approve") return; // whoever has a role may say no
  if (!AGENCY_ROLES.some((one) => one === role)) {
    throw new CovenantError("approval", `expected a lawful or an ethical approval of ${party}, got ${role}`);
  }
  if (by === question.plan.proposer.by) {
    throw new CovenantError("approval", `the ${role} approval of ${party} is by the proposer`);
  }
}

/** Somebody outside the agencies has a key in the covenant, for a role that it demands, and none on any card. */
function expectOutside({ role, by }: Approval, question: ApprovalCase): void {
  const { covenant, cards } = question;
  const keys = covenant.approval.external.find((row) => row.role === role)?.keys ?? [];
  const inside = [...cards.values()].flatMap(({ people }) => people.map(({ key }) => key));
  if (externalRoles(question).includes(role) && keys.includes(by) && !inside.includes(by)) return;
  throw new CovenantError(
    "approval",
    `the ${role} approval is by nobody whom the covenant names for that role`,
  );
}

/** Who may say no, besides those who may approve. */
const MAY_REFUSE: readonly string[] = [...AGENCY_ROLES, "officer"];

function personOf(
  { party, by, role }: Approval,
  { cards }: ApprovalCase,
): Card["people"][number] | undefined {
  if (!MAY_REFUSE.includes(role)) return undefined;
  return cards.get(party)?.people.find(({ key, roles }) => key === by && roles.some((one) => one === role));
}
