// SPDX-License-Identifier: Apache-2.0
import { isPairProtocol, matchThreshold } from "@koplamp/psi";
import type { AnswerResult, Hash } from "@koplamp/wire";
import { aggregateStage } from "./aggregate-stage.ts";
import { Approvals } from "./approvals.ts";
import { answeredBefore, askedBefore } from "./asked-before.ts";
import { gatherEvidence } from "./evidence.ts";
import { FourEyes } from "./four-eyes.ts";
import { joinStage, selectsRows } from "./join-stage.ts";
import { LegWords } from "./leg-words.ts";
import { runLegs } from "./legs.ts";
import { dropLegs, lastLeg } from "./legs-kept.ts";
import { dropQuestions } from "./lookup-kept.ts";
import { lookupStage } from "./lookup-stage.ts";
import { matchStage } from "./match-stage.ts";
import { remember } from "./memo.ts";
import type { NodePorts } from "./node-ports.ts";
import type { Offers } from "./offer.ts";
import type { Outcome } from "./outcome.ts";
import { keepOutcome } from "./outcome-kept.ts";
import { pairStage } from "./pair-stage.ts";
import { dropPending } from "./pending.ts";
import { admitPending, admitProposal, type Proposed } from "./proposal.ts";
import { attended, ended, released, stopped, watch } from "./question-life.ts";
import type { QuestionRun } from "./question-run.ts";
import { runSeries, type Told } from "./series.ts";
import type { Stage } from "./stage.ts";
import { admitStanding, dropStanding, keepStanding } from "./standing.ts";
import type { Suspensions } from "./suspensions.ts";
import { thresholdStage } from "./threshold-stage.ts";
import { trendStage } from "./trend-stage.ts";
import { decideTogether } from "./verdicts.ts";
import type { Withdrawals } from "./withdrawals.ts";

/** What a node remembers between questions: its offers, and the questions that live. */
export interface Questions {
  readonly offers: Offers;
  readonly runs: Set<QuestionRun>;
  readonly eyes: Map<Hash, FourEyes>;
  /** What is said between the legs of those in several shards. */
  readonly legs: Map<Hash, LegWords>;
  /** Who has left. */
  readonly withdrawals: Withdrawals;
  /** Who is halted by its own officers. */
  readonly suspensions: Suspensions;
  /** Told when people can decide about a question. */
  readonly waiting: (eyes: FourEyes) => void;
  /** Told how a run of a standing question ended, after its first. */
  readonly ended: (outcome: Outcome<AnswerResult>) => void;
  /** Waited for when the node closes. */
  readonly track: (work: Promise<unknown>) => void;
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
  return await live(node, questions, run, "proposed");
}

/** Goes on with a question that waited for people, or was in its shards, when this node stopped. @throws as {@link runQuery}. */
export async function resumeQuery(
  node: NodePorts,
  questions: Questions,
  planHash: Hash,
): Promise<Outcome<AnswerResult>> {
  const from = lastLeg(node, planHash) > 0 ? "in-legs" : "waiting";
  return await live(node, questions, admitPending(node, questions.offers, planHash), from);
}

/** Goes on with a standing question that this node took part in when it stopped. @throws as {@link runQuery}. */
export async function resumeStanding(
  node: NodePorts,
  questions: Questions,
  planHash: Hash,
): Promise<Outcome<AnswerResult>> {
  return await live(node, questions, admitStanding(node, questions.offers, planHash), "standing");
}

/** Where a question is when this process begins with it. */
type From = "proposed" | "waiting" | "standing" | "in-legs";

/**
 * Sees a question through, and keeps how it ended: whoever asked may come back for the answer later. Of a standing one
 * this gives the first end that there is; it lives on, and tells of those that follow.
 */
