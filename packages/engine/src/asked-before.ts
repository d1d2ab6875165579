// SPDX-License-Identifier: Apache-2.0
// The same question on the same data starts no session (evidence.md, section 5; threats.md, P4).
import type { PartyId } from "@koplamp/protocol";
import type { AnswerResult, Hash } from "@koplamp/wire";
import { z } from "zod";
import { cellCosts, repeatCosts, spentBudget } from "./budgets.ts";
import { exchange } from "./exchange.ts";
import { storedAnswer } from "./memo.ts";
import { decodeMessage, encodeMessage } from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";
import type { Outcome, Refusal, StoredAnswer } from "./outcome.ts";
import { keptOutcome } from "./outcome-kept.ts";
import type { QuestionRun } from "./question-run.ts";

/** What one node says of a question that all allow. */
interface Word {
  /** The plan whose answer stands for it here; null: there is none, or own data have changed. */
  readonly stored: Hash | null;
  /** Why nothing new may be run, where a budget is spent. */
  readonly spent: { readonly rule: string; readonly message: string; readonly hint: string } | null;
}

const sentence = z.string().max(2000);
const wordForm: z.ZodType<Word> = z.strictObject({
  stored: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .nullable(),
  spent: z.strictObject({ rule: z.string().max(200), message: sentence, hint: sentence }).nullable(),
});

/** The answer that stands for a question, or a spent budget's no; undefined when it has to be run. */
export type Before =
  | { readonly kind: "stored"; readonly stored: StoredAnswer }
  | ({ readonly kind: "spent" } & Refusal);

/**
 * Whether a question has an answer already, at every node that brings data or receives: each says so of itself, and all
 * of the same plan. What a node tells by it is whether its data are those of that plan. Where it has none, a budget
 * that is spent at any node refuses it, before people are asked.
 */
export async function askedBefore(node: NodePorts, run: QuestionRun): Promise<Before | undefined> {
  const stored = storedAnswer(node, run);
  const spent = spentBudget(node, [...cellCosts(node, run), ...repeatCosts(node, run)]);
  const mine: Word = { stored: stored?.planHash ?? null, spent: spent === undefined ? null : said(spent) };
  const bodies = await exchange(node.post, run.topic("before"), encodeMessage(mine), run.others);
  const words = new Map<PartyId, Word>([[node.me, mine]]);
  for (const [party, body] of bodies) words.set(party, decodeMessage(wordForm, party, body));
  const concerned = new Set([...run.contributors, ...run.recipients]);
  const plans = new Set([...concerned].map((party) => words.get(party)?.stored ?? null));
  const [plan = null] = plans;
  if (plans.size === 1 && plan !== null) {
    return { kind: "stored", stored: { planHash: plan, at: stored?.at ?? "" } };
  }
  for (const [party, { spent: no }] of [...words].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (no !== null) return { kind: "spent", party, ...no };
  }
  return undefined;
}

function said({ rule, message, hint }: Refusal): Word["spent"] {
  return { rule, message, hint };
}

/**
 * The stored answer of a question at this node. It was approved when it was disclosed and discloses nothing now, so
 * nobody is asked to approve it again; that a recipient has looked at it once more is on record there.
 */
export function answeredBefore(
  node: NodePorts,
  run: QuestionRun,
  { planHash }: StoredAnswer,
): Pick<Outcome<AnswerResult> & { readonly status: "released" }, "result" | "bundle"> {
  const { me, ledger, log } = node;
  log({ event: "question.stored", party: me, plan: run.planHash });
  const kept = keptOutcome(node, planHash);
  if (kept?.status !== "released") return {};
  const { result, bundle } = kept;
  const shown = run.recipients.includes(me) && result !== undefined;
  const release = ledger.entriesOf(planHash).find(({ entry }) => entry.type === "release");
  if (shown && release !== undefined) {
    const body = { resultHash: String(release.entry.body["resultHash"]), justification: run.planHash };
    ledger.append([{ type: "consult", verb: "consultation", planHash: run.planHash, body }]);
  }
  return { ...(shown ? { result } : {}), ...(bundle === undefined ? {} : { bundle }) };
}
