// SPDX-License-Identifier: Apache-2.0
// What rules about dominance look at: of each summed column what every party put in, and its largest records. A sum has no
// maximum, so each party has numbers of its own, to which the others add nothing; a recipient's node opens them for the
// rules alone (aggregation.md, section 9).
import type { PartyId } from "@koplamp/protocol";
import type { Dominance, Input, Table } from "@koplamp/wire";
import { boundsOf, type WideRange } from "./moments.ts";
import type { Range, SlotLimit } from "./session.ts";
import type { SumColumn } from "./sum-column.ts";
import { limbOf, limbRanges } from "./sum-limbs.ts";
import { numberReader } from "./tallies.ts";

/** One party's part of a sum in one cell, all as magnitudes: without their sign. */
export interface PartyPart {
  readonly sum: bigint;
  /** Its largest records, largest first, as far as they were told. */
  readonly tops: readonly bigint[];
}

/** The columns that a rule about dominance needs beside those that are asked for. */
export function partColumns(
  columns: readonly string[],
  inputs: readonly Input[],
  { largest }: Dominance,
  set: SlotLimit,
): readonly SumColumn[] {
  return columns.flatMap((of) =>
    inputs.flatMap((input) => [
      ...limbRanges(onlyOf(input, inputs, partRange(input, of), NOTHING), set).map(
        (ranges, at, { length }): SumColumn => ({
          kind: "part",
          of,
          party: input.party,
          ranges,
          ...(length === 1 ? {} : { limb: { at, of: length } }),
        }),
      ),
      ...Array.from({ length: largest }, (_, rank): SumColumn => {
        const own = { least: 0, most: Number(magnitude(input, of)) };
        return { kind: "top", of, party: input.party, rank, ranges: onlyOf(input, inputs, own, NO_RECORD) };
      }),
    ]),
  );
}

const NOTHING: WideRange = { least: 0n, most: 0n };
const NO_RECORD: Range = { least: 0, most: 0 };

function onlyOf<T>(
  { party }: Input,
  inputs: readonly Input[],
  own: T,
  other: T,
): Readonly<Record<PartyId, T>> {
  return Object.fromEntries(inputs.map((input) => [input.party, input.party === party ? own : other]));
}

function partRange(input: Input, of: string): WideRange {
  return { least: 0n, most: BigInt(input.maxRowsPerCell) * magnitude(input, of) };
}

function magnitude(input: Input, of: string): bigint {
  const { min, max } = boundsOf(input, of);
  return BigInt(Math.max(Math.abs(min), Math.abs(max)));
}

/**
 * What a party tells of its largest records: nothing where it can decide alone. One record that is small enough beside
 * the party's own part is small enough beside the whole, whatever others bring.
 */
export function topsToTell({ sum, tops }: PartyPart, { largest, percent }: Dominance): readonly bigint[] {
  const [top = 0n] = tops;
  if (largest === 1 && 100n * top <= BigInt(percent) * sum) return [];
  return tops.slice(0, largest);
}

/** One party's parts, in every cell. */
export class Parts {
  readonly #party: PartyId;
  readonly #dominance: Dominance;
  readonly #columns: ReadonlyMap<string, OwnColumn>;

  constructor(
    table: Table,
    input: Input,
    { columns, dominance }: { readonly columns: readonly SumColumn[]; readonly dominance?: Dominance },
    cells: number,
  ) {
    const judged = new Set(columns.flatMap(({ kind, of }) => (kind === "part" ? [of] : [])));
    this.#party = input.party;
    this.#dominance = dominance ?? { largest: 0, percent: 100 };
    this.#columns = new Map(
      [...judged].map((of) => [
        of,
        { read: numberReader(table, input, of), sums: Array(cells).fill(0n), tops: Array(cells).fill([]) },
      ]),
    );
  }

  /** Adds a row to a cell. */
  add(row: number, place: number): void {
    for (const { read, sums, tops } of this.#columns.values()) {
      const value = read(row);
      if (value === undefined) continue;
      const size = BigInt(Math.abs(value));
      sums[place] = (sums[place] ?? 0n) + size;
      tops[place] = withRecord(tops[place] ?? [], size, this.#dominance.largest);
    }
  }

  /** The numbers of a column, cell by cell; undefined for one that is none of these. */
  numbersOf({ kind, of, party, rank = 0, limb }: SumColumn, cells: number): Float64Array | undefined {
    if (kind !== "part" && kind !== "top") return undefined;
    const own = this.#columns.get(of);
    if (party !== this.#party || own === undefined) return new Float64Array(cells);
    return Float64Array.from({ length: cells }, (_, at) => {
      const part = { sum: own.sums[at] ?? 0n, tops: own.tops[at] ?? [] };
      if (kind === "part") return limb === undefined ? Number(part.sum) : limbOf(part.sum, limb);
      return Number(topsToTell(part, this.#dominance)[rank] ?? 0n);
    });
  }
}

interface OwnColumn {
  readonly read: (row: number) => number | undefined;
  readonly sums: bigint[];
  readonly tops: (readonly bigint[])[];
}

function withRecord(tops: readonly bigint[], record: bigint, most: number): readonly bigint[] {
  const last = tops.at(-1) ?? 0n;
  if (tops.length >= most && record <= last) return tops;
  return [...tops, record].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0)).slice(0, most);
}
