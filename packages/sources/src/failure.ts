// SPDX-License-Identifier: Apache-2.0
import { open } from "node:fs/promises";
import { SourceError, type SourceErrorCode } from "./errors.ts";
import type { SourceFile } from "./file.ts";
import { NESTED, unsupported } from "./query.ts";

interface Known {
  readonly pattern: RegExp;
  readonly code: SourceErrorCode;
  /** What is wrong, after the name of the file. */
  readonly reason: string;
  readonly hint: string;
}

/** What the engine says in its own words, which quote the data: only the pattern that fits and a line number get out. */
const KNOWN: readonly Known[] = [
  {
    pattern: /Expected Number of Columns/,
    code: "ragged-row",
    reason: "has another number of fields than the header",
    hint: "look for a missing or unquoted separator",
  },
  {
    pattern: /unterminated quote|Value with unterminated/i,
    code: "malformed",
    reason: "has a quote that does not end where its field ends",
    hint: 'a quote within a quoted field is written twice: ""',
  },
  {
    pattern: /state machine reached an invalid state/,
    code: "malformed",
    reason: "mixes line ends, or has a quote in the middle of a field",
    hint: 'use one kind of line end, and write a quote within a quoted field twice: ""',
  },
  {
    pattern: /Maximum line size/i,
    code: "malformed",
    reason: "has a line of more than 2 MB",
    hint: "look for a quote that is never closed",
  },
  {
    pattern: /[Ii]nvalid unicode/,
    code: "encoding",
    reason: "is not UTF-8",
    hint: "export the file again as UTF-8",
  },
  {
    pattern: /Expected top-level JSON array/,
    code: "malformed",
    reason: "is not a JSON array of objects",
    hint: "one object a line is a .jsonl file",
  },
  {
    pattern: /Malformed JSON/,
    code: "malformed",
    reason: "is not valid JSON",
    hint: "check where the export ended",
  },
  {
    pattern:
      /[Nn]o magic bytes|not a parquet file|Invalid Input Error.*[Pp]arquet|too small to be a Parquet/s,
    code: "malformed",
    reason: "is not a Parquet file",
    hint: "check where the export ended",
  },
  {
    pattern: /^Out of Memory/,
    code: "too-large",
    reason: "does not fit in the memory that a source may take",
    hint: "declare fewer columns, or cut the file",
  },
];

/** The engine's failure in our words. */
export async function failureOf(
  error: unknown,
  file: SourceFile,
  names: readonly string[] = [],
): Promise<SourceError> {
  if (error instanceof SourceError) return error;
  const message = error instanceof Error ? error.message : "";
  const nested = new RegExp(`${NESTED}(\\d+)`).exec(message);
  if (nested !== null) return unsupported(names[Number(nested[1])] ?? "", "list or object");
  const known = KNOWN.find(({ pattern }) => pattern.test(message));
  if (known === undefined) {
    const hint = "open it with another program; if that reads it, report the form of the file";
    return new SourceError("failed", `"${file.name}" cannot be read as ${file.format}`, hint);
  }
  const line = file.format === "jsonl" ? await badJsonLine(file) : lineOf(message);
  const where = line === undefined ? "" : `line ${line} of `;
  return new SourceError(known.code, `${where}"${file.name}" ${known.reason}`, known.hint);
}

/** The line that the CSV reader names; what the JSON reader calls a line is not one. */
function lineOf(message: string): number | undefined {
  const found = /CSV Error on Line: (\d+)/.exec(message);
  return found === null ? undefined : Number(found[1]);
}

async function badJsonLine({ path }: SourceFile): Promise<number | undefined> {
  const handle = await open(path);
  try {
    let number = 0;
    for await (const line of handle.readLines()) {
      number += 1;
      if (line.trim() !== "" && !isJson(line)) return number;
    }
    return undefined;
  } finally {
    await handle.close();
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // the message quotes the text
  }
}