async function live(
  node: NodePorts,
  questions: Questions,
  run: QuestionRun,
  from: From,
): Promise<Outcome<AnswerResult>> {
  const first = Promise.withResolvers<Outcome<AnswerResult>>();
  let told = 0;
  const tell: Told = (outcome) => {
    if (!run.left && !isCopy(outcome, run)) keepOutcome(node, run.planHash, outcome);
    if (told > 0) questions.ended(outcome);
    told += 1;
    first.resolve(outcome);
  };
  if (run.inLegs) questions.legs.set(run.planHash, new LegWords(node, run));
  const whole = seenThrough(node, questions, run, from, tell)
    .then((last) => {
      if (last !== undefined) tell(last);
    })
    .finally(() => questions.legs.delete(run.planHash)); // from here on whoever asks is told how it ended
  if (run.plan.schedule !== null) questions.track(whole);
  whole.catch(first.reject);
  return await first.promise;
}

/** Whether nothing ran, and the answer is the one that the same plan had before. */
function isCopy(outcome: Outcome, { planHash }: QuestionRun): boolean {
  return outcome.status === "released" && outcome.stored?.planHash === planHash;
}

/** How a question ended; nothing where that was told run by run. */
async function seenThrough(
  node: NodePorts,
  questions: Questions,
  run: QuestionRun,
  from: From,
  tell: Told,
): Promise<Outcome<AnswerResult> | undefined> {
  const eyes = new FourEyes(node, run);
  questions.runs.add(run);
  questions.eyes.set(run.planHash, eyes);
  const unwatch = watch(node, run); // another party's stop or the expiry ends every wait
  try {
    questions.withdrawals.expectMembers(run); // who has left takes part in nothing, whoever asks
    questions.suspensions.expectActive(run); // nor who is halted
    // The same contract at every node; one no is enough. What was answered on these data is not run again.
    const before = from === "proposed" ? await attended(node, run, () => settled(node, run)) : undefined;
    if (before !== undefined) return before;
    if (from === "standing" || from === "in-legs") {
      run.approvals = new Approvals(node, run);
    } else {
      await eyes.wait(from === "waiting", () => questions.waiting(eyes)); // two people of every party, seen by every node
    }
    const words = questions.legs.get(run.planHash);
    if (words !== undefined) {
      const { runs, offers } = questions;
      return await runLegs(node, run, { runs, offers, words, answer: answeredNow });
    }
    if (run.plan.schedule === null) return await attended(node, run, () => answeredNow(node, run));
    keepStanding(node, run.planHash);
    return await runSeries(node, run, {
      runs: questions.runs,
      offers: questions.offers,
      tell,
      answer: answeredNow,
    });
  } catch (reason) {
    return await stopped(node, run, reason);
  } finally {
    questions.runs.delete(run);
    questions.eyes.delete(run.planHash);
    if (!run.left) node.store.together(() => forget(node, run.planHash));
    await unwatch();
  }
}

/** Drops what only a question that lives needs. */
function forget(node: NodePorts, planHash: Hash): void {
  dropPending(node, planHash);
  dropQuestions(node, planHash);
  dropStanding(node, planHash);
  dropLegs(node, planHash);
}

/** One run of what was approved: sessions under the gate, then the evidence. */
async function answeredNow(node: NodePorts, run: QuestionRun): Promise<Outcome<AnswerResult>> {
  const answered = await stageOf(run)(node, run); // begin, log, then open
  run.answered();
  remember(node, run);
  return released(node, run, answered, await gatherEvidence(node, run, answered)); // receipts, egress, release, proofs
}

/** What answers a plan: by its protocol where two have a key of their own, otherwise by the kind of its question. */
function stageOf({ plan }: QuestionRun): Stage {
  if (isPairProtocol(plan.protocol.id)) return pairStage;
  if (plan.protocol.id === matchThreshold.id) return thresholdStage;
  if (plan.ask.kind === "lookup") return lookupStage;
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
  if (before === undefined || run.plan.schedule !== null) return undefined; // what stands runs when it is due
  const { stored } = before;
  const answer = answeredBefore(node, run, stored);
  return { ...ended(node, run), status: "released", ...answer, stored };
}
