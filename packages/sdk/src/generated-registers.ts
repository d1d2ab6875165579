// SPDX-License-Identifier: Apache-2.0
// A small country with planted patterns: who holds what is decided first, files are written after it.
import type { PartyId } from "@koplamp/protocol";
import { asWritten, type GeneratedKind, identifiers } from "./generated-identifiers.ts";
import { Seeded } from "./seeded.ts";

/** What to generate. */
export interface GenerateOptions {
  readonly parties: number;
  /** Rows of each register, duplicates and rejects not counted. */
  readonly rows: number;
  /** The part of a register's size that is planted at two or more parties, 0 to 1. */
  readonly overlap: number;
  readonly seed: number;
}

/** Agencies in the order in which they join. Their data are invented. */
const AGENCIES: readonly (readonly [PartyId, string])[] = [
  ["politie", "Politie"],
  ["belastingdienst", "Belastingdienst"],
  ["douane", "Douane"],
  ["kmar", "Koninklijke Marechaussee"],
  ["fiod", "FIOD"],
  ["kvk", "Kamer van Koophandel"],
  ["rdw", "RDW"],
  ["ind", "IND"],
  ["nvwa", "NVWA"],
  ["ilt", "ILT"],
];

/** The registers of every agency: dataset, its key column and that column's kind. */
export const REGISTERS: readonly {
  readonly dataset: string;
  readonly key: string;
  readonly kind: GeneratedKind;
}[] = [
  { dataset: "accounts", key: "account", kind: "iban" },
  { dataset: "companies", key: "company", kind: "kvk" },
  { dataset: "persons", key: "person", kind: "bsn" },
  { dataset: "ships", key: "ship", kind: "imo" },
];

/** Municipalities by weight: the later ones are so small that their cells are withheld. */
export const MUNICIPALITIES: readonly (readonly [code: string, weight: number])[] = [
  ["GM0363", 30],
  ["GM0599", 24],
  ["GM0518", 18],
  ["GM0344", 12],
  ["GM0772", 8],
  ["GM0014", 5],
  ["GM0855", 2],
  ["GM0096", 1],
];

/** The largest amount of a report, in cents. */
export const MOST_CENTS = 10_000_000;

/** A generated agency and the rows of its files, in the order of the file. */
export interface GeneratedParty {
  readonly id: PartyId;
  readonly name: string;
  /** Dataset to rows of `[key as written, month]`. */
  readonly registers: Readonly<Record<string, readonly (readonly [string, string])[]>>;
  readonly reports: readonly GeneratedReport[];
}

/** A report of money on the move. */
export interface GeneratedReport {
  readonly municipality: string;
  readonly month: string;
  /** Cents. */
  readonly amount: number;
}

/** Everything that was planted. */
export interface GeneratedCountry {
  readonly parties: readonly GeneratedParty[];
  /** Dataset to key to its holders, in party order. */
  readonly holders: Readonly<Record<string, ReadonlyMap<string, readonly PartyId[]>>>;
}

/** Plants a country. The same options give the same country on any machine. */
export function plant({ parties: count, rows, overlap, seed }: GenerateOptions): GeneratedCountry {
  const numbers = new Seeded(seed);
  const agencies = Array.from({ length: count }, (_, at) => AGENCIES[at] ?? extra(at));
  const ids = agencies.map(([id]) => id).sort();
  const holders = Object.fromEntries(
    REGISTERS.map(({ dataset, kind }) => [
      dataset,
      planted(kind, ids, rows, overlap, numbers.branch(dataset)),
    ]),
  );
  const parties = agencies.map(([id, name]): GeneratedParty => {
    const own = numbers.branch(id);
    const registers = REGISTERS.map(({ dataset, kind }) => {
      const keys = [...(holders[dataset] ?? [])].filter(([, held]) => held.includes(id)).map(([key]) => key);
      return [dataset, registerRows(kind, keys, own.branch(dataset))] as const;
    });
    return {
      id,
      name,
      registers: Object.fromEntries(registers),
      reports: reports(rows, own.branch("reports")),
    };
  });
  return { parties, holders };
}

function extra(at: number): readonly [PartyId, string] {
  return [`agency-${at + 1}`, `Agency ${at + 1}`];
}

/** Shared keys first, each at two parties or more; then every register is filled with keys of its own. */
function planted(
  kind: GeneratedKind,
  ids: readonly PartyId[],
  rows: number,
  overlap: number,
  numbers: Seeded,
): ReadonlyMap<string, readonly PartyId[]> {
  const sharedCount = Math.round(rows * overlap);
  const all = identifiers(kind, sharedCount + ids.length * rows, numbers);
  const held = new Map<string, readonly PartyId[]>();
  const left = new Map(ids.map((id) => [id, rows]));
  for (const key of all.slice(0, sharedCount)) {
    const some = numbers.shuffled(ids).slice(0, holdersOf(ids.length, numbers)).sort();
    held.set(key, some);
    for (const id of some) left.set(id, (left.get(id) ?? 0) - 1);
  }
  let next = sharedCount;
  for (const id of ids) {
    const own = all.slice(next, next + (left.get(id) ?? 0));
    for (const key of own) held.set(key, [id]);
    next += own.length;
  }
  return held;
}

/** Two holders most often, every party rarely. */
function holdersOf(parties: number, numbers: Seeded): number {
  let holders = 2;
  while (holders < parties && numbers.below(3) === 0) holders += 1;
  return holders;
}

/** Every key, a few of them twice and in another spelling, and a few cells that are no key at all. */
function registerRows(
  kind: GeneratedKind,
  keys: readonly string[],
  numbers: Seeded,
): readonly (readonly [string, string])[] {
  const few = Math.ceil(keys.length / 50);
  const again = numbers
    .shuffled(keys)
    .slice(0, few)
    .map((key) => asWritten(kind, key));
  const wrong = Array.from({ length: few }, () => numbers.pick(["", "unknown", "12345", "0000000"]));
  return numbers.shuffled([...keys, ...again, ...wrong]).map((key) => [key, month(numbers)] as const);
}

function reports(count: number, numbers: Seeded): readonly GeneratedReport[] {
  return Array.from({ length: count }, () => ({
    municipality: municipality(numbers),
    month: month(numbers),
    amount: amount(numbers),
  }));
}

function municipality(numbers: Seeded): string {
  let place = numbers.below(MUNICIPALITIES.reduce((sum, [, weight]) => sum + weight, 0));
  for (const [code, weight] of MUNICIPALITIES) {
    if (place < weight) return code;
    place -= weight;
  }
  return MUNICIPALITIES[0]?.[0] ?? "";
}

function month(numbers: Seeded): string {
  return `2026-${String(1 + numbers.below(10)).padStart(2, "0")}`;
}

/** Mostly small, sometimes large: each digit more is rarer. */
function amount(numbers: Seeded): number {
  const digits = 3 + numbers.below(3) + numbers.below(3);
  return Math.min(MOST_CENTS, Number(numbers.digits(digits)) + 1);
}
