// SPDX-License-Identifier: Apache-2.0
// What a result is as rows.

/** A row: names of its group, and values or the reason that there are none. */
export interface ResultRow {
  readonly group: readonly string[];
  /** By measure, in the table's order. Whole numbers beyond 2^53 are text. */
  readonly values: readonly (number | string | undefined)[];
  readonly spreads: readonly (number | string | undefined)[];
  readonly withheld: readonly string[];
}

/** A result that has cells. */
export interface ResultTable {
  readonly groups: readonly string[];
  readonly measures: readonly string[];
  /** Whether any value may be off by noise. */
  readonly noisy: boolean;
  readonly rows: readonly ResultRow[];
  /** Rows that are told as one: how many, and the rules that withhold each. */
  readonly others?: { readonly rows: number; readonly withheld: readonly string[] };
}
