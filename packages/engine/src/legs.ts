// SPDX-License-Identifier: Apache-2.0
// A question in several shards outlives the restart of a party and of the coordinator (ADR 0013): it is run in legs, each
// from the first shard that not every party had finished to the next interruption.
import type { AnswerResult } from "@koplamp/wire";
import type { LegWords } from "./leg-words.ts";
import { keptCut } from "./legs-kept.ts";
import type { NodePorts } from "./node-ports.ts";
import type { Offers } from "./offer.ts";
import type { Outcome } from "./outcome.ts";
import { attended, watch } from "./question-life.ts";
import { type Leg, QuestionRun } from "./question-run.ts";
import { untilFinished } from "./shards.ts";

/** What the legs of a question need of the node that they run at. */
export interface LegParts {
  /** The questions that live: what ends questions ends these. */
  readonly runs: Set<QuestionRun>;
  readonly offers: Offers;
  readonly words: LegWords;
  /** Answers a question once, from where a leg begins. */
  readonly answer: (node: NodePorts, run: QuestionRun) => Promise<Outcome<AnswerResult>>;
}

/**
 * Runs a question to its answer, leg by leg. A lost party or coordinator ends a leg, and its sessions with it: they are
 * never resumed. Anything else ends the question.
 * @throws what ended it.
 */
export async function runLegs(
  node: NodePorts,
  run: QuestionRun,
  parts: LegParts,
): Promise<Outcome<AnswerResult>> {
  run.phase = "in-legs";
  for (;;) {
    run.stillAllowed();
    const leg = await parts.words.meet();
    restore(node, run, leg);
    const outcome = await oneLeg(node, run, leg, parts);
    if (outcome !== undefined) return outcome;
  }
}

/** The accounts of what is finished, as they were. */
function restore(node: NodePorts, run: QuestionRun, { kept }: Leg): void {
  if (kept.length === 0) return;
  if (run.own !== undefined) {
    const { accounts } = keptCut(node, run.planHash);
    for (const { label, rows } of accounts) run.account(label, rows);
  }
  for (const { label, result } of kept) {
    run.disown(label);
    run.account(label, result.egress);
    run.opened(
      label,
      result.logged.map(({ id }) => id),
    );
  }
}

/** One leg: an answer, or nothing where somebody was lost. */
async function oneLeg(
  node: NodePorts,
  run: QuestionRun,
  leg: Leg,
  { runs, offers, words, answer }: LegParts,
): Promise<Outcome<AnswerResult> | undefined> {
  const { me, log } = node;
  const { plan, planHash } = run;
  const parts = { number: leg.number - 1, offer: run.own?.offer, of: run, leg };
  const child = new QuestionRun(node, offers, plan, planHash, parts);
  runs.add(child);
  const unwatch = watch(node, child);
  log({ event: "leg.begin", party: me, plan: planHash, count: leg.number });
  words.begin(child);
  try {
    return await attended(node, child, async () => {
      await untilFinished(node, child);
      return await answer(node, child);
    });
  } catch (reason) {
    const error = await child.fail(reason);
    if (child.refusal !== undefined) run.refuse(child.refusal);
    if (error.code !== "unreachable") {
      run.stop(error); // before anybody else tells why in other words
      throw error;
    }
    log({ event: "leg.lost", party: me, plan: planHash, peer: error.party, count: leg.number });
    await child.tellStop(error); // the coordinator hears of it by nothing else
    return undefined;
  } finally {
    runs.delete(child);
    await unwatch();
  }
}
