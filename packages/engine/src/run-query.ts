// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import { type AnswerResult, timeMs } from "@koplamp/wire";
import { aggregateStage } from "./aggregate-stage.ts";
import { EngineError } from "./errors.ts";
import { gatherEvidence } from "./evidence.ts";
import { matchStage } from "./match-stage.ts";
import type { NodePorts } from "./node-ports.ts";
import type { Offers } from "./offer.ts";
import { failed, type Outcome } from "./outcome.ts";
import { admitProposal, type Proposed } from "./proposal.ts";
import type { QuestionRun } from "./question-run.ts";
import type { Stage } from "./stage.ts";
import { decideTogether } from "./verdicts.ts";

/** What a node remembers between questions: its offers, and the questions that run. */
export interface Questions {
  readonly offers: Offers;
  readonly runs: Set<QuestionRun>;
}

/**
 * One node's side of a question, from a signed proposal to evidence. Everything above `answered` can still say no
 * before a byte of data leaves, and every node decides alone. Reads as the life of a question in architecture.md.
 */
export async function runQuery(
  node: NodePorts,
  { offers, runs }: Questions,
  proposed: Proposed,
): Promise<Outcome<AnswerResult>> {
  const run = admitProposal(node, offers, proposed); // signed by an analyst of whoever sent it, and not seen before
  runs.add(run);
  const unwatch = watch(node, run); // a lost peer, another party's stop or the expiry ends every wait
  try {
    const refusal = await decideTogether(node, run); // the same contract, four eyes at every node; one no is enough
    if (refusal !== undefined) return { ...ended(node, run), status: "refused", ...refusal };
    run.agreed = true;

    const stage: Stage = run.plan.ask.kind === "aggregate" ? aggregateStage : matchStage;
    const answered = await stage(node, run); // sessions under the gate: begin, log, then open
    run.answered();

    const bundle = await gatherEvidence(node, run, answered); // receipts, egress, release, proofs
    const result = answered.result === undefined ? {} : { result: answered.result };
    return {
      ...ended(node, run),
      status: "released",
      ...result,
      ...(bundle === undefined ? {} : { bundle }),
    };
  } catch (reason) {
    return await stopped(node, run, reason);
  } finally {
    runs.delete(run);
    await unwatch();
  }
}

/** Watches over a question until the function that it gives is called. */
function watch(node: NodePorts, run: QuestionRun): () => Promise<void> {
  const over = Promise.withResolvers<void>();
  run.listenForStop();
  const lost = (peer: PartyId): void => run.lose(peer, `${peer} was given up: its line is down`);
  const watching = [node.presence.watch(run.peers, over.promise, lost), expire(node, run, over.promise)];
  return async () => {
    over.resolve();
    run.end();
    await Promise.all(watching);
  };
}

/** A timer may be off by as much as this, and a question that is over is forgotten within it. */
const TICK_MS = 1000;

async function expire({ me, clock }: NodePorts, run: QuestionRun, over: Promise<void>): Promise<void> {
  const { expires } = run.plan;
  let open = true;
  const end = over.then(() => {
    open = false;
  });
  while (open) {
    const left = timeMs(expires) - clock.now();
    if (left <= 0) {
      run.stop(new EngineError("expired", me, `the question expired at ${expires}`, "ask again"));
      return;
    }
    await Promise.race([end, clock.sleep(Math.min(left, TICK_MS))]);
  }
}

async function stopped(node: NodePorts, run: QuestionRun, reason: unknown): Promise<Outcome<never>> {
  const error = await run.fail(reason);
  const { code, party } = error;
  node.log({ event: "question.failed", party: node.me, plan: run.planHash, code, peer: party });
  await run.tellStop(error);
  return { ...failed(run.plan.id, error), ...ended(node, run) };
}

/** What every outcome says, however the question ended. */
function ended(
  node: NodePorts,
  run: QuestionRun,
): Pick<Outcome, "query" | "plan" | "planHash" | "contract" | "disclosures" | "ledger"> {
  const { plan, planHash } = run;
  const contract = run.contractIfAny();
  return {
    query: plan.id,
    plan,
    planHash,
    ...(contract === undefined ? {} : { contract }),
    disclosures: node.ledger.disclosuresOf(planHash),
    ledger: node.ledger.head(),
  };
}
