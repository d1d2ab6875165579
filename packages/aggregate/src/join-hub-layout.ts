// SPDX-License-Identifier: Apache-2.0
// Where rows stand in the slots of a hub's ciphertexts (aggregation.md, section 7.2: slot layout by cell).
//
// Every ciphertext has a block of `width` slots for each group. A list of tokens fills the blocks chunk by chunk: the row
// at position q of its list stands in chunk floor(q / width), at offset q mod width of a block. In an inner join a row has
// a place in every block, and the coordinator selects it in the block of its group or in none; in a distinct sum each cell
// has a list of its own and a row a place in the block of its cell. The sum over a block, over all chunks, is the answer.
import { fitsNoise, type ParameterSet } from "@koplamp/he";
import type { PartyId } from "@koplamp/protocol";
import { SumError } from "./errors.ts";
import type { Hub } from "./join-hub-session.ts";
import { paddedRows } from "./join-session.ts";

/** Slots at the end of every block: one for the count of contributions, one that opens to zero. */
const RESERVED = 2;
/** Up to so many chunks each owner takes selections for as many groups as there could be: their number says nothing. */
const FIXED_CHUNKS = 64;
/** Most ciphertexts with selections for one owner in one session: 512 MiB. */
const MOST_CHUNKS = 1024;
/** Fewest groups that an answer by group looks like. */
const LEAST_GROUPS = 4;

/** Slots of one group in each ciphertext. */
export interface Geometry {
  readonly groups: number;
  readonly width: number;
}

/** The blocks of so many groups. */
export function geometryOf({ slots }: ParameterSet, groups: number): Geometry {
  return { groups, width: Math.floor((slots - RESERVED) / groups) };
}

/** Ciphertexts that hold a list of so many rows. */
function chunksOf({ width }: Geometry, rows: number): number {
  return Math.ceil(rows / width);
}

/** Ciphertexts with selections that an owner takes. */
export function chunksAt(hub: Hub, party: PartyId, groups: number): number {
  return chunksOf(geometryOf(hub.set, groups), paddedRows(hub, party));
}

/**
 * The numbers of groups that the coordinator may select for, ascending. No more groups can pass than rows can match over
 * the minimum count. One number, that of all which could pass, where that is cheap; or else powers of two from which it
 * takes the first that holds the groups that do pass, and the owners of values learn that. @throws {SumError} `too-large`.
 */
export function groupChoices(hub: Hub): readonly number[] {
  const { rule, cells, minCount, contributors } = hub;
  if (rule === "first" || cells === 1) return fitting(hub, [cells]);
  const rows = Math.min(...contributors.map((party) => paddedRows(hub, party)));
  const most = Math.min(cells, Math.floor(rows / Math.max(1, minCount)));
  const choices = [LEAST_GROUPS];
  for (let last = LEAST_GROUPS; last < most; last *= 2) choices.push(2 * last);
  const largest = choices.at(-1) ?? LEAST_GROUPS;
  const cheap =
    fits(hub, largest) && hub.owners.every((party) => chunksAt(hub, party, largest) <= FIXED_CHUNKS);
  return fitting(hub, cheap ? [largest] : choices);
}

function fitting(hub: Hub, choices: readonly number[]): readonly number[] {
  const { set } = hub;
  const left = choices.filter((groups) => fits(hub, groups));
  if (left.length > 0) return left;
  const [groups = 1] = choices;
  const most = Math.min(MOST_CHUNKS, Math.floor((set.products?.most ?? 0) / hub.contributors.length ** 2));
  const needed = Math.max(...hub.owners.map((party) => chunksAt(hub, party, groups)));
  throw new SumError(
    "too-large",
    `${groups} groups of this many rows take ${needed} ciphertexts of a party, and a session of ${hub.contributors.length} takes ${most}`,
    "group by fewer columns, list fewer values in `domain`, or ask fewer parties at a time",
  );
}

function fits(hub: Hub, groups: number): boolean {
  const { width } = geometryOf(hub.set, groups);
  return width >= 1 && hub.owners.every((party) => holds(hub, chunksAt(hub, party, groups)));
}

/** Whether so many chunks fit a session, and the noise of their products the set. */
function holds({ set, contributors }: Hub, chunks: number): boolean {
  return chunks <= MOST_CHUNKS && fitsNoise(set, contributors.length, chunks);
}

/** A party's own rows by position: the number of the row, or -1 where a dummy stands. */
export type RowsAt = Int32Array;

/** What a party multiplies a chunk of selections with: its rows' numbers in their slots, and zeros. */
export function chunkOfNumbers(
  hub: Hub,
  geometry: Geometry,
  rowsAt: RowsAt,
  numbers: Float64Array,
  chunk: number,
): Float64Array {
  const { groups, width } = geometry;
  const { slots, t } = hub.set;
  const rows = rowsAt.length / hub.lists;
  const plain = new Float64Array(slots);
  const end = Math.min(width, rows - chunk * width);
  for (let group = 0; group < groups; group += 1) {
    const from = (hub.lists === 1 ? 0 : group * rows) + chunk * width;
    for (let offset = 0; offset < end; offset += 1) {
      const number = numbers[rowsAt[from + offset] ?? -1] ?? 0; // a dummy has none
      plain[group * width + offset] = number < 0 ? number + t : number;
    }
  }
  plain[slots - 1] = 1; // no plaintext may be all zero; the selection there is none, and it opens to zero
  return plain;
}

/** The slots of one chunk that the coordinator selects: ones and zeros. `blocks`: by position, the block or -1. */
export function chunkOfSelection(
  hub: Hub,
  geometry: Geometry,
  blocks: Int32Array,
  chunk: number,
): Float64Array {
  const { width } = geometry;
  const rows = blocks.length / hub.lists;
  const plain = new Float64Array(hub.set.slots);
  const end = Math.min(width, rows - chunk * width);
  for (let list = 0; list < hub.lists; list += 1) {
    for (let offset = 0; offset < end; offset += 1) {
      const block = blocks[list * rows + chunk * width + offset] ?? -1;
      if (block >= 0) plain[block * width + offset] = 1;
    }
  }
  return plain;
}

/** The sum of each group's slots in an opened block, as it was meant, or nothing where the block is none. */
export function sumsOfBlock(
  hub: Hub,
  { groups, width }: Geometry,
  block: Float64Array,
): Float64Array | undefined {
  const { slots, t } = hub.set;
  const rest = block.subarray(groups * width);
  const counted = block[slots - RESERVED] === hub.contributors.length;
  if (!counted || rest.some((slot, at) => slot !== 0 && at !== rest.length - RESERVED)) return undefined;
  return Float64Array.from({ length: groups }, (_, group) => {
    const sum = block.subarray(group * width, (group + 1) * width).reduce((all, slot) => (all + slot) % t, 0);
    return sum > t / 2 ? sum - t : sum;
  });
}
