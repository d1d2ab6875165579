// SPDX-License-Identifier: Apache-2.0
import type { Decision } from "@koplamp/covenant";
import type { PartyId } from "@koplamp/protocol";
import { documentBytes } from "@koplamp/wire";
import { decisionNow } from "./decision.ts";
import { EngineError } from "./errors.ts";
import { exchange } from "./exchange.ts";
import { decodeMessage, encodeMessage, type Verdict, verdictForm } from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";
import type { Refusal } from "./outcome.ts";
import type { QuestionRun } from "./question-run.ts";

/**
 * Every node decides by itself and tells the others; one no is enough. Here each node also checks that the others
 * computed the same contract: its hash is what people sign after this. Gives the first refusal in order of id, if any.
 * @throws {EngineError} `integrity` when a contract differs.
 */
export async function decideTogether(node: NodePorts, run: QuestionRun): Promise<Refusal | undefined> {
  node.progress({ party: node.me, phase: "approve" });
  const mine = ownVerdict(node, run);
  const bodies = await exchange(node.post, run.topic("verdict"), encodeMessage(mine), run.others);
  const verdicts = new Map<PartyId, Verdict>([[node.me, mine]]);
  for (const [party, body] of bodies) verdicts.set(party, decodeMessage(verdictForm, party, body));
  const ordered = [...verdicts].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [party, verdict] of ordered) {
    if (verdict.kind === "refuse") return refusalOf(node, run, party, verdict);
  }
  for (const [party, verdict] of ordered) admitVerdict(run, party, verdict);
  return undefined;
}

function refusalOf(
  node: NodePorts,
  run: QuestionRun,
  party: PartyId,
  { rule, message, hint }: Extract<Verdict, { kind: "refuse" }>,
): Refusal {
  node.log({ event: "question.refused", party: node.me, plan: run.planHash, peer: party });
  return { party, rule, message, hint };
}

function admitVerdict(run: QuestionRun, party: PartyId, verdict: Verdict): void {
  if (verdict.kind === "allow" && verdict.contractHash === run.contractHash) return;
  throw new EngineError(
    "integrity",
    party,
    `the contract that ${party} computed is not ours`,
    "both nodes must run versions with the same protocol descriptions: koplamp version --full",
  );
}

/** This node's own yes or no. What it refuses is not logged as a plan: nothing of it begins here. */
function ownVerdict(node: NodePorts, run: QuestionRun): Verdict {
  const decision = ownDecision(node, run);
  if (decision.outcome === "refuse") {
    const { rule, message, hint } = decision;
    return { kind: "refuse", rule, message, hint };
  }
  const { plan, planHash, contract, contractHash } = run;
  node.ledger.append([
    {
      type: "plan",
      verb: "none",
      planHash,
      body: { contractHash, class: plan.class, purpose: plan.purpose },
      documents: [[contractHash, { bytes: documentBytes(contract), signatures: [] }]],
    },
  ]);
  return { kind: "allow", contractHash };
}

function ownDecision(node: NodePorts, run: QuestionRun): Decision {
  if (run.own?.offer !== undefined)
    return setDecision(node, run, run.own.offer.keys) ?? decisionNow(node, run);
  if (run.own === undefined) return decisionNow(node, run);
  const message = `the plan does not state what ${node.me} offers of ${run.own.input.dataset}`;
  const hint = "ask again: offers are made for one question";
  return { outcome: "refuse", rule: "inputs", message, hint };
}

/**
 * Whoever is told of its own keys in a match brings a list of them, and no single case among dummies: nobody else can see
 * how many there are (threats.md, P2).
 */
function setDecision(
  { me, membership }: NodePorts,
  { plan, recipients }: QuestionRun,
  keys: number | undefined,
): Decision | undefined {
  const { minSet } = membership.covenant.floors;
  if (plan.ask.kind !== "match" || !recipients.includes(me) || keys === undefined || keys >= minSet)
    return undefined;
  const message = `a list that is matched has at least ${minSet} keys under covenant "${membership.covenant.id}", and that of ${me} has fewer`;
  const hint = "ask about single cases by a look-up (kind: lookup): it has a quota and approvals of its own";
  return { outcome: "refuse", rule: "floors/minSet", message, hint };
}
