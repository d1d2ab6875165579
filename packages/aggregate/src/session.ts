// SPDX-License-Identifier: Apache-2.0
import type { ParameterSet } from "@koplamp/he";
import type { PartyId } from "@koplamp/protocol";
import { type Noise, tailOf } from "./calibration.ts";
import { SumError } from "./errors.ts";

/** The party id under which the coordinator takes part. */
export const COORDINATOR: "coordinator" = "coordinator";
/** Fewest contributors: with two, each can take its own part from the sum. Covenants ask for three. */
export const FEWEST_CONTRIBUTORS: number = 2;
/** Most contributors, by the noise bound of every parameter set. */
export const MOST_CONTRIBUTORS: number = 32;
/** Most blocks of one sum: beyond that the parts that every node adds itself would not fit a session's memory. */
export const MOST_BLOCKS: number = 64;

/** Slots of a block that hold no cell: the count, two check sums, and one that stays zero. */
const RESERVED = 4;

/** What everybody in a sum knows of it, the coordinator included. */
export interface SumSession {
  /** In id order. */
  readonly contributors: readonly PartyId[];
  /** In id order. They may be contributors too. */
  readonly recipients: readonly PartyId[];
  /** `T` of channel.md, section 2: 32 bytes. */
  readonly transcript: Uint8Array;
  readonly set: ParameterSet;
  /** How many numbers are summed: cells times columns. */
  readonly numbers: number;
}

/** The closed range of a number. */
export interface Range {
  readonly least: number;
  readonly most: number;
}

/** One node's view of a sum. */
export interface SumNodeSetup extends SumSession {
  readonly me: PartyId;
  /** Column by column, what one number of each contributor may be, by public bounds; all of them have equally many cells. */
  readonly ranges: readonly Readonly<Record<PartyId, Range>>[];
  /** Column by column, the noise that each contributor adds; absent where nobody adds any. */
  readonly noises?: readonly (Noise | undefined)[];
  /** At a contributor: its numbers in the public order, column by column. Absent at a recipient that brings none. */
  readonly values?: Float64Array;
}

/** Cells that one block holds. */
export function cellsPerBlock({ slots }: ParameterSet): number {
  return slots - RESERVED;
}

/** The most numbers of one session. */
export function mostNumbers(set: ParameterSet): number {
  return MOST_BLOCKS * cellsPerBlock(set);
}

/** The number of blocks of a sum. */
export function blockCount({ set, numbers }: SumSession): number {
  return Math.ceil(numbers / cellsPerBlock(set));
}

/** Contributors and recipients, each once, in id order. */
export function nodesOf({
  contributors,
  recipients,
}: Pick<SumSession, "contributors" | "recipients">): readonly PartyId[] {
  return [...new Set([...contributors, ...recipients])].sort();
}

/** What a sum over all contributors may be, by the bounds of each and of the noise that each adds. */
export function totalRange(
  contributors: readonly PartyId[],
  ranges: Readonly<Record<PartyId, Range>>,
  noise?: Noise,
): Range {
  const own = contributors.map((party) => rangeOf(ranges, party));
  const tails = noise === undefined ? 0 : contributors.length * tailOf(noise);
  return {
    least: own.reduce((sum, { least }) => sum + least, -tails),
    most: own.reduce((sum, { most }) => sum + most, tails),
  };
}

/** What one number of a sum can hold, under the id of what holds it: numbers mod t. */
export type SlotLimit = Pick<ParameterSet, "id" | "t">;

/** Whether a sum in this range reads back as itself: |S| < t/2 (aggregation.md, section 2). */
export function fitsSlot({ least, most }: Range, { t }: Pick<ParameterSet, "t">): boolean {
  return Math.max(Math.abs(least), Math.abs(most)) < t / 2;
}

/** A contributor's bounds. @throws {SumError} `setup` when there are none. */
export function rangeOf(ranges: Readonly<Record<PartyId, Range>>, party: PartyId): Range {
  const range = ranges[party];
  if (range !== undefined) return range;
  throw new SumError("setup", `the plan states no bounds for ${party}`);
}

/** The checks that everybody makes before anything leaves. @throws {SumError} `setup` or `too-large`. */
export function checkSession(session: SumSession): void {
  const { contributors, recipients, transcript, set, numbers } = session;
  if (contributors.length < FEWEST_CONTRIBUTORS || contributors.length > MOST_CONTRIBUTORS) {
    throw new SumError(
      "setup",
      `expected ${FEWEST_CONTRIBUTORS} to ${MOST_CONTRIBUTORS} contributors, got ${contributors.length}`,
    );
  }
  if (!ascending(contributors) || !ascending(recipients) || recipients.length === 0) {
    throw new SumError("setup", "expected contributors and at least one recipient, in id order");
  }
  if (transcript.length !== 32) {
    throw new SumError("setup", `expected a transcript of 32 bytes, got ${transcript.length}`);
  }
  const blocks = blockCount(session);
  if (Number.isSafeInteger(numbers) && blocks >= 1 && blocks <= MOST_BLOCKS) return;
  throw new SumError(
    "too-large",
    `the sum has ${numbers} numbers, and one session takes 1 to ${mostNumbers(set)}`,
    "group by fewer columns, or list fewer values in `domain`",
  );
}

/**
 * The checks of one node: no sum can wrap, and its own numbers are whole, as many as stated and within their bounds.
 * @throws {SumError} `setup`, `too-large`, `overflow`, or `bounds` for its own numbers.
 */
export function checkNode(setup: SumNodeSetup): void {
  checkSession(setup);
  const { me, contributors, set, numbers, ranges, values, noises = [] } = setup;
  if ((values !== undefined) !== contributors.includes(me) || numbers % ranges.length !== 0) {
    throw new SumError("setup", "expected numbers at contributors and nowhere else, in whole columns");
  }
  if (!ranges.every((column, at) => fitsSlot(totalRange(contributors, column, noises[at]), set))) {
    throw new SumError("overflow", `a sum could pass the ${set.id} limit of ${(set.t - 1) / 2}`);
  }
  if (values === undefined) return;
  if (values.length !== numbers) {
    throw new SumError("setup", `expected ${numbers} numbers at ${me}, got ${values.length}`);
  }
  const cells = numbers / ranges.length;
  if (
    ranges.every((column, at) => within(values.subarray(at * cells, (at + 1) * cells), rangeOf(column, me)))
  )
    return;
  throw new SumError(
    "bounds",
    `a cell at ${me} is outside the bounds that it declared for its dataset`,
    "correct the source, or declare wider bounds: nothing is clipped in silence",
  );
}

/** Whether all numbers are integers in the range. */
export function within(values: Float64Array, { least, most }: Range): boolean {
  return values.every((value) => Number.isSafeInteger(value) && value >= least && value <= most);
}

/** Whether party ids stand in id order, each once. */
export function ascending(parties: readonly PartyId[]): boolean {
  return parties.every((party, at) => at === 0 || (parties[at - 1] ?? "") < party);
}
