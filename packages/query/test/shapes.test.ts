// SPDX-License-Identifier: Apache-2.0
// Editors are told what the readers take: no more fields, and no file that is good shown as bad.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { hasShared, sharedPath } from "../../../test/shared.ts";
import { fileSchema, fitsShape, readFederation, readQuestion } from "../src/index.ts";

const QUERY = `koplamp: query/v1
id: ships
class: F
purpose: sanctions-2026
legalBasis: [Wpg art. 16]
indication: { nl: vlag, en: flag }
necessity: no common list
intendedEffect: { text: inspect, measure: inspections }
ask: { kind: match, key: [imo], from: { aa: ships, bb: ships }, atLeast: 2, tell: holders }
recipients: [aa]
release: { minCount: 1, minContributors: 2 }
expires: "2026-12-31"
`;
const COLUMNS = "{ imo: { kind: imo, from: IMO number }, tons: { kind: integer, min: 0, max: 9, unit: t } }";
const FEDERATION = `koplamp: federation/v1
id: f
covenant: default
parties:
  - { id: aa, name: A, datasets: { ships: { file: a.csv, nulls: ["-"], subject: imo, columns: ${COLUMNS} } } }
  - { id: bb, name: B, datasets: {}, interests: b.yaml }
`;

const READERS = {
  query: (text: string) => readQuestion(text, { file: "q.yaml", lab: true }),
  federation: (text: string) => readFederation(text, { file: "f.yaml" }),
} as const;

function taken(of: keyof typeof READERS, text: string): boolean {
  try {
    READERS[of](text);
    return true;
  } catch {
    return false;
  }
}

/** The value with one field more in the object at each place, one place at a time. */
function withOneMore(value: unknown): readonly unknown[] {
  if (value === null || typeof value !== "object") return [];
  const inner = Object.entries(value).flatMap(([name, part]) =>
    withOneMore(part).map((changed) =>
      Array.isArray(value) ? value.with(Number(name), changed) : { ...value, [name]: changed },
    ),
  );
  return Array.isArray(value) ? inner : [{ ...value, "no such field": 1 }, ...inner];
}

/** The value without one of its fields, one at a time, at the top. */
function withOneLess(value: Readonly<Record<string, unknown>>): readonly unknown[] {
  return Object.keys(value).map((name) =>
    Object.fromEntries(Object.entries(value).filter(([own]) => own !== name)),
  );
}

describe.each([
  ["query", QUERY],
  ["federation", FEDERATION],
] as const)("the schema of a %s file", (of, text) => {
  test("takes what the reader takes", () => {
    expect([taken(of, text), fitsShape(of, parse(text))]).toEqual([true, true]);
    expect(fileSchema(of)).toMatchObject({ type: "object", additionalProperties: false });
  });

  test("has no field that the reader does not know", () => {
    const more = withOneMore(parse(text));
    expect(more.length).toBeGreaterThan(4);
    for (const value of more)
      expect([taken(of, stringify(value)), fitsShape(of, value)]).toEqual([false, false]);
  });

  test("asks for no field that the reader does not", () => {
    for (const value of withOneLess(parse(text)))
      if (taken(of, stringify(value))) expect(fitsShape(of, value), JSON.stringify(value)).toBe(true);
  });
});

test.skipIf(!hasShared)("every acceptance scenario that the readers take fits", () => {
  const root = sharedPath("acceptance");
  let seen = 0;
  for (const scenario of readdirSync(root)) {
    for (const of of ["query", "federation"] as const) {
      const file = join(root, scenario, `${of}.yaml`);
      const text = ((): string | undefined => {
        try {
          return readFileSync(file, "utf8");
        } catch {
          return undefined; // a file beside the scenarios
        }
      })();
      if (text === undefined || !taken(of, text)) continue;
      seen += 1;
      expect(fitsShape(of, parse(text)), file).toBe(true);
    }
  }
  expect(seen).toBeGreaterThan(20);
});
