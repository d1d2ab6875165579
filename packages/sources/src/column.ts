// SPDX-License-Identifier: Apache-2.0
import {
  type Canonical,
  type Cell,
  type ColumnQuality,
  type ColumnSpec,
  ColumnWriter,
  canonicalise,
  looksLikePlaceholder,
  type PackedColumn,
  type Pieces,
} from "@koplamp/wire";
import { DistinctForms } from "./distinct-forms.ts";
import { SourceError } from "./errors.ts";

/** A column in canonical form, and what was found on the way. */
export interface CanonicalColumn {
  readonly cells: PackedColumn;
  readonly quality: ColumnQuality;
}

/** A column as it is declared. */
export interface DeclaredColumn {
  readonly name: string;
  readonly spec: ColumnSpec;
  /** Raw cells that stand for nothing, compared as they are. */
  readonly nulls: readonly string[];
}

interface Tally {
  accepted: number;
  empty: number;
  separatorsRemoved: number;
  folded: number;
  placeholders: number;
  readonly rejected: Map<string, number>;
}

/** Where a column goes that is too long for memory, and what is needed while it is read. */
export interface Places {
  /** Absent: it stays in memory. */
  readonly kept: Pieces | undefined;
  readonly passing: Pieces;
}

/** A column that is brought to canonical form cell by cell. */
export interface ColumnReader {
  /** @throws {SourceError} `out-of-range` for an integer outside its declared bounds. */
  put(cell: string | null): void;
  done(): CanonicalColumn;
}

/** What cannot be brought to canonical form is a null, counted by reason and never repaired. */
export function columnReader(declared: DeclaredColumn, places: Places): ColumnReader {
  const outcomeOf = outcomes(declared);
  const tally: Tally = {
    accepted: 0,
    empty: 0,
    separatorsRemoved: 0,
    folded: 0,
    placeholders: 0,
    rejected: new Map(),
  };
  const [cells, forms] = [new ColumnWriter(places.kept), new DistinctForms(places.passing)];
  const value = (raw: string): string | null => {
    const outcome = outcomeOf(raw);
    if (outcome.kind === "reject" && outcome.reason === "range")
      refuseOutside(declared, raw.trim(), cells.length);
    if (outcome.kind === "value") forms.put(raw, outcome.value);
    return counted(outcome, tally, declared, cells.length);
  };
  const { split } = declared.spec;
  return {
    put(cell) {
      const isSplit = cell !== null && split !== undefined;
      cells.put(isSplit ? several(cell.split(split), value) : value(cell ?? ""));
    },
    done: () => ({
      cells: cells.take(),
      quality: { ...countsOf(tally), ...forms.counts(tally.accepted) },
    }),
  };
}

/** Brings raw cells to canonical form, as a `columnReader` does. */
export function canonicalColumn(
  declared: DeclaredColumn,
  cells: readonly (string | null)[],
  places: Places,
): CanonicalColumn {
  const reader = columnReader(declared, places);
  for (const cell of cells) reader.put(cell);
  return reader.done();
}

/** Raw forms of which the outcome is kept: in a column of few values none is looked at twice. */
const MOST_KEPT = 4096;

function outcomes({ spec, nulls }: DeclaredColumn): (raw: string) => Canonical {
  const kept = new Map<string, Canonical>();
  const nothing = new Set(nulls);
  return (raw) => {
    const known = kept.get(raw);
    if (known !== undefined) return known;
    const outcome: Canonical = nothing.has(raw) ? { kind: "empty" } : canonicalise(spec, raw);
    if (kept.size < MOST_KEPT) kept.set(raw, outcome);
    return outcome;
  };
}

function counted(outcome: Canonical, tally: Tally, declared: DeclaredColumn, row: number): string | null {
  switch (outcome.kind) {
    case "empty":
      tally.empty += 1;
      return null;
    case "reject":
      tally.rejected.set(outcome.reason, (tally.rejected.get(outcome.reason) ?? 0) + 1);
      return null;
    case "value":
      refuseOutside(declared, outcome.value, row);
      tally.accepted += 1;
      tally.separatorsRemoved += Number(outcome.separatorsRemoved);
      tally.folded += Number(outcome.folded);
      tally.placeholders += Number(looksLikePlaceholder(declared.spec.kind, outcome.value));
      return outcome.value;
  }
}

function several(parts: readonly string[], value: (raw: string) => string | null): Cell {
  const values = new Set(parts.map(value).filter((part) => part !== null));
  return values.size === 0 ? null : [...values];
}

/** Also for what is beyond every integer that a column can hold: declared bounds say that no such value may come. */
function refuseOutside(
  { name, spec: { kind, min, max } }: DeclaredColumn,
  digits: string,
  row: number,
): void {
  if (kind !== "integer" || min === undefined) return;
  const number = BigInt(digits.replace("+", ""));
  const low = min !== undefined && number < BigInt(min);
  const high = max !== undefined && number > BigInt(max);
  if (!low && !high) return;
  throw new SourceError(
    "out-of-range",
    `row ${row + 1}: column "${name}" is ${low ? `below its declared min ${min}` : `above its declared max ${max}`}`,
    "correct the row, or declare bounds that hold: nothing of this dataset is used until then",
  );
}

function countsOf({ rejected, ...counts }: Tally): Omit<ColumnQuality, "duplicates" | "collisions"> {
  return { ...counts, rejected: Object.fromEntries([...rejected].sort(([a], [b]) => (a < b ? -1 : 1))) };
}
