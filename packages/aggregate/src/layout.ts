// SPDX-License-Identifier: Apache-2.0
// What is summed, in which order, and how large it can get: by the question and public bounds alone, so that every party
// arrives at the same.
import { parameterSet } from "@koplamp/he";
import type { PartyId } from "@koplamp/protocol";
import type { AggregateAsk, ColumnDomain, Dominance, Input, NoisePlan, Plan } from "@koplamp/wire";
import { measuredColumns, parseMeasure } from "@koplamp/wire/core";
import { calibrated } from "./calibration.ts";
import { SumError } from "./errors.ts";
import {
  type Midpoints,
  midpointsOf,
  momentName,
  momentRange,
  momentsOf,
  type WideRange,
} from "./moments.ts";
import { partColumns } from "./parts.ts";
import { cellsPerBlock, fitsSlot, MOST_BLOCKS, type SlotLimit, totalRange } from "./session.ts";
import type { SumColumn } from "./sum-column.ts";
import { limbRanges, narrowed } from "./sum-limbs.ts";
import { MOST_NUMBERS, WORDS_64 } from "./sum-masked-session.ts";

/** The public order of a sum: columns one after the other, and within each the cells. */
export interface CubeLayout {
  readonly cells: number;
  /** What tells cells apart, the last column running fastest. */
  readonly domain: readonly ColumnDomain[];
  /** Whether cells that are withheld as an empty one would be are told together, and not one by one. */
  readonly together: boolean;
  readonly columns: readonly SumColumn[];
  /** What is taken off the values under moments. */
  readonly midpoints: Midpoints;
  /** Present where dominance is tested. */
  readonly dominance?: Dominance;
}

/** What a layout follows from. */
export interface LayoutRequest {
  readonly ask: AggregateAsk;
  readonly inputs: readonly Input[];
  readonly release: Pick<Plan["release"], "minContributors" | "noise" | "dominance" | "rounding"> &
    Partial<Pick<Plan["release"], "minCount" | "known">>;
  /** The id of the parameter set. */
  readonly params: string;
  /** Present where something is made of all cells, such as a trend. */
  readonly each?: true;
}

/** The most cells that are told one by one: every node keeps some memory for each. */
const MOST_EACH = 2 ** 20;
/** Above so many, cells are told together where they can be. No other table is looked at beside so large a one. */
const MOST_LISTED = 100_000;

/**
 * The order of cells and numbers, every column within what a slot can hold.
 * @throws {SumError} `overflow` when not even limbs would, `too-large` when the cube takes more than a session.
 */
export function cubeLayout(request: LayoutRequest): CubeLayout {
  const { ask, params } = request;
  const { set, most } = roomOf(params);
  const midpoints = midpointsOf(momentsOf(ask), request.inputs);
  const columns = columnsOf(request, set, midpoints);
  const { domain } = ask;
  const cells = domain.reduce((product, { values }) => product * values.length, 1);
  const together = cells > MOST_LISTED && !takesEach(request);
  if (cells > MOST_EACH && !together) {
    const message = `the question has ${cells} cells, and at most ${MOST_EACH} are told one by one`;
    throw new SumError(
      "too-large",
      message,
      "group by fewer columns; or leave totals, statistics of the table, public totals and noise out, and set minCount",
    );
  }
  const { dominance } = request.release;
  const judged = dominance === undefined ? {} : { dominance };
  if (cells * columns.length <= most) return { cells, domain, together, columns, midpoints, ...judged };
  const more =
    params === WORDS_64 ? "" : `; ${MOST_NUMBERS} go under masks, where the covenant admits sum-masked/1`;
  throw new SumError(
    "too-large",
    `the question has ${cells} cells of ${columns.length} numbers, and a sum takes ${most} in all`,
    `group by fewer columns, or list fewer values in \`domain\`${more}`,
  );
}

/** Whether something is made of every cell, or empty cells are no different from others. */
function takesEach({ ask, release, each }: LayoutRequest): boolean {
  const ofTable = ask.measures.some((text) => "axes" in (parseMeasure(text) ?? {}));
  const { minCount = 0, noise, known = [] } = release;
  return (
    each === true || ofTable || ask.totals !== undefined || minCount < 1 || noise !== null || known.length > 0
  );
}

/** What one number can hold, and how many numbers one session takes. */
function roomOf(params: string): { readonly set: SlotLimit; readonly most: number } {
  if (params === WORDS_64) return { set: { id: params, t: 2 ** 54 }, most: MOST_NUMBERS };
  const set = parameterSet(params);
  return { set, most: MOST_BLOCKS * cellsPerBlock(set) };
}

/** The dataset's columns under any measure, each once. */
export function summedColumns({ measures }: Pick<AggregateAsk, "measures">): readonly string[] {
  return [...new Set(measures.flatMap(measuredColumns))];
}

