// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import { COORDINATOR, isPairProtocol } from "@koplamp/psi";
import { type AnswerResult, type Hash, timeMs } from "@koplamp/wire";
import { aggregateStage } from "./aggregate-stage.ts";
import { answeredBefore, askedBefore } from "./asked-before.ts";
import { EngineError } from "./errors.ts";
import { gatherEvidence } from "./evidence.ts";
import { FourEyes } from "./four-eyes.ts";
import { joinStage, selectsRows } from "./join-stage.ts";
import { matchStage } from "./match-stage.ts";
import { remember } from "./memo.ts";
import type { NodePorts } from "./node-ports.ts";
import type { Offers } from "./offer.ts";
import { failed, type Outcome } from "./outcome.ts";
import { keepOutcome } from "./outcome-kept.ts";
import { pairStage } from "./pair-stage.ts";
import { dropPending } from "./pending.ts";
import { admitPending, admitProposal, type Proposed } from "./proposal.ts";
import type { QuestionRun } from "./question-run.ts";
import type { Stage, StageResult } from "./stage.ts";
import type { Suspensions } from "./suspensions.ts";
import { trendStage } from "./trend-stage.ts";
import { decideTogether } from "./verdicts.ts";
import type { Withdrawals } from "./withdrawals.ts";

/** What a node remembers between questions: its offers, and the questions that live. */
export interface Questions {
  readonly offers: Offers;
  readonly runs: Set<QuestionRun>;
  readonly eyes: Map<Hash, FourEyes>;
  /** Who has left. */
  readonly withdrawals: Withdrawals;
  /** Who is halted by its own officers. */
  readonly suspensions: Suspensions;
  /** Told when people can decide about a question. */
  readonly waiting: (eyes: FourEyes) => void;
}

/**
 * One node's side of a question, from a signed proposal to evidence. Everything above `answered` can still say no
 * before a byte of data leaves, and every node decides alone. Reads as the life of a question in architecture.md.
 */
export async function runQuery(
  node: NodePorts,
  questions: Questions,
  proposed: Proposed,
): Promise<Outcome<AnswerResult>> {
  const run = admitProposal(node, questions.offers, proposed); // signed by an analyst of whoever sent it, and not seen before
  return await live(node, questions, run, false);
}

/** Goes on with a question that waited for people when this node stopped. @throws as {@link runQuery}. */
export async function resumeQuery(
  node: NodePorts,
  questions: Questions,
  planHash: Hash,
): Promise<Outcome<AnswerResult>> {
  return await live(node, questions, admitPending(node, questions.offers, planHash), true);
}

/** Sees a question through, and keeps how it ended: whoever asked may come back for the answer later. */
async function live(
  node: NodePorts,
  questions: Questions,
  run: QuestionRun,
  resumed: boolean,
): Promise<Outcome<AnswerResult>> {
  const outcome = await seenThrough(node, questions, run, resumed);
  if (!run.left) keepOutcome(node, run.planHash, outcome);
  return outcome;
}

async function seenThrough(
  node: NodePorts,
  questions: Questions,
  run: QuestionRun,
  resumed: boolean,
): Promise<Outcome<AnswerResult>> {
  const eyes = new FourEyes(node, run);
  questions.runs.add(run);
  questions.eyes.set(run.planHash, eyes);
  const unwatch = watch(node, run); // another party's stop or the expiry ends every wait
  try {
    questions.withdrawals.expectMembers(run); // who has left takes part in nothing, whoever asks
    questions.suspensions.expectActive(run); // nor who is halted
    // The same contract at every node; one no is enough. What was answered on these data is not run again.
    const before = resumed ? undefined : await attended(node, run, () => settled(node, run));
    if (before !== undefined) return before;
    await eyes.wait(resumed, () => questions.waiting(eyes)); // two people of every party, seen by every node

    return await attended(node, run, async () => {
      const answered = await stageOf(run)(node, run); // sessions under the gate: begin, log, then open
      run.answered();
      remember(node, run);
      return released(node, run, answered, await gatherEvidence(node, run, answered)); // receipts, egress, release, proofs
    });
  } catch (reason) {
    return await stopped(node, run, reason);
  } finally {
    questions.runs.delete(run);
    questions.eyes.delete(run.planHash);
    if (!run.left) dropPending(node, run.planHash);
    await unwatch();
  }
}

/** What answers a plan: by its protocol where two have a key of their own, otherwise by the kind of its question. */
function stageOf({ plan }: QuestionRun): Stage {
  if (isPairProtocol(plan.protocol.id)) return pairStage;
  if (plan.ask.kind === "trend") return trendStage;
  if (selectsRows(plan)) return joinStage;
  return plan.ask.kind === "aggregate" ? aggregateStage : matchStage;
}

/** How a question ends before people are asked: a party's no, a budget that is spent, or the answer that it has. */
async function settled(node: NodePorts, run: QuestionRun): Promise<Outcome<AnswerResult> | undefined> {
  const refusal = await decideTogether(node, run);
  if (refusal !== undefined) return { ...ended(node, run), status: "refused", ...refusal };
  const before = await askedBefore(node, run);
  if (before?.kind === "spent") {
    const { party, rule, message, hint } = before;
    return { ...ended(node, run), status: "refused", party, rule, message, hint };
  }
  if (before === undefined) return undefined;
  const { stored } = before;
  const answer = answeredBefore(node, run, stored);
  return { ...ended(node, run), status: "released", ...answer, stored };
}

function released(
  node: NodePorts,
  run: QuestionRun,
  { result }: StageResult,
  bundle: Uint8Array | undefined,
): Outcome<AnswerResult> {
  return {
    ...ended(node, run),
    status: "released",
    ...(result === undefined ? {} : { result }),
    ...(bundle === undefined ? {} : { bundle }),
  };
}

/** Watches over a question until the function that it gives is called. */
function watch(node: NodePorts, run: QuestionRun): () => Promise<void> {
  const over = Promise.withResolvers<void>();
  run.listenForStop();
  const watching = expire(node, run, over.promise);
  return async () => {
    over.resolve();
    run.end();
    await watching;
  };
}

/** Does what needs every peer at its line: one that is lost meanwhile ends the question. People may take days. */
async function attended<T>(node: NodePorts, run: QuestionRun, act: () => Promise<T>): Promise<T> {
  const over = Promise.withResolvers<void>();
  const lost = (peer: PartyId): void => {
    if (!node.presence.wentDown(COORDINATOR)) run.lose(peer, `${peer} was given up: its line is down`);
    else run.lose(peer, "the coordinator was given up: our own line to it is down", COORDINATOR);
  };
  const watching = node.presence.watch(run.peers, over.promise, lost);
  try {
    return await act();
  } finally {
    over.resolve();
    await watching;
  }
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
  const { code, party, message, hint } = error;
  if (run.left) return { ...failed(run.plan.id, error), ...ended(node, run) };
  const event = code === "refused" ? "question.refused" : "question.failed";
  node.log({ event, party: node.me, plan: run.planHash, code, peer: party });
  await run.tellStop(error);
  if (code !== "refused") return { ...failed(run.plan.id, error), ...ended(node, run) };
  const refusal = run.refusal ?? { party, rule: "approvals", message, hint };
  return { ...ended(node, run), status: "refused", ...refusal };
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
