// SPDX-License-Identifier: Apache-2.0
import { type Covenant, isoWeek, timeText } from "@koplamp/wire";
import { QueryError } from "./errors.ts";
import type { Question } from "./question.ts";

/**
 * The period for which the key of a match lives, as text that goes into every evaluation: a day, an ISO week
 * (`2026-W48`), a month, a year, or one plan. The shortest that the covenant names for the parties and the purpose;
 * a week where it names none.
 */
export function epochOf({ id: plan, purpose, sources }: Question, { quotas }: Covenant, now: number): string {
  const parties = sources.map(({ party }) => party);
  const periods = quotas
    .filter(({ purpose: id, holder }) => id === purpose && (holder === "*" || parties.includes(holder)))
    .map(({ epoch }) => epoch);
  const known = ["once", "P1D", "P7D", "P1M", "P1Y"];
  const stranger = periods.find((period) => !known.includes(period));
  if (stranger !== undefined) {
    throw new QueryError(
      "invalid-value",
      `expected a quota's epoch of ${known.join(", ")}, got ${stranger}`,
      {
        hint: "amend the covenant",
      },
    );
  }
  const shortest = known.find((period) => periods.includes(period)) ?? "P7D";
  return textOf(shortest, plan, now);
}

function textOf(period: string, plan: string, now: number): string {
  const day = timeText(now).slice(0, 10);
  if (period === "once") return `once:${plan}`;
  if (period === "P1D") return day;
  if (period === "P1M") return day.slice(0, 7);
  return period === "P1Y" ? day.slice(0, 4) : isoWeek(now);
}
