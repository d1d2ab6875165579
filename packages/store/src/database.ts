// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { chmodSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { StoreError } from "./errors.ts";

const SCHEMA = 1;

/** STRICT tables; a digest or hash stands beside everything, and is checked on reading back. */
const TABLES = `
  CREATE TABLE leaves (idx INTEGER PRIMARY KEY, bytes BLOB NOT NULL, hash BLOB NOT NULL) STRICT;
  CREATE TABLE charges (
    first INTEGER NOT NULL, last INTEGER NOT NULL, budget TEXT NOT NULL, amount INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE budgets (budget TEXT PRIMARY KEY, spent INTEGER NOT NULL) STRICT;
  CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, note BLOB NOT NULL, digest BLOB NOT NULL) STRICT;
  CREATE TABLE seen (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, digest BLOB NOT NULL) STRICT;
  CREATE TABLE documents (
    hash TEXT PRIMARY KEY, bytes BLOB NOT NULL, signatures TEXT NOT NULL, digest BLOB NOT NULL
  ) STRICT;
  CREATE TABLE sealed (name TEXT PRIMARY KEY, bytes BLOB NOT NULL, digest BLOB NOT NULL) STRICT;
  PRAGMA user_version = ${SCHEMA};
`;

/**
 * Opens the state of one party for one process. A file is durable before a statement returns: WAL, every commit
 * fsynced.
 * @throws {StoreError} `busy` while another process has it open, `damaged` when it is no state of ours.
 */
export function openDatabase(path: string): DatabaseSync {
  return guarded(() => {
    const database = new DatabaseSync(path, { timeout: 0 });
    try {
      // One writer, and no reader beside it: the lock is taken by the first access and kept until the end.
      database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
      // What is deleted is overwritten, and no copy of it is made on another disk.
      database.exec("PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;");
      database.exec("BEGIN IMMEDIATE; COMMIT;");
      prepareTables(database);
      if (path !== ":memory:") chmodSync(path, 0o600);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

function prepareTables(database: DatabaseSync): void {
  const version = database.prepare("PRAGMA user_version").get()?.["user_version"];
  const empty = database.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.["n"] === 0;
  if (version === 0 && empty) database.exec(`BEGIN; ${TABLES} COMMIT;`);
  else if (version !== SCHEMA) throw damaged("expected a state of this version of Koplamp");
  // Tables against their indices too: a damaged name in one of them would hide a row.
  const check = database.prepare("PRAGMA integrity_check").get()?.["integrity_check"];
  if (check !== "ok") throw damaged("the database does not hold together");
}

/** Runs `act` in one transaction: all of it is durable when this returns, or none of it happened. */
export function inTransaction<T>(database: DatabaseSync, act: () => T): T {
  return guarded(() => {
    database.exec("BEGIN IMMEDIATE");
    try {
      const result = act();
      database.exec("COMMIT");
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  });
}

/** What SQLite says, as an error of ours: its own texts may quote what they read. */
export function guarded<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : undefined;
    if (code === undefined) throw error;
    if (code === 5 || code === 6)
      throw new StoreError("busy", "another process has this state open", "stop the other node first");
    if (code === 11 || code === 26) throw damaged("the database does not hold together");
    throw new StoreError(
      "damaged",
      `the database failed with SQLite code ${code}`,
      "check the disk and its space",
    );
  }
}

/** The error for what was read back and is not what was written. */
export function damaged(message: string): StoreError {
  return new StoreError(
    "damaged",
    `the state is damaged: ${message}`,
    "restore a backup; the witnesses will say if it is too old",
  );
}

/** SHA-256 over all parts, each behind its length. */
export function digestOf(...parts: readonly (Uint8Array | string | number)[]): Uint8Array {
  const hash = createHash("sha256");
  for (const part of parts) {
    const bytes = part instanceof Uint8Array ? part : Buffer.from(String(part));
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return new Uint8Array(hash.digest());
}

/** Plain SHA-256. */
export function sha256(data: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(data).digest());
}
