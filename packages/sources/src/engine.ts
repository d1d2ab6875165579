// SPDX-License-Identifier: Apache-2.0
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";

/** Set before anything of a file is read. A source reader needs one thread: parties of a lab share a machine. */
const LIMITS = {
  threads: "1",
  memory_limit: "512MB",
  temp_directory: "",
  autoinstall_known_extensions: "false",
  autoload_known_extensions: "false",
  allow_community_extensions: "false",
};

/**
 * Runs `use` on a database in memory that can open the file at `path` and nothing else: no other file, no network, no
 * extension, no setting changed.
 */
export async function withEngine<Result>(
  path: string,
  use: (engine: DuckDBConnection) => Promise<Result>,
): Promise<Result> {
  const instance = await DuckDBInstance.create(":memory:", LIMITS);
  try {
    const engine = await instance.connect();
    await engine.run(`SET allowed_paths = [${literal(path)}]`);
    await engine.run("SET enable_external_access = false");
    await engine.run("SET lock_configuration = true");
    return await use(engine);
  } finally {
    instance.closeSync();
  }
}

/** The results of `query`, column by column. Every value must be text. */
export async function textColumns(
  engine: DuckDBConnection,
  query: string,
): Promise<readonly (readonly (string | null)[])[]> {
  const columns = new Map<number, (string | null)[]>();
  const { names } = await eachText(engine, query, (cell, at) => {
    const column = columns.get(at) ?? [];
    columns.set(at, column);
    column.push(cell);
  });
  return Array.from({ length: names }, (_, at) => columns.get(at) ?? []);
}

/** Gives every cell of a query's results with its column's position, a chunk of rows at a time, down each column. */
export async function eachText(
  engine: DuckDBConnection,
  query: string,
  put: (cell: string | null, column: number) => void,
): Promise<{ readonly names: number; readonly rows: number }> {
  const result = await engine.stream(query);
  const names = result.columnNames().length;
  let rows = 0;
  for (let chunk = await result.fetchChunk(); chunk !== null; chunk = await result.fetchChunk()) {
    if (chunk.rowCount === 0) break;
    rows += chunk.rowCount;
    for (let at = 0; at < names; at += 1)
      for (const value of chunk.getColumnValues(at)) put(value === null ? null : String(value), at);
  }
  return { names, rows };
}

/** A string literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A quoted identifier. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
