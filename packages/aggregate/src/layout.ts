// SPDX-License-Identifier: Apache-2.0
// What is summed, in which order, and how large it can get: by the question and public bounds alone, so that every party
// arrives at the same.
import { type ParameterSet, parameterSet } from "@koplamp/he";
import type { PartyId } from "@koplamp/protocol";
import type { AggregateAsk, Input, NoisePlan, Plan } from "@koplamp/wire";
import { calibrated, type Noise } from "./calibration.ts";
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
  /** What each contributor adds to it in every cell; absent where it is summed as it is. */
  readonly noise?: Noise;
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
  readonly release: Pick<Plan["release"], "minContributors" | "noise">;
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
  const { ask, inputs, release } = request;
  const { minContributors, noise } = release;
  const counts = perParty(inputs, ({ maxRowsPerCell }) => ({ least: 0, most: maxRowsPerCell }));
  const once = perParty(inputs, () => ({ least: 0, most: 1 }));
  const meant = summedColumns(ask).filter((column) => ask.measures.includes(`mean(${column})`));
  const columns: readonly SumColumn[] = [
    { kind: "count", of: "", ranges: counts },
    ...(minContributors > 1 ? [{ kind: "contributors", of: "", ranges: once } as const] : []),
    ...summedColumns(ask).flatMap((column) => sumColumns(inputs, noise === null ? set : undefined, column)),
    ...meant.map((column): SumColumn => ({ kind: "values", of: column, ranges: counts })),
  ];
  const all = noise === null ? columns : noisy(columns, inputs, noise);
  for (const column of all) expectFit(inputs, set, column);
  return all;
}

/**
 * The columns with what each contributor adds: the promise is for the whole answer, so that each number has its part of
 * ρ. How many contributors a cell has is no measure: it is a fact for the rules, and stays exact.
 */
function noisy(
  columns: readonly SumColumn[],
  inputs: readonly Input[],
  noise: NoisePlan,
): readonly SumColumn[] {
  const { mechanism, rhoMicro, colluders } = noise;
  const measured = columns.filter(({ kind }) => kind !== "contributors");
  const part = Math.floor(rhoMicro / measured.length);
  if (part === 0) {
    throw new SumError(
      "noise",
      `the promise is too small to be shared by ${measured.length} numbers in a cell`,
      "ask for fewer measures, or for a larger epsilon",
    );
  }
  return columns.map((column) => {
    if (!measured.includes(column)) return column;
    const sensitivity = BigInt(changeByOne(column, inputs, noise));
    const contributors = inputs.length;
    return {
      ...column,
      noise: calibrated({ mechanism, rhoMicro: part, sensitivity, contributors, colluders }),
    };
  });
}

/**
 * By how much a number can change, over all cells, with what is hidden more or less: a row, which is one party's and
 * counts in one cell; or a subject, which may count at every party as often as that declares.
 */
function changeByOne(column: SumColumn, inputs: readonly Input[], { unit, most }: NoisePlan): number {
  const byParty = inputs.map((own) => {
    const rows = unit === "row" ? 1 : (most.find(({ party }) => party === own.party)?.rows ?? 0);
    return rows * changeByRow(column, own);
  });
  return unit === "row" ? Math.max(...byParty) : byParty.reduce((sum, one) => sum + one, 0);
}

function changeByRow({ kind, of }: SumColumn, { bounds }: Input): number {
  const { min = 1, max = 1 } = kind === "sum" ? (bounds.find(({ column }) => column === of) ?? {}) : {};
  return Math.max(1, Math.abs(min), Math.abs(max));
}

/** A sum in one slot where it fits, in two limbs where it does not; without a set in one slot, for limbs hold no noise. */
function sumColumns(
  inputs: readonly Input[],
  set: ParameterSet | undefined,
  of: string,
): readonly SumColumn[] {
  const ranges = perParty(inputs, (input) => sumRange(input, of));
  const parties = inputs.map(({ party }) => party);
  if (set === undefined || fitsSlot(totalRange(parties, ranges), set)) return [{ kind: "sum", of, ranges }];
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

function expectFit(
  inputs: readonly Input[],
  set: ParameterSet,
  { kind, of, ranges, noise }: SumColumn,
): void {
  const parties = inputs.map(({ party }) => party);
  if (fitsSlot(totalRange(parties, ranges, noise), set)) return;
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

/** The groups of a domain in the public order: the last column runs fastest. */
export function groupsOf({
  domain,
}: Pick<AggregateAsk, "domain">): readonly Readonly<Record<string, string>>[] {
  return domain.reduce<readonly Readonly<Record<string, string>>[]>(
    (groups, { column, values }) =>
      groups.flatMap((group) => values.map((value) => ({ ...group, [column]: value }))),
    [{}],
  );
}
