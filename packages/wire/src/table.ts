// SPDX-License-Identifier: Apache-2.0
import type { Column } from "./column.ts";

/** One dataset as a question sees it: only declared columns, canonical text, row order as in the source. */
export interface Table {
  readonly rows: number;
  /** Column name to `rows` cells. */
  readonly columns: Readonly<Record<string, Column>>;
}

/** What canonicalisation found in one column. Counts only, for the owner's eyes: no other party learns them. */
export interface ColumnQuality {
  readonly accepted: number;
  readonly empty: number;
  /** Reason to count. */
  readonly rejected: Readonly<Record<string, number>>;
  readonly separatorsRemoved: number;
  readonly folded: number;
  readonly duplicates: number;
  /** Distinct raw forms that became one value. */
  readonly collisions: number;
  readonly placeholders: number;
}

/** The local data-quality report of one dataset: column name to counts. */
export type Quality = Readonly<Record<string, ColumnQuality>>;

/** The kinds of columns that a dataset may declare (lab-format.md). */
export type ColumnKind =
  | "bsn"
  | "rsin"
  | "kvk"
  | "iban"
  | "imo"
  | "imo-company"
  | "plate"
  | "phone"
  | "email"
  | "lei"
  | "passport"
  | "person-name"
  | "company-name"
  | "date"
  | "name-key"
  | "opaque"
  | "category"
  | "integer"
  | "month"
  | "boolean";

/** A declared column: its kind, where it stands in the file, and the options of its kind. */
export interface ColumnSpec {
  readonly kind: ColumnKind;
  /** The column's name in the file; absent: the same. */
  readonly from?: string;
  /** Separates several values in one cell. */
  readonly split?: string;
  /** Bounds of an integer, as declared. A row outside stops the contribution. */
  readonly min?: number;
  readonly max?: number;
  readonly unit?: string;
  /** The values that groups may have, as declared: a public list. */
  readonly values?: readonly string[];
  readonly padLeft?: number;
  readonly region?: string;
  readonly country?: string;
  readonly format?: string;
  readonly transliteration?: string;
  /** Present where the column stands in no file: the node computes it from others, of its own rows alone. */
  readonly derive?: Derived;
}

/** A column that a node computes: numbers from rows of the same dataset, or another form of a row's own values. */
export type Derived =
  | DerivedText
  /**
   * How many rows have the same values in the columns of `per`, with a number in the range where there is one; nothing for
   * a row that has not.
   */
  | {
      readonly kind: "rows";
      readonly per: readonly string[];
      readonly within?: { readonly column: string; readonly least: number; readonly most: number };
    }
  /**
   * Of what came to whoever stands in `into`, and what that one sent, as who stands in `out`, how many percent the smaller
   * is of the larger: both over the rows with the same values in the columns of `per`.
   */
  | {
      readonly kind: "passed";
      readonly into: string;
      readonly out: string;
      readonly amount: string;
      readonly per: readonly string[];
    };

/** Another form of canonical values of the same row, as a key of its own. */
export interface DerivedText {
  readonly kind: "text";
  /**
   * `first`: that many letters, spaces left out. `sorted`: the words of all columns in order of code units. `bare`: a name
   * without particles. `consonants`: a name's skeleton. The others: a part of a date.
   */
  readonly rule: "first" | "sorted" | "bare" | "consonants" | "year" | "year-month" | "month-day";
  readonly of: readonly string[];
  /** With `first`. */
  readonly letters?: number;
}

/** A declared dataset: a file and the columns that exist for a question. */
export interface DatasetSpec {
  readonly file: string;
  readonly nulls: readonly string[];
  /** The column whose value `minCount` and noise protect; absent: the row. */
  readonly subject?: string;
  readonly maxRowsPerCell?: number;
  /** How often one subject counts in an answer at most: what noise that hides a subject rests on. */
  readonly maxRowsPerSubject?: number;
  readonly columns: Readonly<Record<string, ColumnSpec>>;
}
