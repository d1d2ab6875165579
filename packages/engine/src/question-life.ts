// SPDX-License-Identifier: Apache-2.0
// What goes on around a question while it lives: who is lost, when it expires, and how it ends.
import type { PartyId } from "@koplamp/protocol";
import { COORDINATOR } from "@koplamp/psi";
import { type AnswerResult, timeMs } from "@koplamp/wire";
import { EngineError } from "./errors.ts";
import type { NodePorts } from "./node-ports.ts";
import { failed, type Outcome } from "./outcome.ts";
import type { QuestionRun } from "./question-run.ts";
import type { StageResult } from "./stage.ts";

/** The outcome of a question that has an answer. */
export function released(
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
export function watch(node: NodePorts, run: QuestionRun): () => Promise<void> {
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
export async function attended<T>(node: NodePorts, run: QuestionRun, act: () => Promise<T>): Promise<T> {
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

/** The outcome of a question that came to an end for `reason`, which the others are told. */
export async function stopped(node: NodePorts, run: QuestionRun, reason: unknown): Promise<Outcome<never>> {
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
export function ended(
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
    disclosures: node.ledger.disclosuresOf(planHash).filter(({ index }) => run.isOwn(index)),
    ledger: node.ledger.head(),
  };
}
