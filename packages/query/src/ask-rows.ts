// SPDX-License-Identifier: Apache-2.0
// The parts that the asks of several kinds are made of: sources, keys, conditions, domains, measures.
import { MOST_PARTIES } from "@koplamp/psi";
import {
  type ColumnDomain,
  type Condition,
  measureText,
  parseMeasure,
  RESERVED_PARTIES,
  type Source,
} from "@koplamp/wire";
import { NAME, PARTY_ID } from "./names.ts";
import {
  anyMapOf,
  distinct,
  entriesOf,
  field,
  integerOf,
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

/** More values than this in one column do not fit a plan. */
const MOST_VALUES = 1000;
/** Most characters of a measure: a line of the contract. */
const MOST_TEXT = 200;
const FEWER_KEYS = "name the columns that identify together, and no others";
const FEWER_CONDITIONS = "state fewer, or let the owners declare a dataset of what is meant";
const FEWER_VALUES = "list fewer values, or ask in several questions";

/** What to do in place of grouping by more columns, and of asking for more measures. */
export const FEWER_GROUPS = "group by fewer columns, or ask in several questions";
export const FEWER_MEASURES = "ask for the others in a second question";

/** `{ party: dataset }` as a list in party order. */
export function readFrom(map: YamlMap): readonly Source[] {
  const from = anyMapOf(
    required(map, "from", "who contributes what: from: { party: dataset }"),
    "party: dataset",
  );
  const sources = entriesOf(from).map(([party, { key, value }]): Source => {
    if (!PARTY_ID.test(party) || RESERVED_PARTIES.includes(party)) {
      throw failAt(
        key,
        "invalid-value",
        `expected a party id in "${from.path}", got "${party.slice(0, 40)}"`,
      );
    }
    return { party, dataset: nameIn(value, NAME, "the name of a dataset") };
  });
  if (sources.length < 2) {
    throw failAt(
      from,
      "too-few-parties",
      `expected at least two parties in "${from.path}", got ${sources.length}`,
      "a question about one party's own data needs no protocol",
    );
  }
  if (sources.length > MOST_PARTIES) {
    const message = `expected at most ${MOST_PARTIES} parties in "${from.path}", got ${sources.length}`;
    throw failAt(from, "too-many", message, "ask fewer parties at a time");
  }
  return sources.sort((a, b) => (a.party < b.party ? -1 : 1));
}

/** The columns that identify. */
export function readKey(map: YamlMap): readonly string[] {
  const list = listOf(required(map, "key", "the columns that identify: key: [column]"), 1, 8, FEWER_KEYS);
  return distinct(list.items, columnIn);
}

/** The name of a column. */
export function columnIn(value: YamlValue): string {
  return nameIn(value, NAME, "the name of a column");
}

/** A measure that is a sum over the rows of all parties. */
export function measureIn(value: YamlValue): string {
  const measure = parseMeasure(textOf(value, 80));
  if (measure?.kind === "count" || measure?.kind === "sum" || measure?.kind === "mean")
    return measureText(measure);
  throw unknownMeasure(value, "count, sum(column), mean(column)");
}

/** Any measure over the rows of all parties, in its one spelling. */
export function statisticIn(value: YamlValue): string {
  const measure = parseMeasure(textOf(value, MOST_TEXT));
  if (measure !== undefined && measureText(measure).length <= MOST_TEXT) return measureText(measure);
  throw unknownMeasure(
    value,
    "count, sum(column), mean(column), variance(column), correlation(column, column), regression(column ~ column + …), chi-square(group, group), quantile(group in ranges; 0.5)",
  );
}

function unknownMeasure(value: YamlValue, known: string): Error {
  const message = `unknown measure "${textOf(value, MOST_TEXT).slice(0, 80)}"`;
  return failAt(value, "invalid-value", message, `measures: ${known}`);
}

/** The conditions of `where`. */
export function readWhere(value: YamlValue | undefined): readonly Condition[] {
  return value === undefined ? [] : listOf(value, 0, 16, FEWER_CONDITIONS).items.map(readCondition);
}

function readCondition(item: YamlValue): Condition {
  const map = mapOf(item, ["column", "op", "value"]);
  const column = columnIn(required(map, "column"));
  const op = oneOf(required(map, "op"), ["=", "in", ">=", "<"]);
  const value = required(map, "value");
  if (op !== "in") return { column, op, value: readOperand(value) };
  return { column, op, value: distinct(listOf(value, 1, MOST_VALUES, FEWER_VALUES).items, wordOrNumber) };
}

/** `true` is no text; `"true"` is. */
function readOperand(value: YamlValue): string | number | boolean {
  const { value: content } = scalarOf(value, "a value");
  return typeof content === "boolean" ? content : wordOrNumber(value);
}

function wordOrNumber(value: YamlValue): string | number {
  const { value: content } = scalarOf(value, "text or a number");
  if (typeof content !== "number") return wordOf(value);
  return integerOf(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
}

/**
 * The public values of each grouping column, in that order. None stand for `declared`: the planner fills in what the
 * owners of the column declare.
 */
export function readDomain(map: YamlMap, groupBy: readonly string[]): readonly ColumnDomain[] {
  const value = field(map, "domain");
  if (groupBy.length === 0 && value === undefined) return [];
  if (value === undefined) {
    throw failAt(
      map,
      "no-domain",
      `expected "domain" with the values of ${groupBy.join(", ")}`,
      "every party sends every cell, empty ones too, so the list must be public: domain: { column: [value, …] }, or domain: declared",
    );
  }
  if (isDeclared(value)) return groupBy.map((column) => ({ column, values: [] }));
  const domain = mapOf(value, groupBy);
  return groupBy.map((column) => ({
    column,
    values: valuesOf(required(domain, column, "the values that a cell may have, or declared")),
  }));
}

function valuesOf(value: YamlValue): readonly string[] {
  if (isDeclared(value)) return [];
  return distinct(listOf(value, 1, MOST_VALUES, FEWER_VALUES).items, (item) => wordOf(item));
}

/** `declared` takes what the owners of a column say that its values are. */
function isDeclared(value: YamlValue): boolean {
  return value.kind === "scalar" && oneOf(value, ["declared"]) === "declared";
}
