// SPDX-License-Identifier: Apache-2.0
// Columns that stand in no file, as a dataset declares them.
import { expect, test } from "vitest";
import { readFederation } from "../src/index.ts";

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

test.each([
  ["kind: category, derive: { rows: [to] }", "takes no option"],
  ["kind: integer, from: x, derive: { rows: [to] }", "does not go with"],
  ["kind: integer, derive: { rows: [two] }", '"two"'],
  ["kind: integer, derive: { rows: [made] }", '"made"'],
  ["kind: integer, derive: { rows: [to], within: { month: 1..2 } }", "which is of kind month"],
  ["kind: integer, derive: { rows: [to], within: { amount: 2..1 } }", "one column and its range"],
  ["kind: integer, derive: { passed: to, into: to, out: from, per: [month] }", "which is of kind iban"],
  ["kind: integer, derive: { passed: amount, into: to, per: [month] }", "out"],
])("%s is refused", (derive, word) => {
  expect(() => specOf(derive)).toThrow(word);
});
