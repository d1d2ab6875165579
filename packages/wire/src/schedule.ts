// SPDX-License-Identifier: Apache-2.0
// When a standing question runs: by its plan alone, so that every node has the same times.
import type { Time } from "./documents/basic-types.ts";
import type { Schedule } from "./documents/types.ts";
import { addPeriod, timeMs, timeText } from "./time.ts";

/**
 * When a run of a standing question is due; the first one is number 0. Months are counted from the first run, so that one
 * on the 31st falls on the last day of shorter months and comes back to the 31st. @throws {WireError} beyond year 9999.
 */
export function dueAt({ every, from }: Schedule, run: number): Time {
  if (run === 0) return from;
  const [unit, count] = [every.slice(-1), run * countOf(every)];
  if (!every.startsWith("PT")) return addPeriod(from, `P${count}${unit}`);
  return timeText(timeMs(from) + count * (unit === "H" ? 60 : 1) * MINUTE_MS);
}

/** The number in a period. */
export function countOf(every: string): number {
  return Number(every.replaceAll(/[A-Z]/g, ""));
}

const MINUTE_MS = 60_000;

/** When a standing question has run for the last time. */
export function lastDue(schedule: Schedule): Time {
  return dueAt(schedule, schedule.runs - 1);
}
