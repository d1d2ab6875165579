// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { PolicyFile } from "@koplamp/covenant";
import { fromUtf8 } from "@koplamp/wire";
import { StoreError } from "./errors.ts";

const MOST_BYTES = 512 * 1024;
const MOST_FILES = 100;

/**
 * The `.cedar` files of a folder, in order of name. Who can write one decides what the node says, so that must be its
 * owner alone.
 * @throws {StoreError} `missing` or `malformed`, naming the file.
 */
export function readPolicyFolder(folder: string): readonly PolicyFile[] {
  const names = namesIn(folder);
  if (names.length === 0) throw new StoreError("missing", `expected .cedar files in ${folder}, got none`);
  if (names.length > MOST_FILES)
    throw new StoreError("malformed", `expected at most ${MOST_FILES} .cedar files in ${folder}`);
  return names.map((name) => ({ name, text: textOf(join(folder, name)) }));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".cedar"))
      .sort();
  } catch {
    throw new StoreError("missing", `expected a folder with policies at ${folder}, got none`);
  }
}

function textOf(path: string): string {
  const { size, mode } = statSync(path);
  if (size > MOST_BYTES) throw new StoreError("malformed", `expected at most ${MOST_BYTES} bytes in ${path}`);
  if ((mode & 0o022) !== 0)
    throw new StoreError("malformed", `${path} can be written by others: chmod go-w ${path}`);
  try {
    return fromUtf8(new Uint8Array(readFileSync(path)));
  } catch {
    throw new StoreError("malformed", `expected text in ${path}`);
  }
}
