// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Snapshot } from "@koplamp/engine";
import { type Cell, type ColumnSpec, type DatasetSpec, MemoryPieces, type Table } from "@koplamp/wire";
import { afterAll, expect } from "vitest";
import { SourceError } from "../src/errors.ts";
import { readSnapshot } from "../src/snapshot.ts";

/** The folder of one test file, removed after it. */
export const folder: string = mkdtempSync(join(tmpdir(), "sources-"));
afterAll(() => rmSync(folder, { recursive: true }));

export const opaque: ColumnSpec = { kind: "opaque" };

let files = 0;
/** A file of its own for each use. */
export function written(end: string, content: string | Uint8Array): string {
  files += 1;
  const path = join(folder, `table-${files}.${end}`);
  writeFileSync(path, content);
  return path;
}

export function dataset(
  file: string,
  columns: Readonly<Record<string, ColumnSpec>>,
  nulls: readonly string[] = [],
): DatasetSpec {
  return { file, nulls, columns };
}

/** A table with arrays in place of packed columns. */
export function plain({ rows, columns }: Table): PlainTable {
  const cells = Object.entries(columns).map(([name, column]) => [name, [...column]]);
  return { rows, columns: Object.fromEntries(cells) };
}

interface PlainTable {
  readonly rows: number;
  readonly columns: Readonly<Record<string, readonly Cell[]>>;
}

/** Read in this thread, with a plain table. */
export async function readPlain(
  spec: DatasetSpec,
  columns: readonly string[],
): Promise<Snapshot & { readonly table: PlainTable }> {
  const snapshot = await readSnapshot(spec, columns, { kept: undefined, passing: new MemoryPieces() });
  return { ...snapshot, table: plain(snapshot.table) };
}

/** All declared columns, read in this thread. */
export function read(
  file: string,
  columns: Readonly<Record<string, ColumnSpec>>,
  nulls: readonly string[] = [],
): ReturnType<typeof readPlain> {
  return readPlain(dataset(file, columns, nulls), Object.keys(columns));
}

/** Their cells. */
export async function cells(
  file: string,
  columns: Readonly<Record<string, ColumnSpec>>,
): Promise<Readonly<Record<string, unknown>>> {
  return (await read(file, columns)).table.columns;
}

/** The refusal, after a check that it quotes nothing of the file. */
export async function refusal(
  run: () => Promise<unknown>,
  secrets: readonly string[] = [],
): Promise<{ readonly code: string; readonly message: string }> {
  const error = await run().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SourceError)) throw error ?? new Error("expected a refusal");
  expect(error.hint).not.toBe("");
  for (const secret of secrets) expect(`${error.message} ${error.hint}`).not.toContain(secret);
  return { code: error.code, message: error.message.replaceAll(folder, "…") };
}
