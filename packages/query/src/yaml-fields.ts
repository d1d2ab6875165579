// SPDX-License-Identifier: Apache-2.0
import { didYouMean } from "./nearest.ts";
import {
  failAt,
  type YamlEntry,
  type YamlList,
  type YamlMap,
  type YamlScalar,
  type YamlValue,
} from "./yaml-source.ts";

/** What a value is, in words. */
function nameOf(value: YamlValue): string {
  if (value.kind !== "scalar") return value.kind === "map" ? "a map" : "a list";
  if (value.value === null) return "nothing";
  if (typeof value.value === "string") return "text";
  return typeof value.value === "number" ? "a number" : "true or false";
}

function where({ path }: { readonly path: string }): string {
  return path === "" ? "the file" : `"${path}"`;
}

/** The map, with no other fields than `known`. @throws {QueryError} `invalid-value` or `unknown-field`. */
export function mapOf(value: YamlValue, known: readonly string[], hint = ""): YamlMap {
  const map = anyMapOf(value, hint);
  for (const [name, { key }] of map.entries) {
    if (known.includes(name)) continue;
    const message = `unknown field "${name}"${didYouMean(name, known)}`;
    throw failAt(key, "unknown-field", message, `fields here: ${known.join(", ")}`);
  }
  return map;
}

/** The map, whatever its fields. @throws {QueryError} `invalid-value`. */
export function anyMapOf(value: YamlValue, hint = ""): YamlMap {
  if (value.kind === "map") return value;
  throw failAt(value, "invalid-value", `expected a map in ${where(value)}, got ${nameOf(value)}`, hint);
}

/** The list, of `least` to `most` items; `instead`: what can be asked in place of more. @throws {QueryError} `invalid-value`. */
export function listOf(value: YamlValue, least = 0, most = 100_000, instead = ""): YamlList {
  if (value.kind !== "list") {
    throw failAt(value, "invalid-value", `expected a list in ${where(value)}, got ${nameOf(value)}`);
  }
  const { length } = value.items;
  if (length >= least && length <= most) return value;
  throw failAt(
    value,
    "invalid-value",
    `expected ${least} to ${most} items in ${where(value)}, got ${length}`,
    length > most ? instead : "",
  );
}

/** A field that may be absent. A field that is there without a value counts as absent. */
export function field(map: YamlMap, name: string): YamlValue | undefined {
  const value = map.entries.get(name)?.value;
  return value?.kind === "scalar" && value.value === null ? undefined : value;
}

/** A field that must be there. @throws {QueryError} `missing-field`. */
export function required(map: YamlMap, name: string, hint = ""): YamlValue {
  const value = field(map, name);
  if (value !== undefined) return value;
  const at = map.entries.get(name)?.key ?? map;
  throw failAt(at, "missing-field", `expected a field "${name}" in ${where(map)}`, hint);
}

/** The entries of a map in the file's order. */
export function entriesOf(map: YamlMap): readonly (readonly [string, YamlEntry])[] {
  return [...map.entries];
}

/** Text, trimmed and NFC, of at most `most` code points. @throws {QueryError} `invalid-value`. */
export function textOf(value: YamlValue, most = 4000): string {
  const { value: content } = scalarOf(value, "text");
  if (typeof content !== "string") {
    throw failAt(
      value,
      "invalid-value",
      `expected text in ${where(value)}, got ${nameOf(value)}`,
      "put it in quotes",
    );
  }
  return plain(content, value, most);
}

/** Text in one line. @throws {QueryError} `invalid-value`. */
export function lineOf(value: YamlValue, most: number): string {
  const text = textOf(value, most);
  if (!text.includes("\n")) return text;
  throw failAt(value, "invalid-value", `expected one line of text in ${where(value)}`);
}

/** A value as it is written, number or text alike: `2005` and `"2005"` are the same name. */
export function wordOf(value: YamlValue, most = 256): string {
  return plain(scalarOf(value, "a value").text, value, most);
}

function plain(content: string, value: YamlValue, most: number): string {
  const text = content.normalize("NFC").trim();
  const control = /[^\P{Cc}\n]/u.test(text);
  if (text !== "" && !control && text.isWellFormed() && [...text].length <= most) return text;
  throw failAt(
    value,
    "invalid-value",
    `expected 1 to ${most} characters and no control characters in ${where(value)}`,
  );
}

/** A scalar. @throws {QueryError} `invalid-value`. */
export function scalarOf(value: YamlValue, expected: string): YamlScalar {
  if (value.kind === "scalar" && value.value !== null) return value;
  throw failAt(value, "invalid-value", `expected ${expected} in ${where(value)}, got ${nameOf(value)}`);
}

/** A name of the given form, exactly as it is written: no space around it is taken away. @throws {QueryError} `invalid-value`. */
export function nameIn(value: YamlValue, form: RegExp, described: string): string {
  const { text } = scalarOf(value, "a value");
  if (form.test(text)) return text;
  wordOf(value); // an error of its own for nothing, too much or control characters
  throw failAt(value, "invalid-value", `expected ${described} in ${where(value)}, got "${text}"`);
}

/** An integer in a range; `instead`: what can be asked in place of a larger one. @throws {QueryError} `invalid-value`. */
export function integerOf(value: YamlValue, least: number, most: number, instead = ""): number {
  const { value: content } = scalarOf(value, "an integer");
  if (typeof content === "number" && Number.isSafeInteger(content) && content >= least && content <= most) {
    return content;
  }
  const above = Number.isSafeInteger(content) && Number(content) > most;
  const message = `expected an integer from ${least} to ${most} in ${where(value)}`;
  throw failAt(value, "invalid-value", above ? `${message}, got ${content}` : message, above ? instead : "");
}

/** A decimal number with at most three places. @throws {QueryError} `invalid-value`. */
export function decimalOf(value: YamlValue, least: number, most: number): number {
  const { value: content } = scalarOf(value, "a number");
  const thousandths = typeof content === "number" ? content * 1000 : Number.NaN;
  const whole = Math.round(thousandths);
  if (Math.abs(thousandths - whole) < 1e-6 && whole >= least * 1000 && whole <= most * 1000)
    return whole / 1000;
  throw failAt(
    value,
    "invalid-value",
    `expected a number from ${least} to ${most}, with three places at most, in ${where(value)}`,
  );
}

/** One of a closed list of words. @throws {QueryError} `invalid-value` with the nearest one. */
export function oneOf<Word extends string>(value: YamlValue, words: readonly Word[]): Word {
  const text = wordOf(value);
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  const message = `unknown value "${text}" in ${where(value)}${didYouMean(text, words)}`;
  throw failAt(value, "invalid-value", message, `one of: ${words.join(", ")}`);
}

/** A list of words without repeats. @throws {QueryError} `invalid-value`. */
export function distinct<Value>(
  items: readonly YamlValue[],
  read: (item: YamlValue) => Value,
): readonly Value[] {
  const seen = new Set<Value>();
  for (const item of items) {
    const value = read(item);
    if (seen.has(value)) throw failAt(item, "invalid-value", `"${value}" stands twice in ${where(item)}`);
    seen.add(value);
  }
  return [...seen];
}
