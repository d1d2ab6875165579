// SPDX-License-Identifier: Apache-2.0
import {
  type CubeLayout,
  cubeLayout,
  FEWEST_CONTRIBUTORS,
  MOST_CONTRIBUTORS,
  SumError,
  type SumErrorCode,
  sumMasked,
  summedColumns,
  sumThreshold,
} from "@koplamp/aggregate";
import type { Description } from "@koplamp/protocol";
import { type AggregateAsk, type Ask, cubeOfTrend, type Input, keyOf, type Plan } from "@koplamp/wire";
import { QueryError, type QueryErrorCode } from "./errors.ts";

/** What decides how a question is summed. */
export interface SumTerms {
  readonly params: string;
  readonly release: Plan["release"];
  /** Present where something is made of all cells. */
  readonly each?: true;
}

/**
 * Checks a sum by public bounds: there are parties enough, every summed column has declared bounds, no sum can wrap, and
 * there are not too many cells.
 * @throws {QueryError} `too-few-parties`, `no-bounds`, naming the party, `overflow` or `too-many`.
 */
export function checkSums(ask: AggregateAsk, inputs: readonly Input[], terms: SumTerms): void {
  if (inputs.length < FEWEST_CONTRIBUTORS) {
    throw new QueryError("too-few-parties", "a sum takes at least two parties, and one was named", {
      hint: "the sum of a single party is that party's own figure",
    });
  }
  if (inputs.length > MOST_CONTRIBUTORS) {
    throw new QueryError(
      "too-many",
      `a sum takes at most ${MOST_CONTRIBUTORS} parties, got ${inputs.length}`,
    );
  }
  for (const column of summedColumns(ask)) {
    const without = inputs.find(({ bounds }) => !bounds.some((bound) => bound.column === column));
    if (without === undefined) continue;
    const { party } = without;
    throw new QueryError("no-bounds", `${party} declares no min and max for "${column}"`, {
      party,
      hint: "declare them on the column: without bounds a sum could wrap",
    });
  }
  layoutOf(ask, inputs, terms);
}

/** Whether a sum has more numbers than one session takes; of other questions, and of sums that cannot be, it has not. */
export function passesSession(ask: Ask, inputs: readonly Input[], terms: SumTerms): boolean {
  const cube = ask.kind === "trend" ? cubeOfTrend(ask) : ask;
  if (cube.kind !== "aggregate" || keyOf(ask).length > 0) return false;
  try {
    cubeLayout({ ...terms, ask: cube, inputs, ...(ask.kind === "trend" ? { each: true } : {}) });
    return false;
  } catch (reason) {
    if (reason instanceof SumError) return reason.code === "too-large";
    throw reason;
  }
}

/** The description of a sum. */
export function describeSum(plan: Plan, ask: AggregateAsk): Description {
  const { inputs, recipients, protocol, release } = plan;
  const { params } = protocol;
  const each = plan.ask.kind === "trend" ? { each: true as const } : {};
  const { cells, columns } = layoutOf(ask, inputs, { params, release, ...each });
  const { describe } = protocol.id === sumMasked.id ? sumMasked : sumThreshold;
  return describe({
    contributors: inputs.map(({ party }) => party),
    recipients: recipients.map(({ party }) => party),
    params,
    cells,
    columns: columns.length,
    ...(release.noise === null ? {} : { rhoMicro: release.noise.rhoMicro }),
    ...(release.dominance === undefined ? {} : { parts: true }),
  });
}

const CODES: Readonly<Partial<Record<SumErrorCode, QueryErrorCode>>> = {
  overflow: "overflow",
  noise: "invalid-value",
};

function layoutOf(ask: AggregateAsk, inputs: readonly Input[], terms: SumTerms): CubeLayout {
  try {
    return cubeLayout({ ...terms, ask, inputs });
  } catch (reason) {
    if (!(reason instanceof SumError)) throw reason;
    throw new QueryError(CODES[reason.code] ?? "too-many", reason.message, { hint: reason.hint });
  }
}
