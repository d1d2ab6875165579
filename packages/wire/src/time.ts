// SPDX-License-Identifier: Apache-2.0
// Instants and days as integers: a pure package has no clock and no Date.
import type { Period, Time } from "./documents/basic-types.ts";
import { WireError } from "./errors.ts";

const DAY_MS = 86_400_000;
/** Days from 0000-03-01 to 1970-01-01 in the proleptic Gregorian calendar. */
const EPOCH_DAYS = 719_468;
/** Days in 400 years. */
const ERA_DAYS = 146_097;
const LAST_MS = 253_402_300_799_999;
const FIRST_MS = -62_167_219_200_000;

interface CalendarDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Whether the Gregorian calendar has such a day. Months and days count from 1. */
export function isDay(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
}

/** An instant in milliseconds since 1970 as `YYYY-MM-DDThh:mm:ssZ`, cut to the second. @throws {WireError} outside the years 0 to 9999. */
export function timeText(ms: number): Time {
  if (!Number.isFinite(ms) || ms < FIRST_MS || ms > LAST_MS)
    throw new WireError("invalid-time", "expected an instant between the years 0 and 9999");
  const days = Math.floor(ms / DAY_MS);
  const seconds = Math.floor((ms - days * DAY_MS) / 1000);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) =>
    pad(part, 2),
  );
  return `${dayText(dayOf(days))}T${clock.join(":")}Z`;
}

/** Milliseconds since 1970 of an instant. @throws {WireError} when the text is no `Time`. */
export function timeMs(time: Time): number {
  const found = /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)Z$/.exec(time);
  const [year, month, day, hours, minutes, seconds] = (found ?? []).slice(1).map(Number);
  if (year === undefined || month === undefined || day === undefined || !isDay(year, month, day))
    throw new WireError("invalid-time", "expected an instant as YYYY-MM-DDThh:mm:ssZ");
  const clock = ((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0);
  return dayNumber({ year, month, day }) * DAY_MS + clock * 1000;
}

/** Whether a text is a real instant in the form `YYYY-MM-DDThh:mm:ssZ`. */
export function isTime(text: string): boolean {
  try {
    timeMs(text);
    return true;
  } catch {
    return false; // the only error is that it is none
  }
}

/** Whether a text is a duration of whole days, months or years (`P14D`, `P6M`, `P5Y`). */
export function isPeriod(text: string): boolean {
  return /^P[1-9]\d{0,3}[DMY]$/.test(text);
}

/** Whether a text says how often something runs: a period, or so many minutes or hours, 15 minutes at least (`PT15M`, `PT1H`). */
export function isCadence(text: string): boolean {
  const found = /^PT([1-9]\d{0,3})([MH])$/.exec(text);
  return found === null ? isPeriod(text) : found[2] === "H" || Number(found[1]) >= 15;
}

/**
 * The instant one period later, at the same time of day. Months and years keep the day of the month, or take the last
 * one where the month is shorter. @throws {WireError} when either is not of its form.
 */
export function addPeriod(time: Time, period: Period): Time {
  const ms = timeMs(time);
  if (!isPeriod(period)) throw new WireError("invalid-time", "expected a period as P<number>D, M or Y");
  const count = Number(period.slice(1, -1));
  if (period.endsWith("D")) return timeText(ms + count * DAY_MS);
  const days = Math.floor(ms / DAY_MS);
  const { year, month, day } = dayOf(days);
  const months = year * 12 + month - 1 + (period.endsWith("Y") ? 12 * count : count);
  const [toYear, toMonth] = [Math.floor(months / 12), (months % 12) + 1];
  const target = dayNumber({ year: toYear, month: toMonth, day: Math.min(day, daysIn(toYear, toMonth)) });
  return timeText(ms + (target - days) * DAY_MS);
}

/**
 * The first instant of the period in which another lies, when periods follow each other without a gap: days from the
 * first of January 1970, months and years from the year 0, so that a calendar year is one period of `P1Y`.
 * @throws {WireError} when either is not of its form.
 */
export function periodStart(time: Time, period: Period): Time {
  if (!isPeriod(period)) throw new WireError("invalid-time", "expected a period as P<number>D, M or Y");
  const count = Number(period.slice(1, -1));
  const days = Math.floor(timeMs(time) / DAY_MS);
  if (period.endsWith("D")) return timeText(Math.floor(days / count) * count * DAY_MS);
  const { year, month } = dayOf(days);
  const length = period.endsWith("Y") ? 12 * count : count;
  const months = Math.floor((year * 12 + month - 1) / length) * length;
  return timeText(dayNumber({ year: Math.floor(months / 12), month: (months % 12) + 1, day: 1 }) * DAY_MS);
}

/** The ISO 8601 week in which an instant lies, e.g. `2026-W47`. The week's year is that of its Thursday. */
export function isoWeek(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  const weekday = (((days + 3) % 7) + 7) % 7; // 1970-01-01 was a Thursday; Monday is 0
  const thursday = days - weekday + 3;
  const { year } = dayOf(thursday);
  const week = Math.floor((thursday - dayNumber({ year, month: 1, day: 1 })) / 7) + 1;
  return `${pad(year, 4)}-W${pad(week, 2)}`;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Days from 1970-01-01 to a day of the calendar. */
function dayNumber({ year, month, day }: CalendarDay): number {
  const shifted = month <= 2 ? year - 1 : year; // the year begins in March, so that the leap day is its last
  const inYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const leaps = Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400);
  return shifted * 365 + leaps + inYear - EPOCH_DAYS;
}

/** The day of the calendar that lies so many days after 1970-01-01. */
function dayOf(days: number): CalendarDay {
  const shifted = days + EPOCH_DAYS;
  const era = Math.floor(shifted / ERA_DAYS);
  const ofEra = shifted - era * ERA_DAYS;
  const leaps = Math.floor(ofEra / 1460) - Math.floor(ofEra / 36_524) + Math.floor(ofEra / 146_096);
  const yearOfEra = Math.floor((ofEra - leaps) / 365);
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const march = Math.floor((5 * ofYear + 2) / 153);
  const month = march < 10 ? march + 3 : march - 9;
  return {
    year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0),
    month,
    day: ofYear - Math.floor((153 * march + 2) / 5) + 1,
  };
}

function dayText({ year, month, day }: CalendarDay): string {
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, "0");
}
