// SPDX-License-Identifier: Apache-2.0
// An analyst signs what is asked, with a key that no node has: the contract is shown first.
import {
  explain,
  explanationText,
  type NodeClient,
  type PlanDraft,
  personKeyOf,
  type QuestionFile,
  signPlanOf,
} from "@koplamp/sdk";
import { UsageError } from "./errors.ts";
import type { Session } from "./session.ts";

/**
 * Has the node draft a question, shows who would learn what, and signs the plan. Nobody has been asked anything yet.
 * @throws {UsageError} when the person at the terminal says no; {@link SdkError} when the draft is not the question.
 */
export async function signedPlan(
  session: Session,
  client: NodeClient,
  question: QuestionFile,
  { key, yes }: { readonly key: string; readonly yes: boolean },
): Promise<ReturnType<typeof signPlanOf>> {
  const draft = await client.draft(question, personKeyOf(key));
  const signed = signPlanOf(draft, question, key);
  if (!session.json) session.note(draftText(draft, session), "");
  await confirmed(session, yes);
  return signed;
}

function draftText({ plan, contract, covenant, planHash, until }: PlanDraft, session: Session): string {
  const { lang } = session;
  return [
    explanationText(explain(contract, plan, { lang, covenant }), session),
    "",
    `plan      ${planHash}`,
    `covenant  ${plan.covenantHash}`,
    `${WORDS[lang].until} ${until}`,
  ].join("\n");
}

async function confirmed({ io, json, lang }: Session, yes: boolean): Promise<void> {
  if (yes || json || io.ask === undefined) return;
  const answer = (await io.ask(WORDS[lang].sure)).trim().toLowerCase();
  if (["y", "yes", "j", "ja"].includes(answer)) return;
  throw new UsageError("not signed, and nothing was asked", "--yes signs without asking");
}

const WORDS = {
  nl: { until: "te ondertekenen tot", sure: "Ondertekenen en vragen? [j/N] " },
  en: { until: "to be signed before", sure: "Sign it and ask? [y/N] " },
} as const;
