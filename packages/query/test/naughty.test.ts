// SPDX-License-Identifier: Apache-2.0
// Hostile text in a question: taken as text, or refused with its line. Never a crash, a second reading, or a long wait.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { hasShared, sharedPath } from "../../../test/shared.ts";
import { errorText, QueryError, type Question, readQuestion } from "../src/index.ts";
import { COUNTS, REPORTS, SHIPS } from "./samples.ts";

const file = "q.yaml";
const read = (text: string): Question => readQuestion(text, { file, lab: false });

/** The question, or why there is none; any other error fails the test. */
function attempt(text: string): Question | QueryError {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof QueryError) return error;
    throw error;
  }
}

function refused(text: string): QueryError {
  const outcome = attempt(text);
  if (outcome instanceof QueryError) return outcome;
  throw new Error("expected a refusal, got a question");
}

/** What no terminal may be told: everything that moves, hides or reorders, but for the line ends of `errorText`. */
const UNSHOWN = /[^\P{C}\n\p{Co}\p{Cn}]|[\u2028\u2029]/u;

/** A place in a sample: what is replaced there, and what a question holds of it. */
type Place = readonly [name: string, sample: string, old: string, held: (question: Question) => unknown];

const FREE: readonly Place[] = [
  ["indication", SHIPS, '"two ships changed flag within a week"', (question) => question.indication.en],
  ["indication.nl", REPORTS, '"meer meldingen"', (question) => question.indication.nl],
  ["necessity", SHIPS, '"the registers have no common list"', (question) => question.necessity.en],
  ["subsidiarity", REPORTS, '"published figures are a year old"', (question) => question.subsidiarity.en],
  ["effect", SHIPS, '"inspect ships that both watch"', ({ intendedEffect }) => intendedEffect.text.en],
  ["measure", SHIPS, '"inspections within 30 days"', ({ intendedEffect }) => intendedEffect.measure.en],
  ["legalBasis", SHIPS, '"covenant art. 3"', ({ legalBasis }) => legalBasis[0]],
  ["domain", REPORTS, "city", ({ ask }) => (ask.kind === "aggregate" ? ask.domain[0]?.values[2] : undefined)],
  ["where", REPORTS, "true", ({ ask }) => (ask.kind === "aggregate" ? ask.where[0]?.value : undefined)],
];

const NAMES: readonly Place[] = [
  ["koplamp", SHIPS, "query/v1", () => "query/v1"],
  ["id", SHIPS, "ships-on-two-lists", ({ id }) => id],
  ["class", SHIPS, "class: F", (question) => question.class],
  ["purpose", SHIPS, "ports-2026", ({ purpose }) => purpose],
  ["kind", SHIPS, "match", ({ ask }) => ask.kind],
  ["key", SHIPS, "imo", ({ key }) => key[0]],
  ["dataset", SHIPS, "watch }", ({ sources }) => sources[0]?.dataset],
  ["party", SHIPS, "customs:", ({ sources }) => sources.find(({ dataset }) => dataset === "watch")?.party],
  ["tell", SHIPS, "holders", ({ ask }) => (ask.kind === "match" ? ask.tell : undefined)],
  ["recipient", SHIPS, "[customs]", ({ recipients }) => recipients[0]],
  ["expires", SHIPS, "2027-01-31", ({ expires }) => expires],
  ["a field", SHIPS, "necessity:", () => undefined],
  ["shape", COUNTS, "histogram", ({ ask }) => (ask.kind === "overlap-count" ? ask.shape : undefined)],
  ["column", REPORTS, "settled", ({ ask }) => (ask.kind === "aggregate" ? ask.where[0]?.column : undefined)],
  ["operator", REPORTS, '"="', ({ ask }) => (ask.kind === "aggregate" ? ask.where[0]?.op : undefined)],
  [
    "measures",
    REPORTS,
    '"sum(amount)"',
    ({ ask }) => (ask.kind === "aggregate" ? ask.measures[1] : undefined),
  ],
];

/** The sample with another text at a place; what stands around the word there (`class: `, `:`, `]`) stays. */
function placed([, sample, old]: Place, text: string): string {
  const [before = "", after = ""] = sample.split(old);
  const [, head = "", tail = ""] = /^(class: |\[)?[^:}\]]*?(:| \}|\])?$/.exec(old) ?? [];
  return `${before}${head}${text}${tail}${after}`;
}

/** How a reader keeps free text. */
const kept = (text: string): string => text.normalize("NFC").trim();

function lineOf([, sample, old]: Place): number {
  return sample.slice(0, sample.indexOf(old)).split("\n").length;
}

