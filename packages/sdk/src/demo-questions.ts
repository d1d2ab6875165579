// SPDX-License-Identifier: Apache-2.0
// The demo's covenant and its questions, over the registers of generate.ts.
import type { Federation, FederationParty } from "@koplamp/query";
import type { DataClass, QueryClass } from "@koplamp/wire";
import type { Terms } from "./charter.ts";
import type { QuestionFile } from "./client.ts";
import { trialTerms } from "./demo-terms.ts";

/** For this purpose keys may be matched; for the other one only counted and summed. */
const FRAUD = "fraud-2026";
const SUPERVISION = "supervision-2026";
const CLASSES: Readonly<Record<string, readonly QueryClass[]>> = {
  [FRAUD]: ["A", "B", "F"],
  [SUPERVISION]: ["A", "B"],
};

/** An agreement with two purposes: what one allows, the other forbids. */
export function demoTerms({ parties }: Federation, registerSize: number): Terms {
  const open = trialTerms(parties, [FRAUD, SUPERVISION], registerSize);
  return {
    ...open,
    title: { en: "Agreement of the demonstration", nl: "Afspraken van de demonstratie" },
    purposes: open.purposes.map((purpose) => ({ ...purpose, classes: CLASSES[purpose.id] ?? [] })),
    dataClasses: open.dataClasses.map(narrowed),
  };
}

function narrowed(dataClass: DataClass): DataClass {
  return {
    ...dataClass,
    allow: dataClass.allow.map((line) => ({ ...line, classes: CLASSES[line.purpose] ?? [] })),
  };
}

/** The four questions of the story. */
export interface DemoQuestions {
  readonly count: QuestionFile;
  readonly match: QuestionFile;
  readonly sum: QuestionFile;
  readonly forbidden: QuestionFile;
}

/** Questions over every party's registers; counts and sums go to the first party, matches to all. */
export function demoQuestions({ parties }: Federation): DemoQuestions {
  const ids = parties.map(({ id }) => id);
  const first = [ids[0] ?? ""];
  return {
    count: question("shared-companies", "B", FRAUD, first, [
      "  kind: overlap-count",
      "  key: [company]",
      `  from: ${from(parties, "companies")}`,
      "  shape: histogram",
    ]),
    match: question("shared-accounts", "F", FRAUD, ids, [
      "  kind: match",
      "  key: [account]",
      `  from: ${from(parties, "accounts")}`,
      "  atLeast: 2",
      "  tell: holders",
    ]),
    sum: question("reports-per-municipality", "A", FRAUD, first, [
      "  kind: aggregate",
      `  from: ${from(parties, "reports")}`,
      "  groupBy: [municipality]",
      `  domain: { municipality: [${MUNICIPALITIES.join(", ")}] }`,
      '  measures: [count, "sum(amount)", "mean(amount)"]',
    ]),
    forbidden: question("persons-known-to-all", "F", SUPERVISION, first, [
      "  kind: match",
      "  key: [person]",
      `  from: ${from(parties, "persons")}`,
      "  atLeast: 2",
      "  tell: nothing",
    ]),
  };
}

const MUNICIPALITIES = [
  "GM0363",
  "GM0599",
  "GM0518",
  "GM0344",
  "GM0772",
  "GM0014",
  "GM0855",
  "GM0096",
  "GM1699",
];

function question(
  id: string,
  letter: QueryClass,
  purpose: string,
  recipients: readonly string[],
  ask: readonly string[],
): QuestionFile {
  const text = [
    "koplamp: query/v1",
    `id: ${id}`,
    `class: ${letter}`,
    `purpose: ${purpose}`,
    'legalBasis: ["agreement of the demonstration, art. 3"]',
    'indication: "generated data: a small country"',
    'necessity: "the registers have no common list"',
    'intendedEffect: { text: "the answer equals the planted one", measure: "compared with it" }',
    "ask:",
    ...ask,
    `recipients: [${recipients.join(", ")}]`,
    `release: { minCount: ${letter === "A" ? 10 : 1}, minContributors: 2 }`,
    "expires: 2099-12-31",
    "",
  ];
  return { file: `${id}.yaml`, text: text.join("\n") };
}

function from(parties: readonly FederationParty[], dataset: string): string {
  return `{ ${parties.map(({ id }) => `${id}: ${dataset}`).join(", ")} }`;
}
