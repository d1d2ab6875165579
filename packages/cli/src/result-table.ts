// SPDX-License-Identifier: Apache-2.0
// A result as rows: what a file of comma-separated values and a chart are made of.
import { groupColumns, type PlainLookup, type PlainResult, type PlainSums } from "./answer.ts";
import type { ResultRow, ResultTable } from "./result-rows.ts";
import { trendTable } from "./trend-lines.ts";

const SHAPES = ["histogram", "pairs", "atLeast"] as const;

/** The rows of a result: cells of a sum, numbers of a count, keys of a match. */
export function resultTable(result: PlainResult): ResultTable {
  if ("cells" in result) return sumTable(result);
  if (result.kind === "match") return matchTable(result);
  if (result.kind === "lookup") return lookupTable(result);
  if (result.kind === "trend") return trendTable(result);
  const rows = SHAPES.flatMap((shape) =>
    Object.entries(result[shape] ?? {}).map(([name, value]): ResultRow => {
      const withheld = typeof value === "object" ? [value.withheld] : [];
      return {
        group: [shape, name],
        values: [typeof value === "object" ? undefined : value],
        spreads: [],
        withheld,
      };
    }),
  );
  return { groups: ["shape", "parties"], measures: ["keys"], noisy: false, rows };
}

function matchTable({ matches }: Extract<PlainResult, { kind: "match" }>): ResultTable {
  const width = matches.reduce((most, { key }) => Math.max(most, key.length), 1);
  const told = matches.some(({ holders }) => holders !== undefined);
  const banded = matches.some(({ band }) => band !== undefined);
  const rows = matches.map(({ key, holders, agreed = [], band }): ResultRow => {
    const held = typeof holders === "object" ? holders.join(" ") : holders;
    return {
      group: Array.from({ length: width }, (_, at) => key[at] ?? ""),
      values: [...(told ? [held] : []), ...(banded ? [agreed.join(" "), band] : [])],
      spreads: [],
      withheld: [],
    };
  });
  return {
    groups: keyNames(width),
    measures: [...(told ? ["holders"] : []), ...(banded ? ["agreed", "band"] : [])],
    noisy: false,
    rows,
  };
}

function lookupTable({ answers }: PlainLookup): ResultTable {
  const width = answers[0]?.key.length ?? 1;
  const rows = answers.map(({ key, hit }): ResultRow => {
    return { group: key, values: [hit ? 1 : 0], spreads: [], withheld: [] };
  });
  return { groups: keyNames(width), measures: ["hit"], noisy: false, rows };
}

function keyNames(width: number): readonly string[] {
  return Array.from({ length: width }, (_, at) => (width === 1 ? "key" : `key${at + 1}`));
}

const NO_MEASURES: ReadonlySet<string> = new Set(["group", "withheld", "uncertainty", "hint"]);

function sumTable(result: PlainSums): ResultTable {
  const { cells, others } = result;
  const groups = groupColumns(result);
  const measures = [...new Set(cells.flatMap((cell) => Object.keys(cell)))].filter(
    (name) => !NO_MEASURES.has(name),
  );
  const rows = cells.map((cell): ResultRow => {
    const off: unknown = Object(cell["uncertainty"]);
    return {
      group: groups.map((name) => cell.group[name] ?? ""),
      values: measures.map((name) => numberIn(cell, name)),
      spreads: measures.map((name) => numberIn(off, name)),
      withheld: cell["withheld"] === undefined ? [] : [cell["withheld"]].flat().map(String),
    };
  });
  const noisy = cells.some((cell) => cell["uncertainty"] !== undefined);
  if (others === undefined) return { groups, measures, noisy, rows };
  return {
    groups,
    measures,
    noisy,
    rows,
    others: { rows: others.cells, withheld: [others.withheld].flat() },
  };
}

function numberIn(from: unknown, name: string): number | string | undefined {
  const value: unknown = Object.hasOwn(Object(from), name) ? Reflect.get(Object(from), name) : undefined;
  return typeof value === "number" || typeof value === "string" ? value : undefined;
}

/**
 * Comma-separated values (RFC 4180), for a spreadsheet: a name from the data that a spreadsheet would take for a formula
 * gets an apostrophe in front. Rows that are told as one are the last, with their number for a name.
 */
export function csvText({ groups, measures, noisy, rows, others }: ResultTable): string {
  const spreads = noisy ? measures.map((name) => `± ${name}`) : [];
  const lines = [
    [...groups, ...measures, ...spreads, "withheld"],
    ...rows.map((row) => [
      ...row.group.map(harmless),
      ...measures.map((_, at) => String(row.values[at] ?? "")),
      ...spreads.map((_, at) => String(row.spreads[at] ?? "")),
      row.withheld.join(" "),
    ]),
    ...(others === undefined ? [] : [othersLine(others, groups, measures.length + spreads.length)]),
  ];
  return lines.map((fields) => `${fields.map(quoted).join(",")}\r\n`).join("");
}

function othersLine(
  { rows, withheld }: NonNullable<ResultTable["others"]>,
  groups: readonly string[],
  values: number,
): readonly string[] {
  const name = groups.map((_, at) => (at === 0 ? `all ${rows} others` : ""));
  return [...name, ...Array.from({ length: values }, () => ""), withheld.join(" ")];
}

function harmless(name: string): string {
  return /^[=+\-@\t\r]/.test(name) ? `'${name}` : name;
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
