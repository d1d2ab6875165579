// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ColumnSpec, DatasetSpec } from "@koplamp/wire";
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

/** All declared columns, read in this thread. */
export function read(
  file: string,
  columns: Readonly<Record<string, ColumnSpec>>,
  nulls: readonly string[] = [],
): ReturnType<typeof readSnapshot> {
  return readSnapshot(dataset(file, columns, nulls), Object.keys(columns));
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
