// SPDX-License-Identifier: Apache-2.0
// Sums over selected rows: what a plan of them is to its protocol, and what is refused before anything runs.
import {
  distinctSum,
  distinctTerms,
  joinHub,
  joinLayout,
  joinSumPair,
  joinTerms,
  SumError,
} from "@koplamp/aggregate";
import type { Description, PartyId } from "@koplamp/protocol";
import type { AggregateAsk, JoinAsk, Plan } from "@koplamp/wire";
import { DISTINCT, JOIN_HUB, JOIN_PAIR } from "./choices.ts";
import { QueryError } from "./errors.ts";

/** An ask whose rows are selected by their key. */
export type SelectingAsk = JoinAsk | AggregateAsk;

/** The plan's ask, if its protocol sums over selected rows. */
export function selectingAsk({ ask, protocol }: Pick<Plan, "ask" | "protocol">): SelectingAsk | undefined {
  if (![DISTINCT, JOIN_HUB, JOIN_PAIR].some((choice) => choice.protocol === protocol.id)) return undefined;
  return ask.kind === "join-aggregate" || ask.kind === "aggregate" ? ask : undefined;
}

/**
 * The description of sums over selected rows. `quotas`: the most that each party may have evaluated in the epoch, where
 * the coordinator selects.
 * @throws {QueryError} `too-few-parties`, `no-bounds`, `overflow`, `too-many`, or what `checkJoin` throws.
 */
export function describeJoin(
  plan: Plan,
  ask: SelectingAsk,
  quotas: Readonly<Record<PartyId, number>>,
): Description {
  checkJoin(plan); // a node does not take a proposer's word for it
  const { id, params } = plan.protocol;
  return saying(() => {
    const layout = joinLayout(ask, plan.inputs);
    if (id === DISTINCT.protocol)
      return distinctSum.describe({ ...distinctTerms(plan, layout), params, quotas });
    const terms = { ...joinTerms(plan, layout), params };
    if (id === JOIN_HUB.protocol) return joinHub.describe({ ...terms, quotas });
    return joinSumPair.describe(terms);
  });
}

/**
 * What no protocol over selected rows can keep yet. One row more or less changes more than itself there: another party's
 * report takes its place, or leaves it. A plan that says noise all the same would be told without any.
 * @throws {QueryError} `not-yet`.
 */
export function checkJoin({ release }: Pick<Plan, "release">): void {
  if (release.noise === null) return;
  throw new QueryError(
    "not-yet",
    "noise goes into sums over all rows, not into sums over selected ones: there one row can move another party's into a cell or out of it",
    { hint: "leave `release.noise` out, or ask without `distinctBy`" },
  );
}

/** What a protocol cannot do, in the words of a question. */
function saying<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (reason) {
    if (!(reason instanceof SumError)) throw reason;
    const code =
      reason.code === "bounds" ? "no-bounds" : reason.code === "overflow" ? "overflow" : "too-many";
    throw new QueryError(code, reason.message, { hint: reason.hint });
  }
}
