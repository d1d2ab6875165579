// SPDX-License-Identifier: Apache-2.0
import { checkApprovals, type Decision, decide, type SignedBytes } from "@koplamp/covenant";
import { signDocument } from "@koplamp/crypto";
import type { PartyId } from "@koplamp/protocol";
import { type Approval, base64, documentBytes, documentHash, timeText } from "@koplamp/wire";
import { EngineError } from "./errors.ts";
import { exchange } from "./exchange.ts";
import { decodeMessage, encodeMessage, type Verdict, verdictForm } from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";
import type { QuestionRun } from "./question-run.ts";

/** A party's no. */
export interface Refusal {
  readonly party: PartyId;
  readonly rule: string;
  readonly message: string;
  readonly hint: string;
}

/** What the parties said: the first refusal in order of id, or everybody's approvals. */
export interface JointVerdict {
  readonly refusal?: Refusal;
  readonly approvals: readonly SignedBytes[];
}

/**
 * Every node decides by itself and tells the others; one no is enough. Here each node also checks that the others
 * computed the same contract and that two of their people signed it.
 * @throws {EngineError} `integrity` when a contract differs; {@link CovenantError} for a missing approval.
 */
export async function decideTogether(node: NodePorts, run: QuestionRun): Promise<JointVerdict> {
  const now = timeText(node.clock.now());
  const { plan, contract, planHash, contractHash } = run;
  const decision = decide({ covenant: node.membership.covenant, plan, contract, me: node.me, now, lab: node.lab });
  node.ledger.append([
    { type: "plan", verb: "none", planHash, body: { contractHash, class: plan.class, purpose: plan.purpose } },
  ]);
  const mine = ownVerdict(node, run, decision);
  const bodies = await exchange(node.post, run.topic("verdict"), encodeMessage(mine), run.others);
  const verdicts = new Map<PartyId, Verdict>([[node.me, mine]]);
  for (const [party, body] of bodies) verdicts.set(party, decodeMessage(verdictForm, party, body));
  return joined(node, run, verdicts, now);
}

function joined(
  node: NodePorts,
  run: QuestionRun,
  verdicts: ReadonlyMap<PartyId, Verdict>,
  now: string,
): JointVerdict {
  const ordered = [...verdicts].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [party, verdict] of ordered) {
    if (verdict.kind === "refuse") {
      const { rule, message, hint } = verdict;
      return { refusal: { party, rule, message, hint }, approvals: [] };
    }
  }
  return { approvals: ordered.flatMap(([party, verdict]) => admitVerdict(node, run, party, verdict, now)) };
}

function admitVerdict(
  node: NodePorts,
  run: QuestionRun,
  party: PartyId,
  verdict: Verdict,
  now: string,
): readonly SignedBytes[] {
  if (verdict.kind !== "allow" || verdict.contractHash !== run.contractHash) {
    throw new EngineError(
      "integrity",
      party,
      `the contract that ${party} computed is not ours`,
      "both nodes must run versions with the same protocol descriptions: koplamp version --full",
    );
  }
  const { plan, planHash, contractHash } = run;
  const question = { plan, contractHash, cards: node.membership.cards, now };
  const approvals = checkApprovals(party, verdict.approvals, question, node.primitives);
  node.ledger.append(
    approvals.map(({ role, by }, at) => {
      const bytes = verdict.approvals[at]?.bytes ?? new Uint8Array();
      const approvalHash = documentHash(node.primitives.sha256, bytes);
      return { type: "approval", verb: "none", planHash, by, body: { approvalHash, party, role } };
    }),
  );
  return verdict.approvals;
}

function ownVerdict(node: NodePorts, run: QuestionRun, decision: Decision): Verdict {
  if (decision.outcome === "refuse") {
    const { rule, message, hint } = decision;
    return { kind: "refuse", rule, message, hint };
  }
  const approvals = (["lawful", "ethical"] as const).map((role) => signApproval(node, run, role));
  return { kind: "allow", contractHash: run.contractHash, approvals: [...approvals] };
}

/**
 * An approval by this agency's own person. The keys stand at the node in a lab and in the demonstration only: people
 * who decide for themselves join through the same verdict.
 */
function signApproval(
  node: NodePorts,
  run: QuestionRun,
  role: "lawful" | "ethical",
): { readonly bytes: Uint8Array; readonly signatures: string[] } {
  const seed = node.keys.people[role];
  const approval: Approval = {
    koplamp: "approval/v1",
    covenantHash: node.membership.covenantHash,
    planHash: run.planHash,
    contractHash: run.contractHash,
    party: node.me,
    role,
    decision: "approve",
    by: publicKeyText(node.primitives.ed25519PublicKey(seed)),
    considered: [{ question: "generated", answer: { en: "Given by a generated key" } }],
    reason: null,
    at: timeText(node.clock.now()),
    validUntil: run.plan.expires,
    salt: base64(node.rng(32)),
  };
  const bytes = documentBytes(approval);
  const hash = documentHash(node.primitives.sha256, bytes);
  return { bytes, signatures: [signDocument(node.primitives, seed, "approval/v1", hash)] };
}
