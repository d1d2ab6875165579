// SPDX-License-Identifier: Apache-2.0
// What a join sums, in which order, and how large one row can be: by the question and public bounds alone. And from one
// party's rows to its numbers, from opened sums to cells.
import type { PartyId } from "@koplamp/protocol";
import type { AggregateAsk, Input, JoinAsk, Measures, Plan, Table } from "@koplamp/wire";
import { measuredColumn, ownColumn } from "@koplamp/wire/core";
import { filterOf, placesOf } from "./cube-places.ts";
import { SumError } from "./errors.ts";
import type { DistinctSession } from "./join-hub-session.ts";
import type { JoinColumn, JoinOpened, JoinSession } from "./join-session.ts";
import { groupsOf } from "./layout.ts";
import { type OpenedCell, plainNumber, roundedMean } from "./opened-cells.ts";
import type { Range } from "./session.ts";

/** One sum over the selected rows. */
export interface MeasuredColumn {
  /** `sum`: of the column's values. `values`: of 1 for each row with a value. */
  readonly kind: "sum" | "values";
  /** The column as the question names it. */
  readonly of: string;
  /** By party that brings numbers to it, what one row may bring: a single party in a join, all where events count once. */
  readonly ranges: Readonly<Record<PartyId, Range>>;
}

/** The public order of a join's numbers. */
export interface JoinLayout {
  /** The groups, the last column of `groupBy` running fastest; one empty group where nothing is grouped. */
  readonly groups: readonly Readonly<Record<string, string>>[];
  /** Whose rows carry the group; absent where nothing is grouped, or where every row carries its own. */
  readonly groupOwner?: PartyId;
  readonly columns: readonly MeasuredColumn[];
}

/**
 * The layout of a join, or of sums in which an event counts once.
 * @throws {SumError} `bounds`, naming the party, where a summed column has none.
 */
export function joinLayout(ask: JoinAsk | AggregateAsk, inputs: readonly Input[]): JoinLayout {
  const names = [...new Set(ask.measures.map(measuredColumn).filter((name) => name !== ""))];
  const meant = names.filter((name) => ask.measures.includes(`mean(${name})`));
  const ofAll = [...names.map((of) => ["sum", of] as const), ...meant.map((of) => ["values", of] as const)];
  const columns = ofAll.map(([kind, of]): MeasuredColumn => {
    const ranges = inputs.flatMap((input): readonly (readonly [PartyId, Range])[] => {
      const own = ask.kind === "join-aggregate" ? ownColumn(of, input.party) : of;
      if (own === undefined) return [];
      return [[input.party, kind === "sum" ? boundsOf(input, own) : { least: 0, most: 1 }]];
    });
    return { kind, of, ranges: Object.fromEntries(ranges) };
  });
  const owner = ask.kind === "join-aggregate" ? ownerOf(ask, inputs) : undefined;
  return { groups: groupsOf(ask), columns, ...(owner === undefined ? {} : { groupOwner: owner }) };
}

function ownerOf({ groupBy: [first] }: JoinAsk, inputs: readonly Input[]): PartyId | undefined {
  return inputs.find(({ party }) => first !== undefined && ownColumn(first, party) !== undefined)?.party;
}

/** The columns of a join with the one party that owns each. */
function ownedColumns({ columns }: JoinLayout): readonly JoinColumn[] {
  return columns.flatMap(({ ranges: all }) =>
    Object.entries(all).map(([party, ranges]): JoinColumn => ({ party, ranges })),
  );
}

function boundsOf({ party, bounds }: Input, name: string): Range {
  const found = bounds.find(({ column }) => column === name);
  if (found !== undefined) return { least: found.min, most: found.max };
  throw new SumError(
    "bounds",
    `${party} declares no min and max for "${name}"`,
    "declare them on the column: without bounds a sum could wrap",
  );
}

/** One party's part of a join, row by row. */
export interface JoinRows {
  /** The group of a row, -1 for none. */
  readonly groupOf: (row: number) => number;
  /** Its own columns in the order of the layout: the number of a row, 0 for a row without a value. */
  readonly values: readonly ((row: number) => number)[];
}

/**
 * How one party's rows read in a layout. A row that fails a condition, or whose group is empty or not in the domain, has
 * no group; so has one with several groups in a join, for a row is selected as a whole.
 * @throws {SumError} `bounds` when a value is outside what the dataset declares.
 */
