// SPDX-License-Identifier: Apache-2.0
// Standing questions: approved once, run so many times on the data as they are then.
import {
  type Ask,
  addPeriod,
  type Covenant,
  countOf,
  dueAt,
  isCadence,
  isTime,
  keyOf,
  lastDue,
  type Schedule,
  type Text,
  type Time,
  timeText,
} from "@koplamp/wire";
import { QueryError } from "./errors.ts";
import { integerOf, mapOf, required, textOf } from "./yaml-fields.ts";
import { failAt, type YamlValue } from "./yaml-source.ts";

const MOST_RUNS = 1000;

/** Reads `schedule: { every: P1M, runs: 12, from: 2026-12-01 }`. The first run is due when its day begins, UTC. */
export function readSchedule(value: YamlValue): Schedule {
  const map = mapOf(value, ["every", "runs", "from"]);
  const [everyAt, fromAt] = [required(map, "every", "P1D, P1M, P3M, P1Y …"), required(map, "from", "a day")];
  const [every, from] = [textOf(everyAt, 8), `${textOf(fromAt, 10)}T00:00:00Z`];
  const runs = integerOf(
    required(map, "runs", "how many runs in all"),
    2,
    MOST_RUNS,
    "ask again once they have run",
  );
  if (!isCadence(every) || (runs - 1) * countOf(every) > 9999) {
    const hint = "PT1H is every hour, P1D every day, P7D every week, P1M every month, P1Y every year";
    throw failAt(
      everyAt,
      "invalid-value",
      `expected a period as P<number>D, M or Y, or PT<number>H or M (15 at least), in "${everyAt.path}"`,
      hint,
    );
  }
  if (isTime(from)) return { every, runs, from };
  throw failAt(fromAt, "invalid-value", `expected a day (YYYY-MM-DD) in "${fromAt.path}"`);
}

/** What decides whether a standing question can be asked. */
export interface ScheduleTerms {
  readonly ask: Ask;
  readonly expires: Time;
  readonly covenant: Covenant;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Checks that every run can be what was approved: sums of rows or registers of interests, all due before the question expires, and none so late that
 * what it rests on has been erased.
 * @throws {QueryError} `not-yet`, `expired` or `invalid-value`.
 */
export function checkSchedule(schedule: Schedule, { ask, expires, covenant, now }: ScheduleTerms): void {
  const ofInterests = ask.kind === "lookup" && ask.interests !== undefined;
  if (!ofInterests && ((ask.kind !== "aggregate" && ask.kind !== "trend") || keyOf(ask).length > 0)) {
    throw new QueryError(
      "not-yet",
      `a question of kind "${ask.kind}" over keys cannot run on a schedule yet`,
      {
        hint: "kind: aggregate without distinctBy, kind: trend and kind: deconflict can",
      },
    );
  }
  const last = lastDue(schedule);
  if (last >= expires) {
    throw new QueryError(
      "expired",
      `the last run is due at ${last}, and the question expires at ${expires}`,
      {
        hint: "give a later day in `expires`, or fewer runs",
      },
    );
  }
  const { results, salts } = covenant.retention;
  const kept = [addPeriod(schedule.from, results), addPeriod(schedule.from, salts)].sort()[0] ?? "";
  const waits = [addPeriod(timeText(now), results), addPeriod(timeText(now), salts)].sort()[0] ?? "";
  if (dueAt(schedule, 1) >= kept || schedule.from >= waits) {
    const message = `between two runs the covenant would have the question erased: it keeps results for ${results}`;
    throw new QueryError("invalid-value", message, { hint: "let it run more often, or ask each time" });
  }
}

/** What a contract says of a standing question, after what one run tells. */
export function scheduleText({ every, runs, from }: Schedule): Text {
  const day = from.slice(0, 10);
  return {
    nl: ` Dit gaat ${runs} keer, ${everyText(every).nl} vanaf ${day}, telkens over de gegevens van dat moment, op deze ene goedkeuring; wie die intrekt beëindigt de reeks.`,
    en: ` This runs ${runs} times, ${everyText(every).en} from ${day}, each time over the data as they are then, on this one approval; whoever takes it back ends the series.`,
  };
}

function everyText(every: string): Readonly<Record<"nl" | "en", string>> {
  const count = countOf(every);
  const [nl, en, more] = UNITS[every.replaceAll(/[P0-9]/g, "")] ?? ["", "", ""];
  return count === 1
    ? { nl: `elke ${nl}`, en: `every ${en}` }
    : { nl: `elke ${count} ${more}`, en: `every ${count} ${en}s` };
}

const UNITS: Readonly<Record<string, readonly [nl: string, en: string, more: string]>> = {
  TM: ["minuut", "minute", "minuten"],
  TH: ["uur", "hour", "uur"],
  D: ["dag", "day", "dagen"],
  M: ["maand", "month", "maanden"],
  Y: ["jaar", "year", "jaar"],
};
