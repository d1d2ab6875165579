// SPDX-License-Identifier: Apache-2.0
// Words of a covenant in both languages, as docs/glossary.md has them.
import type { CovenantParty, DataClass, Period, Text } from "@koplamp/wire";

type Words = { readonly nl: string; readonly en: string };
type Language = "nl" | "en";

export const PART: Readonly<Record<CovenantParty["part"], Words>> = {
  member: { nl: "brengt gegevens in en kan ontvanger zijn", en: "contributes data and may be a recipient" },
  "input-only": { nl: "brengt alleen gegevens in", en: "only contributes data" },
  "result-only": { nl: "ontvangt alleen antwoorden", en: "only receives answers" },
};

export const TASK: Readonly<Record<CovenantParty["task"], Words>> = {
  supervision: { nl: "toezicht", en: "supervision" },
  enforcement: { nl: "handhaving", en: "enforcement" },
  investigation: { nl: "opsporing", en: "criminal investigation" },
  other: { nl: "overig", en: "other" },
};

export const REGIME: Readonly<Record<CovenantParty["regimes"][number], Words>> = {
  avg: { nl: "AVG", en: "GDPR (AVG)" },
  wpg: { nl: "Wpg", en: "police data act (Wpg)" },
  awr: { nl: "AWR", en: "general tax act (AWR)" },
  wwft: { nl: "Wwft", en: "anti-money-laundering act (Wwft)" },
  wgs: { nl: "WGS", en: "data-cooperation act (WGS)" },
  other: { nl: "ander recht", en: "other law" },
};

export const SENSITIVITY: Readonly<Record<DataClass["sensitivity"], Words>> = {
  ordinary: { nl: "gewoon", en: "ordinary" },
  special: { nl: "bijzondere persoonsgegevens", en: "special categories" },
  criminal: { nl: "strafrechtelijke gegevens", en: "criminal data" },
  secret: { nl: "geheim", en: "secret" },
};

/** `a, b and c`, or a word for none. */
export function list(names: readonly string[], lang: Language): string {
  const last = names.at(-1);
  if (last === undefined) return lang === "nl" ? "geen" : "none";
  if (names.length === 1) return last;
  return `${names.slice(0, -1).join(", ")} ${lang === "nl" ? "en" : "and"} ${last}`;
}

/** A number with separators of thousands: 1,383 or 1.383. */
export function numbered(value: number, lang: Language): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, lang === "nl" ? "." : ",");
}

const UNITS: Readonly<Record<string, Readonly<Record<Language, readonly [string, string]>>>> = {
  D: { nl: ["dag", "dagen"], en: ["day", "days"] },
  M: { nl: ["maand", "maanden"], en: ["month", "months"] },
  Y: { nl: ["jaar", "jaar"], en: ["year", "years"] },
};

/** `P90D` as `90 days`, and `once` as the term of one plan. */
export function periodText(period: Period | "once", lang: Language): string {
  if (period === "once") return lang === "nl" ? "één vraag" : "one question";
  const [, number = "", unit = ""] = /^P(\d+)([DMY])$/.exec(period) ?? [];
  const [one = period, more = period] = UNITS[unit]?.[lang] ?? [];
  return `${number} ${number === "1" ? one : more}`.trim();
}

const DAYS: Readonly<Record<string, number>> = { D: 1, M: 30.5, Y: 365.25 };

/** About how many days a period takes, to tell which of two is longer. */
export function daysOf(period: Period): number {
  const [, number = "0", unit = ""] = /^P(\d+)([DMY])$/.exec(period) ?? [];
  return Number(number) * (DAYS[unit] ?? 0);
}

/** Text in one language, or else in the other, marked. */
export function inLanguage(text: Text, lang: "nl" | "en"): string {
  const [own, other] = lang === "nl" ? [text.nl, text.en] : [text.en, text.nl];
  return own ?? `[${lang === "nl" ? "en" : "nl"}] ${other ?? ""}`;
}
