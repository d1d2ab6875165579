// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import type { Noise } from "./calibration.ts";
import { SumError } from "./errors.ts";
import {
  ascending,
  FEWEST_CONTRIBUTORS,
  MOST_CONTRIBUTORS,
  type Range,
  rangeOf,
  type SumSession,
  totalRange,
} from "./session.ts";
import { type Bits, lanesOf, numbersPerChunk, TAIL_LANES } from "./sum-masked-words.ts";

/** The id under which a plan names words of 64 bits: sums below 2^53 in size. */
export const WORDS_64 = "words-64";
/** Most numbers of one masked sum. */
export const MOST_NUMBERS: number = 2 ** 27;
/** Chunks that a contributor sends before it waits for the coordinator's receipt: 4 MiB a party at the coordinator. */
export const WINDOW = 16;

/** What everybody in a masked sum knows of it, the coordinator included. */
export interface MaskedSession extends Omit<SumSession, "set"> {
  /** Bits of a word. */
  readonly bits: Bits;
  /** Numbers in a chunk. Absent: as many as fit a frame, which every plan means; tests take fewer. */
  readonly perChunk?: number;
}

/** What the chunks of a sum follow from. */
type Chunked = Pick<MaskedSession, "numbers" | "bits" | "perChunk">;

/** A contributor's numbers from `from` on, before `to`, in the public order: the same whenever they are asked for. */
export type NumberSource<Numbers> = (from: number, to: number) => Numbers;

/** One node's view of a masked sum. */
export interface MaskedNodeSetup<Numbers> extends MaskedSession {
  readonly me: PartyId;
  /** Column by column, what one number of each contributor may be; all of them have equally many cells. */
  readonly ranges: readonly Readonly<Record<PartyId, Range>>[];
  /** Column by column, the noise that each contributor adds; absent where nobody adds any. */
  readonly noises?: readonly (Noise | undefined)[];
  /** At a contributor: its numbers, all at once or a stretch at a time. Absent at a recipient that brings none. */
  readonly values?: Numbers | NumberSource<Numbers>;
}

/** The number of chunks of a masked sum. */
export function chunkCount({ numbers, bits, perChunk = numbersPerChunk(bits) }: Chunked): number {
  return Math.ceil(numbers / perChunk);
}

/** The numbers of a chunk: from the first to before the last. */
export function chunkBounds(
  { numbers, bits, perChunk = numbersPerChunk(bits) }: Chunked,
  chunk: number,
): readonly [from: number, to: number] {
  return [chunk * perChunk, Math.min(numbers, (chunk + 1) * perChunk)];
}

/** Bytes of a chunk: its numbers, then the check words. */
export function chunkBytes(session: Chunked, chunk: number): number {
  const [from, to] = chunkBounds(session, chunk);
  return 4 * ((to - from) * lanesOf(session.bits) + TAIL_LANES);
}

/** The checks that everybody makes before anything leaves. @throws {SumError} `setup` or `too-large`. */
export function checkMasked({ contributors, recipients, transcript, numbers, bits }: MaskedSession): void {
  if (contributors.length < FEWEST_CONTRIBUTORS || contributors.length > MOST_CONTRIBUTORS) {
    throw new SumError(
      "setup",
      `expected ${FEWEST_CONTRIBUTORS} to ${MOST_CONTRIBUTORS} contributors, got ${contributors.length}`,
    );
  }
  if (!ascending(contributors) || !ascending(recipients) || recipients.length === 0) {
    throw new SumError("setup", "expected contributors and at least one recipient, in id order");
  }
  if (transcript.length !== 32 || (bits !== 64 && bits !== 128)) {
    throw new SumError("setup", "expected a transcript of 32 bytes and words of 64 or 128 bits");
  }
  if (Number.isSafeInteger(numbers) && numbers >= 1 && numbers <= MOST_NUMBERS) return;
  throw new SumError(
    "too-large",
    `the sum has ${numbers} numbers, and one session takes 1 to ${MOST_NUMBERS}`,
    "group by fewer columns, or list fewer values in `domain`",
  );
}

