// SPDX-License-Identifier: Apache-2.0
// Parts and other forms of canonical values, as keys of their own: what two registers may agree on where they do not
// agree on the whole.
import type { DerivedText } from "../table.ts";
import { withoutParticles } from "./particles.ts";
import { skeletonOf } from "./skeleton.ts";

/** The rules that take one column and nothing else. */
export const TEXT_RULES: readonly Exclude<DerivedText["rule"], "first" | "sorted">[] = [
  "bare",
  "consonants",
  "year",
  "year-month",
  "month-day",
];

/** The derived value of canonical values, one for each column that it is made of; nothing where nothing is left. */
export function derivedText(derive: DerivedText, values: readonly string[]): string | null {
  const text = formed(derive, values);
  return text === "" ? null : text;
}

function formed({ rule, letters = 0 }: DerivedText, values: readonly string[]): string {
  const [value = ""] = values;
  if (rule === "first") return Array.from(value.replaceAll(" ", "")).slice(0, letters).join("");
  if (rule === "sorted") return values.join(" ").split(" ").sort().join(" ");
  if (rule === "bare") return withoutParticles(value);
  if (rule === "consonants") return skeletonOf(value);
  if (rule === "year") return value.slice(0, 4);
  return rule === "year-month" ? value.slice(0, 7) : value.slice(5);
}

/** A rule in words: parties that declare a column of the same name must mean the same by it. */
export function derivedTextUnit({ rule, letters }: DerivedText): string {
  return rule === "first" ? `first ${letters} letters` : UNITS[rule];
}

const UNITS: Readonly<Record<Exclude<DerivedText["rule"], "first">, string>> = {
  sorted: "words in order",
  bare: "without particles",
  consonants: "consonants",
  year: "year",
  "year-month": "year and month",
  "month-day": "month and day",
};
