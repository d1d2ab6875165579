// SPDX-License-Identifier: Apache-2.0
// Money that comes back to where it came from, for people.
import { circlesIn, type FlowCell } from "@koplamp/sdk";
import type { PlainSums } from "./answer.ts";
import { UsageError } from "./errors.ts";
import { resultTable } from "./result-table.ts";
import { counted, grouped } from "./table.ts";

/** Money that comes back by way of two other places, a line each. @throws {UsageError} where the result is no flow. */
export function circleLines(result: PlainSums, times: number): readonly string[] {
  const { flow } = result;
  const table = resultTable(result);
  const at = table.measures.findIndex((measure) => measure.startsWith("sum("));
  if (flow === undefined || at < 0)
    throw new UsageError("circles are of a flow with a sum", "ask: { flow: { origin, destination }, … }");
  const place = (column: string | undefined): number => table.groups.indexOf(column ?? "");
  const [from, to, when] = [place(flow.origin), place(flow.destination), place(flow.period)];
  const cells = table.rows.map(({ group, values }): FlowCell => {
    const ends = { from: group[from] ?? "", to: group[to] ?? "", period: group[when] ?? "" };
    return values[at] === undefined ? ends : { ...ends, value: Number(values[at]) };
  });
  const circles = circlesIn(cells, times);
  const hidden = cells.filter(({ value }) => value === undefined).length;
  const withheld = hidden + (table.others?.rows ?? 0);
  return [
    `circles of three places, each flow ${counted(times, "time")} the median of its period or more: ${grouped(circles.length)}`,
    ...circles.map(({ places, period, least }) => {
      const [first] = places;
      const round = [...places, first].join(" → ");
      return `  ${period === "" ? "" : `${period}   `}${round}   ${grouped(least)} or more on each`;
    }),
    ...(withheld === 0 ? [] : [`not looked at: ${counted(withheld, "flow")}, withheld`]),
    "a circle is a lead: it says nothing about any account",
  ];
}
