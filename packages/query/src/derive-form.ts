// SPDX-License-Identifier: Apache-2.0
// Columns that are another form of a row's own values: a part of a date, the beginning of a name, its words in order.
import { type ColumnKind, type ColumnSpec, type DerivedText, TEXT_RULES } from "@koplamp/wire";
import { NAME } from "./names.ts";
import { didYouMean } from "./nearest.ts";
import { anyMapOf, distinct, field, integerOf, listOf, mapOf, nameIn, required } from "./yaml-fields.ts";
import { failAt, type YamlValue } from "./yaml-source.ts";

const HINT =
  "derive: { first: 3, of: column }, { sorted: [column, …] }, or one of bare, consonants, year, year-month, month-day with a column";
const RULES = ["first", "sorted", ...TEXT_RULES] as const;
/** A part of a text longer than this is no part any more. */
const MOST_LETTERS = 64;
const MOST_SORTED = 4;

/** Whether a `derive` makes another form of values. */
export function isForm(value: YamlValue): boolean {
  const map = anyMapOf(value);
  return RULES.some((rule) => field(map, rule) !== undefined);
}

/** Reads the `derive` of a column of kind `name-key`. @throws {QueryError} with its place. */
export function readForm(value: YamlValue): DerivedText {
  const all = mapOf(value, [...RULES, "of"]);
  const [rule, ...more] = RULES.filter((one) => field(all, one) !== undefined);
  if (rule === undefined || more.length > 0) throw failAt(value, "invalid-value", "expected one rule", HINT);
  const map = mapOf(value, rule === "first" ? [rule, "of"] : [rule]);
  const given = required(map, rule, HINT);
  if (rule === "first") {
    const letters = integerOf(given, 1, MOST_LETTERS);
    return { kind: "text", rule, letters, of: [columnIn(required(map, "of", HINT))] };
  }
  if (rule !== "sorted") return { kind: "text", rule, of: [columnIn(given)] };
  return { kind: "text", rule, of: distinct(listOf(given, 1, MOST_SORTED).items, columnIn) };
}

function columnIn(value: YamlValue): string {
  return nameIn(value, NAME, "the name of a column");
}

/**
 * Checks that a form stands on columns of the file, or on forms that are declared before it, of kinds that have it.
 * @throws {QueryError} `unknown-column` or `wrong-kind`, with its place.
 */
export function checkForm(
  name: string,
  {
    derive,
    value,
    specs,
  }: {
    readonly derive: DerivedText;
    readonly value: YamlValue;
    readonly specs: Readonly<Record<string, ColumnSpec>>;
  },
): void {
  const names = Object.keys(specs);
  const before = names.slice(0, names.indexOf(name));
  const known = names.filter((other) => {
    const { derive: made } = specs[other] ?? {};
    return made === undefined || (made.kind === "text" && before.includes(other));
  });
  for (const base of derive.of) {
    if (!known.includes(base)) {
      const message = `"${name}" is derived from no column of the file, and from no form before it: "${base}"${didYouMean(base, known)}`;
      throw failAt(value, "unknown-column", message, `columns: ${known.join(", ")}`);
    }
    const kinds = KINDS[derive.rule];
    const { kind } = specs[base] ?? {};
    if (kind === undefined || kinds.includes(kind)) continue;
    const message = `"${name}" is derived from "${base}", which is of kind ${kind}`;
    throw failAt(value, "wrong-kind", message, `this form is one of: ${kinds.join(", ")}`);
  }
}

const NAMES: readonly ColumnKind[] = ["person-name", "company-name", "name-key"];
const TEXTS: readonly ColumnKind[] = [
  ...NAMES,
  "opaque",
  "email",
  "plate",
  "passport",
  "category",
  "phone",
  "iban",
];
const DAYS: readonly ColumnKind[] = ["date"];

/** Which kinds have which form. */
const KINDS: Readonly<Record<DerivedText["rule"], readonly ColumnKind[]>> = {
  first: TEXTS,
  sorted: NAMES,
  bare: NAMES,
  consonants: NAMES,
  year: DAYS,
  "year-month": DAYS,
  "month-day": DAYS,
};
