// SPDX-License-Identifier: Apache-2.0
import {
  type ColumnKind,
  type ColumnSpec,
  DATE_FORMATS,
  type DatasetSpec,
  MONTH_FORMATS,
  TRANSLITERATIONS,
} from "@koplamp/wire";
import { checkDerived, derivation } from "./derive.ts";
import { NAME, record } from "./names.ts";
import { didYouMean } from "./nearest.ts";
import {
  anyMapOf,
  distinct,
  entriesOf,
  field,
  integerOf,
  lineOf,
  listOf,
  mapOf,
  nameIn,
  oneOf,
  required,
  scalarOf,
  textOf,
  wordOf,
} from "./yaml-fields.ts";
import { failAt, type YamlMap, type YamlValue } from "./yaml-source.ts";

/** Kinds of identifiers: compared after canonicalisation, never summed. */
export const IDENTIFIER_KINDS: readonly ColumnKind[] = [
  "bsn",
  "rsin",
  "kvk",
  "iban",
  "imo",
  "imo-company",
  "plate",
  "phone",
  "email",
  "lei",
  "passport",
  "person-name",
  "company-name",
  "date",
  "name-key",
  "opaque",
];

/** Every kind that a column may have. */
export const COLUMN_KINDS: readonly ColumnKind[] = [
  ...IDENTIFIER_KINDS,
  "category",
  "integer",
  "month",
  "boolean",
];

/** Which kinds take an option; an option that is not here goes with every kind. */
const OPTION_KINDS: Readonly<Record<string, readonly ColumnKind[]>> = record<readonly ColumnKind[]>([
  ["min", ["integer"]],
  ["max", ["integer"]],
  ["unit", ["integer"]],
  ["values", ["category", "month", "date", "boolean"]],
  ["padLeft", ["bsn", "rsin", "kvk", "imo", "imo-company"]],
  ["region", ["phone"]],
  ["country", ["plate", "passport"]],
  ["format", ["date", "month"]],
  ["transliteration", ["person-name", "company-name"]],
  ["derive", ["integer", "name-key"]],
  ["split", COLUMN_KINDS.filter((kind) => kind !== "integer" && kind !== "boolean")],
]);

const OPTIONS = ["kind", "from", ...Object.keys(OPTION_KINDS)];
const FILE = /\.(?:csv|tsv|parquet|json|jsonl)$/;

/** Reads one declared dataset. @throws {QueryError} with its place. */
export function readDataset(value: YamlValue): DatasetSpec {
  const map = mapOf(value, ["file", "nulls", "subject", "maxRowsPerCell", "maxRowsPerSubject", "columns"]);
  const columns = anyMapOf(required(map, "columns", "what is not listed does not exist for a question"));
  const specs = record(
    entriesOf(columns).map(([name, { key, value: column }]) => {
      if (NAME.test(name)) return [name, readColumn(column)] as const;
      throw failAt(
        key,
        "invalid-value",
        `expected the name of a column, got "${name.slice(0, 40)}"`,
        'a column with another name in the file: name: { kind: …, from: "Name in the file" }',
      );
    }),
  );
  checkDerived(columns, specs);
  const [nulls, most] = [field(map, "nulls"), field(map, "maxRowsPerCell")];
  return Object.freeze({
    file: readFile(required(map, "file")),
    nulls: nulls === undefined ? [] : distinct(listOf(nulls, 0, 32).items, nullToken),
    ...readSubject(map, Object.keys(specs)),
    ...(most === undefined ? {} : { maxRowsPerCell: integerOf(most, 1, 2 ** 32) }),
    columns: specs,
  });
}

function readFile(value: YamlValue): string {
  const file = textOf(value, 1000);
  if (FILE.test(file)) return file;
  throw failAt(
    value,
    "invalid-value",
    `expected a .csv, .tsv, .parquet, .json or .jsonl file, got "${file}"`,
  );
}

/** A null token is compared with the raw cell, so it is taken exactly as it stands, the empty text included. */
function nullToken(value: YamlValue): string {
  return scalarOf(value, "a value").text;
}

