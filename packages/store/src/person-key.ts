// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { base64, fromBase64, fromUtf8, utf8 } from "@koplamp/wire";
import { StoreError } from "./errors.ts";
import { readPrivate, writePrivate } from "./private-file.ts";

const FIRST_LINE = "koplamp.person/v1";
const SEED_BYTES = 32;

/** Writes the key of one person as a file of its own (600). @throws {StoreError} `malformed` when one is there. */
export function writePersonKey(path: string, seed: Uint8Array): void {
  if (existsSync(path)) {
    throw new StoreError(
      "malformed",
      `there is a file at ${path} already`,
      "a lost key cannot be made again: name another file",
    );
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const bytes = utf8(`${FIRST_LINE}\nseed ${base64(seed)}\n`);
  try {
    writePrivate(path, bytes);
  } finally {
    bytes.fill(0);
  }
}

/** The seed of one person; whoever reads it wipes it. @throws {StoreError} `permissions`, `missing`, `malformed`. */
export function readPersonKey(path: string): Uint8Array {
  const bytes = readPrivate(path);
  try {
    const [first, line = "", last, ...rest] = fromUtf8(bytes).split("\n");
    const seed = fromBase64(/^seed (\S+)$/.exec(line)?.[1] ?? "");
    if (first === FIRST_LINE && last === "" && rest.length === 0 && seed.length === SEED_BYTES) return seed;
    throw malformed(path);
  } catch {
    throw malformed(path); // whatever it was: the reason could hold a part of the key
  } finally {
    bytes.fill(0);
  }
}

function malformed(path: string): StoreError {
  return new StoreError(
    "malformed",
    `expected the key of a person at ${path}, got something else`,
    "koplamp key new makes one",
  );
}
