// SPDX-License-Identifier: Apache-2.0
// Columns that stand in no file, as a dataset declares them.
import { expect, test } from "vitest";
import { offeredColumns, readFederation } from "../src/index.ts";

const federation = (derive: string): string => `koplamp: federation/v1
id: moved
covenant: default
parties:
  - id: aa
    name: aa
    datasets:
      moved:
        file: aa.csv
        columns:
          to: { kind: iban }
          from: { kind: iban }
          month: { kind: month }
          amount: { kind: integer, min: 0, max: 100 }
          surname: { kind: person-name, transliteration: all-1 }
          birth: { kind: date }
          bare: { kind: name-key, derive: { bare: surname } }
          made: { ${derive} }
  - { id: bb, name: bb, datasets: {} }
`;
const specOf = (derive: string) =>
  readFederation(federation(derive), { file: "f.yaml" }).parties[0]?.datasets["moved"]?.columns["made"];

test("a derived column says what it is made from", () => {
  expect(specOf("kind: integer, derive: { rows: [to, month], within: { amount: 90..99 } }")).toEqual({
    kind: "integer",
    derive: { kind: "rows", per: ["to", "month"], within: { column: "amount", least: 90, most: 99 } },
  });
  expect(
    specOf("kind: integer, min: 0, max: 100, derive: { passed: amount, into: to, out: from, per: [month] }"),
  ).toEqual({
    kind: "integer",
    min: 0,
    max: 100,
    derive: { kind: "passed", amount: "amount", into: "to", out: "from", per: ["month"] },
  });
});

test("a form says what it is a form of, and may stand on a form before it", () => {
  const form = (derive: string) => specOf(`kind: name-key, derive: ${derive}`)?.derive;
  expect(form("{ first: 3, of: bare }")).toEqual({ kind: "text", rule: "first", letters: 3, of: ["bare"] });
  expect(form("{ sorted: [surname, bare] }")).toEqual({
    kind: "text",
    rule: "sorted",
    of: ["surname", "bare"],
  });
  expect(form("{ month-day: birth }")).toEqual({ kind: "text", rule: "month-day", of: ["birth"] });
});

test("parties that mean another form by one name are refused", () => {
  const { parties } = readFederation(
    federation("kind: name-key, derive: { first: 3, of: surname }").replace(
      "id: bb, name: bb, datasets: {}",
      "id: bb, name: bb, datasets: { moved: { file: b.csv, columns: { made: { kind: name-key } } } }",
    ),
    { file: "f.yaml" },
  );
  const [first, second] = parties.map(({ datasets }) => datasets["moved"]);
  if (first === undefined || second === undefined) throw new Error("expected two datasets");
  const [ours, theirs] = [first, second].map((spec) => offeredColumns(spec, [], undefined).at(-1));
  expect(ours).toMatchObject({ name: "made", kind: "name-key", unit: "first 3 letters" });
  expect(theirs).toMatchObject({ name: "made", kind: "name-key", unit: null });
});

test.each([
  ["kind: category, derive: { rows: [to] }", "takes no option"],
  ["kind: integer, from: x, derive: { rows: [to] }", "does not go with"],
  ["kind: integer, derive: { rows: [two] }", '"two"'],
  ["kind: integer, derive: { rows: [made] }", '"made"'],
  ["kind: integer, derive: { rows: [to], within: { month: 1..2 } }", "which is of kind month"],
  ["kind: integer, derive: { rows: [to], within: { amount: 2..1 } }", "one column and its range"],
  ["kind: integer, derive: { passed: to, into: to, out: from, per: [month] }", "which is of kind iban"],
  ["kind: integer, derive: { passed: amount, into: to, per: [month] }", "out"],
  ["kind: integer, derive: { bare: surname }", "another form of a text"],
  ["kind: name-key, derive: { rows: [to] }", '"rows"'],
  ["kind: name-key, derive: { bare: made }", "no form before it"],
  ["kind: name-key, derive: { bare: amount }", "of kind integer"],
  ["kind: name-key, derive: { year: surname }", "of kind person-name"],
  ["kind: name-key, derive: { first: 0, of: surname }", "1"],
  ["kind: name-key, derive: { first: 3 }", '"of"'],
  ["kind: name-key, derive: { bare: surname, of: to }", '"of"'],
  ["kind: name-key, derive: { bare: surname, year: birth }", "one rule"],
])("%s is refused", (derive, word) => {
  expect(() => specOf(derive)).toThrow(word);
});
