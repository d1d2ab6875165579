// SPDX-License-Identifier: Apache-2.0
// An analyst signs what follows from the question, and nothing else that a node may show.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { admitCharter } from "@koplamp/covenant";
import { publicKeyText, verifyDocument } from "@koplamp/crypto";
import type { PlanDraft } from "@koplamp/engine";
import { nodePrimitives } from "@koplamp/pool";
import { type CatalogueEntry, contractOf, planQuery, readQuestion } from "@koplamp/query";
import { writePersonKey } from "@koplamp/store";
import { base64, documentBytes, documentHash, type Plan, readDocument } from "@koplamp/wire";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCharter, signPlanOf, trialTerms } from "../src/index.ts";

const primitives = nodePrimitives();
const rng = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const MADE_AT = Date.parse("2026-11-26T10:00:00Z");
const TEXT = `koplamp: query/v1
id: shared
class: F
purpose: fraud
legalBasis: ["an agreement, art. 3"]
expires: 2026-11-30
indication: Two lists
necessity: No common list
intendedEffect: { text: Inspect, measure: Inspections }
ask: { kind: match, key: [id], from: { anna: list, bert: list }, atLeast: 2, tell: holders }
recipients: [anna]
`;
const question = { file: "query.yaml", text: TEXT };

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "koplamp-plan-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const columns = { id: { kind: "opaque" as const } };
const parties = ["anna", "bert"].map((id) => ({
  id,
  name: id,
  datasets: { list: { file: "list.csv", nulls: [], columns } },
}));
const terms = trialTerms(parties, ["fraud"], 512);
const founded = createCharter({ id: "trial", parties, terms, now: MADE_AT }, rng);
const { covenant, covenantHash, roster, rosterHash, cards } = admitCharter(founded.charter, primitives);
const seed = founded.keys["anna"]?.people.analyst ?? rng(32);
const by = publicKeyText(primitives.ed25519PublicKey(seed));

const entryOf = (party: string, rowsPadded = 256): CatalogueEntry => ({
  party,
  dataset: "list",
  columns: [{ name: "id", kind: "opaque", min: null, max: null, unit: null }],
  rowsPadded,
  maxRowsPerCell: rowsPadded,
  maxRowsPerSubject: null,
  snapshot: documentHash(primitives.sha256, rng(8)),
});

/** What an honest node drafts, or what a test wants instead. */
function drafted(text = TEXT, proposer = by, catalogue = [entryOf("anna"), entryOf("bert")]): PlanDraft {
  const card = cards.get("anna");
  if (card === undefined) throw new Error("anna has no card");
  const plan = planQuery({
    question: readQuestion(text, { file: "query.yaml", lab: false }),
    ...{ covenant, covenantHash, rosterHash, catalogue, now: MADE_AT, salt: base64(rng(32)) },
    proposer: { party: "anna", by: proposer },
  });
  return withPlan(
    { catalogue, madeAt: MADE_AT, until: "2026-11-26T10:10:00Z", covenant, roster, card },
    plan,
  );
}

/** The draft of another plan, in which every hash fits. */
function withPlan(draft: Omit<PlanDraft, "plan" | "contract" | "planHash">, plan: Plan): PlanDraft {
  const planHash = documentHash(primitives.sha256, documentBytes(plan));
  return { ...draft, plan, planHash, contract: contractOf(covenant, roster, plan, primitives) };
}

let keys = 0;
function keyFile(of: Uint8Array = seed): string {
  keys += 1;
  const file = join(folder, `${keys}.key`);
  writePersonKey(file, of);
  return file;
}

describe("a draft", () => {
  it("is signed over its own canonical bytes, with the analyst's key", () => {
    const draft = drafted();
    const { bytes, signatures } = signPlanOf(draft, question, keyFile());
    expect(readDocument("plan/v1", bytes)).toEqual(draft.plan);
    const [line = ""] = signatures;
    const about = { type: "plan/v1", hash: draft.planHash, line, keys: [by] };
    expect(verifyDocument(primitives, about)).toBe(true);
  });

  it.each<[string, () => PlanDraft]>([
    ["to others", () => drafted(TEXT.replace("recipients: [anna]", "recipients: [bert, anna]"))],
    ["of another key", () => drafted(TEXT, publicKeyText(primitives.ed25519PublicKey(rng(32))))],
    ["on fewer holders' word", () => drafted(TEXT.replace("tell: holders", "tell: nothing"))],
    ["for another reason", () => drafted(TEXT.replace("Two lists", "No reason"))],
    ["until another day", () => drafted(TEXT.replace("11-30", "12-01"))],
    [
      "of other sizes than were offered",
      () => ({ ...drafted(), catalogue: [entryOf("anna", 512), entryOf("bert")] }),
    ],
    ["made at another time", () => ({ ...drafted(), madeAt: MADE_AT + 60_000 })],
    [
      "under another contract",
      () => ({ ...drafted(), contract: { ...drafted().contract, assumptions: [] } }),
    ],
    ["under another hash", () => ({ ...drafted(), planHash: covenantHash })],
    [
      "with a lower floor",
      () => {
        const draft = drafted();
        return withPlan(draft, { ...draft.plan, release: { ...draft.plan.release, minCount: 0 } });
      },
    ],
    ["under another covenant", () => ({ ...drafted(), covenant: { ...covenant, title: { en: "Another" } } })],
  ])("that is a question %s is not signed", (_, draft) => {
    expect(() => signPlanOf(draft(), question, keyFile())).toThrow(
      expect.objectContaining({
        name: "SdkError",
        code: "question",
        hint: expect.stringContaining("sign nothing"),
      }),
    );
  });
});
