// SPDX-License-Identifier: Apache-2.0
import type { Description } from "@koplamp/protocol";
import type { AggregateAsk, Input, Plan } from "@koplamp/wire";
import { summedColumns } from "./columns.ts";
import { QueryError } from "./errors.ts";

/** Most cells of one sum, all measures together (aggregation.md, section 2). */
const MOST_CELLS = 2 ** 22;

/**
 * Checks a sum by public bounds: every summed column has declared bounds, and there are not too many cells.
 * @throws {QueryError} `no-bounds`, naming the party, or `too-many`.
 */
export function checkSums(ask: AggregateAsk, inputs: readonly Input[], _params: string): void {
  for (const column of summedColumns(ask)) {
    const without = inputs.find(({ bounds }) => !bounds.some((bound) => bound.column === column));
    if (without === undefined) continue;
    const { party } = without;
    throw new QueryError("no-bounds", `${party} declares no min and max for "${column}"`, {
      party,
      hint: "declare them on the column: without bounds a sum could wrap",
    });
  }
  const cells = ask.domain.reduce((product, { values }) => product * values.length, 1) * ask.measures.length;
  if (cells <= MOST_CELLS) return;
  throw new QueryError("too-many", `the question has ${cells} cells, and a sum takes ${MOST_CELLS}`, {
    hint: "group by fewer columns, or list fewer values in `domain`",
  });
}

/** The description of a sum. */
export function describeSum({ protocol }: Plan, _ask: AggregateAsk): Description {
  throw new QueryError("not-yet", `${protocol.id} is not built yet`);
}
