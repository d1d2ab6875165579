// SPDX-License-Identifier: Apache-2.0
import { type JoinAsk, measuredColumn, ownColumn, type Source } from "@koplamp/wire";
import { FEWER_GROUPS, FEWER_MEASURES, readDomain, readFrom, readKey } from "./ask-rows.ts";
import { distinct, field, listOf, oneOf, required, textOf } from "./yaml-fields.ts";
import { failAt, type YamlMap, type YamlValue } from "./yaml-source.ts";

const AT_PARTY = /^[a-z][a-z0-9-]{0,31}\.[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const MEASURE = /^(?:count|(?:sum|mean)\([a-z][a-z0-9-]{0,31}\.[A-Za-z][A-Za-z0-9_-]{0,63}\))$/;

/** Reads a `join-aggregate`. Without a domain its groups have the values that their owner declares. */
export function readJoin(map: YamlMap): JoinAsk {
  const from = readFrom(map);
  const groups = field(map, "groupBy");
  const groupBy = groups === undefined ? [] : readGroups(groups, from);
  const measures = listOf(
    required(map, "measures", "count, sum(party.column), mean(party.column)"),
    1,
    16,
    FEWER_MEASURES,
  );
  const mode = field(map, "mode");
  return {
    kind: "join-aggregate",
    key: readKey(map),
    from,
    groupBy,
    domain:
      field(map, "domain") === undefined
        ? groupBy.map((column) => ({ column, values: [] }))
        : readDomain(map, groupBy),
    measures: distinct(measures.items, (item) => measureAt(item, from)),
    ...(mode === undefined ? {} : { mode: readMode(mode, from) }),
  };
}

function readGroups(value: YamlValue, from: readonly Source[]): readonly string[] {
  const columns = distinct(listOf(value, 0, 8, FEWER_GROUPS).items, (item) =>
    columnAt(item, textOf(item, 100), from),
  );
  const owners = from.filter(({ party }) => columns.some((column) => ownColumn(column, party) !== undefined));
  if (owners.length <= 1) return columns;
  throw failAt(
    value,
    "invalid-value",
    `expected groups of one party, got groups of ${owners.map(({ party }) => party).join(" and ")}`,
    "group by columns of one party: whoever has them, the others never learn them",
  );
}

function measureAt(value: YamlValue, from: readonly Source[]): string {
  const measure = textOf(value, 120);
  if (!MEASURE.test(measure)) {
    const hint = "measures of a join: count, sum(party.column), mean(party.column)";
    throw failAt(value, "invalid-value", `unknown measure "${measure}"`, hint);
  }
  if (measure !== "count") columnAt(value, measuredColumn(measure), from);
  return measure;
}

function columnAt(value: YamlValue, name: string, from: readonly Source[]): string {
  const known = from.some(({ party }) => ownColumn(name, party) !== undefined);
  if (known && AT_PARTY.test(name)) return name;
  const parties = from.map(({ party }) => party).join(", ");
  throw failAt(value, "invalid-value", `expected party.column of ${parties}, got "${name.slice(0, 100)}"`);
}

function readMode(value: YamlValue, from: readonly Source[]): NonNullable<JoinAsk["mode"]> {
  const mode = oneOf(value, ["pair", "hub"]);
  if (mode === "hub" || from.length === 2) return mode;
  const message = `mode: pair is for two parties, got ${from.length}`;
  throw failAt(value, "invalid-value", message, "leave `mode` out: the coordinator selects by pseudonyms");
}
