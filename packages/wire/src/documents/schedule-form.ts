// SPDX-License-Identifier: Apache-2.0
import { z } from "zod";
import { countOf, lastDue } from "../schedule.ts";
import { isCadence } from "../time.ts";
import { type Ask, keyOf } from "./asks.ts";
import { time } from "./fields.ts";
import type { Plan, Schedule } from "./types.ts";

/** Most runs of a standing question. */
const MOST_RUNS = 1000;
/** The most that a period can count. */
const MOST_COUNT = 9999;

/** How often a standing question runs, as documents state it. */
export const scheduleForm: z.ZodType<Schedule> = z
  .strictObject({
    every: z.string().refine(isCadence, "expected a period, or minutes or hours: 15 minutes at least"),
    runs: z
      .int("expected a count")
      .min(2, "expected at least 2")
      .max(MOST_RUNS, `expected at most ${MOST_RUNS}`),
    from: time,
  })
  .refine(({ every, runs }) => (runs - 1) * countOf(every) <= MOST_COUNT, {
    message: "expected fewer runs, or a longer unit",
    path: ["runs"],
  });

/**
 * Whether a plan runs once, or so often that all runs are due before it expires, and of sums of rows or interests only: then
 * nothing of one run can be compared with the next.
 */
export function isStandable({ schedule, expires, ask }: Pick<Plan, "schedule" | "expires" | "ask">): boolean {
  return schedule === null || (isOfRows(ask) && endsBefore(schedule, expires));
}

function isOfRows(ask: Ask): boolean {
  if (ask.kind === "lookup") return ask.interests !== undefined; // under a fresh key each time
  return (ask.kind === "aggregate" || ask.kind === "trend") && keyOf(ask).length === 0;
}

function endsBefore(schedule: Schedule, expires: string): boolean {
  try {
    return lastDue(schedule) < expires;
  } catch {
    return false; // no period, which has an issue of its own, or beyond the year 9999
  }
}
