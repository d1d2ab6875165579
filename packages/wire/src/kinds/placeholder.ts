// SPDX-License-Identifier: Apache-2.0
import type { ColumnKind } from "../table.ts";

/** Values that pass every check of their kind and that people fill in when they have none. */
const FILLERS: Readonly<Partial<Record<ColumnKind, readonly string[]>>> = {
  bsn: ["111222333", "123456782", "999999990"],
  rsin: ["111222333", "123456782", "999999990"],
  kvk: ["11111111", "12345678", "99999999"],
  date: ["1800-01-01", "1900-01-01", "1970-01-01", "2099-12-31", "2200-12-31"],
};

/** Words for "none" in columns that take any text. */
const NOTHINGS: readonly string[] = [
  "-",
  "?",
  "geen",
  "n/a",
  "na",
  "nb",
  "none",
  "null",
  "nvt",
  "onbekend",
  "unknown",
  "x",
  "xxx",
];

const WORD_KINDS: readonly ColumnKind[] = ["name-key", "opaque", "category", "person-name", "company-name"];

/** Whether a canonical value looks like a filler. A suspicion for the local report: the value is still used. */
export function looksLikePlaceholder(kind: ColumnKind, value: string): boolean {
  if (WORD_KINDS.includes(kind)) return NOTHINGS.includes(value.toLowerCase());
  return FILLERS[kind]?.includes(value) === true;
}
