// SPDX-License-Identifier: Apache-2.0
import type { Condition, MatchAsk } from "@koplamp/wire";
import { NAME } from "./names.ts";
import { refuseAlternatives } from "./not-yet.ts";
import { anyMapOf, entriesOf, field, integerOf, scalarOf, wordOf } from "./yaml-fields.ts";
import { failAt, type YamlMap, type YamlValue } from "./yaml-source.ts";

/** Most columns that a flag is made of. */
const MOST_FLAGS = 16;

/** The ask with its flags, if it has any. @throws {QueryError} `not-yet` where there are several keys. */
export function withFlags(map: YamlMap, ask: MatchAsk): MatchAsk {
  const value = field(map, "flaggedBy");
  if (value === undefined) return ask;
  if (ask.anyKey !== undefined) throw refuseAlternatives(value);
  return { ...ask, flaggedBy: readFlags(value) };
}

/** The mode, if it goes with flags and keys. @throws {QueryError} where it does not. */
export function modeAtThreshold(
  mode: NonNullable<MatchAsk["mode"]>,
  at: YamlValue,
  { anyKey, flaggedBy }: MatchAsk,
): NonNullable<MatchAsk["mode"]> {
  if (mode === "threshold" && anyKey !== undefined) throw refuseAlternatives(at);
  if (mode === "threshold" || flaggedBy === undefined) return mode;
  const message = `"flaggedBy" does not go with mode: ${mode}`;
  throw failAt(at, "invalid-value", message, "leave `mode` out: only match-threshold/1 keeps flags");
}

/** Reads `flaggedBy: { column: value }`: conditions that a row must meet, all of them, to flag its key. */
function readFlags(value: YamlValue): readonly Condition[] {
  const map = anyMapOf(value, "column: value");
  const flags = entriesOf(map).map(([column, { key, value: wanted }]): Condition => {
    if (NAME.test(column)) return { column, op: "=", value: operandOf(wanted) };
    throw failAt(key, "invalid-value", `expected the name of a column in "${map.path}"`);
  });
  if (flags.length >= 1 && flags.length <= MOST_FLAGS)
    return flags.sort((a, b) => (a.column < b.column ? -1 : 1));
  const message = `expected 1 to ${MOST_FLAGS} columns in "${map.path}", got ${flags.length}`;
  const hint =
    flags.length === 0 ? "flaggedBy: { flagged: true }" : "let the owners declare one column of flags";
  throw failAt(map, "invalid-value", message, hint);
}

/** `true` is no text; `"true"` is. */
function operandOf(value: YamlValue): string | number | boolean {
  const { value: content } = scalarOf(value, "a value");
  if (typeof content === "boolean") return content;
  return typeof content === "number"
    ? integerOf(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
    : wordOf(value);
}
