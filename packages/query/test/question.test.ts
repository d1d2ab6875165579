// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasShared, sharedPath } from "../../../test/shared.ts";
import { errorText, QueryError, readFederation, readQuestion } from "../src/index.ts";
import { COUNTS, FEDERATION, REPORTS, SHIPS } from "./samples.ts";

const file = "q.yaml";
const read = (text: string, lab = false) => readQuestion(text, { file, lab });

/** The error of reading, as a person sees it. */
function refused(text: string, lab = false): string {
  try {
    read(text, lab);
  } catch (error) {
    if (error instanceof QueryError) return errorText(error);
    throw error;
  }
  return "no error";
}

describe("a question", () => {
  test("a match: maps become lists in party order, texts become en", () => {
    const question = read(SHIPS);
    expect(question.ask).toEqual({
      kind: "match",
      key: ["imo"],
      from: [
        { party: "customs", dataset: "watch" },
        { party: "harbour", dataset: "ships" },
      ],
      atLeast: 2,
      tell: "holders",
      mode: "tokens",
    });
    expect(question.sources).toEqual(question.ask.from);
    expect(question.key).toEqual(["imo"]);
    expect(question.indication).toEqual({ en: "two ships changed flag within a week" });
    expect(question.subsidiarity).toEqual(question.necessity);
    expect(question.expires).toBe("2027-02-01T00:00:00Z");
    expect(question.warnings).toEqual([]);
  });

  test("an aggregate: the domain stands in groupBy order, numbers in it stay as they are written", () => {
    const { ask, indication } = read(REPORTS.replace("hills, city", "hills, 0012"));
    expect(ask).toMatchObject({
      groupBy: ["region", "month"],
      domain: [
        { column: "region", values: ["coast", "hills", "0012"] },
        { column: "month", values: ["2026-01", "2026-02"] },
      ],
      where: [{ column: "settled", op: "=", value: true }],
      measures: ["count", "sum(amount)"],
    });
    expect(indication).toEqual({ nl: "meer meldingen", en: "more reports" });
  });

  test("an overlap count leaves its mode to the planner", () => {
    expect(read(COUNTS).ask).toMatchObject({ shape: "histogram", atLeast: null, mode: null });
    expect(read(COUNTS).release).toEqual({ minCount: 1, minContributors: 1, noise: null });
  });

  test("JSON is YAML", () => {
    const { ask } = read(SHIPS);
    const whole = {
      koplamp: "query/v1",
      id: "j",
      ask: { kind: "match", key: ["imo"], from: { a: "x", b: "y" }, atLeast: 2, tell: "count" },
      recipients: ["a"],
    };
    expect(read(JSON.stringify(whole), true).ask).toMatchObject({ kind: ask.kind, tell: "count" });
  });

  test("in the lab governance may be absent, and one warning lists it", () => {
    const bare = SHIPS.split("\n")
      .filter((line) => !/^(class|purpose|legalBasis|indication|necessity|intendedEffect|expires)/.test(line))
      .join("\n");
    const question = read(bare, true);
    expect(question).toMatchObject({ class: "F", purpose: "lab", legalBasis: [], expires: null });
    expect(question.warnings).toEqual([
      "lab: not given and filled in: necessity, class (F, from the kind), purpose (lab), legalBasis, indication, intendedEffect, expires (the end of tomorrow); real nodes refuse this",
    ]);
    expect(refused(bare)).toContain('error: expected a field "necessity" in the file');
  });
});