const strings: readonly string[] = hasShared
  ? JSON.parse(readFileSync(sharedPath("vectors/naughty-strings/blns.json"), "utf8"))
  : [];

/** The most CPU time that is allowed for one small file: hundreds of times what is usual. */
const MOST_MS = 2000;
/** On a busy machine. */
const SLOW = 30_000;

/** What `act` gives, and its CPU time: a busy machine is no fault of the reader. */
function timed<T>(act: () => T): readonly [T, ms: number] {
  const start = process.cpuUsage();
  const outcome = act();
  const { user, system } = process.cpuUsage(start);
  return [outcome, (user + system) / 1000];
}

describe.skipIf(!hasShared)("naughty strings (need ../shared)", () => {
  test("there are 515 of them, and prototypes stay as they are", () => {
    expect(strings.length).toBe(515);
    for (const name of ["__proto__", "constructor", "prototype", "toString"])
      for (const place of NAMES) attempt(placed(place, `{ ${name}: { polluted: 1 } }`));
    for (const name of ["polluted", "0"]) expect(name in {}).toBe(false);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test.each(FREE)("%s: kept to the letter, or refused with its line", (...place) => {
    let taken = 0;
    for (const text of strings) {
      const outcome = attempt(placed(place, JSON.stringify(text)));
      if (outcome instanceof QueryError) {
        expect(outcome.place?.line, text).toBe(lineOf(place));
        continue;
      }
      expect(place[3](outcome), text).toBe(kept(text));
      taken += 1;
    }
    expect(taken).toBeGreaterThan(300);
  });

  test.each(NAMES)("%s: a name of its form, or refused with its line", (...place) => {
    let refusals = 0;
    for (const text of strings) {
      const outcome = attempt(placed(place, JSON.stringify(text)));
      if (!(outcome instanceof QueryError)) {
        expect(place[3](outcome), text).toBe(text);
        expect(text).toMatch(/^[A-Za-z][A-Za-z0-9_./-]{0,63}$/);
        continue;
      }
      refusals += 1;
      expect(outcome.place?.line, text).toBeGreaterThan(0);
      expect(errorText(outcome)).not.toMatch(UNSHOWN);
    }
    expect(refusals).toBeGreaterThan(400);
  });

  test.each([...FREE.slice(0, 2), ...FREE.slice(7), ...NAMES.slice(1, 2)])(
    "%s without quotes, YAML of any kind: a question or a refusal, at once",
    (...place) => {
      for (const text of strings) {
        const [outcome, ms] = timed(() => attempt(placed(place, text)));
        expect(ms).toBeLessThan(MOST_MS);
        if (outcome instanceof QueryError) expect(errorText(outcome)).not.toMatch(UNSHOWN);
      }
      expect(Object.keys(Object.prototype)).toEqual([]);
    },
    SLOW,
  );
});

describe("a condition holds what a plan can say", () => {
  test.each(["1.5", "9007199254740992", '"a\\u0007b"', '""', `"${"x".repeat(257)}"`])("not %s", (value) => {
    for (const text of [
      REPORTS.replace("value: true", `value: ${value}`),
      REPORTS.replace('op: "=", value: true', `op: in, value: [${value}]`),
    ])
      expect(refused(text)).toMatchObject({ code: "invalid-value", place: { line: 13 } });
  });
});

describe("YAML that means more than it says", () => {
  test.each([
    ["a merge key", SHIPS.replace("ask:\n", "ask:\n  <<: { tell: count }\n"), "unknown-field"],
    ["a merge key at the root", `${SHIPS}<<: { id: other }\n`, "unknown-field"],
    ["a tag of a language", SHIPS.replace("[imo]", "!!js/function [imo]"), "yaml"],
    ["a tag of its own", SHIPS.replace("[imo]", "!env [imo]"), "yaml"],
    ["a tag by directive", `%TAG ! tag:other,2026:\n---\n${SHIPS.replace("[imo]", "!x [imo]")}`, "yaml"],
    ["bytes", SHIPS.replace('"covenant art. 3"', "!!binary aGVsbG8="), "yaml"],
    ["two documents", `${SHIPS}---\n${SHIPS}`, "yaml"],
    ["an end and a second document", `${SHIPS}...\n---\nid: x\n`, "yaml"],
    ["a name twice", `${SHIPS}id: again\n`, "yaml"],
    ["a name twice, once in quotes", `${SHIPS}"id": again\n`, "yaml"],
    ["a number and its text as names", SHIPS.replace("[imo]", '{ 1: a, "1": b }'), "yaml"],
    ["a list as a name", `${SHIPS}? [id]\n: x\n`, "yaml"],
    ["an alias as a name", SHIPS.replace("id: ships", "? &x id\n: ships").concat("*x : again\n"), "yaml"],
    ["an alias of nothing", SHIPS.replace("[imo]", "*nobody"), "yaml"],
    ["an alias of itself", SHIPS.replace("[imo]", "&a [*a]"), "too-large"],
    ["a number without end", SHIPS.replace("atLeast: 2", "atLeast: .inf"), "yaml"],
  ])("%s is refused with its line", (_what, text, code) => {
    const error = refused(text);
    expect(error.code).toBe(code);
    expect(errorText(error)).toMatch(/\n {2}q\.yaml:\d+:\d+\n/);
  });

  test("an alias is the nearest anchor of its name before it", () => {
    const text = SHIPS.replace('"the registers have no common list"', "&t first")
      .replace('"inspect ships that both watch"', "&t second")
      .replace('"inspections within 30 days"', "*t")
      .replace("id: ships-on-two-lists", "id: ships-on-two-lists\nsubsidiarity: &t none");
    expect(read(text)).toMatchObject({
      necessity: { en: "first" },
      subsidiarity: { en: "none" },
      intendedEffect: { text: { en: "second" }, measure: { en: "second" } },
    });
  });

  test("words of older YAML are text, not true or false", () => {
    for (const word of ["yes", "no", "on", "off", "y", "n", "0o17x", "1_000"])
      expect(read(SHIPS.replace('"the registers have no common list"', word)).necessity.en).toBe(word);
  });
});

describe("a question is read in time", () => {
  test("a file of more than 2^20 characters is refused unread", () => {
    const long = SHIPS.replace("the registers", "x".repeat(2 ** 20));
    const [error, ms] = timed(() => refused(long));
    expect(error).toMatchObject({ code: "too-large", hint: expect.stringContaining("federation") });
    expect(ms).toBeLessThan(100);
  });

  const many = (count: number, item: (at: number) => string, between = ","): string =>
    Array.from({ length: count }, (_, at) => item(at)).join(between);

  test.each([
    ["names", many(15_000, (at) => `k${at}: 1`, "\n")],
    ["names in braces", `{ ${many(15_000, (at) => `k${at}`)} }`],
    ["aliases of one anchor", `a: &a x\nb: [${many(15_000, () => "*a")}]`],
    ["an anchor for each alias", `b: [${many(8000, (at) => `&a${at} x,*a${at}`)}]`],
    [
      "aliases behind a long list",
      `f: [${many(12_000, () => "x")}]\na: &a x\nb: [${many(12_000, () => "*a")}]`,
    ],
    ["brackets", `a: ${"[".repeat(5000)}`],
    ["dashes", "- ".repeat(5000)],
    ["spaces", `a:${" ".repeat(200_000)}b`],
    ["quotes", `a: '${"''".repeat(100_000)}`],
  ])("%s: many are refused within seconds, not minutes", (_what, text) => {
    const [error, ms] = timed(() => refused(text));
    expect(error).toBeInstanceOf(QueryError);
    expect(ms).toBeLessThan(MOST_MS);
  });

  test("no depth is deep enough to break the reader", () => {
    for (let depth = 10; depth < 3000; depth = Math.ceil(depth * 1.3)) {
      for (const text of [
        `a: ${"[".repeat(depth)}${"]".repeat(depth)}`,
        `a: ${"{ a: ".repeat(depth)}1${" }".repeat(depth)}`,
        "- ".repeat(depth),
      ])
        expect(refused(text)).toBeInstanceOf(QueryError);
    }
  });
});

describe("an error is shown, not performed", () => {
  test.each([
    ["a colour in a name", '"\\e[31mred": 1'],
    ["a title in a value", 'zz: "\u001b]0;title\u0007"'],
    ["a text turned round", '"\u202eexe": 1'],
    ["a hidden space", '"i\u200bd": 1'],
    ["a line end in a name", '"a\\nerror: forged": 1'],
  ])("%s", (_what, line) => {
    const told = errorText(refused(`${SHIPS}${line}\n`));
    expect(told).toContain("\ufffd");
    expect(told).not.toMatch(UNSHOWN);
    expect(told.split("\n").filter((one) => one.startsWith("error:"))).toHaveLength(1);
  });

  test("a name without end is cut", () => {
    expect(errorText(refused(`${SHIPS}? ${"x".repeat(100_000)}\n: 1\n`)).length).toBeLessThan(2000);
  });
});
