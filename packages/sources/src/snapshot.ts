// SPDX-License-Identifier: Apache-2.0
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Snapshot } from "@koplamp/engine";
import { didYouMean } from "@koplamp/query";
import type { ColumnQuality, ColumnSpec, DatasetSpec, Derived, PackedColumn } from "@koplamp/wire";
import {
  type CanonicalColumn,
  canonicalColumn,
  columnReader,
  type DeclaredColumn,
  type Places,
} from "./column.ts";
import { BETWEEN_FORMS, basesOf, derivedCells } from "./derived.ts";
import { eachText, withEngine } from "./engine.ts";
import { SourceError } from "./errors.ts";
import { failureOf } from "./failure.ts";
import { findFile, inspect, refuseChange, type SourceFile } from "./file.ts";

import { type SourceQuery, sourceQuery } from "./query.ts";

/** A snapshot of which the columns are packed. */
export interface PackedSnapshot extends Snapshot {
  readonly table: {
    readonly rows: number;
    readonly columns: Readonly<Record<string, PackedColumn>>;
  };
}

/** Reads the named columns of a dataset, in this thread. See `readSource`. @throws {SourceError} */
export async function readSnapshot(
  spec: DatasetSpec,
  columns: readonly string[],
  places: Places,
): Promise<PackedSnapshot> {
  const wanted = columns.map((name) => declaredColumn(spec, name));
  const declared = filedColumns(spec, wanted);
  const file = await findFile(spec.file);
  const before = await inspect(file);
  const { rows, columns: read } = await withEngine(file.path, (engine) =>
    readRows(engine, file, declared, places),
  );
  await refuseChange(file, before);
  const made = new Map(read);
  const columnOf = ({ name, spec: own, nulls }: DeclaredColumn): CanonicalColumn => {
    const known = made.get(name);
    if (known !== undefined) return known;
    const { derive } = own;
    if (derive === undefined) return canonicalColumn({ name, spec: own, nulls }, [], places);
    const baseOf = (base: string): CanonicalColumn => columnOf(declaredColumn(spec, base));
    const values = derivedCells(derive, (base) => baseOf(base).cells, rows);
    const derived = canonicalColumn({ name, spec: formed(spec, own, derive), nulls: [] }, values, places);
    const column = derive.kind === "text" ? withRejects(derived, derive.of.map(baseOf)) : derived;
    made.set(name, column);
    return column;
  };
  const asked = wanted.map((column): readonly [string, CanonicalColumn] => [column.name, columnOf(column)]);
  return {
    table: { rows, columns: Object.fromEntries(asked.map(([name, column]) => [name, column.cells])) },
    quality: Object.fromEntries(asked.map(([name, { quality }]): [string, ColumnQuality] => [name, quality])),
    digest: before.digest,
  };
}

/** The columns to read from the file, each once: those that are wanted, and those from which wanted ones are made. */
function filedColumns(spec: DatasetSpec, wanted: readonly DeclaredColumn[]): readonly DeclaredColumn[] {
  const names = wanted.flatMap(({ name }) => filedBases(spec, name));
  return [...new Set(names)].map((name) => declaredColumn(spec, name));
}

/** A form may be made of another form, which is declared before it. */
function filedBases(spec: DatasetSpec, name: string): readonly string[] {
  const { derive } = declaredColumn(spec, name).spec;
  return derive === undefined ? [name] : basesOf(derive).flatMap((base) => filedBases(spec, base));
}

/** What was rejected in the columns that a form is made of is missing from it for the same reason. */
function withRejects(
  { cells, quality }: CanonicalColumn,
  bases: readonly CanonicalColumn[],
): CanonicalColumn {
  const rejected = new Map<string, number>();
  for (const base of bases) {
    for (const [reason, count] of Object.entries(base.quality.rejected))
      rejected.set(reason, (rejected.get(reason) ?? 0) + count);
  }
  const missing = [...rejected.values()].reduce((sum, count) => sum + count, 0);
  const reasons = Object.fromEntries([...rejected].sort(([a], [b]) => (a < b ? -1 : 1)));
  return { cells, quality: { ...quality, empty: Math.max(0, quality.empty - missing), rejected: reasons } };
}

/** A form of cells with several values has several too. */
function formed({ columns }: DatasetSpec, own: ColumnSpec, derive: Derived): ColumnSpec {
  const several = derive.kind === "text" && derive.of.some((base) => isSeveral(columns, base));
  return several ? { ...own, split: BETWEEN_FORMS } : own;
}

function isSeveral(columns: DatasetSpec["columns"], name: string): boolean {
  const { split, derive } = columns[name] ?? {};
  return (
    split !== undefined || (derive?.kind === "text" && derive.of.some((base) => isSeveral(columns, base)))
  );
}

function declaredColumn(spec: DatasetSpec, name: string): DeclaredColumn {
  const column = Object.hasOwn(spec.columns, name) ? spec.columns[name] : undefined;
  if (column !== undefined) return { name, spec: column, nulls: spec.nulls };
  const known = Object.keys(spec.columns);
  throw new SourceError(
    "unknown-column",
    `no column "${name}" is declared${didYouMean(name, known)}`,
    `columns: ${known.join(", ")}`,
  );
}

interface ReadRows {
  readonly rows: number;
  readonly columns: readonly (readonly [name: string, column: CanonicalColumn])[];
}

/** Each cell goes from the engine into its packed column: no row is held as it stands in the file. */
async function readRows(
  engine: DuckDBConnection,
  file: SourceFile,
  declared: readonly DeclaredColumn[],
  places: Places,
): Promise<ReadRows> {
  const readers = declared.map((column) => columnReader(column, places));
  const columns = (): ReadRows["columns"] =>
    readers.map((reader, at) => [declared[at]?.name ?? "", reader.done()]);
  let names: readonly string[] | undefined;
  try {
    const source = await sourceQuery(engine, file);
    names = source.names;
    if (names === undefined) return { rows: 0, columns: columns() };
    const texts = declared.map((column) => textOf(source, names ?? [], file, column));
    const selected = texts.length === 0 ? "NULL::VARCHAR" : texts.join(", ");
    const query = `SELECT ${selected} FROM ${source.from}`;
    const { rows } = await eachText(engine, query, (cell, at) => readers[at]?.put(cell));
    return { rows, columns: columns() };
  } catch (error) {
    throw await failureOf(error, file, names);
  }
}

/** Where a declared column stands in the file. Names match exactly: nothing is guessed. */
function textOf(
  source: SourceQuery,
  names: readonly string[],
  file: SourceFile,
  { name, spec }: DeclaredColumn,
): string {
  const wanted = spec.from ?? name;
  const position = names.indexOf(wanted);
  if (position < 0) {
    throw new SourceError(
      "missing-column",
      `"${file.name}" has no column "${wanted}"${didYouMean(wanted, names)}`,
      `a column with another name in the file: ${name}: { kind: ${spec.kind}, from: "Name in the file" }`,
    );
  }
  if (names.includes(wanted, position + 1)) {
    throw new SourceError(
      "ambiguous-column",
      `"${file.name}" has more than one column "${wanted}"`,
      "give each column a name of its own",
    );
  }
  return source.text(position);
}
