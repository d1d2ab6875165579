// SPDX-License-Identifier: Apache-2.0
// Values that are compared, grouped or summed as they are: dates, months, numbers, words.

import { utf8 } from "../text.ts";
import { isDay } from "../time.ts";
import { accept, type Canonical, type Reader, reject } from "./canonical.ts";

const MOST_BYTES = 256;
const DAY = String.raw`(?<day>\d{1,2})`;
const MONTH = String.raw`(?<month>\d{1,2})`;

/** How a column may write its days, besides `YYYY-MM-DD`. `D` and `M` may have one digit or two. */
const DATE_PATTERNS: ReadonlyMap<string, RegExp> = new Map([
  ["YYYY-MM-DD", /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)$/],
  ["YYYYMMDD", /^(?<year>\d{4})(?<month>\d\d)(?<day>\d\d)$/],
  ["YYYY/MM/DD", /^(?<year>\d{4})\/(?<month>\d\d)\/(?<day>\d\d)$/],
  ["DD-MM-YYYY", /^(?<day>\d\d)-(?<month>\d\d)-(?<year>\d{4})$/],
  ["DD/MM/YYYY", /^(?<day>\d\d)\/(?<month>\d\d)\/(?<year>\d{4})$/],
  ["DD.MM.YYYY", /^(?<day>\d\d)\.(?<month>\d\d)\.(?<year>\d{4})$/],
  ["MM/DD/YYYY", /^(?<month>\d\d)\/(?<day>\d\d)\/(?<year>\d{4})$/],
  ["D-M-YYYY", new RegExp(String.raw`^${DAY}-${MONTH}-(?<year>\d{4})$`)],
  ["D/M/YYYY", new RegExp(String.raw`^${DAY}/${MONTH}/(?<year>\d{4})$`)],
  ["D.M.YYYY", new RegExp(String.raw`^${DAY}\.${MONTH}\.(?<year>\d{4})$`)],
  ["M/D/YYYY", new RegExp(String.raw`^${MONTH}/${DAY}/(?<year>\d{4})$`)],
]);

const MONTH_PATTERNS: ReadonlyMap<string, RegExp> = new Map([
  ["YYYY-MM", /^(?<year>\d{4})-(?<month>\d\d)$/],
  ["YYYYMM", /^(?<year>\d{4})(?<month>\d\d)$/],
  ["YYYY/MM", /^(?<year>\d{4})\/(?<month>\d\d)$/],
  ["MM-YYYY", /^(?<month>\d\d)-(?<year>\d{4})$/],
  ["MM/YYYY", /^(?<month>\d\d)\/(?<year>\d{4})$/],
  ["M-YYYY", new RegExp(String.raw`^${MONTH}-(?<year>\d{4})$`)],
  ["M/YYYY", new RegExp(String.raw`^${MONTH}/(?<year>\d{4})$`)],
]);

/** The values of `format` for a column of kind `date`. */
export const DATE_FORMATS: readonly string[] = [...DATE_PATTERNS.keys()];

/** The values of `format` for a column of kind `month`. */
export const MONTH_FORMATS: readonly string[] = [...MONTH_PATTERNS.keys()];

/** A day of the Gregorian calendar, 1800 to 2200, as `YYYY-MM-DD`. Other forms only through the column's `format`. */
export const readDate: Reader = (text, { format }) => {
  const parts = calendarParts(text, DATE_PATTERNS, "YYYY-MM-DD", format);
  if (parts === undefined) return reject("format");
  const { year, month, day = "" } = parts;
  if (!isDay(Number(year), Number(month), Number(day))) return reject("calendar");
  return ranged(text, Number(year), `${year}-${month}-${day}`);
};

/** A month as `YYYY-MM`, 1800 to 2200. Other forms only through the column's `format`. */
export const readMonth: Reader = (text, { format }) => {
  const parts = calendarParts(text, MONTH_PATTERNS, "YYYY-MM", format);
  if (parts === undefined) return reject("format");
  const { year, month } = parts;
  if (!isDay(Number(year), Number(month), 1)) return reject("calendar");
  return ranged(text, Number(year), `${year}-${month}`);
};

interface CalendarParts {
  readonly year: string;
  readonly month: string;
  readonly day?: string;
}

function calendarParts(
  text: string,
  patterns: ReadonlyMap<string, RegExp>,
  canonical: string,
  format: string = canonical,
): CalendarParts | undefined {
  const found = patterns.get(canonical)?.exec(text) ?? patterns.get(format)?.exec(text);
  if (found?.groups === undefined) return undefined;
  const { year = "", month = "", day } = found.groups;
  const parts = { year, month: month.padStart(2, "0") };
  return day === undefined ? parts : { ...parts, day: day.padStart(2, "0") };
}

function ranged(text: string, year: number, value: string): Canonical {
  return year < 1800 || year > 2200 ? reject("range") : accept(value, { folded: value !== text });
}

/** A whole number as canonical decimal digits, at most 2^53 - 1 either way. */
export const readInteger: Reader = (text) => {
  const found = /^([+-]?)0*([0-9]+)$/.exec(text);
  if (found === null) return reject("format");
  const digits = found[2] ?? "";
  const value = found[1] === "-" && digits !== "0" ? `-${digits}` : digits;
  if (digits.length > 16 || !Number.isSafeInteger(Number(value))) return reject("range");
  return accept(value, { folded: value !== text });
};

/** `true` or `false`, and no other word for them. */
export const readBoolean: Reader = (text) =>
  text === "true" || text === "false" ? accept(text) : reject("format");

/** Any text in composed form (Unicode normal form C), 1 to 256 bytes, compared byte for byte. */
export const readWord: Reader = (text) => {
  const value = text.normalize("NFC").trim();
  return utf8(value).length > MOST_BYTES ? reject("length") : accept(value, { folded: value !== text });
};
