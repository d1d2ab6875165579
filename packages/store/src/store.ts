// SPDX-License-Identifier: Apache-2.0
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Charge, Store, WitnessState } from "@koplamp/engine";
import { leafHash, MerkleTree, readCheckpoint, readNote } from "@koplamp/ledger";
import { documentHash } from "@koplamp/wire";
import { Account } from "./account.ts";
import { damaged, digestOf, guarded, inTransaction, openDatabase, sha256 } from "./database.ts";
import { StoreError } from "./errors.ts";

/**
 * What one party keeps, in one SQLite file, or in memory through the same code. Opening checks everything that a
 * crash, a bad disk or an editor can have changed: leaves against their hashes and the last checkpoint, budgets against
 * the ledger. What it cannot see, an older copy of the whole file, the witnesses see.
 * @throws {StoreError} `busy`, `damaged`
 */
export function openStore(path: string): Store {
  const database = openDatabase(path);
  try {
    return guarded(() => new SqliteStore(database));
  } catch (error) {
    database.close();
    throw error;
  }
}

class SqliteStore implements Store {
  readonly #database: DatabaseSync;
  readonly #account: Account;
  readonly #statements = new Map<string, StatementSync>();
  #size: number;
  /** What the open transaction appended: counted once it is durable. */
  #appended: { readonly size: number; readonly after: ReadonlyMap<string, bigint> } | undefined;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#size = this.#sizeOnDisk();
    this.#checkRows();
    this.#checkTree();
    this.#account = new Account(database, (index) => this.leaf(index), this.#size);
  }

  together<T>(act: () => T): T {
    if (this.#database.isTransaction) return act();
    this.#appended = undefined;
    const result = inTransaction(this.#database, act);
    if (this.#appended !== undefined) this.#count(this.#appended);
    return result;
  }

  append(
    leaves: readonly Uint8Array[],
    charges: readonly Charge[] = [],
    limits: Readonly<Record<string, bigint>> = {},
  ): readonly number[] {
    const first = this.#size;
    const after = this.#account.plan(leaves, charges, limits);
    this.together(() => {
      if (this.#appended !== undefined) throw new Error("expected at most one append in a transaction");
      const insert = this.#prepared("INSERT INTO leaves VALUES (?, ?, ?)");
      for (const [at, leaf] of leaves.entries()) insert.run(first + at, leaf, leafHash(sha256, leaf));
      this.#account.write(first, first + leaves.length - 1, charges, after);
      this.#appended = { size: first + leaves.length, after };
    });
    return leaves.map((_, at) => first + at);
  }

  size(): number {
    return this.#size;
  }

  leaf(index: number): Uint8Array {
    const row = this.#get("SELECT bytes, hash FROM leaves WHERE idx = ?", index);
    if (row === undefined) throw new RangeError("expected the index of a leaf");
    const bytes = blob(row["bytes"]);
    if (!same(leafHash(sha256, bytes), blob(row["hash"]))) throw damaged("an entry is not what was written");
    return bytes;
  }

  leafHashes(): readonly Uint8Array[] {
    return guarded(() => this.#database.prepare("SELECT hash FROM leaves ORDER BY idx").all()).map((row) =>
      blob(row["hash"]),
    );
  }

  spent(budget: string): bigint {
    return this.#account.spent(budget);
  }

  putCheckpoint(size: number, note: Uint8Array): void {
    const root = rootOf(size, note);
    const stored = this.checkpoint(size);
    if (stored !== undefined && !same(rootOf(size, stored), root))
      throw new StoreError(
        "checkpoint",
        "another root stands for this size already",
        "stop: the ledger forks here",
      );
    this.#run("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)", size, note, digestOf(size, note));
  }

  checkpoint(size: number): Uint8Array | undefined {
    const row = this.#get("SELECT note, digest FROM checkpoints WHERE size = ?", size);
    if (row === undefined) return undefined;
    const note = blob(row["note"]);
    if (!same(digestOf(size, note), blob(row["digest"])))
      throw damaged("a checkpoint is not what was written");
    return note;
  }

  lastCheckpoint(): { readonly size: number; readonly note: Uint8Array } | undefined {
    const size = this.#get("SELECT max(size) AS size FROM checkpoints")?.["size"];
    if (typeof size !== "number") return undefined;
    const note = this.checkpoint(size);
    return note === undefined ? undefined : { size, note };
  }

  witnessState(origin: string): WitnessState | undefined {
    const row = this.#get("SELECT size, root, digest FROM seen WHERE origin = ?", origin);
    if (row === undefined) return undefined;
    const state = { size: Number(row["size"]), root: blob(row["root"]) };
    if (!same(digestOf(origin, state.size, state.root), blob(row["digest"])))
      throw damaged("a witnessed state is not what was written");
    return state;
  }

  replaceWitnessState(origin: string, oldSize: number, { size, root }: WitnessState): boolean {
    // One statement: nothing can come between the comparison and the write.
    const statement = `INSERT INTO seen SELECT ?1, ?2, ?3, ?4
      WHERE ?5 = coalesce((SELECT size FROM seen WHERE origin = ?1), 0)
      ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root, digest = excluded.digest`;
    return this.#run(statement, origin, size, root, digestOf(origin, size, root), oldSize) === 1;
  }

  putDocument(hash: string, bytes: Uint8Array, signatures: readonly string[]): void {
    if (hash !== documentHash(sha256, bytes))
      throw new StoreError("malformed", "expected a document under its own hash");
    const all = [...new Set([...(this.document(hash)?.signatures ?? []), ...signatures])].join("\n");
    this.#run(
      "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?)",
      hash,
      bytes,
      all,
      digestOf(hash, bytes, all),
    );
  }

  document(hash: string): { readonly bytes: Uint8Array; readonly signatures: readonly string[] } | undefined {
    const row = this.#get("SELECT bytes, signatures, digest FROM documents WHERE hash = ?", hash);
    if (row === undefined) return undefined;
    const [bytes, signatures] = [blob(row["bytes"]), String(row["signatures"])];
    if (!same(digestOf(hash, bytes, signatures), blob(row["digest"])))
      throw damaged("a document is not what was written");
    return { bytes, signatures: signatures === "" ? [] : signatures.split("\n") };
  }

  putSealed(name: string, sealed: Uint8Array): void {
    this.#run("INSERT OR REPLACE INTO sealed VALUES (?, ?, ?)", name, sealed, digestOf(name, sealed));
  }

  sealed(name: string): Uint8Array | undefined {
    const row = this.#get("SELECT bytes, digest FROM sealed WHERE name = ?", name);
    if (row === undefined) return undefined;
    const bytes = blob(row["bytes"]);
    if (!same(digestOf(name, bytes), blob(row["digest"])))
      throw damaged("sealed bytes are not what was written");
    return bytes;
  }

  sealedNames(prefix: string): readonly string[] {
    const statement = "SELECT name FROM sealed WHERE substr(name, 1, ?) = ? ORDER BY name";
    return guarded(() => this.#prepared(statement).all(prefix.length, prefix)).map((row) =>
      String(row["name"]),
    );
  }

  dropSealed(name: string): void {
    this.#run("DELETE FROM sealed WHERE name = ?", name);
  }

  dropDocument(hash: string): void {
    this.#run("DELETE FROM documents WHERE hash = ?", hash);
  }

  scrub(): void {
    guarded(() => this.#database.exec("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);"));
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #count({ size, after }: { readonly size: number; readonly after: ReadonlyMap<string, bigint> }): void {
    this.#account.settle(after);
    this.#size = size;
    this.#appended = undefined;
  }

  #sizeOnDisk(): number {
    const row = this.#get("SELECT count(*) AS n, coalesce(max(idx) + 1, 0) AS size FROM leaves");
    if (row === undefined || row["n"] !== row["size"]) throw damaged("entries are missing");
    return Number(row["n"]);
  }

  /** What else a fork or a fall-back could hide behind. */
  #checkRows(): void {
    const all = (statement: string) => guarded(() => this.#database.prepare(statement).all());
    for (const { size } of all("SELECT size FROM checkpoints")) this.checkpoint(Number(size));
    for (const { origin } of all("SELECT origin FROM seen")) this.witnessState(String(origin));
  }

  /** Every leaf against its hash, and all of them against the last checkpoint. */
  #checkTree(): void {
    const tree = new MerkleTree(sha256);
    for (let index = 0; index < this.#size; index += 1) tree.append(leafHash(sha256, this.leaf(index)));
    const last = this.lastCheckpoint();
    if (last === undefined) return;
    if (last.size > this.#size || !same(tree.root(last.size), rootOf(last.size, last.note)))
      throw damaged("the entries are not those of the last checkpoint");
  }

  #get(statement: string, ...values: readonly (string | number)[]): Record<string, unknown> | undefined {
    return guarded(() => this.#prepared(statement).get(...values));
  }

  /** Runs one statement, durable when it returns or with its transaction. Gives how many rows it changed. */
  #run(statement: string, ...values: readonly (string | number | Uint8Array)[]): number {
    return guarded(() => Number(this.#prepared(statement).run(...values).changes));
  }

  /** A statement of this store's own; there are a few dozen in all. */
  #prepared(text: string): StatementSync {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(text);
    this.#statements.set(text, statement);
    return statement;
  }
}

function rootOf(size: number, note: Uint8Array): Uint8Array {
  const checkpoint = readCheckpoint(readNote(note).text);
  if (checkpoint.size !== size)
    throw new StoreError("malformed", "expected a checkpoint of the size it is kept under");
  return checkpoint.root;
}

function blob(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw damaged("expected bytes in a field of bytes");
}

function same(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}
