// SPDX-License-Identifier: Apache-2.0
import { PeerLost, type PartyId } from "@koplamp/protocol";
import type { AnswerResult } from "@koplamp/wire";
import { aggregateStage } from "./aggregate-stage.ts";
import { type Proposed, admitProposal } from "./proposal.ts";
import { asEngineError, QuestionRun } from "./question-run.ts";
import { EngineError } from "./errors.ts";
import { gatherEvidence } from "./evidence.ts";
import { matchStage } from "./match-stage.ts";
import type { NodePorts } from "./node-ports.ts";
import { failed, type Outcome } from "./outcome.ts";
import { decideTogether } from "./verdicts.ts";

/** What a protocol stage gives a node: its part of the answer, and the sessions that made it. */
export interface StageResult {
  /** Present at a recipient's node. */
  readonly result?: AnswerResult;
  readonly withheld: readonly { readonly rule: string; readonly cells: number }[];
  /** The query session: disclosures, receipts and egress are named by it. */
  readonly session: string;
}

/**
 * One node's side of a question, from a signed proposal to evidence. Everything above `answered` can still say no
 * before a byte of data leaves, and every node decides alone. Reads as the life of a question in architecture.md.
 */
export async function runQuery(node: NodePorts, proposed: Proposed): Promise<Outcome<AnswerResult>> {
  const run = admitProposal(node, proposed); // the plan is signed, ours as offered, and gives the same contract here
  const over = Promise.withResolvers<void>();
  const stopListening = run.listenForStop();
  const watching = node.presence.watch(run.others, over.promise, (peer) => run.stop(lost(peer)));
  try {
    const { refusal } = await decideTogether(node, run); // four eyes at every node; one no is enough
    if (refusal !== undefined) return { ...ended(node, run), status: "refused", ...refusal };

    const stage = run.plan.ask.kind === "aggregate" ? aggregateStage : matchStage;
    const answered = await stage(node, run); // sessions under the gate: begin, log, then open

    const bundle = await gatherEvidence(node, run, answered); // receipts, egress, release, proofs
    return {
      ...ended(node, run),
      status: "released",
      ...(answered.result === undefined ? {} : { result: answered.result }),
      ...(bundle === undefined ? {} : { bundle }),
    };
  } catch (reason) {
    return await stopped(node, run, reason);
  } finally {
    over.resolve();
    stopListening();
    run.end();
    await watching;
  }
}

async function stopped(node: NodePorts, run: QuestionRun, reason: unknown): Promise<Outcome<never>> {
  const error = asEngineError(reason, node.me);
  run.stop(error);
  node.log({ event: "question.failed", party: node.me, plan: run.planHash, code: error.code, peer: error.party });
  await run.tellStop(error);
  return { ...ended(node, run), ...failed(run.plan.id, error), disclosures: ended(node, run).disclosures };
}

function lost(peer: PartyId): EngineError {
  return asEngineError(new PeerLost(peer, "its line is down"), peer);
}

function ended(node: NodePorts, run: QuestionRun): Omit<Extract<Outcome, { status: "released" }>, "status"> {
  const { plan, planHash, contract } = run;
  return {
    query: plan.id,
    plan,
    planHash,
    contract,
    disclosures: node.ledger.disclosuresOf(planHash),
    ledger: node.ledger.head(),
  };
}
