// SPDX-License-Identifier: Apache-2.0
import type { ColumnKind, ColumnSpec, DatasetSpec } from "@koplamp/wire";
import { NAME, record } from "./names.ts";
import { didYouMean } from "./nearest.ts";
import {
  anyMapOf,
  distinct,
  entriesOf,
  field,
  integerOf,
  listOf,
  mapOf,
  oneOf,
  required,
  scalarOf,
  textOf,
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
  ["padLeft", ["bsn", "rsin", "kvk", "imo", "imo-company"]],
  ["region", ["phone"]],
  ["country", ["plate", "passport"]],
  ["format", ["date", "month"]],
  ["transliteration", ["person-name", "company-name"]],
  ["split", COLUMN_KINDS.filter((kind) => kind !== "integer" && kind !== "boolean")],
]);

const OPTIONS = ["kind", "from", ...Object.keys(OPTION_KINDS)];
const FILE = /\.(?:csv|tsv|parquet|json|jsonl)$/;

/** Reads one declared dataset. @throws {QueryError} with its place. */
export function readDataset(value: YamlValue): DatasetSpec {
  const map = mapOf(value, ["file", "nulls", "subject", "maxRowsPerCell", "columns"]);
  const columns = entriesOf(
    anyMapOf(required(map, "columns", "what is not listed does not exist for a question")),
  );
  const specs = record(
    columns.map(([name, { key, value: column }]) => {
      if (NAME.test(name)) return [name, readColumn(column)] as const;
      throw failAt(
        key,
        "invalid-value",
        `expected the name of a column, got "${name.slice(0, 40)}"`,
        'a column with another name in the file: name: { kind: …, from: "Name in the file" }',
      );
    }),
  );
  const [nulls, most] = [field(map, "nulls"), field(map, "maxRowsPerCell")];
  return Object.freeze({
    file: readFile(required(map, "file")),
    nulls: nulls === undefined ? [] : distinct(listOf(nulls, 0, 32).items, nullToken),
    ...readSubject(field(map, "subject"), Object.keys(specs)),
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
  value: YamlValue | undefined,
  columns: readonly string[],
): { readonly subject?: string } {
  if (value === undefined) return {};
  const subject = textOf(value, 64);
  if (columns.includes(subject)) return { subject };
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
  return Object.freeze({ kind, ...texts(map), ...bounds(map), ...padding(map) });
}

function texts(map: YamlMap): Omit<ColumnSpec, "kind"> {
  const names = ["from", "split", "unit", "region", "country", "format", "transliteration"] as const;
  const given = names.flatMap((name) => {
    const value = field(map, name);
    if (value === undefined) return [];
    // A separator may be a space and a column name may begin with one: only their presence is checked.
    const text = name === "split" || name === "from" ? scalarOf(value, "text").text : textOf(value, 100);
    if (text === "") throw failAt(value, "invalid-value", `expected text in "${name}"`);
    return [[name, text] as const];
  });
  return Object.fromEntries(given);
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

function padding(map: YamlMap): Pick<ColumnSpec, "padLeft"> {
  const value = field(map, "padLeft");
  return value === undefined ? {} : { padLeft: integerOf(value, 1, 20) };
}
