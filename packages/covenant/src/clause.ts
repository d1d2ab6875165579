// SPDX-License-Identifier: Apache-2.0

/** What a clause permits, in a form that two versions of it can be compared in. */
export type Scope =
  /** More is wider. */
  | { readonly kind: "set"; readonly values: readonly string[] }
  /** More is narrower: what has to be there before something may happen. */
  | { readonly kind: "duty"; readonly values: readonly string[] }
  /** Higher is wider; a clause that is absent permits 0 of each. */
  | { readonly kind: "most"; readonly values: readonly number[] }
  /** Higher is narrower. */
  | { readonly kind: "least"; readonly values: readonly number[] }
  /** Neither: words, keys, references. */
  | { readonly kind: "words"; readonly values: readonly string[] };

/** The smallest part of a covenant that can be pointed at. */
export interface Clause {
  /** `purposes/sanctions-2026/classes`, `quotas/3` (rows without a name count from 1), `floors/minCount`. */
  readonly id: string;
  readonly nl: string;
  readonly en: string;
  readonly scope: Scope;
  /** By which the same clause is found in another version, where its id is only its place. */
  readonly match?: string;
}

/** A scope of words: their change is neither wider nor narrower. */
export function words(...values: readonly string[]): Scope {
  return { kind: "words", values };
}
