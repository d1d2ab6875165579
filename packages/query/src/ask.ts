// SPDX-License-Identifier: Apache-2.0
import {
  type AggregateAsk,
  type Ask,
  type Condition,
  type MatchAsk,
  type OverlapAsk,
  RESERVED_PARTIES,
  type Source,
} from "@koplamp/wire";
import { ASK_KINDS, NAME, PARTY_ID } from "./names.ts";
import {
  refuseAlternatives,
  refuseDeclared,
  refuseDistinct,
  refuseFlagged,
  refuseKind,
  refuseMode,
  refusePairs,
} from "./not-yet.ts";
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

/** An ask in normal form: maps are lists, sources in party order, the domain in `groupBy` order. */
export type QuestionAsk = Ask;

const FIELDS = {
  match: ["kind", "key", "anyKey", "from", "atLeast", "tell", "flaggedBy", "mode"],
  "overlap-count": ["kind", "key", "from", "shape", "atLeast", "mode"],
  aggregate: ["kind", "from", "where", "groupBy", "domain", "measures", "distinctBy"],
  "join-aggregate": ["kind", "key", "from", "groupBy", "domain", "measures"],
  trend: ["kind", "from", "where", "groupBy", "domain", "measures", "period", "alarm", "reveal"],
  lookup: ["kind", "key", "asker", "holder", "questions", "tell"],
} as const;

/** More values than this in one column belong in a vocabulary document, which this release does not read. */
const MOST_VALUES = 1000;

/**
 * Reads the `ask` of a question.
 * @throws {QueryError} with its place; `not-yet` for kinds and options that no protocol answers yet.
 */
export function readAsk(value: YamlValue): Ask {
  const kind = oneOf(required(anyMapOf(value), "kind", `one of: ${ASK_KINDS.join(", ")}`), ASK_KINDS);
  const map = mapOf(value, FIELDS[kind]);
  if (kind === "match") return readMatch(map);
  if (kind === "overlap-count") return readOverlap(map);
  if (kind === "aggregate") return readAggregate(map);
  throw refuseKind(required(map, "kind"), kind);
}

function readMatch(map: YamlMap): MatchAsk {
  const [anyKey, flaggedBy] = [field(map, "anyKey"), field(map, "flaggedBy")];
  if (anyKey !== undefined) throw refuseAlternatives(anyKey);
  if (flaggedBy !== undefined) throw refuseFlagged(flaggedBy);
  const from = readFrom(map);
  const tell = oneOf(required(map, "tell", "holders, count or nothing"), ["holders", "count", "nothing"]);
  const atLeast = integerOf(required(map, "atLeast", "the smallest number of holders"), 2, from.length);
  const ask: MatchAsk = { kind: "match", key: readKey(map), from, atLeast, tell };
  const mode = field(map, "mode");
  if (mode === undefined) return ask;
  const named = oneOf(mode, ["pair"]);
  if (from.length === 2) return { ...ask, mode: named };
  const message = `mode: pair is for two parties, got ${from.length}`;
  throw failAt(mode, "invalid-value", message, "leave `mode` out: match-tokens/1 takes up to 32 parties");
}

function readOverlap(map: YamlMap): OverlapAsk {
  const from = readFrom(map);
  const shape = oneOf(required(map, "shape", "histogram, pairs or atLeast"), [
    "histogram",
    "pairs",
    "atLeast",
  ]);
  return {
    kind: "overlap-count",
    key: readKey(map),
    from,
    shape,
    atLeast: readAtLeast(map, shape, from.length),
    mode: readMode(map, shape, from.length),
  };
}

function readAtLeast(map: YamlMap, shape: OverlapAsk["shape"], parties: number): number | null {
  const value = field(map, "atLeast");
  if (shape === "atLeast")
    return integerOf(required(map, "atLeast", "the smallest number of holders"), 1, parties);
  if (value === undefined) return null;
  throw failAt(value, "invalid-value", `"atLeast" goes with shape: atLeast, not with shape: ${shape}`);
}

