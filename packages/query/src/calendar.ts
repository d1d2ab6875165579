// SPDX-License-Identifier: Apache-2.0
// Days of the Gregorian calendar as integers: a pure package has no clock and no Date.

const DAY = 86_400_000;
/** Days from 0000-03-01 to 1970-01-01 in the proleptic Gregorian calendar. */
const EPOCH = 719_468;

/** The number of days from 1970-01-01 to a day. Months count from 1. */
export function dayNumber(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year; // the year begins in March, so that the leap day is its last
  const inYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const leaps = Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400);
  return shifted * 365 + leaps + inYear - EPOCH;
}

/** A day as `YYYY-MM-DD`. */
export function dayText(days: number): string {
  const shifted = days + EPOCH;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const year = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const march = Math.floor((5 * ofYear + 2) / 153);
  const day = ofYear - Math.floor((153 * march + 2) / 5) + 1;
  const month = march < 10 ? march + 3 : march - 9;
  return `${pad(era * 400 + year + (month <= 2 ? 1 : 0), 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

/** The day number of `YYYY-MM-DD`, or undefined when there is no such day. */
export function dayOf(text: string): number | undefined {
  const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (found === null) return undefined;
  const days = dayNumber(Number(found[1]), Number(found[2]), Number(found[3]));
  return dayText(days) === text ? days : undefined;
}

/** The first instant after a day, as `Time`: "until the end of that day, UTC". */
export function endOfDay(days: number): string {
  return `${dayText(days + 1)}T00:00:00Z`;
}

/** The day in which an instant (milliseconds since 1970) lies. */
export function dayAt(now: number): number {
  return Math.floor(now / DAY);
}

/** The instant as `YYYY-MM-DDThh:mm:ssZ`, cut to the second. */
export function instant(now: number): string {
  const seconds = Math.floor(now / 1000) - dayAt(now) * 86_400;
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) =>
    pad(part, 2),
  );
  return `${dayText(dayAt(now))}T${clock.join(":")}Z`;
}

/** The ISO 8601 week of a day: `2026-W48`. The week's year is that of its Thursday. */
export function isoWeek(days: number): string {
  const weekday = (((days + 3) % 7) + 7) % 7; // 1970-01-01 was a Thursday; Monday is 0
  const thursday = days - weekday + 3;
  const year = Number(dayText(thursday).slice(0, 4));
  const week = Math.floor((thursday - dayNumber(year, 1, 1)) / 7) + 1;
  return `${pad(year, 4)}-W${pad(week, 2)}`;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, "0");
}
