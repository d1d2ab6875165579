// SPDX-License-Identifier: Apache-2.0
// What follows from the cells of a result, for people.
import { counted, grouped } from "./table.ts";

/** A statistic of a table as it stands in JSON. */
export interface PlainStatistic {
  readonly statistic: string;
  readonly group: Readonly<Record<string, string>>;
  readonly value?: string;
  readonly degrees?: number;
  readonly withheld?: string | readonly string[];
}

/** What a result says beside its cells. */
interface Beside {
  readonly statistics?: readonly PlainStatistic[];
  readonly precision?: Readonly<Record<string, string>>;
}

/** Statistics of the table, a line each, and how exact decimals are. */
export function statisticLines({ statistics = [], precision = {} }: Beside): readonly string[] {
  const said = Object.entries(precision).map(([measure, digits]) => `${measure}: ${digits}`);
  return [
    ...statistics.map(({ statistic, group, value, degrees, withheld }) => {
      const where = Object.values(group).join(" · ");
      const told =
        value === undefined
          ? `withheld, as cells are: ${[withheld ?? []].flat().join(", ")}`
          : `${grouped(value)}${degrees === undefined ? "" : `, ${counted(degrees, "degree")} of freedom`}`;
      return `${statistic}${where === "" ? "" : ` in ${where}`}: ${told}`;
    }),
    ...(said.length === 0 ? [] : [`exact to: ${said.join("; ")}`]),
  ];
}
