// SPDX-License-Identifier: Apache-2.0
// The questions of a look-up: a file of the asker's own, which no plan, contract or other party sees.
import { lookupElements } from "@koplamp/psi";
import { type ColumnSpec, canonicalise, type LookupAsk, utf8 } from "@koplamp/wire";
import { ONLY_LIST } from "./ask-lookup.ts";
import type { CatalogueEntry } from "./catalogue.ts";
import { QueryError } from "./errors.ts";
import type { Question } from "./question.ts";

/** Most questions of one look-up, and most characters of their file. */
const MOST_QUESTIONS = 8192;
const MOST_TEXT = 500_000;

/** A list as somebody offers it: whose it is, and which columns it has. */
export interface OfferedList {
  readonly party: string;
  readonly dataset: string;
  readonly columns: readonly string[];
}

/**
 * The question with the list that it means, where it names its holder alone: the only one with every key column.
 * @throws {QueryError} `unknown-dataset` where there is none, or several.
 */
export function withList(question: Question, lists: readonly OfferedList[]): Question {
  const { ask } = question;
  const [source] = ask.from;
  if (ask.kind !== "lookup" || source?.dataset !== ONLY_LIST) return question;
  const { party } = source;
  const own = lists.filter((list) => list.party === party);
  const fitting = own.filter(({ columns }) => ask.key.every((column) => columns.includes(column)));
  const names = [...new Set(fitting.map(({ dataset }) => dataset))];
  const [dataset = "", ...more] = names;
  if (names.length === 0 || more.length > 0) {
    const several = `${party} has several lists with ${ask.key.join(", ")}: ${names.join(", ")}`;
    throw new QueryError(
      "unknown-dataset",
      names.length === 0 ? `${party} has no list with ${ask.key.join(", ")}` : several,
      { party, hint: `name it: holder: { ${party}: dataset }` },
    );
  }
  const from = [{ party, dataset }];
  return Object.freeze({ ...question, ask: { ...ask, from }, sources: from });
}

/** The ask with the number of elements that its questions take, padded to whole batches. @throws as {@link lookupKeys}. */
export function withElements(
  ask: LookupAsk,
  question: Question,
  entries: readonly CatalogueEntry[],
): LookupAsk {
  if (ask.interests !== undefined || ask.open === true) return ask; // always as many, or at most
  return { ...ask, elements: lookupElements(lookupKeys(question, entries).length) };
}

/**
 * The questions in the canonical form of the holder's columns, each once, in order. What would be a reject in a register is an error here: whoever
 * asks wants an answer to every line.
 * @throws {QueryError} `missing-field` without questions, `invalid-value` naming the line, `too-many`.
 */
export function lookupKeys(
  { ask, questions }: Pick<Question, "ask" | "questions">,
  entries: readonly CatalogueEntry[],
): readonly (readonly string[])[] {
  if (ask.kind !== "lookup" || questions === undefined) return [];
  const { file, text } = questions;
  if (text === undefined) {
    throw new QueryError("missing-field", `the questions of this look-up are not here: ${file}`, {
      hint: "koplamp reads them beside the question, at the node of the asker",
    });
  }
  const specs = ask.key.map((name) => specOf(name, entries));
  const keys = new Map<string, readonly string[]>();
  for (const { line, cells } of rowsOf(file, text, ask.key)) {
    const key = cells.map((cell, at) => canonical(cell, specs[at] ?? OPAQUE, `${file}, line ${line}`));
    keys.set(JSON.stringify(key), key);
  }
  const all = [...keys].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
  if (all.length > 0 && all.length <= MOST_QUESTIONS) return all;
  throw new QueryError(
    all.length === 0 ? "missing-field" : "too-many",
    `expected 1 to ${MOST_QUESTIONS} questions in ${file}, got ${all.length}`,
    { hint: all.length === 0 ? "" : "ask a match, which compares whole lists (kind: match, class F)" },
  );
}

/**
 * Questions that came later, in the canonical form of the holder's columns, each once and in their order. `entry`: what
 * the holder offered when the look-up was planned.
 * @throws {QueryError} `invalid-value` naming the question by its number; never its value.
 */
export function askedKeys(
  key: readonly string[],
  rows: readonly (readonly string[])[],
  entry: CatalogueEntry,
): readonly (readonly string[])[] {
  const specs = key.map((name) => specOf(name, [entry]));
  const keys = new Map<string, readonly string[]>();
  for (const [at, cells] of rows.entries()) {
    if (cells.length !== key.length) {
      const message = `expected a value for each of ${key.join(", ")} in question ${at + 1}, got ${cells.length}`;
      throw new QueryError("invalid-value", message, { hint: "between the values of one question stands ;" });
    }
    const found = cells.map((cell, place) =>
      canonical(cell, specs[place] ?? OPAQUE, `question ${at + 1}`, "correct it, and ask again"),
    );
    keys.set(JSON.stringify(found), found);
  }
  return [...keys.values()];
}

const OPAQUE: ColumnSpec = { kind: "opaque" };

/** How the holder reads the column: a value that is asked about is read in the same way. */
function specOf(name: string, entries: readonly CatalogueEntry[]): ColumnSpec {
  const column = entries.flatMap(({ columns }) => columns).find((one) => one.name === name);
  return column === undefined ? OPAQUE : { ...column.reading, kind: column.kind };
}

/** Never quotes the value: it may be a person's. */
function canonical(
  cell: string,
  spec: ColumnSpec,
  place: string,
  hint = "correct the line, or take it out",
): string {
  const found = canonicalise(spec, cell);
  if (found.kind === "value") return found.value;
  throw new QueryError("invalid-value", `expected a value of kind ${spec.kind} in ${place}`, { hint });
}

interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

/** The key columns of a file of separated values with a heading, as RFC 4180 has them. Empty lines are passed over. */
function rowsOf(file: string, text: string, key: readonly string[]): readonly Row[] {
  const bytes = utf8(text).length;
  if (bytes > MOST_TEXT)
    throw new QueryError("too-large", `expected at most ${MOST_TEXT} bytes in ${file}, got ${bytes}`, {
      hint: "leave other columns than the key out of it, or ask a match, which compares whole lists",
    });
  const [heading, ...rows] = recordsOf(text.replace(/^\uFEFF/, ""));
  const columns = key.map((name) => heading?.cells.indexOf(name) ?? -1);
  const missing = key.find((_, at) => (columns[at] ?? -1) < 0);
  if (missing !== undefined) {
    throw new QueryError("unknown-column", `expected a column "${missing}" in ${file}`, {
      hint: `its first line names the columns: ${key.join(",")}`,
    });
  }
  return rows.map(({ line, cells }) => ({ line, cells: columns.map((at) => cells[at] ?? "") }));
}

const CELL = /("(?:[^"]|"")*"|[^,;\t\r\n]*)([,;\t]|\r?\n|$)/g;

function recordsOf(text: string): readonly Row[] {
  const rows: Row[] = [];
  let [cells, line, began]: [string[], number, number] = [[], 1, 1];
  for (const [whole, cell = "", end = ""] of text.matchAll(CELL)) {
    cells.push(/^".*"$/s.test(cell) ? cell.slice(1, -1).replaceAll('""', '"') : cell.trim());
    line += whole.split("\n").length - 1;
    if (/^[,;\t]$/.test(end)) continue;
    if (cells.some((one) => one !== "")) rows.push({ line: began, cells });
    cells = [];
    began = line;
    if (whole === "") break;
  }
  return rows;
}
