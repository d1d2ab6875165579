// SPDX-License-Identifier: Apache-2.0
import type { QueryClass } from "@koplamp/wire";

/** A party's id. */
export const PARTY_ID: RegExp = /^[a-z][a-z0-9-]{0,31}$/;
/** The id of a question, a federation or a purpose. */
export const ID: RegExp = /^[a-z][a-z0-9./-]{0,63}$/;
/** The name of a dataset or column. */
export const NAME: RegExp = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** The kinds of questions, and the class that each belongs to (lab-format.md). */
export const CLASS_OF: Readonly<Record<AskKind, QueryClass>> = {
  aggregate: "A",
  "overlap-count": "B",
  "join-aggregate": "C",
  trend: "D",
  lookup: "E",
  deconflict: "E",
  match: "F",
};

/** What a question may ask. */
export type AskKind =
  | "match"
  | "overlap-count"
  | "aggregate"
  | "join-aggregate"
  | "trend"
  | "lookup"
  | "deconflict";
/** The kinds, least intrusive first. */
export const ASK_KINDS: readonly AskKind[] = [
  "aggregate",
  "overlap-count",
  "join-aggregate",
  "trend",
  "lookup",
  "deconflict",
  "match",
];

/** A frozen record without a prototype, so that no name reads something that was never put there. */
export function record<Value>(entries: Iterable<readonly [string, Value]>): Readonly<Record<string, Value>> {
  const bare: Record<string, Value> = Object.create(null);
  for (const [name, value] of entries) bare[name] = value;
  return Object.freeze(bare);
}
