// SPDX-License-Identifier: Apache-2.0
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { StoreError } from "./errors.ts";

/** Writes a file that only its owner can read, at once or not at all. An old one is replaced. */
export function writePrivate(path: string, bytes: Uint8Array): void {
  const part = `${path}.part`;
  rmSync(part, { force: true });
  const file = openSync(part, "wx", 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(part, path);
}

/** Reads a file of secrets. @throws {StoreError} `missing`, or `permissions` when others than its owner can use it. */
export function readPrivate(path: string): Uint8Array {
  const file = openPlain(path);
  try {
    const { mode } = fstatSync(file); // of the file that is open: nobody can swap it after the check
    if ((mode & 0o170000) !== constants.S_IFREG)
      throw new StoreError("permissions", `expected a plain file at ${path}`);
    if ((mode & 0o077) !== 0) {
      const found = (mode & 0o777).toString(8).padStart(3, "0");
      const message = `expected secrets that only their owner can use (600), got mode ${found} at ${path}`;
      throw new StoreError(
        "permissions",
        message,
        `chmod 600 ${path}; if others could read it, make new keys`,
      );
    }
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

function openPlain(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") throw new StoreError("missing", `expected a file of secrets at ${path}, got none`);
    throw new StoreError(
      "permissions",
      `cannot open the secrets at ${path}`,
      "they belong to the node's own user",
    );
  }
}