describe("errors name the place and the nearest name", () => {
  test("an unknown field, whole", () => {
    expect(refused(SHIPS.replace("minCount:", "minCounts:"))).toBe(
      [
        'error: unknown field "minCounts"; did you mean "minCount"?',
        "  q.yaml:17:12",
        "  17 | release: { minCounts: 1, minContributors: 1 }",
        "     |            ^",
        "hint:  fields here: minCount, minContributors, noise, dominance, rounding, known",
      ].join("\n"),
    );
  });

  test("as data", () => {
    expect.assertions(1);
    try {
      read(SHIPS.replace("kind: match", "kind: matches"));
    } catch (error) {
      expect(JSON.parse(JSON.stringify(error))).toEqual({
        code: "invalid-value",
        message: 'unknown value "matches" in "ask.kind"; did you mean "match"?',
        file: "q.yaml",
        line: 10,
        column: 9,
        party: null,
        hint: "one of: aggregate, overlap-count, join-aggregate, trend, lookup, deconflict, match",
      });
    }
  });

  const cases: readonly (readonly [what: string, text: string, code: string, says: string])[] = [
    ["a field of the ask", SHIPS.replace("tell:", "tel:"), "unknown-field", 'did you mean "tell"?'],
    ["another version", SHIPS.replace("query/v1", "query/v2"), "invalid-value", 'did you mean "query/v1"?'],
    [
      "a class that is not the kind's",
      SHIPS.replace("class: F", "class: B"),
      "invalid-value",
      "is of class F, not B",
    ],
    ["no ask", SHIPS.replace(/ask:[\s\S]*tokens\n/, ""), "missing-field", '"ask"'],
    [
      "one party",
      SHIPS.replace("{ harbour: ships, customs: watch }", "{ customs: watch }"),
      "too-few-parties",
      "at least two parties",
    ],
    ["more holders than parties", SHIPS.replace("atLeast: 2", "atLeast: 3"), "invalid-value", "from 2 to 2"],
    [
      "a reserved id",
      SHIPS.replace("harbour: ships", "coordinator: ships"),
      "invalid-value",
      "expected a party id",
    ],
    [
      "a prototype's name",
      SHIPS.replace("harbour: ships", "__proto__: ships"),
      "invalid-value",
      "expected a party id",
    ],
    ["an impossible day", SHIPS.replace("2027-01-31", "2027-02-30"), "invalid-value", "expected a day"],
    ["a repeated key column", SHIPS.replace("[imo]", "[imo, imo]"), "invalid-value", "stands twice"],
    ["a repeated field", `${SHIPS}id: again\n`, "yaml", "unique"],
    [
      "a control character",
      SHIPS.replace("both watch", "both\\u0007watch"),
      "invalid-value",
      "control characters",
    ],
    ["no domain", REPORTS.replace(/ {2}domain:[\s\S]*city\]\n/, ""), "no-domain", "region, month"],
    ["a domain without one column", REPORTS.replace(/ {4}month.*\n/, ""), "missing-field", '"month"'],
    [
      "a domain of another column",
      REPORTS.replace("    region:", "    regions:"),
      "unknown-field",
      'did you mean "region"?',
    ],
    [
      "a measure nobody knows",
      REPORTS.replace("sum(amount)", "median(amount)"),
      "invalid-value",
      "unknown measure",
    ],
    [
      "a list where a map must be",
      SHIPS.replace("{ harbour: ships, customs: watch }", "[harbour, customs]"),
      "invalid-value",
      "expected a map",
    ],
    [
      "atLeast with another shape",
      COUNTS.replace("histogram", "pairs\n  atLeast: 2"),
      "invalid-value",
      "shape: atLeast or histogram",
    ],
    ["two documents", `${SHIPS}---\n${SHIPS}`, "yaml", "multiple documents"],
    ["a tag", SHIPS.replace("key: [imo]", "key: !env [imo]"), "yaml", "tag"],
    ["nothing", "", "yaml", "is empty"],
    ["a word", "match", "invalid-value", "expected a map in the file, got text"],
  ];
  for (const [what, text, code, says] of cases) {
    test(what, () => {
      expect(text).not.toBe(SHIPS);
      expect(text).not.toBe(REPORTS);
      const told = refused(text);
      expect(told).toContain(says);
      expect(() => read(text)).toThrow(expect.objectContaining({ code }));
    });
  }

  test("a place for every error that a file can cause", () => {
    for (const [, text] of cases.filter(([what]) => what !== "nothing")) {
      expect(refused(text)).toMatch(/\n {2}q\.yaml:\d+:\d+\n/);
    }
  });
});

describe("what cannot be answered yet is refused with what exists instead", () => {
  const cases: readonly (readonly [what: string, text: string, hint: string])[] = [
    [
      "anyKey at a threshold",
      SHIPS.replace("key: [imo]", "anyKey: [[imo], [name]]").replace("mode: tokens", "mode: threshold"),
      "one match for each key",
    ],
    [
      "anyKey and flaggedBy",
      SHIPS.replace("key: [imo]", "anyKey: [[imo], [name]]\n  flaggedBy: { flagged: true }"),
      "one match for each key",
    ],
  ];
  for (const [what, text, hint] of cases) {
    test(what, () => {
      expect(() => read(text)).toThrow(
        expect.objectContaining({ code: "not-yet", hint: expect.stringContaining(hint) }),
      );
    });
  }
});

