// SPDX-License-Identifier: Apache-2.0
export { type Decidable, type Decided, type DecisionSigner, signDecision } from "./approval-draft.ts";
export {
  AGENCY_ROLES,
  type ApprovalCase,
  admitApproval,
  checkApprovals,
  EXTERNAL,
  externalRoles,
  missingRoles,
  objectionIn,
} from "./approvals.ts";
export { audit } from "./audit.ts";
export { type Agreement, agreementOf } from "./audit-sums.ts";
export type { AuditCell, Audited, AuditLine, AuditTable, Outside, Overlay } from "./audit-table.ts";
export { BLANK, checkSignatures, checkText, type Vouched } from "./check.ts";
export type { Clause } from "./clause.ts";
export { clauseAt, clausesOf } from "./clauses.ts";
export { type Case, type Decision, decide } from "./decide.ts";
export { type Difference, type Direction, differencesOf, directionOfAll } from "./diff.ts";
export { CovenantError, type CovenantErrorCode } from "./errors.ts";
export type { Finding } from "./finding.ts";
export { admitInterest, type InterestSaid, readInterest, signInterest } from "./interest.ts";
export {
  type Address,
  admitCharter,
  admitFounding,
  type Charter,
  type Membership,
  type SignedBytes,
} from "./membership.ts";
export {
  decideByPolicy,
  decideLocally,
  type LocalPolicyCase,
  type NodePolicy,
  nodePolicy,
  type PolicyVerdict,
  policyDecision,
} from "./policy.ts";
export { EXAMPLE_CASES, EXAMPLE_POLICY } from "./policy-example.ts";
export { PolicyInForce } from "./policy-in-force.ts";
export type { PolicyAnswer, PolicyFault, PolicyLanguage } from "./policy-language.ts";
export { type PolicyCase, type PolicyFacts, type PolicyRequest, policyFacts } from "./policy-request.ts";
export { CLASSES, KINDS } from "./policy-schema.ts";
export type { LocalPolicy, PolicyFile, PolicyFinding } from "./policy-set.ts";
export { keyHolders } from "./possession.ts";
export {
  type CellFacts,
  type PartyPart,
  type PrimaryRule,
  type ReleaseRule,
  type ReleaseRules,
  withheldBy,
} from "./release.ts";
export { covenantText, type RenderOptions } from "./render.ts";
export { admitSuspension, type Suspending, type SuspensionSigner, signSuspension } from "./suspension.ts";
export { admitWithdrawal, type Leaving, type LeavingSigner, signWithdrawal } from "./withdrawal.ts";