export function joinRows(
  table: Table,
  ask: JoinAsk | AggregateAsk,
  input: Input,
  layout: JoinLayout,
): JoinRows {
  const own = (name: string): string =>
    ask.kind === "join-aggregate" ? (ownColumn(name, input.party) ?? name) : name;
  const domain = ask.domain.map(({ column, values }) => ({ column: own(column), values }));
  const places = placesOf(table, { domain });
  const passes = ask.kind === "join-aggregate" ? (): boolean => true : filterOf(table, ask, input);
  return {
    groupOf: (row) => {
      const [place, ...more] = passes(row) ? places(row) : [];
      return place === undefined || more.length > 0 ? -1 : place;
    },
    values: layout.columns
      .filter(({ ranges }) => ranges[input.party] !== undefined)
      .map(({ kind, of, ranges }) => {
        const range = ranges[input.party] ?? NO_RANGE;
        const cells = table.columns[own(of)] ?? [];
        return (row: number): number => {
          const cell = cells.at(row) ?? null;
          if (cell === null) return 0;
          return kind === "values" ? 1 : bounded(Number(cell), range, input, own(of));
        };
      }),
  };
}

const NO_RANGE: Range = { least: 0, most: 0 };

function bounded(value: number, { least, most }: Range, { party }: Input, column: string): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw new SumError(
    "bounds",
    `a value of "${column}" at ${party} is outside the bounds that its dataset declares`,
    "correct the source, or declare wider bounds: nothing is clipped in silence",
  );
}

/** The cells of an opened join, in the public order; `parties`: how many hold every row, where that is not told by cell. */
export function joinedCells(
  { counts, sums, contributors }: JoinOpened,
  { measures }: Pick<JoinAsk, "measures">,
  { groups, columns }: JoinLayout,
  parties: number,
): readonly OpenedCell[] {
  return groups.map((group, cell) => {
    const count = BigInt(counts[cell] ?? 0);
    const total = (kind: MeasuredColumn["kind"], of: string): bigint =>
      columns.reduce(
        (sum, column, at) =>
          column.kind === kind && column.of === of ? sum + BigInt(sums[at]?.[cell] ?? 0) : sum,
        0n,
      );
    const measured = measures.flatMap((measure): readonly (readonly [string, number | bigint])[] => {
      const of = measuredColumn(measure);
      if (measure === "count") return [[measure, plainNumber(count)]];
      if (measure.startsWith("sum(")) return [[measure, plainNumber(total("sum", of))]];
      const values = total("values", of);
      return values === 0n ? [] : [[measure, plainNumber(roundedMean(total("sum", of), values))]];
    });
    return {
      group,
      count,
      contributors: BigInt(contributors?.[cell] ?? parties),
      sums: [], // nothing is told beside the cells of a join from which one could be derived
      measures: Object.fromEntries(measured) satisfies Measures,
    };
  });
}

/** What the protocols of a join take from a plan: all but the parameter set and the session's transcript. */
export type JoinTerms = Omit<JoinSession, "transcript" | "set">;

/** A plan's join, as its protocol takes it. */
export function joinTerms(plan: PlanParts, layout: JoinLayout): JoinTerms {
  const { groups, groupOwner } = layout;
  return {
    ...partiesOf(plan),
    cells: groups.length,
    columns: ownedColumns(layout),
    minCount: plan.release.minCount,
    ...(groupOwner === undefined ? {} : { groupOwner }),
  };
}

/** A plan's sum in which events count once, as its protocol takes it. */
export function distinctTerms(
  plan: PlanParts,
  { groups, columns }: JoinLayout,
): Omit<DistinctSession, "transcript" | "set"> {
  return {
    ...{ ...partiesOf(plan), cells: groups.length, columns: columns.map(({ ranges }) => ranges) },
    presence: plan.release.minContributors > 1,
  };
}

/** What of a plan matters here. */
type PlanParts = Pick<Plan, "inputs" | "recipients" | "release">;

function partiesOf({
  inputs,
  recipients,
}: PlanParts): Pick<JoinSession, "contributors" | "recipients" | "rowsPadded"> {
  return {
    contributors: inputs.map(({ party }) => party).sort(),
    recipients: recipients.map(({ party }) => party).sort(),
    rowsPadded: Object.fromEntries(inputs.map(({ party, rowsPadded }) => [party, rowsPadded])),
  };
}
