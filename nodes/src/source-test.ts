// SPDX-License-Identifier: Apache-2.0
import { didYouMean } from "@koplamp/query";
import type { ColumnQuality } from "@koplamp/wire";
import { readNodeConfig } from "./config.ts";
import type { Output } from "./doctor.ts";
import { StartError } from "./errors.ts";
import { sourceReader } from "./source-reader.ts";

/** Reads one declared source and tells what was found, in counts only: never a value. Gives the exit status. */
export async function testSource(file: string, name: string, { json, print }: Output): Promise<number> {
  const config = await readNodeConfig(file);
  const { sources } = config;
  const spec = Object.hasOwn(sources, name) ? sources[name] : undefined;
  if (spec === undefined) {
    const names = Object.keys(sources);
    const known = names.length === 0 ? `${file} declares no source` : `sources: ${names.join(", ")}`;
    throw new StartError("source", `there is no source "${name}"${didYouMean(name, names)}`, known);
  }
  const read = await sourceReader(config);
  const { table, quality } = await read(spec, Object.keys(spec.columns));
  if (json) print(JSON.stringify({ source: name, rows: table.rows, columns: quality }));
  else {
    print(`${name}  ${table.rows} rows`);
    for (const [column, found] of Object.entries(quality))
      print(`  ${column.padEnd(20)}  ${qualityText(found)}`);
  }
  return 0;
}

function qualityText(found: ColumnQuality): string {
  const rejected = Object.entries(found.rejected).map(([reason, count]) => `${count} rejected (${reason})`);
  const more = [
    [found.empty, "empty"],
    [found.duplicates, "duplicate"],
    [found.collisions, "written in several ways"],
    [found.placeholders, "looks like a placeholder"],
  ] as const;
  const rest = more.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return [`${found.accepted} accepted`, ...rejected, ...rest].join("   ");
}
