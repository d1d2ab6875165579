// SPDX-License-Identifier: Apache-2.0
// Questions as the desk takes them: a file's text, and for a draft the public key of the analyst who will sign it.
import type { SignedBytes } from "@koplamp/covenant";
import type { EngineNode, PlanDraft } from "@koplamp/engine";
import { QueryError, type Question, readQuestion } from "@koplamp/query";
import { type Plan, readDocument } from "@koplamp/wire";
import type { Caller } from "./caller.ts";
import { signedIn } from "./inbox.ts";

const KEY = /^ed25519:[A-Za-z0-9+/]{43}=$/;

/** The question in a body, as {file, text}, and of a look-up also its {questions}. @throws {QueryError}. */
export function questionIn(body: string): Question {
  const { file, text, questions } = fieldsOf(body);
  const beside = typeof questions === "string" ? { questions } : {};
  if (typeof file === "string" && typeof text === "string")
    return readQuestion(text, { file, lab: false, ...beside });
  throw new QueryError("invalid-value", "expected a question as {file, text}");
}

/**
 * Drafts the plan of a question, sent as {file, text, by}, for whoever signed in.
 * @throws {QueryError} {@link EngineError} {@link SignInError}.
 */
export async function draftFor(node: EngineNode, caller: Caller, body: string): Promise<PlanDraft> {
  const { by } = fieldsOf(body);
  if (typeof by === "string" && KEY.test(by)) {
    caller.expectActing("analyst", by);
    return await node.draft(questionIn(body), by);
  }
  throw new QueryError(
    "invalid-value",
    "expected a question and its analyst's public key as {file, text, by}",
  );
}

/**
 * A plan that its analyst signed, handed in by that analyst. What is wrong with it otherwise the engine says.
 * @throws {SignInError} `role`; {@link QueryError}.
 */
export function signedPlanIn(caller: Caller, body: string): SignedBytes {
  const signed = signedIn(body);
  const plan = planIn(signed);
  if (plan !== undefined) caller.expectActing("analyst", plan.proposer.by);
  return signed;
}

function planIn({ bytes }: SignedBytes): Plan | undefined {
  try {
    return readDocument("plan/v1", bytes);
  } catch {
    return undefined; // no draft of this node: the engine takes nothing else
  }
}

function fieldsOf(body: string): Readonly<Record<string, unknown>> {
  return Object(JSON.parse(body));
}
