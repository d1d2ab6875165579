// SPDX-License-Identifier: Apache-2.0
import {
  type AggregateAsk,
  type Ask,
  areRanges,
  type ColumnDomain,
  type ColumnKind,
  type Condition,
  canonicalise,
  isMade,
  type JoinAsk,
  keyOf,
  measuredColumn,
  measuredColumns,
  ownColumn,
} from "@koplamp/wire";
import type { CatalogueColumn, CatalogueEntry } from "./catalogue.ts";
import { IDENTIFIER_KINDS } from "./dataset.ts";
import { QueryError } from "./errors.ts";
import { didYouMean } from "./nearest.ts";

const GROUP_KINDS: readonly ColumnKind[] = ["category", "month", "date", "boolean"];
const WHERE_KINDS: readonly ColumnKind[] = [...GROUP_KINDS, "integer"];
const ORDERED_KINDS: readonly ColumnKind[] = ["month", "date", "integer"];

/**
 * The ask with every value in canonical form, after checking that all parties offer its columns with the kinds that
 * it needs.
 * @throws {QueryError} `unknown-column`, `kind-mismatch` or `wrong-kind`, naming the party.
 */
export function normalise(ask: Ask, entries: readonly CatalogueEntry[]): Ask {
  const shared = new Map<string, ColumnKind>();
  const kindOf = (column: string): ColumnKind => {
    const kind = shared.get(column) ?? sharedColumn(column, entries)?.kind ?? "opaque";
    shared.set(column, kind);
    return kind;
  };
  for (const column of keyOf(ask)) {
    const hint = "declare it with the kind of an identifier, or as opaque";
    expectKind(column, kindOf(column), IDENTIFIER_KINDS, "be a key", hint);
  }
  if (ask.kind === "match" && ask.flaggedBy !== undefined)
    return { ...ask, flaggedBy: ask.flaggedBy.map((flag) => normaliseCondition(flag, kindOf(flag.column))) };
  if (ask.kind === "match" || ask.kind === "overlap-count" || ask.kind === "lookup") return ask;
  if (ask.kind === "join-aggregate") return normaliseJoin(ask, entries);
  const axes = ask.domain.map(({ column }) => column);
  expectSummable(ask.measures.flatMap(measuredColumns), kindOf);
  expectGroups(axes, kindOf, ask.kind === "aggregate" ? [...GROUP_KINDS, "integer"] : GROUP_KINDS);
  const made = {
    ...ask,
    where: ask.where.map((condition) => normaliseCondition(condition, kindOf(condition.column))),
    domain: canonicalDomains(ask.domain, kindOf),
  };
  if (made.kind === "aggregate") expectMade(made);
  return made;
}

/** Statistics of a table stand on its columns. */
function expectMade(ask: AggregateAsk): void {
  const without = ask.measures.find((measure) => !isMade(measure, ask));
  if (without === undefined) return;
  const [message, hint] = without.startsWith("quantile(")
    ? [
        "stands on a column of groupBy with ranges",
        "domain: { column: [0..999, 1000..4999] }, and measures with count",
      ]
    : without.startsWith("chi-square(")
      ? ["stands on two columns of groupBy", "group by both, and list count among the measures"]
      : [
          "sums products row by row, and not with distinctBy",
          "leave `distinctBy` out, or ask for count, sum and mean",
        ];
  throw new QueryError("invalid-value", `"${without}" ${message}`, { hint });
}

/** The columns of a join are those of single parties: each by its own declaration. */
function normaliseJoin(ask: JoinAsk, entries: readonly CatalogueEntry[]): JoinAsk {
  const kindOf = (name: string): ColumnKind => {
    const owner = entries.find(({ party }) => ownColumn(name, party) !== undefined);
    if (owner === undefined) {
      throw new QueryError("unknown-column", `no party of the question brings "${name}"`, {
        hint: `columns of a join are written party.column; parties: ${entries.map(({ party }) => party).join(", ")}`,
      });
    }
    return offered(ownColumn(name, owner.party) ?? "", owner).kind;
  };
  expectSummable(ask.measures.map(measuredColumn), kindOf);
  expectGroups(ask.groupBy, kindOf);
  return { ...ask, domain: canonicalDomains(ask.domain, kindOf) };
}

function expectSummable(columns: readonly string[], kindOf: (column: string) => ColumnKind): void {
  for (const column of columns) {
    if (column === "") continue;
    expectKind(column, kindOf(column), ["integer"], "be summed", "declare it as integer, with min and max");
  }
}

function expectGroups(
  columns: readonly string[],
  kindOf: (column: string) => ColumnKind,
  kinds: readonly ColumnKind[] = GROUP_KINDS,
): void {
  const hint = "group by a category, month, date or boolean, or an aggregate by an integer in ranges";
  for (const column of columns) expectKind(column, kindOf(column), kinds, "make groups", hint);
}

