// SPDX-License-Identifier: Apache-2.0
// Questions with as much of something as a test wants.
import { type ColumnKind, type Covenant, canonicalBytes, type Plan } from "@koplamp/wire";
import { contractOf, readQuestion } from "../src/index.ts";
import { covenantOf, entry, planned, primitives, rosterOf } from "./agreement.ts";
import { COUNTS, REPORTS, SHIPS } from "./samples.ts";

export const read = (text: string, questions?: string) =>
  readQuestion(text, { file: "q.yaml", lab: false, ...(questions === undefined ? {} : { questions }) });

/** The text with one place changed. */
export function changed(text: string, from: string | RegExp, to: string): string {
  const after = text.replace(from, to);
  if (after === text) throw new Error(`expected ${from} in the question`);
  return after;
}

export const numbered = (letter: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${letter}${at + 1000}`);
export const listed = (letter: string, count: number): string => numbered(letter, count).join(", ");

/** The text between so many parties, each with a dataset `d`, told to the first. */
export function among(count: number, text: string): string {
  const sources = numbered("p", count).map((party) => `${party}: d`);
  const between = changed(text, /from:.*\n/, `from: { ${sources.join(", ")} }\n`);
  return changed(between, /recipients:.*\n/, "recipients: [p1000]\n");
}

const COLUMNS: Readonly<Record<string, ColumnKind>> = {
  imo: "imo",
  kvk: "kvk",
  id: "category",
  key: "opaque",
  region: "category",
  kind: "category",
  settled: "boolean",
  month: "month",
  amount: "integer",
};

/** The plan and the contract of a question between so many parties. */
export const between = (count: number, text: string, rows = 256) =>
  planned(
    read(among(count, text)),
    numbered("p", count).map((party) => entry(party, "d", COLUMNS, rows)),
  );

/** A match or a count over ship numbers, in which customs has so many. */
export function ships(text: string, rows: number) {
  const question = read(text);
  const lists = [
    entry("coastguard", "seen", { imo: "imo" }, 256),
    entry("customs", "watch", { imo: "imo" }, rows),
    entry("harbour", "ships", { imo: "imo" }, 256),
  ];
  const from = question.sources.map(({ party }) => party);
  return planned(
    question,
    lists.filter(({ party }) => from.includes(party)),
  );
}

export const JOIN = `koplamp: query/v1
id: cash-by-town
class: C
purpose: ports-2026
legalBasis: ["covenant art. 3"]
indication: why now
necessity: why this
intendedEffect: { text: less of it, measure: next year }
ask:
  kind: join-aggregate
  key: [kvk]
  from: { tax: cash, register: companies }
  groupBy: [register.town]
  domain: { register.town: [Breda] }
  measures: [count, "sum(tax.cash)"]
recipients: [tax]
expires: 2027-01-31
`;
export const BY_HUB: string = changed(JOIN, "key: [kvk]", "key: [kvk]\n  mode: hub");
/** A join without groups and values, for any number of parties. */
export const COUNTED: string = changed(
  BY_HUB,
  / {2}groupBy:.*\n.*domain:.*\n.*measures:.*\n/,
  "  measures: [count]\n",
);

/** A join of two over so many groups. */
export const towns = (count: number, text = JOIN): string =>
  changed(text, "[Breda]", `[${listed("t", count)}]`);

/** The plan and the contract of a join of two lists. */
export const joined = (text: string, rows: number, companies = 256) =>
  planned(read(text), [
    entry("tax", "cash", { kvk: "kvk", cash: "integer" }, rows),
    entry("register", "companies", { kvk: "kvk", town: "category" }, companies),
  ]);

const SUMMED = changed(REPORTS, "{ minCount: 10, minContributors: 3 }", "{ minCount: 10 }");
/** Events that count once, over so many regions. */
export const distinct = (regions: number): string =>
  changed(
    changed(SUMMED, "groupBy: [region, month]", "groupBy: [region]\n  distinctBy: [key]"),
    /domain:\n.*\n.*\n.*\n/,
    `domain: { region: [${listed("r", regions)}] }\n  measures: [count]\n`,
  );

/** A count over so many regions and kinds. */
export const cells = (regions: number, kinds: number): string =>
  changed(
    changed(SUMMED, "groupBy: [region, month]", "groupBy: [region, kind]"),
    /domain:\n.*\n.*\n.*\n/,
    `domain: { region: [${listed("r", regions)}], kind: [${listed("k", kinds)}] }\n  measures: [count]\n`,
  );

/** Margins over so many columns. */
export function margins(count: number): string {
  const columns = ["region", "kind", "id", "month", "settled"].slice(0, count);
  const only: Readonly<Record<string, string>> = { settled: "true", month: "2026-01" };
  const domain = columns.map((column) => `${column}: [${only[column] ?? "a"}]`);
  const own = `groupBy: [${columns.join(", ")}]\n  totals: margins\n  domain: { ${domain.join(", ")} }\n`;
  return changed(SUMMED, /groupBy:.*\n.*domain:\n.*\n.*\n/, own);
}

export const TREND: string = changed(
  changed(changed(REPORTS, "kind: aggregate", "kind: trend"), "class: A", "class: D"),
  / {2}groupBy:[\s\S]*measures:.*\n/,
  "  domain: { month: [2026-01] }\n  measures: [count]\n  period: month\n  alarm: { rule: zscore, window: 2, threshold: 3 }\n  reveal: alarms\n",
);

const OFFICES = ["north", "south", "west"];
/** An agreement that admits sums under masks too. */
export const masking: Covenant = {
  ...covenantOf(OFFICES),
  protocols: [
    ...covenantOf(OFFICES).protocols,
    { id: "sum-masked/1", paramSets: ["words-64"], coordinatorLearns: [] },
  ],
};

/** The plan and the contract of a sum of three offices. */
export const summed = (text: string, covenant: Covenant = covenantOf(OFFICES)) =>
  planned(
    read(text),
    OFFICES.map((party) => entry(party, "reports", COLUMNS, 4096)),
    covenant,
  );

/** The contract of a plan under masks over columns of so many values, as a node computes it that is handed one. */
export function handed(sizes: readonly number[], more: object = {}): unknown {
  const { plan } = summed(cells(2, 2), masking);
  const columns = ["region", "kind", "settled"];
  const domain = sizes.map((size, at) => ({ column: columns[at] ?? "", values: numbered("v", size) }));
  const ask = { ...plan.ask, groupBy: columns.slice(0, sizes.length), domain, ...more } as Plan["ask"];
  const protocols = masking.protocols.filter(({ id }) => id !== "sum-threshold/1");
  const protocol = { ...plan.protocol, id: "sum-masked/1", params: "words-64" };
  return contractOf({ ...masking, protocols }, rosterOf(), { ...plan, ask, protocol }, primitives);
}

/** A plan of so many bytes: the values of a column are as long as that takes. */
export function ofBytes(bytes: number): unknown {
  const regions = numbered("r", 300);
  const text = (values: readonly string[]): string =>
    changed(cells(1, 1), "[r1000]", `[${values.join(", ")}]`);
  const more = bytes - canonicalBytes(summed(text(regions)).plan).length;
  const each = Math.floor(more / regions.length);
  return summed(
    text(regions.map((region, at) => region.padEnd(region.length + each + (at < more % 300 ? 1 : 0), "x"))),
  );
}

const LOOKUP = `koplamp: query/v1
id: on-your-list
class: E
purpose: ports-2026
legalBasis: [covenant art. 3]
indication: why now
necessity: why this
intendedEffect: { text: what should change, measure: how we see it }
ask: { kind: lookup, key: [id], asker: asker, holder: { holder: watch }, questions: questions.csv, tell: asker }
recipients: [asker]
expires: 2030-12-31
`;
/** The plan and the contract of a look-up of these lines in a list of so many rows. */
export const asked = (lines: readonly string[], rows = 256) =>
  planned(read(LOOKUP, ["id", ...lines].join("\n")), [entry("holder", "watch", { id: "opaque" }, rows)]);

/** The plan and the contract of an open look-up of so many elements at most. */
export const open = (elements: number) =>
  planned(read(changed(LOOKUP, "questions: questions.csv", `open: ${elements}`)), [
    entry("holder", "watch", { id: "opaque" }, 256),
  ]);

export const anyKey = (alternatives: readonly string[]): string =>
  changed(SHIPS, "key: [imo]", `anyKey: [${alternatives.join(", ")}]`);
export const inMode = (mode: string, text = SHIPS): string => changed(text, "mode: tokens", `mode: ${mode}`);
export const AT_LEAST: string = changed(
  COUNTS,
  "shape: histogram",
  "shape: atLeast\n  atLeast: 2\n  mode: atLeast",
);
