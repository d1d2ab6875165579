// SPDX-License-Identifier: Apache-2.0
// What is summed, in which order, and how large it can get: by the question and public bounds alone, so that every party
// arrives at the same.
import { type ParameterSet, parameterSet } from "@koplamp/he";
import type { PartyId } from "@koplamp/protocol";
import type { AggregateAsk, Input } from "@koplamp/wire";
import { SumError } from "./errors.ts";
import { cellsPerBlock, fitsSlot, MOST_BLOCKS, type Range, totalRange } from "./session.ts";

/** One number of every cell. */
export interface SumColumn {
  /**
   * `count`: rows. `contributors`: parties with a row. `sum`: the sum of a column of the dataset. `values`: rows with a
   * value in it. `low` and `high`: limbs of a sum that one slot could not hold: high · 2^21 + low.
   */
  readonly kind: "count" | "contributors" | "sum" | "values" | "low" | "high";
  /** The dataset's column; empty for `count` and `contributors`. */
  readonly of: string;
  /** By contributor, what it can be at most and at least. */
  readonly ranges: Readonly<Record<PartyId, Range>>;
}

/** The public order of a sum: columns one after the other, and within each the cells. */
export interface CubeLayout {
  /** The groups, the last column of `groupBy` running fastest. */
  readonly groups: readonly Readonly<Record<string, string>>[];
  readonly columns: readonly SumColumn[];
}

/** What a layout follows from. */
export interface LayoutRequest {
  readonly ask: AggregateAsk;
  readonly inputs: readonly Input[];
  readonly minContributors: number;
  /** The id of the parameter set. */
  readonly params: string;
}

/** 2^21: what one unit of the high limb is worth. */
export const LIMB: number = 2 ** 21;

/**
 * The order of cells and numbers, every column within what a slot can hold.
 * @throws {SumError} `overflow` when not even limbs would, `too-large` when the cube takes more than a session.
 */
export function cubeLayout(request: LayoutRequest): CubeLayout {
  const { ask, params } = request;
  const set = parameterSet(params);
  const columns = columnsOf(request, set);
  const cells = ask.domain.reduce((product, { values }) => product * values.length, 1);
  const most = MOST_BLOCKS * cellsPerBlock(set);
  if (cells * columns.length <= most) return { groups: groupsOf(ask), columns };
  throw new SumError(
    "too-large",
    `the question has ${cells} cells of ${columns.length} numbers, and a sum takes ${most} in all`,
    "group by fewer columns, or list fewer values in `domain`",
  );
}

/** The dataset's columns under `sum` and `mean`, each once. */
export function summedColumns({ measures }: AggregateAsk): readonly string[] {
  return [...new Set(measures.flatMap((measure) => /\((.+)\)$/.exec(measure)?.[1] ?? []))];
}

function columnsOf(request: LayoutRequest, set: ParameterSet): readonly SumColumn[] {
  const { ask, inputs, minContributors } = request;
  const counts = perParty(inputs, ({ maxRowsPerCell }) => ({ least: 0, most: maxRowsPerCell }));
  const once = perParty(inputs, () => ({ least: 0, most: 1 }));
  const meant = summedColumns(ask).filter((column) => ask.measures.includes(`mean(${column})`));
  const columns: readonly SumColumn[] = [
    { kind: "count", of: "", ranges: counts },
    ...(minContributors > 1 ? [{ kind: "contributors", of: "", ranges: once } as const] : []),
    ...summedColumns(ask).flatMap((column) => sumColumns(inputs, set, column)),
    ...meant.map((column): SumColumn => ({ kind: "values", of: column, ranges: counts })),
  ];
  for (const column of columns) expectFit(inputs, set, column);
  return columns;
}

/** A sum in one slot where it fits, in two limbs where it does not. */
function sumColumns(inputs: readonly Input[], set: ParameterSet, of: string): readonly SumColumn[] {
  const ranges = perParty(inputs, (input) => sumRange(input, of));
  const parties = inputs.map(({ party }) => party);
  if (fitsSlot(totalRange(parties, ranges), set)) return [{ kind: "sum", of, ranges }];
  const high = perParty(inputs, (input) => {
    const { least, most } = sumRange(input, of);
    return { least: Math.floor(least / LIMB), most: Math.floor(most / LIMB) };
  });
  const low = perParty(inputs, () => ({ least: 0, most: LIMB - 1 }));
  return [
    { kind: "low", of, ranges: low },
    { kind: "high", of, ranges: high },
  ];
}

/** What the sum over one cell of a party can be: no rows at all is always possible. */
function sumRange({ party, bounds, maxRowsPerCell }: Input, of: string): Range {
  const found = bounds.find(({ column }) => column === of);
  if (found === undefined) {
    throw new SumError(
      "bounds",
      `${party} declares no min and max for "${of}"`,
      "declare them on the column: without bounds a sum could wrap",
    );
  }
  return { least: Math.min(0, found.min) * maxRowsPerCell, most: Math.max(0, found.max) * maxRowsPerCell };
}

function expectFit(inputs: readonly Input[], set: ParameterSet, { kind, of, ranges }: SumColumn): void {
  const parties = inputs.map(({ party }) => party);
  const { least, most } = totalRange(parties, ranges);
  if (fitsSlot({ least, most }, set)) return;
  const what = of === "" ? kind : `"${of}"`;
  throw new SumError(
    "overflow",
    `by the parties' declarations a sum of ${what} could reach more than ${set.id} holds`,
    "declare a smaller maxRowsPerCell, or narrower min and max, on the dataset",
  );
}

function perParty(
  inputs: readonly Input[],
  range: (input: Input) => Range,
): Readonly<Record<PartyId, Range>> {
  return Object.fromEntries(inputs.map((input) => [input.party, range(input)]));
}

function groupsOf({ domain }: AggregateAsk): readonly Readonly<Record<string, string>>[] {
  return domain.reduce<readonly Readonly<Record<string, string>>[]>(
    (groups, { column, values }) =>
      groups.flatMap((group) => values.map((value) => ({ ...group, [column]: value }))),
    [{}],
  );
}
