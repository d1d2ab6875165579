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
  const result = await engine.stream(query);
  const columns: (string | null)[][] = result.columnNames().map(() => []);
  for (let chunk = await result.fetchChunk(); chunk !== null; chunk = await result.fetchChunk()) {
    if (chunk.rowCount === 0) break;
    for (const [at, column] of columns.entries()) {
      for (const value of chunk.getColumnValues(at)) {
        column.push(value === null ? null : String(value));
      }
    }
  }
  return columns;
}

/** A string literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A quoted identifier. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
