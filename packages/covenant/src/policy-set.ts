// SPDX-License-Identifier: Apache-2.0
import { fromUtf8, utf8 } from "@koplamp/wire";
import type { PolicyLanguage } from "./policy-language.ts";
import { POLICY_SCHEMA } from "./policy-schema.ts";

/** A file of policies, as it stands in the folder. */
export interface PolicyFile {
  readonly name: string;
  readonly text: string;
}

/** One policy: what it is called, the article that it serves, and where it stands. */
export interface LocalPolicy {
  readonly id: string;
  readonly article: string;
  readonly file: string;
  readonly line: number;
}

/** What is wrong with a policy file. Lines and columns count from 1. */
export interface PolicyFinding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint: string;
}

/** A folder's policies by id, with what is wrong with them. They count only where nothing is. */
export interface PolicySet {
  readonly policies: ReadonlyMap<string, LocalPolicy>;
  readonly texts: Readonly<Record<string, string>>;
  readonly findings: readonly PolicyFinding[];
}

const MOST_UNITS = 262_144;
const MOST_POLICIES = 1000;
const MOST_IN_ONE = 8192;
/** Deeper than people write; the evaluator's stack ends far above it. */
const MOST_DEPTH = 24;
/** Operators and members in one policy: each may be a level of the tree that the evaluator walks. */
const MOST_STEPS = 400;
const ID = /^[a-z][a-z0-9.-]{0,63}$/;
const ARTICLE = /^[^\p{C}]{1,120}$/u;

interface Placed {
  readonly file: PolicyFile;
  readonly text: string;
  readonly at: number;
}

/** Reads policy files: form, ids and articles, then Cedar's strict validation. It never throws. */
export function readPolicies(files: readonly PolicyFile[], language: PolicyLanguage): PolicySet {
  const size = files.reduce((sum, { text }) => sum + text.length, 0);
  const [first] = files;
  if (first === undefined) return { policies: new Map(), texts: {}, findings: [] };
  if (size > MOST_UNITS)
    return broken(first, `expected at most ${MOST_UNITS} characters in all, got ${size}`);
  try {
    return setOf(files, language);
  } catch {
    return broken(first, "the policies are beyond what Cedar can read", "write shorter policies");
  }
}

function broken(file: PolicyFile, message: string, hint = "split or shorten the policies"): PolicySet {
  return { policies: new Map(), texts: {}, findings: [finding(file, 0, message, hint)] };
}

function setOf(files: readonly PolicyFile[], language: PolicyLanguage): PolicySet {
  const steep = files.flatMap(tooSteep);
  if (steep.length > 0) return { policies: new Map(), texts: {}, findings: steep };
  const findings: PolicyFinding[] = [];
  const policies = new Map<string, LocalPolicy>();
  const places = new Map<string, Placed>();
  for (const placed of files.flatMap((file) => policiesIn(file, language, findings))) {
    const policy = named(placed, language, findings);
    if (policy === undefined) continue;
    if (policies.has(policy.id))
      findings.push(
        finding(placed.file, placed.at, `a second policy has the id "${policy.id}"`, "ids name one policy"),
      );
    policies.set(policy.id, policy);
    places.set(policy.id, placed);
  }
  const texts = Object.fromEntries([...places].map(([id, { text }]) => [id, text]));
  if (findings.length > 0) return { policies, texts, findings };
  const [first] = files;
  if (policies.size > MOST_POLICIES && first !== undefined)
    return broken(first, `expected at most ${MOST_POLICIES} policies, got ${policies.size}`);
  return { policies, texts, findings: invalid(language, texts, places) };
}

/** Text that would take the evaluator too deep, found without reading it as a policy. */
function tooSteep(file: PolicyFile): readonly PolicyFinding[] {
  const blank = (found: string): string => " ".repeat(found.length);
  const code = file.text.replace(/"(?:[^"\\]|\\[\s\S])*(?:"|$)|\/\/[^\n]*/g, blank);
  let start = 0;
  for (const part of code.split(";")) {
    const steps = part.match(/[-&|+*!.<>=?([{]|\bif\b/g)?.length ?? 0;
    if (part.length > MOST_IN_ONE || steps > MOST_STEPS || depthOf(part) > MOST_DEPTH) {
      const message = "the policy that begins here is too long or too deep";
      return [finding(file, start + part.search(/\S|$/), message, "write several smaller policies")];
    }
    start += part.length + 1;
  }
  return [];
}

function depthOf(code: string): number {
  let [depth, most] = [0, 0];
  for (const unit of code) {
    if ("([{".includes(unit)) depth += 1;
    else if (")]}".includes(unit)) depth -= 1;
    most = Math.max(most, depth);
  }
  return most;
}

function policiesIn(
  file: PolicyFile,
  language: PolicyLanguage,
  findings: PolicyFinding[],
): readonly Placed[] {
  const { policies, templates, faults } = language.split(file.text);
  for (const { start, message, hint } of faults)
    findings.push(finding(file, unitsAt(file.text, start), message, hint));
  if (templates > 0)
    findings.push(finding(file, 0, "templates are not used here", "write the policy in full"));
  const used = new Map<string, number>();
  return policies.map((text) => {
    const at = Math.max(0, file.text.indexOf(text, used.get(text) ?? 0));
    used.set(text, at + 1);
    return { file, text, at };
  });
}

function named(
  { file, text, at }: Placed,
  language: PolicyLanguage,
  findings: PolicyFinding[],
): LocalPolicy | undefined {
  const notes = new Map(Object.entries(language.annotationsOf(text)));
  const [id, article] = [notes.get("id") ?? "", notes.get("article") ?? ""];
  const { line } = placeOf(file.text, at);
  if (ID.test(id) && ARTICLE.test(article)) return { id, article, file: file.name, line };
  const wants = ID.test(id) ? '@article("Wpg 20")' : '@id("a-short-name")';
  findings.push(
    finding(
      file,
      at,
      `expected ${wants} before this policy`,
      "a refusal names both, so that people can check it",
    ),
  );
  return undefined;
}

function invalid(
  language: PolicyLanguage,
  texts: PolicySet["texts"],
  places: ReadonlyMap<string, Placed>,
): readonly PolicyFinding[] {
  const [any] = places.values();
  const all = language.validate(texts, POLICY_SCHEMA).flatMap(({ policy, start, message, hint }) => {
    const placed = places.get(policy ?? "") ?? any;
    if (placed === undefined) return [];
    return [finding(placed.file, placed.at + unitsAt(placed.text, start), message, hint)];
  });
  return oneEach(all);
}

/** One finding a place, in order: Cedar says the same once for every action that it concerns. */
function oneEach(findings: readonly PolicyFinding[]): readonly PolicyFinding[] {
  const order = (one: PolicyFinding): string =>
    [one.file, String(one.line).padStart(9), String(one.column).padStart(9), one.message].join(" ");
  const sorted = findings.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
  const first = new Map(sorted.toReversed().map((one) => [`${one.file}:${one.line}:${one.column}`, one]));
  return sorted.filter((one) => first.get(`${one.file}:${one.line}:${one.column}`) === one);
}

function finding(file: PolicyFile, at: number, message: string, hint: string): PolicyFinding {
  return { file: file.name, ...placeOf(file.text, at), message, hint };
}

/** Cedar counts bytes. */
function unitsAt(text: string, bytes: number): number {
  const head = utf8(text).subarray(0, bytes);
  try {
    return fromUtf8(head).length;
  } catch {
    return 0;
  }
}

function placeOf(text: string, at: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at).split("\n");
  return { line: before.length, column: [...(before.at(-1) ?? "")].length + 1 };
}
