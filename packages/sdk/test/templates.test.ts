// SPDX-License-Identifier: Apache-2.0
// Every template reads as it stands, and has a plan and a contract where its parties offer what it names.
import { randomBytes } from "node:crypto";
import { admitCharter } from "@koplamp/covenant";
import { nodePrimitives } from "@koplamp/pool";
import { type CatalogueEntry, contractOf, planQuery, type Question, readQuestion } from "@koplamp/query";
import { base64, type ColumnKind, columnsAt, measuredColumn, ownColumn } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import { createCharter, labTerms, QUESTION_TEMPLATES } from "../src/index.ts";

const read = (text: string) => readQuestion(text, { file: "q.yaml", lab: false });

test("there is one for each of the six kinds of picture, and two for a round of signals, and one for desks", () => {
  expect(QUESTION_TEMPLATES.map(({ name }) => name)).toEqual([
    "count-by",
    "rates",
    "flow",
    "double-reporting",
    "join-count-by",
    "trend",
    "signals-how-many",
    "signals-which",
    "deconfliction",
  ]);
});

describe.each(QUESTION_TEMPLATES)("the template $name", ({ text }) => {
  test("is a question outside a lab, with every reason given", () => {
    const question = read(text);
    expect(question.warnings).toEqual([]);
    expect(question.recipients.length).toBeGreaterThan(0);
    const { ask } = question;
    const least = ask.kind === "lookup" ? 1 : 3; // of a sum over two each takes its own part from it
    expect(question.sources.length).toBeGreaterThanOrEqual(least);
    for (const measure of "measures" in ask ? ask.measures : [])
      expect(measure === "count" || measuredColumn(measure) !== "").toBe(true);
  });

  test("has a plan and a contract that allows its class", () => {
    const { plan, contract } = planned(read(text));
    expect(contract.text.en).toContain("learns");
    const told = contract.outputs.flatMap(({ fact }) => (fact === "test-evaluated" ? [] : [fact]));
    expect(new Set(told)).toEqual(new Set([TOLD[plan.class]]));
    const pattern = contract.views.some(
      ({ who, learns }) => who.includes("coordinator") && learns.some(({ fact }) => fact.endsWith("pattern")),
    );
    expect(text.includes("pattern of pseudonyms")).toBe(pattern);
  });

  test("says who learns what, in plain words, before anything else", () => {
    const comment = text.slice(0, text.indexOf("koplamp: query/v1"));
    for (const who of ["the recipient", "each other party", "the coordinator", "nobody"])
      expect(comment).toContain(who);
    expect(comment).toMatch(/^# .*\?.* \(class [A-F]\)$/m);
    expect(comment).toContain(`(class ${read(text).class})`);
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
  });
});

/** What an answer of each class holds. */
const TOLD: Partial<Record<string, string>> = {
  A: "cell",
  B: "count",
  C: "cell",
  D: "alarm",
  E: "holders-of-own",
  F: "multiplicity-of-own",
};

/** What every party of a question would offer for it: exactly the columns that it names. */
function offered({ ask, sources }: Question): readonly CatalogueEntry[] {
  const measured = "measures" in ask ? ask.measures.map(measuredColumn) : [];
  return sources.map(({ party, dataset }) => ({
    party,
    dataset,
    columns: columnsAt(ask, party).map((name) => {
      const kind = kindOf(
        name,
        measured.some((one) => one === name || ownColumn(one, party) === name),
      );
      const bounds =
        kind === "integer" ? { min: 0, max: 1000, unit: "cent" } : { min: null, max: null, unit: null };
      return { name, kind, ...bounds };
    }),
    rowsPadded: ask.kind === "lookup" ? 256 : 1024,
    maxRowsPerCell: 1024,
    maxRowsPerSubject: null,
    snapshot: `sha256:${"0".repeat(64)}`,
  }));
}

function kindOf(name: string, isMeasured: boolean): ColumnKind {
  if (isMeasured) return "integer";
  if (name === "month" || name === "iban") return name;
  return ["kvk", "timestamp", "from_account", "to_account", "amount_key", "interest"].includes(name)
    ? "opaque"
    : "category";
}

function planned(question: Question) {
  const primitives = nodePrimitives();
  const now = Date.parse("2026-12-01T00:00:00Z");
  const names = [...new Set([...question.sources.map(({ party }) => party), ...question.recipients])].sort();
  const parties = names.map((id) => ({ id, name: id, datasets: {} }));
  const terms = labTerms(parties, [question.purpose]);
  const founding = { primitives, id: "lab/templates", parties, terms, now };
  const { charter } = createCharter(founding, (length) => new Uint8Array(randomBytes(length)));
  const { covenant, covenantHash, roster, rosterHash, cards } = admitCharter(charter, primitives);
  const { ask } = question;
  const [first = ""] = question.recipients;
  const party = ask.kind === "lookup" ? ask.asker : first; // its questions are there alone
  const by = cards.get(party)?.people[0]?.key ?? "";
  const salt = base64(new Uint8Array(32));
  const catalogue = offered(question);
  const plan = planQuery({
    question,
    covenant,
    covenantHash,
    rosterHash,
    proposer: { party, by },
    catalogue,
    now,
    salt,
  });
  return { plan, contract: contractOf(covenant, roster, plan, primitives) };
}
