// SPDX-License-Identifier: Apache-2.0
// The rules by which a cell alone is judged (aggregation.md, section 9); what several together give away: audit.ts.
import type { Dominance } from "@koplamp/wire";

/** The rules that may withhold a cell by what is in it. */
export type PrimaryRule = "minCount" | "minContributors" | "dominance";
/** With the rule that withholds a cell for what it would tell of others. */
export type ReleaseRule = PrimaryRule | "derivable";

/** The strictest of covenant, owner and question, in rows and parties. */
export interface ReleaseRules {
  readonly minCount: number;
  readonly minContributors: number;
  /** The fewest parties with which a reader is left who takes his own rows away; absent where that is not asked. */
  readonly minOthers?: number;
  /** Absent where no dominance is tested. */
  readonly dominance?: Dominance;
}

/** What a cell's rules look at: how many rows, from how many parties, and, where a rule asks, what each brought. */
export interface CellFacts {
  readonly count: bigint;
  readonly contributors: bigint;
  /** For each summed column, what every party put in; absent where no dominance is tested. */
  readonly parts?: readonly (readonly PartyPart[])[];
}

/** One party's part of a sum, all as magnitudes: without their sign. */
export interface PartyPart {
  readonly sum: bigint;
  /** Its largest records, largest first, or fewer where it has fewer. */
  readonly tops: readonly bigint[];
}

/**
 * The rules that withhold a cell; none when it may be released. An empty cell is withheld like any other below
 * `minCount`, so that "withheld" says only "0 to minCount - 1" (aggregation.md, section 9).
 */
export function withheldBy(cell: CellFacts, rules: ReleaseRules): readonly PrimaryRule[] {
  const broken: PrimaryRule[] = [];
  if (cell.count < BigInt(rules.minCount)) broken.push("minCount");
  if (cell.contributors < BigInt(rules.minContributors)) broken.push("minContributors");
  if ((cell.parts ?? []).some((parts) => isDominated(parts, rules.dominance))) broken.push("dominance");
  return broken;
}

/**
 * Whether a sum says too much about its largest records, or about its largest party: the next in size, which takes its
 * own part away, must not come to within a tenth of it (the p% rule).
 */
function isDominated(parts: readonly PartyPart[], dominance: Dominance | undefined): boolean {
  if (dominance === undefined) return false;
  const sum = parts.reduce((total, part) => total + part.sum, 0n);
  const records = largestOf(parts.flatMap(({ tops }) => tops)).slice(0, dominance.largest);
  const top = records.reduce((total, record) => total + record, 0n);
  if (100n * top > BigInt(dominance.percent) * sum) return true;
  const [first = 0n, second = 0n] = largestOf(parts.map((part) => part.sum));
  return 10n * (sum - first - second) < first;
}

/**
 * Cells as if they were one. How many parties stand behind all of them is not known: at least as many as behind any.
 */
export function unionOf(cells: readonly CellFacts[]): CellFacts {
  const count = cells.reduce((total, cell) => total + cell.count, 0n);
  const [contributors = 0n] = largestOf(cells.map((cell) => cell.contributors));
  const parts = cells.map((cell) => cell.parts).filter((own) => own !== undefined);
  const [first] = parts;
  if (first === undefined) return { count, contributors };
  return {
    count,
    contributors,
    parts: first.map((column, at) =>
      column.map((_, party) => togetherOf(parts.flatMap((own) => own[at]?.[party] ?? []))),
    ),
  };
}

function togetherOf(parts: readonly PartyPart[]): PartyPart {
  return {
    sum: parts.reduce((total, { sum }) => total + sum, 0n),
    tops: largestOf(parts.flatMap(({ tops }) => tops)),
  };
}

function largestOf(values: readonly bigint[]): readonly bigint[] {
  return [...values].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0));
}