describe("a federation", () => {
  test("columns, options and an empty party", () => {
    const { parties, covenant } = readFederation(FEDERATION, { file });
    expect(covenant).toBe("default");
    expect(parties.map(({ id, name }) => [id, name])).toEqual([
      ["harbour", "Harbour master"],
      ["customs", "Customs"],
    ]);
    const ships = parties[0]?.datasets["ships"];
    expect(ships).toMatchObject({ file: "ships.csv", nulls: ["-0-", ""], subject: "imo" });
    expect(ships?.columns["imo"]).toEqual({ kind: "imo", from: "IMO number", split: ";" });
    expect(ships?.columns["tons"]).toEqual({ kind: "integer", min: 0, max: 500_000, unit: "ton" });
    expect(ships?.columns["constructor"]).toBeUndefined();
  });

  const cases: readonly (readonly [what: string, text: string, says: string])[] = [
    ["a kind", FEDERATION.replace("kind: category", "kind: categorie"), 'did you mean "category"?'],
    [
      "an option of another kind",
      FEDERATION.replace("kind: category", "kind: category, min: 1"),
      'takes no option "min"',
    ],
    ["a bound alone", FEDERATION.replace("min: 0, ", ""), "min and max go together"],
    [
      "bounds the wrong way round",
      FEDERATION.replace("min: 0", "min: 600000"),
      "expected an integer from 600000",
    ],
    [
      "a bound on subjects where there is none",
      FEDERATION.replace("subject: imo", "maxRowsPerSubject: 2"),
      '"maxRowsPerSubject" needs a "subject"',
    ],
    [
      "a subject that is no column",
      FEDERATION.replace("subject: imo", "subject: imos"),
      'did you mean "imo"?',
    ],
    ["a reserved id", FEDERATION.replace("id: customs", "id: witnesses"), "reserved"],
    ["a party twice", FEDERATION.replace("id: customs", "id: harbour"), "stands twice"],
    ["a file of another type", FEDERATION.replace("ships.csv", "ships.xlsx"), "expected a .csv"],
    [
      "a width that no such number has",
      FEDERATION.replace("kind: imo,", "kind: imo, padLeft: 9,"),
      "from 7 to 7",
    ],
    [
      "a format nobody knows",
      FEDERATION.replace("kind: category", "kind: date, format: DD-MM-YY"),
      'did you mean "DD-MM-YYYY"?',
    ],
    [
      "a region that is none",
      FEDERATION.replace("kind: category", "kind: phone, region: nl"),
      "two capitals",
    ],
    [
      "a table of no script",
      FEDERATION.replace("kind: category", "kind: person-name, transliteration: elot-734"),
      'did you mean "elot-743"?',
    ],
    ["an unknown field", FEDERATION.replace("nulls:", "null:"), 'did you mean "nulls"?'],
    [
      "a prototype's name as a column",
      FEDERATION.replace("flag:", "__proto__:"),
      "expected the name of a column",
    ],
    ["one party", FEDERATION.slice(0, FEDERATION.indexOf("  - id: customs")), "expected 2 to 64 items"],
  ];
  for (const [what, text, says] of cases) {
    test(what, () => {
      expect(text).not.toBe(FEDERATION);
      const caught = (() => {
        try {
          readFederation(text, { file });
        } catch (error) {
          return error instanceof QueryError ? errorText(error) : String(error);
        }
        return "no error";
      })();
      expect(caught).toContain(says);
      expect(caught).toMatch(/q\.yaml:\d+:\d+/);
    });
  }
});

describe("hostile files", () => {
  test("aliases cannot make a short file long", () => {
    const levels = Array.from(
      { length: 9 },
      (_, at) =>
        `l${at}: &l${at} [${Array(9)
          .fill(at === 0 ? "x" : `*l${at - 1}`)
          .join(", ")}]`,
    );
    expect(refused(levels.join("\n"))).toContain("error: expected at most 50000 values");
  });

  test("depth and size are bounded", () => {
    expect(refused(`a: ${"[".repeat(5000)}${"]".repeat(5000)}`)).toMatch(/nested/);
    expect(refused(`a: ${"x".repeat(2 ** 20)}`)).toContain("expected a file of at most 1048576 characters");
  });

  test("any text gives a question or a QueryError, and nothing else", () => {
    const damaged = fc
      .tuple(fc.constantFrom(SHIPS, REPORTS, COUNTS), fc.nat(900), fc.nat(40), fc.string({ maxLength: 12 }))
      .map(([text, at, cut, patch]) => text.slice(0, at) + patch + text.slice(at + cut));
    let refusals = 0;
    fc.assert(
      fc.property(damaged, (text) => {
        try {
          read(text, true);
        } catch (error) {
          expect(error).toBeInstanceOf(QueryError);
          refusals += 1;
        }
      }),
      { numRuns: 300 },
    );
    expect(refusals).toBeGreaterThan(50);
  });
});

describe.skipIf(!hasShared)("the acceptance questions (needs ../shared)", () => {
  const folders = hasShared
    ? readdirSync(sharedPath("acceptance"), { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() ? [entry.name] : [],
      )
    : [];
  const load = (folder: string, name: string) =>
    readFileSync(sharedPath(`acceptance/${folder}/${name}`), "utf8");

  test("there are some", () => expect(folders.length).toBeGreaterThan(20));

  for (const folder of folders) {
    test(folder, () => {
      const federation = readFederation(load(folder, "federation.yaml"), { file: "federation.yaml" });
      expect(federation.parties.length).toBeGreaterThan(1);
      const text = load(folder, "query.yaml");
      const question = read(text, true);
      for (const { party, dataset } of question.sources) {
        const holder = federation.parties.find(({ id }) => id === party);
        const known = Object.keys(holder?.datasets ?? {});
        expect(dataset === "" ? known.length : known.indexOf(dataset) + 1).toBeGreaterThan(0); // a holder's only list needs no name
      }
    });
  }
});
