// SPDX-License-Identifier: Apache-2.0
// What an analyst signs with a key of their own, outside any node: the plan that follows from the question.
import type { SignedBytes } from "@koplamp/covenant";
import { publicKeyText, signDocument, wipe } from "@koplamp/crypto";
import type { PlanDraft } from "@koplamp/engine";
import { nodePrimitives } from "@koplamp/pool";
import { contractOf, planQuery, readQuestion, withList } from "@koplamp/query";
import { readPersonKey } from "@koplamp/store";
import { documentBytes, documentHash, type Hash, type Plan, type PublicKey } from "@koplamp/wire";
import type { QuestionFile } from "./client.ts";
import { SdkError } from "./errors.ts";

/**
 * The signed plan of a question that the own node drafted. The plan is computed here again, from the question's file,
 * the agreement and what the parties offered, and so is the contract: what is signed is what the analyst asked,
 * whatever the node says.
 * @throws {SdkError} `question` when the node drafted something else; {@link StoreError} for the key.
 */
export function signPlanOf(draft: PlanDraft, question: QuestionFile, keyFile: string): SignedBytes {
  const primitives = nodePrimitives();
  const seed = readPersonKey(keyFile);
  try {
    const bytes = checkedPlan(draft, question, publicKeyText(primitives.ed25519PublicKey(seed)));
    const hash = documentHash(primitives.sha256, bytes);
    return { bytes, signatures: [signDocument(primitives, seed, "plan/v1", hash)] };
  } finally {
    wipe(seed);
  }
}

/** The canonical bytes of the plan that follows from the question, if it is the draft's. */
function checkedPlan(draft: PlanDraft, { file, text, ...beside }: QuestionFile, by: PublicKey): Uint8Array {
  const primitives = nodePrimitives();
  const { covenant, roster, card, catalogue, madeAt } = draft;
  const hash = (document: Parameters<typeof documentBytes>[0]): Hash =>
    documentHash(primitives.sha256, documentBytes(document));
  const plan: Plan = planQuery({
    question: withList(readQuestion(text, { file, lab: false, ...beside }), covenant.dataClasses),
    covenant,
    covenantHash: hash(covenant),
    rosterHash: hash(roster),
    proposer: { party: card.party, by },
    catalogue,
    now: madeAt,
    salt: draft.plan.salt,
  });
  const own = [hash(plan), hash(plan), hash(contractOf(covenant, roster, plan, primitives))];
  const told = [draft.planHash, hash(draft.plan), hash(draft.contract)];
  if (own.join(" ") === told.join(" ")) return documentBytes(plan);
  throw new SdkError(
    "question",
    "expected the plan and contract that follow from the question, got others",
    "sign nothing, and ask the node's operator",
  );
}
