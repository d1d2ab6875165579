// SPDX-License-Identifier: Apache-2.0
// A standing question: each run when it is due, once, on the one approval, over the data as they are then.
import { type AnswerResult, timeMs } from "@koplamp/wire";
import { answeredBefore, askedBefore } from "./asked-before.ts";
import { unreachable } from "./errors.ts";
import { exchange } from "./exchange.ts";
import { encodeMessage } from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";
import { freshOffer, type KeptOffer, type Offers } from "./offer.ts";
import type { Outcome } from "./outcome.ts";
import { attended, ended, stopped, watch } from "./question-life.ts";
import { QuestionRun } from "./question-run.ts";
import { isPaused, nextRun, takeRun } from "./standing.ts";
import { within } from "./within.ts";

/** Hears how something ended. */
export type Told = (outcome: Outcome<AnswerResult>) => void;

/** What a series needs of the node that it runs at. */
export interface Surroundings {
  /** The questions that live: what ends questions ends these. */
  readonly runs: Set<QuestionRun>;
  readonly offers: Offers;
  /** Hears how each run ended. */
  readonly tell: Told;
  /** Answers a question once. */
  readonly answer: (node: NodePorts, run: QuestionRun) => Promise<Outcome<AnswerResult>>;
}

/** Clocks differ by five minutes (assumption A5), and a run begins when all have come to it. */
const MEET_MS = 600_000;
/** A timer may be off by as much as this. */
const TICK_MS = 1000;

/**
 * Runs what stands until its last run is past. A run that fails is not made up for; the next one is. What ends the
 * question ends the series: an approval taken back or expired, a party that leaves or is halted, the plan's own end.
 * @throws what ended it.
 */
export async function runSeries(node: NodePorts, run: QuestionRun, around: Surroundings): Promise<undefined> {
  const { plan, planHash } = run;
  run.phase = "standing";
  for (let next = nextRun(node, planHash, plan); next !== undefined; next = nextRun(node, planHash, plan)) {
    const left = timeMs(next.due) - node.clock.now();
    await run.until(left > 0 ? node.clock.sleep(Math.min(left, TICK_MS)) : Promise.resolve());
    if (left > 0) continue; // looked up again: what fell due meanwhile may be a later one
    run.stillAllowed();
    takeRun(node, planHash, next.number); // before anything of it begins
    if (isPaused(node, planHash)) node.log({ event: "series.skipped", party: node.me, plan: planHash });
    else around.tell(await oneRun(node, run, next.number, around));
  }
  return undefined;
}

/** One run: a question of its own in all but its approval. It ends with the series. */
async function oneRun(
  node: NodePorts,
  series: QuestionRun,
  number: number,
  { runs, offers, answer }: Surroundings,
): Promise<Outcome<AnswerResult>> {
  const { me } = node;
  const { plan, planHash } = series;
  const offer = await offerNow(node, series);
  const run = new QuestionRun(node, offers, plan, planHash, { number, offer, of: series });
  runs.add(run);
  const unwatch = watch(node, run);
  node.log({ event: "series.run", party: me, plan: planHash, count: number + 1 });
  try {
    return await attended(node, run, async () => {
      await meet(node, run);
      return (await settledBefore(node, run)) ?? (await answer(node, run));
    });
  } catch (reason) {
    return await stopped(node, run, reason);
  } finally {
    runs.delete(run);
    await unwatch();
  }
}

/** What this node brings to a run: its data as they are now, under what it declared when people approved. */
async function offerNow(node: NodePorts, { own }: QuestionRun): Promise<KeptOffer | undefined> {
  return own === undefined ? undefined : await freshOffer(node, own.input);
}

/** Waits until all have come to this run. @throws {EngineError} `unreachable` when somebody has not in ten minutes. */
async function meet(node: NodePorts, run: QuestionRun): Promise<void> {
  const come = exchange(node.post, run.topic("due"), encodeMessage({}), run.others);
  const met = await within(node.clock, MEET_MS, run.until(come));
  if (met !== undefined) return;
  const [party = ""] = run.others;
  throw unreachable(party, `not every node came to a run of "${run.plan.id}" in ${MEET_MS / 60_000} minutes`);
}

/** The answer that stands where nobody's data have changed, or a budget's no. */
async function settledBefore(node: NodePorts, run: QuestionRun): Promise<Outcome<AnswerResult> | undefined> {
  const before = await askedBefore(node, run);
  if (before === undefined) return undefined;
  if (before.kind === "spent") {
    const { party, rule, message, hint } = before;
    return { ...ended(node, run), status: "refused", party, rule, message, hint };
  }
  const { stored } = before;
  return { ...ended(node, run), status: "released", ...answeredBefore(node, run, stored), stored };
}
