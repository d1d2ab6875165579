// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { fromUtf8, utf8 } from "@koplamp/wire";
import { StoreError } from "./errors.ts";
import { readPrivate, writePrivate } from "./private-file.ts";

const FIRST_LINE = "koplamp.sign-in/v1";
const TOKEN = /^[A-Za-z0-9._~+/=-]{1,12288}$/;

/** Keeps somebody's sign-in as a file that only they may read (600), in a folder of their own (700). */
export function writeSignIn(path: string, token: string): void {
  if (!TOKEN.test(token))
    throw new StoreError("malformed", "expected a token that fits a header, got another one");
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const bytes = utf8(`${FIRST_LINE}\ntoken ${token}\n`);
  try {
    writePrivate(path, bytes);
  } finally {
    bytes.fill(0);
  }
}

/** The token of a sign-in, if there is one. @throws {StoreError} `permissions`, `malformed`. */
export function readSignIn(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const bytes = readPrivate(path);
  try {
    const [first, line = "", last, ...rest] = fromUtf8(bytes).split("\n");
    const token = /^token (\S+)$/.exec(line)?.[1] ?? "";
    if (first === FIRST_LINE && last === "" && rest.length === 0 && TOKEN.test(token)) return token;
    throw malformed(path);
  } catch {
    throw malformed(path); // whatever it was: the reason could hold a part of the token
  } finally {
    bytes.fill(0);
  }
}

/** Forgets a sign-in. Says whether there was one. */
export function dropSignIn(path: string): boolean {
  const there = existsSync(path);
  rmSync(path, { force: true });
  return there;
}

function malformed(path: string): StoreError {
  return new StoreError(
    "malformed",
    `expected a sign-in at ${path}, got something else`,
    "koplamp login again",
  );
}
