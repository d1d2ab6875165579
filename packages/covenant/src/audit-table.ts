// SPDX-License-Identifier: Apache-2.0
// What the derivation audit looks at (aggregation.md, section 9.1).
import type { Word } from "./hiding.ts";
import type { Interval } from "./network.ts";
import type { CellFacts, ReleaseRule, ReleaseRules } from "./release.ts";

/** A cell as the node that judges it knows it. */
export interface AuditCell {
  /** In whatever order cells come, they are looked at in the order of their keys. */
  readonly key: string;
  readonly facts: CellFacts;
  /** Its sums, one for each summed column. */
  readonly sums: readonly bigint[];
  /** What the reader brought to it; absent where that is nothing. */
  readonly own?: { readonly count: bigint; readonly sums: readonly bigint[] };
}

/** A sum of cells that is asked for beside them: a total, or a margin. */
export interface AuditLine {
  readonly key: string;
  /** Numbers of cells. */
  readonly cells: readonly number[];
}

/** What is known of other sums over the same rows: told, or withheld by a floor of its own. */
export type Outside =
  | {
      readonly kind: "told";
      readonly parts: readonly number[];
      /** A summed column's number; absent for how many rows. */
      readonly column?: number;
      /** The same where it was told as it is; further apart where it was rounded. */
      readonly lo: bigint;
      readonly hi: bigint;
    }
  | {
      readonly kind: "withheld";
      readonly parts: readonly number[];
      readonly minCount: number;
      /** What its rules say of its rows. */
      readonly word: Word;
    };

/** Cells, and what is known besides, in parts that both are made of. */
export interface Overlay {
  /** For each cell its parts. */
  readonly cells: readonly (readonly number[])[];
  readonly outside: readonly Outside[];
}

/** A table that is about to be shown. */
export interface AuditTable {
  readonly cells: readonly AuditCell[];
  readonly lines: readonly AuditLine[];
  readonly rules: ReleaseRules;
  /** For each summed column, what one row can bring. */
  readonly columns: readonly Interval[];
  /** Each is looked at apart from the others. */
  readonly overlays: readonly Overlay[];
}

/** Which rules withhold each cell and each line; none where it is shown. */
export interface Audited {
  readonly cells: readonly (readonly ReleaseRule[])[];
  readonly lines: readonly (readonly ReleaseRule[])[];
}
