// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** How a value could stand in a file (threats.md, section 4). Numbers need digits alone and are left to tests. */
const ENCODINGS: readonly ((value: string) => Buffer | string)[] = [
  (value) => value,
  (value) => Buffer.from(value, "utf16le"),
  (value) => Buffer.from(value).toString("hex"),
  (value) => Buffer.from(value).toString("hex").toUpperCase(),
  (value) => core64(value, 0),
  (value) => core64(value, 1),
  (value) => core64(value, 2),
  (value) => digest("sha256", value),
  (value) => digest("sha256", value).toString("hex"),
  (value) => digest("sha1", value),
  (value) => digest("sha1", value).toString("hex"),
  (value) => digest("md5", value).toString("hex"),
];

/** What a search found. */
export interface Search {
  readonly files: number;
  readonly bytes: number;
  readonly values: number;
  readonly encodings: number;
  readonly found: number;
}

/** Looks for values, in twelve encodings, in every file below a folder. */
export async function searchFolder(dir: string, values: readonly string[]): Promise<Search> {
  const names = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  let [bytes, found] = [0, 0];
  for (const { parentPath, name } of names) {
    const content = await readFile(join(parentPath, name));
    bytes += content.length;
    for (const value of values) {
      if (ENCODINGS.some((encode) => content.includes(encode(value)))) found += 1;
    }
  }
  return { files: names.length, bytes, values: values.length, encodings: ENCODINGS.length, found };
}

/** The part of a value's base64 that does not depend on its neighbours, at one of the three alignments. */
function core64(value: string, shift: number): string {
  const text = Buffer.from(`${"\0".repeat(shift)}${value}`)
    .toString("base64")
    .replaceAll("=", "");
  return text.slice(shift === 0 ? 0 : shift + 1, -2);
}

function digest(algorithm: string, value: string): Buffer {
  return createHash(algorithm).update(value).digest();
}