function readMode(map: YamlMap, shape: OverlapAsk["shape"], parties: number): OverlapAsk["mode"] {
  const value = field(map, "mode");
  if (value === undefined) return null;
  const mode = oneOf(value, ["hub", "recipient", "atLeast", "pairs.blind", "pairs.local"]);
  if (mode === "atLeast") throw refuseMode(value, mode);
  const hint = "leave `mode` out: the coordinator counts pseudonyms";
  if (mode === "pairs.blind" || mode === "pairs.local") {
    if (parties !== 2) throw refusePairs(value, mode, parties);
    if (shape === "pairs") return mode;
    throw failAt(value, "invalid-value", `mode: ${mode} answers shape: pairs, not ${shape}`, hint);
  }
  if (mode === "hub" || shape !== "pairs") return mode;
  const message = "mode: recipient answers histogram and atLeast, not pairs";
  throw failAt(value, "invalid-value", message, "leave `mode` out");
}

function readAggregate(map: YamlMap): AggregateAsk {
  const distinctBy = field(map, "distinctBy");
  if (distinctBy !== undefined) throw refuseDistinct(distinctBy);
  const groupBy = field(map, "groupBy");
  const columns = groupBy === undefined ? [] : distinct(listOf(groupBy, 0, 8).items, columnIn);
  return {
    kind: "aggregate",
    from: readFrom(map),
    where: readWhere(field(map, "where")),
    groupBy: columns,
    domain: readDomain(map, columns),
    measures: distinct(
      listOf(required(map, "measures", "count, sum(column), mean(column)"), 1, 16).items,
      measureIn,
    ),
  };
}

/** `{ party: dataset }` as a list in party order. */
function readFrom(map: YamlMap): readonly Source[] {
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
  if (sources.length > 32)
    throw failAt(from, "too-many", `expected at most 32 parties in "${from.path}", got ${sources.length}`);
  return sources.sort((a, b) => (a.party < b.party ? -1 : 1));
}

function readKey(map: YamlMap): readonly string[] {
  const list = listOf(required(map, "key", "the columns that identify: key: [column]"), 1, 8);
  return distinct(list.items, columnIn);
}

function columnIn(value: YamlValue): string {
  return nameIn(value, NAME, "the name of a column");
}

function measureIn(value: YamlValue): string {
  const text = textOf(value, 80);
  if (/^(?:count|(?:sum|mean)\([A-Za-z][A-Za-z0-9_-]{0,63}\))$/.test(text)) return text;
  throw failAt(
    value,
    "invalid-value",
    `unknown measure "${text}"`,
    "measures: count, sum(column), mean(column)",
  );
}

function readWhere(value: YamlValue | undefined): readonly Condition[] {
  return value === undefined ? [] : listOf(value, 0, 16).items.map(readCondition);
}

function readCondition(item: YamlValue): Condition {
  const map = mapOf(item, ["column", "op", "value"]);
  const column = columnIn(required(map, "column"));
  const op = oneOf(required(map, "op"), ["=", "in", ">=", "<"]);
  const value = required(map, "value");
  if (op !== "in") return { column, op, value: readOperand(value) };
  return { column, op, value: distinct(listOf(value, 1, MOST_VALUES).items, wordOrNumber) };
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

function readDomain(map: YamlMap, groupBy: readonly string[]): AggregateAsk["domain"] {
  const value = field(map, "domain");
  if (groupBy.length === 0 && value === undefined) return [];
  if (value === undefined) {
    throw failAt(
      map,
      "no-domain",
      `expected "domain" with the values of ${groupBy.join(", ")}`,
      "every party sends every cell, empty ones too, so the list must be public: domain: { column: [value, …] }",
    );
  }
  if (value.kind === "scalar") throw refuseDeclared(value);
  const domain = mapOf(value, groupBy);
  return groupBy.map((column) => ({
    column,
    values: valuesOf(required(domain, column, "the values that a cell may have")),
  }));
}

function valuesOf(value: YamlValue): readonly string[] {
  if (value.kind === "scalar") throw refuseDeclared(value);
  return distinct(listOf(value, 1, MOST_VALUES).items, (item) => wordOf(item));
}
