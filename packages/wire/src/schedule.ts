// SPDX-License-Identifier: Apache-2.0
// When a standing question runs: by its plan alone, so that every node has the same times.
import type { Schedule, Time } from "./documents/types.ts";
import { addPeriod } from "./time.ts";

/**
 * When a run of a standing question is due; the first one is number 0. Months are counted from the first run, so that one
 * on the 31st falls on the last day of shorter months and comes back to the 31st. @throws {WireError} beyond year 9999.
 */
export function dueAt({ every, from }: Schedule, run: number): Time {
  if (run === 0) return from;
  const unit = every.slice(-1);
  return addPeriod(from, `P${run * Number(every.slice(1, -1))}${unit}`);
}

/** When a standing question has run for the last time. */
export function lastDue(schedule: Schedule): Time {
  return dueAt(schedule, schedule.runs - 1);
}
