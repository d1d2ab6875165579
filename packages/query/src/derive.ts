// SPDX-License-Identifier: Apache-2.0
// Columns that stand in no file: a node computes them of its own rows.
import { type ColumnKind, type ColumnSpec, type Derived, parseRange } from "@koplamp/wire";
import { checkForm, isForm, readForm } from "./derive-form.ts";
import { NAME } from "./names.ts";
import { didYouMean } from "./nearest.ts";
import {
  anyMapOf,
  distinct,
  entriesOf,
  field,
  listOf,
  mapOf,
  nameIn,
  required,
  textOf,
} from "./yaml-fields.ts";
import { failAt, type YamlMap, type YamlValue } from "./yaml-source.ts";

/** Most columns whose values make rows belong together. */
const MOST_PER = 8;

/** The `derive` of a column, if it has one. @throws {QueryError} with its place. */
export function derivation(map: YamlMap, kind: ColumnKind): Pick<ColumnSpec, "derive"> {
  const value = field(map, "derive");
  if (value === undefined) return {};
  const from = field(map, "from");
  if (from !== undefined)
    throw failAt(from, "invalid-value", '"from" does not go with "derive"', "a derived column is in no file");
  if (kind === "name-key") return { derive: readForm(value) };
  if (isForm(value))
    throw failAt(
      value,
      "invalid-value",
      "this makes another form of a text",
      "declare it with kind: name-key",
    );
  const counted = field(anyMapOf(value), "rows") !== undefined;
  return { derive: counted ? readRows(value) : readPassed(value) };
}

function readRows(value: YamlValue): Derived {
  const map = mapOf(value, ["rows", "within"]);
  const per = columnsIn(required(map, "rows"));
  const within = field(map, "within");
  if (within === undefined) return { kind: "rows", per };
  const [[name, { value: text }] = ["", { value: within }], ...more] = entriesOf(anyMapOf(within));
  const range = more.length === 0 && NAME.test(name) ? parseRange(textOf(text, 40)) : undefined;
  if (range !== undefined) return { kind: "rows", per, within: { column: name, ...range } };
  throw failAt(
    within,
    "invalid-value",
    "expected one column and its range",
    "within: { amount: 900000..999999 }",
  );
}

function readPassed(value: YamlValue): Derived {
  const map = mapOf(value, ["passed", "into", "out", "per"]);
  const hint =
    "derive: { rows: [column, …] }, or { passed: amount, into: column, out: column, per: [column, …] }";
  const column = (name: string): string => columnIn(required(map, name, hint));
  return {
    kind: "passed",
    amount: column("passed"),
    into: column("into"),
    out: column("out"),
    per: columnsIn(required(map, "per", "the columns of a period: per: [month]")),
  };
}

function columnsIn(value: YamlValue): readonly string[] {
  return distinct(listOf(value, 1, MOST_PER).items, columnIn);
}

function columnIn(value: YamlValue): string {
  return nameIn(value, NAME, "the name of a column");
}

/**
 * Checks that derived columns stand on columns of the file, and on numbers where they add or compare.
 * @throws {QueryError} `unknown-column` or `wrong-kind`, with its place.
 */
export function checkDerived(columns: YamlMap, specs: Readonly<Record<string, ColumnSpec>>): void {
  const filed = Object.keys(specs).filter((name) => specs[name]?.derive === undefined);
  for (const [name, { value }] of entriesOf(columns)) {
    const derive = specs[name]?.derive;
    if (derive === undefined) continue;
    if (derive.kind === "text") {
      checkForm(name, { derive, value, specs });
      continue;
    }
    const { all, numbers } = standsOn(derive);
    for (const base of all) {
      if (filed.includes(base)) continue;
      const message = `"${name}" is derived from no column of the file: "${base}"${didYouMean(base, filed)}`;
      throw failAt(value, "unknown-column", message, `columns: ${filed.join(", ")}`);
    }
    const text = numbers.find((base) => specs[base]?.kind !== "integer");
    if (text === undefined) continue;
    const message = `"${name}" is derived from "${text}" as a number, which is of kind ${specs[text]?.kind}`;
    throw failAt(value, "wrong-kind", message, "declare it as integer");
  }
}

function standsOn(derive: Exclude<Derived, { kind: "text" }>): {
  readonly all: readonly string[];
  readonly numbers: readonly string[];
} {
  const numbers =
    derive.kind === "passed" ? [derive.amount] : derive.within === undefined ? [] : [derive.within.column];
  const own = derive.kind === "passed" ? [derive.into, derive.out] : [];
  return { all: [...derive.per, ...own, ...numbers], numbers };
}
