// SPDX-License-Identifier: Apache-2.0
import type { ColumnSpec } from "../table.ts";

/** Why a value cannot be brought to canonical form. Counted in the owner's local report, and told to nobody else. */
export type RejectReason =
  /** A lone surrogate. */
  | "unicode"
  /** A control character inside. */
  | "control"
  /** A character that the kind does not have. */
  | "character"
  | "length"
  /** Nothing but zeros. */
  | "zero"
  | "check-digit"
  /** No country, another country than the column's, or one that is not in the kind's table. */
  | "country"
  /** A national form without a region. */
  | "region"
  | "extension"
  /** No number that any country gives out. */
  | "invalid"
  | "local-part"
  | "domain"
  /** A letter of a script that is not Latin. */
  | "script"
  /** Only separators. */
  | "nothing-left"
  /** Not written as the kind or the column's `format` says. */
  | "format"
  /** No such day or month. */
  | "calendar"
  /** Outside what the kind can hold. */
  | "range";

/** What became of a raw value: its canonical form and what it took, nothing at all, or a refusal to guess. */
export type Canonical =
  | {
      readonly kind: "value";
      readonly value: string;
      /** Listed separators were removed, or runs of spaces drawn together. */
      readonly separatorsRemoved: boolean;
      /** Listed folding was applied: case, marks, padding, normal form. */
      readonly folded: boolean;
    }
  | { readonly kind: "empty" }
  | { readonly kind: "reject"; readonly reason: RejectReason };

/** Reads one trimmed, non-empty text without control characters as a value of its kind. */
export type Reader = (text: string, spec: ColumnSpec) => Canonical;

/** A value, and what it took to get there. */
export function accept(
  value: string,
  took: { readonly separatorsRemoved?: boolean; readonly folded?: boolean } = {},
): Canonical {
  return {
    kind: "value",
    value,
    separatorsRemoved: took.separatorsRemoved === true,
    folded: took.folded === true,
  };
}

export function reject(reason: RejectReason): Canonical {
  return { kind: "reject", reason };
}