function canonicalDomains(
  domain: readonly ColumnDomain[],
  kindOf: (column: string) => ColumnKind,
): readonly ColumnDomain[] {
  return domain.map(({ column, values }) =>
    kindOf(column) === "integer"
      ? { column, values: rangesOf(column, values), ranges: true }
      : { column, values: canonicalDomain(column, kindOf(column), values) },
  );
}

/** Ranges of a column of numbers. */
function rangesOf(column: string, values: readonly string[]): readonly string[] {
  if (areRanges(values)) return values;
  throw new QueryError(
    "invalid-value",
    `expected ranges in the domain of "${column}", each above the one before`,
    {
      hint: `domain: { ${column}: [0..999, 1000..4999] }: both ends are in the range`,
    },
  );
}

/** The column as every party offers it. */
function sharedColumn(name: string, entries: readonly CatalogueEntry[]): CatalogueColumn | undefined {
  const [first, ...rest] = entries.map((entry) => ({ party: entry.party, column: offered(name, entry) }));
  for (const { party, column } of rest) {
    if (first === undefined || sameKind(first.column, column)) continue;
    const message = `column "${name}" is ${described(column)} at ${party} and ${described(first.column)} at ${first.party}`;
    throw new QueryError("kind-mismatch", message, {
      party,
      hint: "all parties must declare the same kind and unit",
    });
  }
  return first?.column;
}

function offered(name: string, { party, dataset, columns }: CatalogueEntry): CatalogueColumn {
  const found = columns.find((column) => column.name === name);
  if (found !== undefined) return found;
  const known = columns.map((column) => column.name);
  throw new QueryError(
    "unknown-column",
    `${party} offers no column "${name}" in ${dataset}${didYouMean(name, known)}`,
    {
      party,
      hint: `offered: ${known.join(", ")}`,
    },
  );
}

function sameKind(a: CatalogueColumn, b: CatalogueColumn): boolean {
  return a.kind === b.kind && a.unit === b.unit;
}

function described({ kind, unit }: CatalogueColumn): string {
  return unit === null ? kind : kind === "integer" ? `${kind} in ${unit}` : `${kind} (${unit})`;
}

function expectKind(
  column: string,
  kind: ColumnKind,
  kinds: readonly ColumnKind[],
  use: string,
  hint: string,
): void {
  if (kinds.includes(kind)) return;
  throw new QueryError("wrong-kind", `column "${column}" is of kind ${kind} and cannot ${use}`, { hint });
}

function normaliseCondition(condition: Condition, kind: ColumnKind): Condition {
  const { column, op, value } = condition;
  expectKind(
    column,
    kind,
    WHERE_KINDS,
    "be a condition",
    "conditions: category, boolean, month, date, integer",
  );
  if (op === ">=" || op === "<")
    expectKind(column, kind, ORDERED_KINDS, `be compared by ${op}`, 'use "=" or "in"');
  const values = typeof value === "object" ? value : [value];
  const canonical = values.map((one) => canonicalValue(column, kind, one));
  if (op !== "in") return { column, op, value: canonical[0] ?? "" };
  expectKind(
    column,
    kind,
    WHERE_KINDS.filter((one) => one !== "boolean"),
    'take "in"',
    'use "="',
  );
  return { column, op, value: canonical.filter((one) => typeof one !== "boolean") };
}

function canonicalValue(
  column: string,
  kind: ColumnKind,
  value: string | number | boolean,
): string | number | boolean {
  if (kind === "integer" || kind === "boolean") {
    if (
      typeof value === (kind === "integer" ? "number" : "boolean") &&
      (kind === "boolean" || Number.isSafeInteger(value))
    )
      return value;
    const expected = kind === "integer" ? "an integer" : "true or false";
    throw new QueryError("invalid-value", `expected ${expected} in the condition on "${column}"`);
  }
  return canonicalText(column, kind, String(value));
}

function canonicalText(column: string, kind: ColumnKind, text: string): string {
  const canonical = canonicalise({ kind }, text);
  if (canonical.kind === "value") return canonical.value;
  throw new QueryError("invalid-value", `"${text}" is no value of kind ${kind} (column "${column}")`);
}

function canonicalDomain(column: string, kind: ColumnKind, values: readonly string[]): readonly string[] {
  const canonical = values.map((value) => canonicalText(column, kind, value));
  const repeated = canonical.find((value, at) => canonical.indexOf(value) !== at);
  if (repeated === undefined) return canonical;
  throw new QueryError("invalid-value", `"${repeated}" stands twice in the domain of "${column}"`);
}
