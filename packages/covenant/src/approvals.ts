// SPDX-License-Identifier: Apache-2.0
import { type Primitives, verifyDocument } from "@koplamp/crypto";
import type { PartyId } from "@koplamp/protocol";
import {
  type Approval,
  type Card,
  documentHash,
  type Hash,
  type Plan,
  readDocument,
  type Time,
} from "@koplamp/wire";
import { CovenantError } from "./errors.ts";
import type { SignedBytes } from "./membership.ts";

/** What a set of approvals is checked against. */
export interface ApprovalCase {
  readonly plan: Plan;
  readonly planHash: Hash;
  readonly contractHash: Hash;
  readonly cards: ReadonlyMap<PartyId, Card>;
  readonly now: Time;
}

/**
 * Checks that `party` has approved this contract: one lawful and one ethical approval, by two people of its card with
 * that role, neither of them the proposer, none expired, and no refusal beside them. Gives them in the order in which
 * they came.
 * @throws {CovenantError} `approval`, naming the party and the role that is missing.
 */
export function checkApprovals(
  party: PartyId,
  given: readonly SignedBytes[],
  question: ApprovalCase,
  primitives: Primitives,
): readonly Approval[] {
  const approvals = given.map((signed) => readApproval(party, signed, question, primitives));
  if (approvals.some(({ decision }) => decision !== "approve")) {
    throw new CovenantError("approval", `one of the people of ${party} refuses, or withdrew an approval`);
  }
  const [lawful, ethical] = (["lawful", "ethical"] as const).map((role) => {
    const found = approvals.find((approval) => approval.role === role);
    if (found === undefined) throw new CovenantError("approval", `${party} has no ${role} approval`);
    return personOf(question.cards.get(party), found, role, question);
  });
  if (lawful === ethical) throw new CovenantError("approval", `at ${party} one person gave both approvals`);
  return approvals;
}

function readApproval(
  party: PartyId,
  signed: SignedBytes,
  question: ApprovalCase,
  primitives: Primitives,
): Approval {
  const approval = readDocument("approval/v1", signed.bytes); // attacker-controlled
  const hash = documentHash(primitives.sha256, signed.bytes);
  const { plan, planHash, contractHash } = question;
  const about = [approval.covenantHash, approval.planHash, approval.contractHash].join(" ");
  if (approval.party !== party || about !== [plan.covenantHash, planHash, contractHash].join(" ")) {
    throw new CovenantError("approval", `expected an approval of this contract by ${party}, got another`);
  }
  const keys = [approval.by];
  if (
    !signed.signatures.some((line) => verifyDocument(primitives, { type: "approval/v1", hash, line, keys }))
  ) {
    throw new CovenantError("approval", `an approval of ${party} is not signed by the person it names`);
  }
  return approval;
}

function personOf(
  card: Card | undefined,
  approval: Approval,
  role: "lawful" | "ethical",
  { plan, now }: ApprovalCase,
): string {
  const person = card?.people.find(({ key, roles }) => key === approval.by && roles.includes(role));
  if (person === undefined || now >= person.validUntil || now >= approval.validUntil) {
    throw new CovenantError(
      "approval",
      `the ${role} approval of ${approval.party} is by nobody on its card with that role`,
    );
  }
  if (approval.by === plan.proposer.by) {
    throw new CovenantError("approval", `the ${role} approval of ${approval.party} is by the proposer`);
  }
  return person.person;
}
