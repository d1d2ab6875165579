// SPDX-License-Identifier: Apache-2.0
// The text of a generated federation's files.
import type { PartyId } from "@koplamp/protocol";
import { EMPTY_MUNICIPALITY, SUM_RELEASE } from "./generated-answers.ts";
import {
  type GeneratedCountry,
  type GeneratedParty,
  MOST_CENTS,
  MUNICIPALITIES,
  REGISTERS,
} from "./generated-registers.ts";

/** The questions that can be generated. */
export type Template = "match" | "overlap" | "sum";

/** Every template, least intrusive first. */
export const TEMPLATES: readonly Template[] = ["sum", "overlap", "match"];

/** A file beside the federation file. */
export interface TextFile {
  readonly name: string;
  readonly text: string;
}

/** The tables of every party. */
export function tables({ parties }: GeneratedCountry): readonly TextFile[] {
  return parties.flatMap(({ id, registers, reports }) => [
    ...REGISTERS.map(({ dataset, key }) => ({
      name: `data/${id}-${dataset}.csv`,
      text: csv([key, "month"], registers[dataset] ?? []),
    })),
    {
      name: `data/${id}-reports.csv`,
      text: csv(
        ["municipality", "month", "amount"],
        reports.map(({ municipality, month, amount }) => [municipality, month, String(amount)]),
      ),
    },
  ]);
}

function csv(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, ...rows].map((row) => `${row.join(",")}\n`).join("");
}

/** federation.yaml, with a line on each thing that a newcomer would ask about. */
export function federationFile(id: string, { parties }: GeneratedCountry): string {
  return [
    "# Who takes part, and what each has. In the lab all parties run in one process; on real nodes each party",
    "# declares its own datasets and sees nobody else's.",
    "koplamp: federation/v1",
    `id: ${id}`,
    "covenant: default              # the lab's own agreement: everything is allowed, nobody has signed anything",
    "parties:",
    ...parties.flatMap(partyLines),
    "",
  ].join("\n");
}

function partyLines({ id, name }: GeneratedParty): readonly string[] {
  return [
    `  - id: ${id}`,
    `    name: ${name}`,
    "    datasets:",
    ...REGISTERS.flatMap(({ dataset, key, kind }) => [
      `      ${dataset}:`,
      `        file: data/${id}-${dataset}.csv`,
      "        columns:               # a column that is not listed does not exist for a question",
      `          ${key}: { kind: ${kind} }`,
      "          month: { kind: month }",
    ]),
    "      reports:",
    `        file: data/${id}-reports.csv`,
    "        columns:",
    "          municipality: { kind: category }",
    "          month: { kind: month }",
    `          amount: { kind: integer, min: 0, max: ${MOST_CENTS}, unit: cent }   # bounds: sums cannot wrap`,
  ];
}

/** query.yaml of one template. */
export function questionFile(template: Template, { parties }: GeneratedCountry): string {
  const ids = parties.map(({ id }) => id);
  return `${[...HEAD[template], ...GROUND, ...ASK[template](ids), "expires: 2099-12-31", ""].join("\n")}`;
}

const HEAD: Readonly<Record<Template, readonly string[]>> = {
  match: [
    "# Which accounts are known to at least two agencies? Each learns it of its own accounts only.",
    "koplamp: query/v1",
    "id: shared-accounts",
    "class: F                       # a match names keys: the most intrusive class",
  ],
  overlap: [
    "# How many companies are known to exactly one, two, … agencies? No company is named to anybody.",
    "koplamp: query/v1",
    "id: shared-companies",
    "class: B                       # counts only",
  ],
  sum: [
    "# How many reports, and how much money, per municipality, over all agencies? Nobody sees another one's figures.",
    "koplamp: query/v1",
    "id: reports-per-municipality",
    "class: A                       # an aggregate: the least intrusive class",
  ],
};

/** What only a lab may leave out. A real question says why. */
const GROUND: readonly string[] = [
  "purpose: lab",
  "legalBasis: [none, generated data]",
  "indication: generated data",
  "necessity: generated data",
  "intendedEffect: { text: a first answer, measure: it equals the planted one }",
];

const ASK: Readonly<Record<Template, (ids: readonly PartyId[]) => readonly string[]>> = {
  match: (ids) => [
    "ask:",
    "  kind: match",
    "  key: [account]",
    `  from: ${from(ids, "accounts")}`,
    "  atLeast: 2",
    "  tell: holders                # or count, or nothing",
    `recipients: [${ids.join(", ")}]`,
  ],
  overlap: (ids) => [
    "ask:",
    "  kind: overlap-count",
    "  key: [company]",
    `  from: ${from(ids, "companies")}`,
    "  shape: histogram             # or pairs, or atLeast",
    `recipients: [${ids[0] ?? ""}]`,
  ],
  sum: (ids) => [
    "ask:",
    "  kind: aggregate",
    `  from: ${from(ids, "reports")}`,
    "  groupBy: [municipality]",
    `  domain: { municipality: [${[...MUNICIPALITIES.map(([code]) => code), EMPTY_MUNICIPALITY].join(", ")}] }`,
    '  measures: [count, "sum(amount)", "mean(amount)"]',
    `recipients: [${ids[0] ?? ""}]`,
    `release: { minCount: ${SUM_RELEASE.minCount}, minContributors: ${SUM_RELEASE.minContributors} }   # smaller cells are withheld`,
  ],
};

function from(ids: readonly PartyId[], dataset: string): string {
  return `{ ${ids.map((id) => `${id}: ${dataset}`).join(", ")} }`;
}
