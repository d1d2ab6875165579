// SPDX-License-Identifier: Apache-2.0
import {
  type Canonical,
  type Cell,
  type ColumnQuality,
  type ColumnSpec,
  canonicalise,
  looksLikePlaceholder,
} from "@koplamp/wire";
import { SourceError } from "./errors.ts";

/** A column in canonical form, and what was found on the way. */
export interface CanonicalColumn {
  readonly cells: readonly Cell[];
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

/**
 * Brings raw cells to canonical form. What cannot be is a null, counted by reason and never repaired.
 * @throws {SourceError} `out-of-range` for an integer outside its declared bounds.
 */
export function canonicalColumn(
  declared: DeclaredColumn,
  cells: readonly (string | null)[],
): CanonicalColumn {
  const forms = formsOf(declared);
  const tally: Tally = {
    accepted: 0,
    empty: 0,
    separatorsRemoved: 0,
    folded: 0,
    placeholders: 0,
    rejected: new Map(),
  };
  const value = (raw: string, row: number) => {
    const outcome = forms.outcome(raw);
    if (outcome.kind === "reject" && outcome.reason === "range") refuseOutside(declared, raw.trim(), row);
    return counted(outcome, tally, declared, row);
  };
  const { split } = declared.spec;
  const canonical = cells.map((cell, row): Cell => {
    if (cell !== null && split !== undefined) return several(cell.split(split), (raw) => value(raw, row));
    return value(cell ?? "", row);
  });
  return { cells: canonical, quality: { ...countsOf(tally), ...forms.distinct(tally.accepted) } };
}

/** Outcomes by raw form: a form that comes back is not looked at again. */
function formsOf({ spec, nulls }: DeclaredColumn) {
  const outcomes = new Map<string, Canonical>();
  const nothing = new Set(nulls);
  return {
    outcome(raw: string): Canonical {
      const known = outcomes.get(raw);
      if (known !== undefined) return known;
      const outcome: Canonical = nothing.has(raw) ? { kind: "empty" } : canonicalise(spec, raw);
      outcomes.set(raw, outcome);
      return outcome;
    },
    distinct(accepted: number): Pick<ColumnQuality, "duplicates" | "collisions"> {
      const values = [...outcomes.values()].flatMap((outcome) =>
        outcome.kind === "value" ? [outcome.value] : [],
      );
      const distinct = new Set(values).size;
      return { duplicates: accepted - distinct, collisions: values.length - distinct };
    },
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