function readSubject(
  map: YamlMap,
  columns: readonly string[],
): Pick<DatasetSpec, "subject" | "maxRowsPerSubject"> {
  const [value, most] = [field(map, "subject"), field(map, "maxRowsPerSubject")];
  if (value === undefined && most !== undefined)
    throw failAt(
      most,
      "missing-field",
      '"maxRowsPerSubject" needs a "subject"',
      "subject: the column that names one",
    );
  if (value === undefined) return {};
  const subject = textOf(value, 64);
  if (columns.includes(subject))
    return { subject, ...(most === undefined ? {} : { maxRowsPerSubject: integerOf(most, 1, 1_000_000) }) };
  throw failAt(
    value,
    "unknown-column",
    `"subject" names no declared column: "${subject}"${didYouMean(subject, columns)}`,
    `columns: ${columns.join(", ")}`,
  );
}

function readColumn(value: YamlValue): ColumnSpec {
  const map = mapOf(value, OPTIONS);
  const kind = oneOf(
    required(map, "kind", "the kind of the values, e.g. imo, category, integer"),
    COLUMN_KINDS,
  );
  for (const [name, { key }] of entriesOf(map)) {
    const kinds = Object.hasOwn(OPTION_KINDS, name) ? OPTION_KINDS[name] : undefined;
    if (kinds === undefined || kinds.includes(kind)) continue;
    throw failAt(
      key,
      "invalid-value",
      `kind "${kind}" takes no option "${name}"`,
      `"${name}" goes with: ${kinds.join(", ")}`,
    );
  }
  return Object.freeze({
    kind,
    ...derivation(map, kind),
    ...texts(map, kind),
    ...bounds(map),
    ...vocabulary(map),
    ...padding(map, kind),
  });
}

/** Options that are one line of text: taken as they stand, but for those that the kind's rules have a list of. */
function texts(map: YamlMap, kind: ColumnKind): Omit<ColumnSpec, "kind"> {
  const names = ["from", "split", "unit", "region", "country", "format", "transliteration"] as const;
  const given = names.flatMap((name) => {
    const value = field(map, name);
    return value === undefined ? [] : [[name, optionText(name, value, kind)] as const];
  });
  return Object.fromEntries(given);
}

function optionText(name: string, value: YamlValue, kind: ColumnKind): string {
  if (name === "format") return oneOf(value, kind === "month" ? MONTH_FORMATS : DATE_FORMATS);
  if (name === "transliteration") return oneOf(value, TRANSLITERATIONS);
  if (name === "region") return nameIn(value, /^[A-Z]{2}$/, "a country in two capitals");
  if (name === "country") return nameIn(value, /^[A-Z]{1,3}$/, "a country in capitals");
  // A separator may be a space and a column in the file may begin with one, so these are not trimmed.
  const text = name === "unit" ? lineOf(value, 100) : scalarOf(value, "text").text;
  if (text !== "") return text;
  throw failAt(value, "invalid-value", `expected text in "${name}"`);
}

function bounds(map: YamlMap): Pick<ColumnSpec, "min" | "max"> {
  const [min, max] = [field(map, "min"), field(map, "max")];
  if (min === undefined && max === undefined) return {};
  const [low, high] = [
    required(map, "min", "min and max go together"),
    required(map, "max", "min and max go together"),
  ];
  const least = integerOf(low, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  return { min: least, max: integerOf(high, least, Number.MAX_SAFE_INTEGER) };
}

/** Most values that a column may declare: as many as a question may list. */
const MOST_VALUES = 1000;

function vocabulary(map: YamlMap): Pick<ColumnSpec, "values"> {
  const value = field(map, "values");
  return value === undefined ? {} : { values: distinct(listOf(value, 1, MOST_VALUES).items, wordOf) };
}

/** Digits of the kinds that may be padded: to another width would make other numbers of them. */
const DIGITS: Readonly<Record<string, number>> = { bsn: 9, rsin: 9, kvk: 8, imo: 7, "imo-company": 7 };

function padding(map: YamlMap, kind: ColumnKind): Pick<ColumnSpec, "padLeft"> {
  const value = field(map, "padLeft");
  const digits = DIGITS[kind] ?? 0;
  return value === undefined ? {} : { padLeft: integerOf(value, digits, digits) };
}
