// SPDX-License-Identifier: Apache-2.0
// One query per form of file. No part of it comes from a question: only the declared path and declared column names.
import type { DuckDBConnection } from "@duckdb/node-api";
import { literal, quoted, textColumns } from "./engine.ts";
import { SourceError } from "./errors.ts";
import type { SourceFile } from "./file.ts";
import { readHeader } from "./header.ts";

/** How to get the columns of one file as text. */
export interface SourceQuery {
  /** Every name in the file, in its order; undefined when the file has no rows and says no names. */
  readonly names: readonly string[] | undefined;
  /** The FROM clause. */
  readonly from: string;
  /** The canonical text of the column at a position of `names`. */
  readonly text: (position: number) => string;
}

/** Reads what there is to choose from. @throws {SourceError} */
export function sourceQuery(engine: DuckDBConnection, file: SourceFile): Promise<SourceQuery> {
  switch (file.format) {
    case "csv":
      return delimited(file, ",");
    case "tsv":
      return delimited(file, "\t");
    case "parquet":
      return parquet(engine, file);
    case "json":
      return json(engine, file, "array");
    case "jsonl":
      return json(engine, file, "newline_delimited");
  }
}

/** What the engine says when it meets a list or an object in a column; the column's position follows. */
export const NESTED = "koplamp-nested:";

/** Text that stays text: nothing is detected, and a column goes by its position whatever it is called. */
async function delimited(file: SourceFile, delimiter: string): Promise<SourceQuery> {
  const names = await readHeader(file, delimiter);
  const columns = names.map((_, position) => `c${position}: 'VARCHAR'`).join(", ");
  const options = [
    `delim = ${literal(delimiter)}`,
    `quote = '"', escape = '"', comment = ''`,
    "header = true, auto_detect = false, strict_mode = true, null_padding = false, encoding = 'utf-8'",
    `columns = {${columns}}`,
  ];
  const from = `read_csv(${literal(file.path)}, ${options.join(", ")})`;
  return { names, from, text: (position) => `c${position}` };
}

async function parquet(engine: DuckDBConnection, file: SourceFile): Promise<SourceQuery> {
  const from = `read_parquet(${literal(file.path)})`;
  const [names = [], types = []] = await textColumns(engine, `DESCRIBE SELECT * FROM ${from}`);
  return {
    names: names.map(String),
    from,
    text: (position) =>
      typedText(quoted(names[position] ?? ""), names[position] ?? "", types[position] ?? ""),
  };
}

/** Numbers with a fraction of nothing are written without it: writers make such columns of integers with gaps. */
function typedText(column: string, name: string, type: string): string {
  if (/\[|^(?:STRUCT|MAP|UNION|BLOB|BIT|VARIANT|GEOMETRY)\b/.test(type)) throw unsupported(name, type);
  if (!/^(?:DOUBLE|FLOAT|DECIMAL)/.test(type)) return `${column}::VARCHAR`;
  const whole = `${column} = trunc(${column}) AND abs(${column}) < 9007199254740992`;
  return `CASE WHEN ${whole} THEN ${column}::BIGINT::VARCHAR ELSE ${column}::VARCHAR END`;
}

async function json(
  engine: DuckDBConnection,
  file: SourceFile,
  format: "array" | "newline_delimited",
): Promise<SourceQuery> {
  const from = `read_json_objects(${literal(file.path)}, format = '${format}')`;
  const objects = `SELECT count(*)::VARCHAR, count(*) FILTER (json_type(json) <> 'OBJECT')::VARCHAR FROM ${from}`;
  const [[rows] = [], [others] = []] = await textColumns(engine, objects);
  if (others !== "0") {
    throw new SourceError(
      "malformed",
      `"${file.name}" holds values that are not objects`,
      "each record is an object with the columns as its names",
    );
  }
  const keys = `SELECT DISTINCT unnest(json_keys(json)) AS name FROM ${from} ORDER BY name`;
  const [found = []] = rows === "0" ? [] : await textColumns(engine, keys);
  const names = found.map(String);
  return {
    names: rows === "0" ? undefined : names,
    from,
    text: (position) => jsonText(names[position] ?? "", position),
  };
}

function jsonText(name: string, position: number): string {
  const place = pointer(name);
  const text = `json_extract_string(json, ${place})`;
  const whole = `regexp_replace(${text}, '^(-?[0-9]+)\\.0$', '\\1')`;
  const cases = [
    `WHEN 'DOUBLE' THEN ${whole}`,
    `WHEN 'ARRAY' THEN error('${NESTED}${position}')`,
    `WHEN 'OBJECT' THEN error('${NESTED}${position}')`,
  ];
  return `CASE json_type(json, ${place}) ${cases.join(" ")} ELSE ${text} END`;
}

/** A JSON pointer (RFC 6901, section 3) as a literal. */
function pointer(name: string): string {
  return literal(`/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`);
}

/** A type without a text form. */
export function unsupported(name: string, type: string): SourceError {
  return new SourceError(
    "unsupported-type",
    `column "${name}" holds values of type ${type}, which have no text form`,
    "export it as text, or several values as one text with a separator (split)",
  );
}
