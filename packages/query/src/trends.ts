// SPDX-License-Identifier: Apache-2.0
// Trends: a sum over time, and what is told of it.
import { alarmBlind, alarmsPerCell, alarmTests, isLinear, SumError, stepOf } from "@koplamp/aggregate";
import type { Description, Item, PartyId, View } from "@koplamp/protocol";
import { type Ask, cubeOfTrend, type Input, type Plan, type TrendAsk } from "@koplamp/wire";
import { BLIND_ALARMS, SUMS } from "./choices.ts";
import { QueryError } from "./errors.ts";
import { checkSums, describeSum, type SumTerms } from "./sums.ts";

/** Months of a year. */
const YEAR = 12;

/**
 * Checks a trend by public bounds: as a sum, and that its tests mean what they say: periods are evenly apart, and there
 * are more of them than a test looks back on.
 * @throws {QueryError} `invalid-value`, or as {@link checkSums}.
 */
export function checkTrend(ask: TrendAsk, inputs: readonly Input[], terms: SumTerms): void {
  checkMonths(ask, inputs);
  checkPeriods(ask);
  const params = terms.params === BLIND_ALARMS.params ? SUMS.params : terms.params; // the same numbers, opened nowhere
  checkSums(cubeOfTrend(ask), inputs, { ...terms, params, each: true });
}

/**
 * Whether alarms can be told by the blind gate: rules linear in the data, for one recipient, without rules for cells that
 * look at single parts, and within what its words hide.
 */
export function canBeBlind(
  ask: Ask,
  inputs: readonly Input[],
  { release, recipients }: Pick<Plan, "release"> & { readonly recipients: readonly PartyId[] },
): boolean {
  if (ask.kind !== "trend" || !isLinear(ask) || recipients.length !== 1 || release.dominance !== undefined)
    return false;
  try {
    alarmTests(ask, inputs, release);
    return true;
  } catch (reason) {
    if (reason instanceof SumError) return false; // the recipient's node can reckon with larger numbers, and says so
    throw reason;
  }
}

/** The description of a trend. */
export function describeTrend(plan: Plan, ask: TrendAsk): Description {
  checkMonths(ask, plan.inputs);
  checkPeriods(ask);
  if (plan.protocol.id === alarmBlind.id) return describeBlind(plan, ask);
  const sums = describeSum(plan, cubeOfTrend(ask));
  return ask.reveal === "series" ? withAlarms(sums, ask) : alarmsOnly(sums, ask);
}

function describeBlind({ inputs, recipients, release }: Plan, ask: TrendAsk): Description {
  const tests = alarmTests(ask, inputs, release);
  return alarmBlind.describe({
    contributors: inputs.map(({ party }) => party).sort(),
    recipient: recipients[0]?.party ?? "",
    cells: tests.groups * tests.periods,
    alarmsPerCell: alarmsPerCell(tests),
  });
}

function checkMonths({ period }: TrendAsk, inputs: readonly Input[]): void {
  const other = inputs.find(({ columns, kinds }) => kinds[columns.indexOf(period)] !== "month");
  if (other === undefined) return;
  const { party, columns, kinds } = other;
  const kind = kinds[columns.indexOf(period)] ?? "absent";
  throw new QueryError("wrong-kind", `the period "${period}" is of kind ${kind} at ${party}, not month`, {
    party,
    hint: "a period is a month (YYYY-MM): declare the column so",
  });
}

function checkPeriods({ domain, period, alarm }: TrendAsk): void {
  const periods = domain.at(-1)?.values ?? [];
  const step = stepOf(periods);
  const seasonal = alarm.rule === "seasonal";
  if (step === 0 || (seasonal && YEAR % step !== 0)) {
    const expected = seasonal
      ? "months a whole part of a year apart"
      : "months, each as long after the one before";
    throw new QueryError("invalid-value", `expected ${expected} in the domain of "${period}"`, {
      hint: "list every period from first to last: a gap would make a test look further back than it says",
    });
  }
  const before = "window" in alarm ? alarm.window * (seasonal ? YEAR / step : 1) : 0;
  if (before < periods.length) return;
  const message = `a test looks back on ${before} periods, and "${period}" has ${periods.length}: none would be tested`;
  throw new QueryError("invalid-value", message, { hint: "list more periods, or take a smaller window" });
}

/** Whoever gets the series has its alarms too. */
function withAlarms(sums: Description, ask: TrendAsk): Description {
  return {
    ...sums,
    views: sums.views.map((view) => {
      const cells = view.learns.filter(({ fact }) => fact === "cell");
      return { ...view, learns: [...view.learns, ...cells.map((cell) => alarmsOf(cell, ask))] };
    }),
  };
}

/**
 * A recipient is told which periods raise an alarm. Its node opens the whole series to find out: that its software shows
 * nothing of it is something that other software could do otherwise.
 */
function alarmsOnly(sums: Description, ask: TrendAsk): Description {
  return {
    ...sums,
    disclosures: sums.disclosures.map((line) => ({ ...line, output: ALARMS })),
    outputs: sums.outputs.map(({ to, item }) => ({ id: ALARMS, to, item: alarmsOf(item, ask) })),
    views: sums.views.map(({ who, learns, atMost }): View => {
      const cells = learns.filter(({ fact }) => fact === "cell");
      const rest = learns.filter((item) => !cells.includes(item));
      return {
        who,
        learns: [...rest, ...cells.map((cell) => alarmsOf(cell, ask))],
        atMost: [...atMost, ...cells.map((cell) => ({ ...cell, because: IN_MEMORY }))],
      };
    }),
  };
}

const ALARMS = "alarms";
const IN_MEMORY =
  "its node holds the whole series in memory, small cells too, and shows nothing but alarms (gate: node)";

/** One bit for every period of every group. */
function alarmsOf({ about, bound }: Item, { alarm }: TrendAsk): Item {
  return { fact: "alarm", about, bound, because: `by the rule ${alarm.rule}, at its own node` };
}
