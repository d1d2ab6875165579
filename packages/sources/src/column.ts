// SPDX-License-Identifier: Apache-2.0
import { type Cell, type ColumnQuality, type ColumnSpec, canonicalise } from "@koplamp/wire";
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

/** Values that people fill in when they have none, and that pass every check. For the local report only. */
const PLACEHOLDERS: ReadonlySet<string> = new Set(["1900-01-01", "9999-12-31", "111222333"]);

/** What became of one raw form. `undefined`: nothing there. */
type Outcome = ReturnType<typeof canonicalise> | undefined;

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
  const value = (raw: string, row: number) => counted(forms.outcome(raw), tally, declared, row);
  const { split } = declared.spec;
  const canonical = cells.map((cell, row): Cell => {
    if (cell !== null && split !== undefined) return several(cell.split(split), (raw) => value(raw, row));
    return value(cell ?? "", row);
  });
  return { cells: canonical, quality: { ...countsOf(tally), ...forms.distinct(tally.accepted) } };
}

/** Outcomes by raw form: a form that comes back is not looked at again. */
function formsOf({ spec, nulls }: DeclaredColumn) {
  const outcomes = new Map<string, Outcome>();
  const nothing = new Set(nulls);
  return {
    outcome(raw: string): Outcome {
      if (outcomes.has(raw)) return outcomes.get(raw);
      const outcome = raw.trim() === "" || nothing.has(raw) ? undefined : canonicalise(spec, raw);
      outcomes.set(raw, outcome);
      return outcome;
    },
    distinct(accepted: number): Pick<ColumnQuality, "duplicates" | "collisions"> {
      const values = [...outcomes.values()].flatMap((outcome) =>
        outcome?.kind === "value" ? [outcome.value] : [],
      );
      const distinct = new Set(values).size;
      return { duplicates: accepted - distinct, collisions: values.length - distinct };
    },
  };
}

function counted(outcome: Outcome, tally: Tally, declared: DeclaredColumn, row: number): string | null {
  if (outcome === undefined) {
    tally.empty += 1;
    return null;
  }
  if (outcome.kind === "reject") {
    tally.rejected.set(outcome.reason, (tally.rejected.get(outcome.reason) ?? 0) + 1);
    return null;
  }
  const { value, separatorsRemoved, folded } = outcome;
  if (declared.spec.kind === "integer") refuseOutside(declared, value, row);
  tally.accepted += 1;
  tally.separatorsRemoved += Number(separatorsRemoved);
  tally.folded += Number(folded);
  tally.placeholders += Number(PLACEHOLDERS.has(value));
  return value;
}

function several(parts: readonly string[], value: (raw: string) => string | null): Cell {
  const values = new Set(parts.map(value).filter((part) => part !== null));
  return values.size === 0 ? null : [...values];
}

function refuseOutside({ name, spec: { min, max } }: DeclaredColumn, value: string, row: number): void {
  const number = BigInt(value);
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
