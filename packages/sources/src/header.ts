// SPDX-License-Identifier: Apache-2.0
import { open } from "node:fs/promises";
import { SourceError } from "./errors.ts";
import type { SourceFile } from "./file.ts";

/** Most bytes that a header may take. */
const MOST_BYTES = 1 << 20;

/**
 * The names in the first record of a CSV or TSV file. A byte order mark is no part of the first name.
 * @throws {SourceError} `malformed` when there is no complete, non-empty record.
 */
export async function readHeader({ name, path }: SourceFile, delimiter: string): Promise<readonly string[]> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MOST_BYTES), 0, MOST_BYTES, 0);
    const text = buffer.toString("utf8", 0, bytesRead).replace(/^\uFEFF/, "");
    const names = firstRecord(text, delimiter, bytesRead < MOST_BYTES);
    if (names === undefined || names.join("") === "") {
      throw new SourceError(
        "malformed",
        `"${name}" does not begin with a header`,
        "the first line must hold the names of the columns",
      );
    }
    return names;
  } finally {
    await handle.close();
  }
}

/** The fields of the first record (RFC 4180, section 2), or undefined when the text ends within it. */
function firstRecord(text: string, delimiter: string, complete: boolean): readonly string[] | undefined {
  const fields: string[] = [];
  for (let at = 0; ; ) {
    const field = text[at] === '"' ? quotedField(text, at) : plainField(text, at, delimiter);
    if (field === undefined) return undefined;
    fields.push(field.value);
    if (text[field.end] !== delimiter) return field.end < text.length || complete ? fields : undefined;
    at = field.end + 1;
  }
}

interface Field {
  readonly value: string;
  /** Where its delimiter or line end stands. */
  readonly end: number;
}

function quotedField(text: string, start: number): Field | undefined {
  const match = /"((?:[^"]|"")*)"(?!")/y;
  match.lastIndex = start;
  const found = match.exec(text);
  return found === null ? undefined : { value: (found[1] ?? "").replaceAll('""', '"'), end: match.lastIndex };
}

function plainField(text: string, start: number, delimiter: string): Field {
  let end = start;
  while (end < text.length && !`${delimiter}\r\n`.includes(text[end] ?? "")) end += 1;
  return { value: text.slice(start, end), end };
}