/** The columns under measures of these kinds, each once. */
function columnsUnder(
  { measures }: Pick<AggregateAsk, "measures">,
  kinds: readonly string[],
): readonly string[] {
  return summedColumns({
    measures: measures.filter((text) => kinds.includes(parseMeasure(text)?.kind ?? "")),
  });
}

/** The columns that are added up as they are, each once. */
export function addedColumns({ measures }: Pick<AggregateAsk, "measures">): readonly string[] {
  return columnsUnder({ measures }, ["sum", "mean"]);
}

function columnsOf(request: LayoutRequest, set: SlotLimit, midpoints: Midpoints): readonly SumColumn[] {
  const { ask, inputs, release } = request;
  const { minContributors, noise, dominance } = release;
  const counts = perParty(inputs, ({ maxRowsPerCell }) => ({ least: 0, most: maxRowsPerCell }));
  const once = perParty(inputs, () => ({ least: 0, most: 1 }));
  const slots = noise === null ? set : undefined;
  const columns: readonly SumColumn[] = [
    { kind: "count", of: "", ranges: counts },
    ...(minContributors > 1 ? [{ kind: "contributors", of: "", ranges: once } as const] : []),
    ...addedColumns(ask).flatMap((of) =>
      inSlots(
        { kind: "sum", of },
        perParty(inputs, (input) => sumRange(input, of)),
        slots,
      ),
    ),
    ...columnsUnder(ask, ["mean"]).map((of): SumColumn => ({ kind: "values", of, ranges: counts })),
    ...momentsOf(ask).flatMap((moment) =>
      inSlots(
        { kind: "moment", of: momentName(moment), moment },
        perParty(inputs, (input) => momentRange(input, moment, midpoints)),
        slots,
      ),
    ),
    ...(dominance === undefined ? [] : partColumns(summedColumns(ask), inputs, dominance, set)),
  ];
  expectPlain(ask, release);
  const all = noise === null ? columns : noisy(columns, inputs, noise);
  for (const column of all) expectFit(inputs, set, column);
  return all;
}

/**
 * Noise on products would need so much that little is left, and a test on noisy or rounded counts is no such test. Decimals
 * beside rounded numbers would tell what rounding hides: a variance is a fraction of the count.
 */
function expectPlain({ measures }: AggregateAsk, { noise, rounding }: LayoutRequest["release"]): void {
  if (noise === null && rounding === undefined) return;
  const other = measures.find((text) => !["count", "sum", "mean"].includes(parseMeasure(text)?.kind ?? ""));
  if (other === undefined) return;
  const [where, option] = noise === null ? ["beside rounded numbers", "rounding"] : ["under noise", "noise"];
  const hint = `ask for count, sum and mean, or leave \`${option}\` out`;
  throw new SumError("noise", `"${other}" is not told ${where}`, hint);
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

/** A sum in one slot where it fits, in limbs where it does not; without a set in one slot, for limbs hold no noise. */
function inSlots(
  column: Omit<SumColumn, "ranges">,
  ranges: Readonly<Record<PartyId, WideRange>>,
  set: SlotLimit | undefined,
): readonly SumColumn[] {
  const limbs = set === undefined ? [narrowed(ranges)] : limbRanges(ranges, set);
  const of = limbs.length;
  return limbs.map((own, at) => ({ ...column, ranges: own, ...(of === 1 ? {} : { limb: { at, of } }) }));
}

/** What the sum over one cell of a party can be: no rows at all is always possible. */
function sumRange(input: Input, of: string): WideRange {
  return momentRange(input, { over: [of], factors: [of] }, {});
}

function expectFit(inputs: readonly Input[], set: SlotLimit, { kind, of, ranges, noise }: SumColumn): void {
  const parties = inputs.map(({ party }) => party);
  if (fitsSlot(totalRange(parties, ranges, noise), set)) return;
  const what = of === "" ? kind : `"${of}"`;
  throw new SumError(
    "overflow",
    `by the parties' declarations a sum of ${what} could reach more than ${set.id} holds`,
    "declare a smaller maxRowsPerCell, or narrower min and max, on the dataset",
  );
}

function perParty<T>(inputs: readonly Input[], range: (input: Input) => T): Readonly<Record<PartyId, T>> {
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

/** The group of one cell. */
export function groupAt(domain: readonly ColumnDomain[], cell: number): Readonly<Record<string, string>> {
  const group: [column: string, value: string][] = [];
  let rest = cell;
  for (const { column, values } of domain.toReversed()) {
    group.unshift([column, values[rest % values.length] ?? ""]);
    rest = Math.floor(rest / values.length);
  }
  return Object.fromEntries(group);
}
