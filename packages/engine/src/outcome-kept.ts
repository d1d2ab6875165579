// SPDX-License-Identifier: Apache-2.0
// How questions ended, on disk until their term is over: whoever asked may come back days later.
import { type AnswerResult, fromUtf8, type Hash, utf8 } from "@koplamp/wire";
import { putAtRest, readAtRest } from "./at-rest.ts";
import { asEngineError } from "./errors.ts";
import type { NodePorts } from "./node-ports.ts";
import type { Outcome } from "./outcome.ts";
import { outcomeText, readOutcome } from "./outcome-text.ts";

const PREFIX = "outcome/";

/** Under which name the end of a question is kept: it is erased with the question. */
export function outcomeName(planHash: Hash): string {
  return `${PREFIX}${planHash.slice(7)}`;
}

/**
 * Keeps how a question ended here, with the result if this node is a recipient. A stored answer stays with the plan that
 * it is of: asking again makes nothing live longer. A full disk takes no answer away.
 */
export function keepOutcome(node: NodePorts, planHash: Hash, outcome: Outcome<AnswerResult>): void {
  try {
    putAtRest(node, outcomeName(planHash), utf8(outcomeText(withoutCopy(outcome))));
  } catch (reason) {
    const { code } = asEngineError(reason, node.me);
    node.log({ event: "outcome.unkept", party: node.me, plan: planHash, code });
  }
}

/** How a question ended here; undefined when it has not, when its term is over, or when the bytes do not hold. */
export function keptOutcome(node: NodePorts, planHash: Hash): Outcome<AnswerResult> | undefined {
  const bytes = readAtRest(node, outcomeName(planHash));
  if (!(bytes instanceof Uint8Array)) return undefined;
  const outcome = readOutcome<AnswerResult>(fromUtf8(bytes));
  if (outcome.status !== "released" || outcome.stored === undefined) return outcome;
  const first = keptOutcome(node, outcome.stored.planHash); // never a stored one itself
  if (first?.status !== "released") return outcome;
  const { result, bundle } = first;
  return {
    ...outcome,
    ...(result === undefined ? {} : { result }),
    ...(bundle === undefined ? {} : { bundle }),
  };
}

/** Every question that ended here and whose answer is still kept, those that were asked last first. */
export function keptOutcomes(node: NodePorts): readonly KeptOutcome[] {
  const all = node.store.sealedNames(PREFIX).flatMap((name): KeptOutcome[] => {
    const planHash: Hash = `sha256:${name.slice(PREFIX.length)}`;
    const outcome = keptOutcome(node, planHash);
    return outcome === undefined ? [] : [{ planHash, outcome }];
  });
  const order = ({ planHash, outcome }: KeptOutcome): string =>
    `${outcome.plan?.notBefore ?? ""} ${planHash}`;
  return all.sort((a, b) => (order(a) < order(b) ? 1 : -1));
}

/** A question that ended, and how. */
export interface KeptOutcome {
  readonly planHash: Hash;
  readonly outcome: Outcome<AnswerResult>;
}

function withoutCopy(outcome: Outcome<AnswerResult>): Outcome<AnswerResult> {
  if (outcome.status !== "released" || outcome.stored === undefined) return outcome;
  const { result, bundle, ...rest } = outcome;
  return rest;
}