/** Numbers of one width, as a node handles them. */
export interface Width<Numbers> {
  readonly bits: Bits;
  /** A sum is below this in size. */
  readonly limit: number;
  readonly slice: (all: Numbers, from: number, to: number) => Numbers;
  readonly length: (numbers: Numbers) => number;
  readonly within: (numbers: Numbers, range: Range) => boolean;
  readonly pack: (numbers: Numbers) => Uint32Array;
  /** The opened words as numbers; their memory may be used for it. */
  readonly unpack: (words: Uint32Array) => Numbers;
}

/**
 * The checks of one node: no sum can wrap, and its own numbers are whole, as many as stated and within their bounds.
 * @throws {SumError} `setup`, `too-large`, `overflow`, or `bounds` for its own numbers.
 */
export function checkMaskedNode<Numbers>(setup: MaskedNodeSetup<Numbers>, width: Width<Numbers>): void {
  checkMasked(setup);
  const { me, contributors, numbers, bits, ranges, noises = [], values } = setup;
  if (bits !== width.bits || (values !== undefined) !== contributors.includes(me)) {
    throw new SumError("setup", "expected numbers at contributors and nowhere else, of the plan's width");
  }
  if (ranges.length === 0 || numbers % ranges.length !== 0) {
    throw new SumError("setup", "expected numbers in whole columns");
  }
  for (const [at, column] of ranges.entries()) {
    const { least, most } = totalRange(contributors, column, noises[at]);
    if (Math.max(Math.abs(least), Math.abs(most)) < width.limit) continue;
    throw new SumError("overflow", `a sum could pass what words of ${bits} bits hold`);
  }
  for (let chunk = 0; values !== undefined && chunk < chunkCount(setup); chunk += 1) {
    if (ownWithin(setup, width, chunk)) continue;
    throw new SumError(
      "bounds",
      `a cell at ${me} is outside the bounds that it declared for its dataset`,
      "correct the source, or declare wider bounds: nothing is clipped in silence",
    );
  }
}

/** A contributor's numbers of one chunk. @throws {SumError} `setup` when they are too few. */
export function numbersOf<Numbers>(
  { me, values, ...session }: MaskedNodeSetup<Numbers>,
  { slice, length }: Width<Numbers>,
  chunk: number,
): Numbers {
  const [from, to] = chunkBounds(session, chunk);
  if (values === undefined) throw new SumError("setup", `${me} brings no numbers`);
  // Safe because what is summed is an array, and never a function.
  const own =
    typeof values === "function" ? (values as NumberSource<Numbers>)(from, to) : slice(values, from, to);
  if (length(own) === to - from) return own;
  throw new SumError("setup", `expected ${session.numbers} numbers at ${me}, got fewer`);
}

function ownWithin<Numbers>(setup: MaskedNodeSetup<Numbers>, width: Width<Numbers>, chunk: number): boolean {
  const { me, ranges } = setup;
  const own = numbersOf(setup, width, chunk);
  const [start] = chunkBounds(setup, chunk);
  return allWithin(setup, width, own, start, (at) => rangeOf(ranges[at] ?? {}, me));
}

/** Whether opened numbers are what the bounds of all contributors allow. */
export function totalsWithin<Numbers>(
  setup: MaskedNodeSetup<Numbers>,
  width: Width<Numbers>,
  opened: Numbers,
): boolean {
  const { contributors, ranges, noises = [] } = setup;
  return allWithin(setup, width, opened, 0, (at) => totalRange(contributors, ranges[at] ?? {}, noises[at]));
}

/** Whether a stretch of numbers, the first of which stands at `start`, is within the bounds of its columns. */
function allWithin<Numbers>(
  { numbers, ranges }: MaskedNodeSetup<Numbers>,
  width: Width<Numbers>,
  stretch: Numbers,
  start: number,
  boundsOf: (column: number) => Range,
): boolean {
  const cells = numbers / ranges.length;
  const end = start + width.length(stretch);
  for (let at = start; at < end; ) {
    const column = Math.floor(at / cells);
    const next = Math.min(end, (column + 1) * cells);
    if (!width.within(width.slice(stretch, at - start, next - start), boundsOf(column))) return false;
    at = next;
  }
  return true;
}
