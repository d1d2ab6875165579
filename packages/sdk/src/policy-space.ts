// SPDX-License-Identifier: Apache-2.0
// Requests by which two sets of policies are compared: every combination of the values that either names.
import type { PolicyFacts, PolicyFile } from "@koplamp/covenant";
import type { Federation } from "@koplamp/query";

type Axes = { readonly [Name in keyof PolicyFacts]?: readonly PolicyFacts[Name][] };

/** Requests, and how many there would be in all. */
export interface PolicySpace {
  readonly requests: readonly PolicyFacts[];
  readonly total: number;
}

const MOST = 5000;
const BASE: PolicyFacts = {
  ...{ asker: "other", task: "other", regimes: [], roles: ["analyst"], kind: "match", letter: "F" },
  ...{ owner: "us", dataset: "other", dataClass: "other", sensitivity: "ordinary", covered: [] },
  ...{ registerSize: 0, purpose: "other", bases: [], columns: [], recipient: "other", recipients: [] },
  ...{ contributors: [], protocol: "other", rows: 256, minCount: 5, now: "2026-01-01T00:00:00Z" },
};
const QUESTIONS = [
  { kind: "match", letter: "F" },
  { kind: "overlap-count", letter: "B" },
  { kind: "aggregate", letter: "A" },
  { kind: "trend", letter: "D" },
  { kind: "join-aggregate", letter: "C" },
] as const;

/**
 * Every combination of the values that the policies name, each with one that they do not name, and of a federation's
 * parties and datasets. Where there are too many, an even choice of them, the same every time.
 */
export function policySpace(files: readonly PolicyFile[], federation?: Federation): PolicySpace {
  const axes: Axes = axesOf(files.map(({ text }) => text).join("\n"), federation);
  const names = Object.entries(axes);
  const total = QUESTIONS.length * names.reduce((product, [, values]) => product * values.length, 1);
  const count = Math.min(total, MOST);
  const requests = Array.from({ length: count }, (_, at) =>
    requestAt(names, Math.floor((at * total) / count)),
  );
  return { requests, total };
}

/** The request of this number: one digit an axis. */
function requestAt(axes: readonly (readonly [string, readonly unknown[]])[], number: number): PolicyFacts {
  const chosen: Record<string, unknown> = { ...QUESTIONS[number % QUESTIONS.length] };
  let rest = Math.floor(number / QUESTIONS.length);
  for (const [name, values] of axes) {
    chosen[name] = values[rest % values.length];
    rest = Math.floor(rest / values.length);
  }
  const facts = { ...BASE, ...chosen } as PolicyFacts; // each axis has values of its own field
  const recipients = [facts.recipient];
  const [owner = facts.owner, dataset = facts.dataset] = facts.dataset.split("/");
  const known = facts.dataset.includes("/") ? { owner, dataset } : {};
  return { ...facts, ...known, recipients, covered: facts.columns };
}

function axesOf(text: string, federation: Federation | undefined): Axes {
  const parties = federation?.parties.map(({ id }) => id) ?? [];
  const datasets = federation?.parties.flatMap((party) =>
    Object.keys(party.datasets).map((name) => `${party.id}/${name}`),
  );
  const words = stringsNear(text);
  return {
    purpose: some(words("context.purpose")),
    recipient: some([...parties, ...words("context.recipient")]),
    asker: some([...parties, ...ids(text, "Agency")]),
    columns: listsOf(words("context.columns")),
    bases: listsOf(words("context.bases")),
    regimes: listsOf(words("principal.regimes")),
    task: some(words("principal.task")),
    contributors: listsOf(words("context.contributors")),
    dataset: some([...(datasets ?? []), ...ids(text, "Dataset"), ...words("resource.name")]),
    sensitivity: ["ordinary", "special", "criminal", "secret"],
    roles: unique([["analyst"], ...ids(text, "Role").map((role) => [role])]),
    dataClass: some(ids(text, "DataClass")),
    now: momentsIn(text),
    protocol: some(words("context.protocol")),
    rows: numbersNear(text, "context.rows", BASE.rows),
    minCount: numbersNear(text, "context.minCount", BASE.minCount),
    registerSize: numbersNear(text, "resource.registerSize", BASE.registerSize),
  };
}

function some(values: readonly string[]): readonly string[] {
  return [...new Set(["other", ...values])];
}

/** None of the words, each alone, and all together. */
function listsOf(words: readonly string[]): readonly (readonly string[])[] {
  return unique([[], ...words.map((word) => [word]), words]);
}

function unique(lists: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return [...new Map(lists.map((list) => [JSON.stringify(list), list])).values()];
}

function ids(text: string, type: string): readonly string[] {
  return [...text.matchAll(new RegExp(`\\b${type}::"([^"\\\\\\n]{1,100})"`, "g"))].map(([, id = ""]) => id);
}

/** The strings of the policies that name an attribute. */
function stringsNear(text: string): (attribute: string) => readonly string[] {
  const policies = text.split(";");
  return (attribute) => {
    const near = policies.filter((policy) => policy.includes(attribute)).join("\n");
    const when = near.replaceAll(
      /@\w+\s*\("[^"\n]*"\)|\b\w+(?:::\w+)*::"[^"\n]*"|datetime\("[^"\n]*"\)/g,
      "",
    );
    return [...new Set([...when.matchAll(/"([^"\\\n]{1,100})"/g)].map(([, word = ""]) => word))];
  };
}

function numbersNear(text: string, attribute: string, usual: number): readonly number[] {
  const near = text.split(";").filter((policy) => policy.includes(attribute));
  const found = near.flatMap((policy) =>
    [...policy.matchAll(/\b\d{1,9}\b/g)].map(([digits]) => Number(digits)),
  );
  return [...new Set([usual, ...found.flatMap((value) => [Math.max(0, value - 1), value, value + 1])])];
}

/** Each moment that is named, and the second before it. */
function momentsIn(text: string): readonly string[] {
  const named = [...text.matchAll(/datetime\("([^"\n]{1,40})"\)/g)].map(([, moment = ""]) =>
    Date.parse(moment),
  );
  const around = named.filter(Number.isFinite).flatMap((moment) => [moment - 1000, moment]);
  return [...new Set([BASE.now, ...around.map((at) => `${new Date(at).toISOString().slice(0, 19)}Z`)])];
}
