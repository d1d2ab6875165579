// SPDX-License-Identifier: Apache-2.0
// The keys of a match: one, or alternatives of which any may agree.
import {
  type Band,
  columnsOfAlternatives,
  type MatchAsk,
  MOST_ALTERNATIVES,
  MOST_BANDS,
} from "@koplamp/wire";
import { columnIn, readKey } from "./ask-rows.ts";
import { distinct, field, integerOf, listOf, mapOf } from "./yaml-fields.ts";
import { failAt, type YamlMap, type YamlValue } from "./yaml-source.ts";

/** Most columns of one alternative. */
const MOST_COLUMNS = 8;
/** Most columns of all alternatives together: as many as a document takes. */
const MOST_IN_ALL = 16;
const SECOND_MATCH = "leave the weakest alternatives out, or ask a second match by them";
const FEWER = "name the columns that identify together, and no others";

/** Reads `key`, or `anyKey` and `bands`. @throws {QueryError} with its place. */
export function readKeys(map: YamlMap): Pick<MatchAsk, "key" | "anyKey" | "bands"> {
  const [key, anyKey, bands] = [field(map, "key"), field(map, "anyKey"), field(map, "bands")];
  if (anyKey === undefined) {
    if (bands === undefined) return { key: readKey(map) };
    throw failAt(
      bands,
      "invalid-value",
      '"bands" goes with "anyKey"',
      "leave it out: one key agrees or does not",
    );
  }
  if (key !== undefined)
    throw failAt(
      key,
      "invalid-value",
      '"key" does not go with "anyKey"',
      "anyKey: [[number], [surname, birth]]",
    );
  const alternatives = listOf(anyKey, 2, MOST_ALTERNATIVES, SECOND_MATCH).items.map((columns) =>
    distinct(listOf(columns, 1, MOST_COLUMNS, FEWER).items, columnIn),
  );
  const columns = columnsOfAlternatives(alternatives);
  const names = alternatives.map((one) => [...one].sort().join(" "));
  if (new Set(names).size < names.length)
    throw failAt(
      anyKey,
      "invalid-value",
      "expected alternatives that differ",
      "the same columns stand there twice",
    );
  if (columns.length > MOST_IN_ALL) {
    const message = `expected at most ${MOST_IN_ALL} columns in all alternatives together, got ${columns.length}`;
    throw failAt(anyKey, "invalid-value", message, SECOND_MATCH);
  }
  const declared = bands === undefined ? {} : { bands: readBands(bands, alternatives.length) };
  return { key: columns, anyKey: alternatives, ...declared };
}

function readBands(value: YamlValue, alternatives: number): readonly Band[] {
  return listOf(value, 1, MOST_BANDS, "join bands that are treated alike").items.map((band) => {
    const map = mapOf(band, ["any", "atLeast"]);
    const [any, atLeast] = [field(map, "any"), field(map, "atLeast")];
    if (any === undefined && atLeast === undefined) {
      const hint = "{ any: [0], atLeast: 2 }: alternative 0 agrees, or two of any";
      throw failAt(band, "missing-field", 'expected "any" or "atLeast" in a band', hint);
    }
    const positions =
      any === undefined
        ? []
        : distinct(listOf(any, 1, alternatives).items, (at) => integerOf(at, 0, alternatives - 1));
    return {
      any: [...positions].sort((a, b) => a - b),
      atLeast: atLeast === undefined ? alternatives + 1 : integerOf(atLeast, 1, alternatives),
    };
  });
}
