// SPDX-License-Identifier: Apache-2.0
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { extname } from "node:path";
import { SourceError } from "./errors.ts";

/** The files that can be read, by the end of their names. */
type Format = "csv" | "tsv" | "parquet" | "json" | "jsonl";

const FORMATS: Readonly<Record<string, Format>> = {
  ".csv": "csv",
  ".tsv": "tsv",
  ".parquet": "parquet",
  ".json": "json",
  ".jsonl": "jsonl",
};

/** A declared file where it really stands. */
export interface SourceFile {
  /** As declared: what messages say. */
  readonly name: string;
  readonly path: string;
  readonly format: Format;
}

/** What a file was at one moment. Two of these differ when anything changed in between. */
export interface FileState {
  /** SHA-256 of the whole. */
  readonly digest: Uint8Array;
  readonly identity: string;
}

/**
 * Finds a declared file.
 * @throws {SourceError} `missing-file`, `unreadable-file`, `unsupported-file` or `empty-file`.
 */
export async function findFile(name: string): Promise<SourceFile> {
  const format = FORMATS[extname(name)];
  if (format === undefined) {
    throw new SourceError(
      "unsupported-file",
      `expected a ${Object.keys(FORMATS).join(", ")} file, got "${name}"`,
      "export the data in one of these forms",
    );
  }
  const path = await realpath(name).catch((error: unknown) => {
    throw unreadable(name, error);
  });
  if (/[*?[\]{}]/.test(path)) {
    throw new SourceError(
      "unsupported-file",
      `the path of "${name}" holds a character that may stand for several files`,
      "rename the file or its folder: no * ? [ ] { }",
    );
  }
  const found = await stat(path);
  if (!found.isFile()) {
    throw new SourceError(
      "unreadable-file",
      `"${name}" is not a file`,
      "name the file itself in the declaration",
    );
  }
  if (found.size === 0) {
    throw new SourceError("empty-file", `"${name}" is empty`, "a table without rows still has its header");
  }
  return { name, path, format };
}

/**
 * Reads a file once from end to end: its digest, and for text whether it is UTF-8 throughout.
 * @throws {SourceError} `encoding` with the first line that is not UTF-8, `unreadable-file`.
 */
export async function inspect({ name, path, format }: SourceFile): Promise<FileState> {
  const identity = await identityOf(path);
  const hash = createHash("sha256");
  const check = format === "parquet" ? undefined : utf8Check(name);
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      const bytes = Buffer.from(chunk);
      hash.update(bytes);
      check?.(bytes, false);
    }
  } catch (error) {
    throw error instanceof SourceError ? error : unreadable(name, error);
  }
  check?.(Buffer.alloc(0), true);
  return { digest: new Uint8Array(hash.digest()), identity };
}

/** @throws {SourceError} `changed-file` unless the file is what it was. */
export async function refuseChange(file: SourceFile, before: FileState): Promise<void> {
  const after = await inspect(file);
  if (after.identity === before.identity && Buffer.compare(after.digest, before.digest) === 0) return;
  throw new SourceError(
    "changed-file",
    `"${file.name}" changed while it was read`,
    "write a new file beside it and rename that over it, then ask again",
  );
}

async function identityOf(path: string): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
}

/** Takes a file in pieces and checks it line by line: a newline is never part of another UTF-8 character. */
function utf8Check(name: string): (bytes: Buffer, last: boolean) => void {
  let rest = Buffer.alloc(0);
  let lines = 0;
  return (bytes, last) => {
    const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    const end = last ? all.length : all.lastIndexOf(0x0a) + 1;
    const whole = all.subarray(0, end);
    if (!isUtf8(whole)) throw notUtf8(name, lines + lineOfFault(whole));
    lines += newlines(whole);
    rest = Buffer.from(all.subarray(end));
  };
}

function lineOfFault(bytes: Buffer): number {
  let line = 1;
  for (let at = 0; at < bytes.length; line += 1) {
    const end = bytes.indexOf(0x0a, at) + 1 || bytes.length;
    if (!isUtf8(bytes.subarray(at, end))) return line;
    at = end;
  }
  return line;
}

function newlines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) count += 1;
  return count;
}

function notUtf8(name: string, line: number): SourceError {
  return new SourceError(
    "encoding",
    `line ${line} of "${name}" is not UTF-8`,
    "export the file again as UTF-8; a file that was put together from several may hold more than one encoding",
  );
}

function unreadable(name: string, error: unknown): SourceError {
  // Node's system errors carry their code in this property.
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  if (code === "ENOENT") {
    return new SourceError(
      "missing-file",
      `there is no file "${name}"`,
      "a path is relative to the declaration",
    );
  }
  return new SourceError(
    "unreadable-file",
    `"${name}" cannot be read (${code})`,
    "check its owner and its mode",
  );
}
