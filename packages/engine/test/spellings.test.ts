// SPDX-License-Identifier: Apache-2.0
// Matches by several keys over registers that write the same persons otherwise: two files as agencies have them, read and
// matched, against who is who as it was made up. Nothing that is compared is shared with what it is compared with.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  alternativesOf,
  type ColumnSpec,
  type Input,
  inputAt,
  type MatchAsk,
  type Table,
} from "@koplamp/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readSource } from "../../sources/src/index.ts";
import { type RecordItems, recordItems, recordMatches } from "../src/alternatives.ts";
import { inputsOf } from "../src/items.ts";

const names = { kind: "person-name", transliteration: "all-1" } as const;
const COLUMNS = {
  number: { kind: "opaque" },
  surname: names,
  birth: { kind: "date" },
  company: { kind: "company-name", transliteration: "all-1" },
  bare: { kind: "name-key", derive: { kind: "text", rule: "bare", of: ["surname"] } },
  sounds: { kind: "name-key", derive: { kind: "text", rule: "consonants", of: ["surname"] } },
} satisfies Readonly<Record<string, ColumnSpec>>;
type Column = keyof typeof COLUMNS;

/**
 * One name a line, in spellings that stand for it: by the tables of ICAO Doc 9303 and ELOT 743, with and without accents,
 * capitals, vowel signs, particles and legal forms. `full`: the same name; `bare`: the same but for particles.
 */
const SURNAMES = [
  { full: 1, bare: 1, sounds: 1, spellings: ["Ivanov", "IVANOV", "Иванов", "ИВАНОВ"] },
  { full: 2, bare: 2, sounds: 2, spellings: ["Shcherbakov", "Щербаков", " shcherbakov "] },
  { full: 3, bare: 3, sounds: 3, spellings: ["Papadopoulos", "Παπαδόπουλος", "ΠΑΠΑΔΟΠΟΥΛΟΣ"] },
  { full: 4, bare: 4, sounds: 4, spellings: ["Müller", "MULLER", "Muller"] },
  { full: 5, bare: 6, sounds: 5, spellings: ["van den Berg", "VAN DEN BERG", "Van  den Berg"] },
  { full: 6, bare: 6, sounds: 6, spellings: ["Berg", "BERG", "Берг"] },
  { full: 7, bare: 7, sounds: 7, spellings: ["Kassem"] },
  { full: 8, bare: 8, sounds: 7, spellings: ["Kasim"] },
  { full: 9, bare: 9, sounds: 9, spellings: ["محمد", "مُحَمَّد", "محـمد"] },
  { full: 10, bare: 10, sounds: 9, spellings: ["Mohammed", "MOHAMMED"] },
] as const;
const COMPANIES = [
  ["Visser Transport B.V.", "VISSER TRANSPORT BV", "Visser Transport"],
  ["Sever Ltd", "Север", "SEVER L.T.D."],
  ["De Vries Beheer N.V.", "de vries beheer nv"],
] as const;
const BIRTHS = ["1970-03-04", "1970-03-05"] as const;

/** Somebody as both registers mean him: of each field which it is, or that it is unknown. */
interface Person {
  readonly number: number | null;
  readonly surname: number | null;
  readonly birth: number | null;
  readonly company: number | null;
}

/** What decides whether two persons agree in a column: a number, or nothing. */
function meantBy(person: Person, column: Column): number | null {
  if (column === "number" || column === "birth" || column === "company") return person[column];
  if (person.surname === null) return null;
  const name = SURNAMES[person.surname];
  return name?.[column === "surname" ? "full" : column] ?? null;
}

const unknownOr = (below: number): fc.Arbitrary<number | null> =>
  fc.option(fc.nat(below - 1), { nil: null, freq: 4 });
const person: fc.Arbitrary<Person> = fc.record({
  number: unknownOr(4),
  surname: unknownOr(SURNAMES.length),
  birth: unknownOr(BIRTHS.length),
  company: unknownOr(COMPANIES.length),
});
/** A person, and one number that chooses among the spellings of each field. */
const register = fc.array(fc.tuple(person, fc.nat(60)), { maxLength: 7 });
const anyKey = fc.uniqueArray(
  fc.constantFrom<readonly Column[]>(
    ["number"],
    ["surname", "birth"],
    ["bare", "birth"],
    ["sounds", "birth"],
    ["company", "birth"],
    ["bare", "company"],
    ["surname", "birth", "company"],
  ),
  { minLength: 2, maxLength: 5, selector: String },
);

function lineOf([{ number, surname, birth, company }, chosen]: readonly [Person, number]): string {
  const one = (spellings: readonly string[]): string => spellings[chosen % spellings.length] ?? "";
  return [
    number === null ? "" : `n${number}`,
    surname === null ? "" : one(SURNAMES[surname]?.spellings ?? []),
    birth === null ? "" : (BIRTHS[birth] ?? ""),
    company === null ? "" : one(COMPANIES[company] ?? []),
  ].join(",");
}

type Rows = readonly (readonly [Person, number])[];

/** All registers of all cases as one file, read once, and cut into tables again. */
async function tablesOf(registers: readonly Rows[]): Promise<readonly Table[]> {
  const folder = await mkdtemp(join(tmpdir(), "koplamp-spellings-"));
  try {
    const file = join(folder, "persons.csv");
    const lines = registers.flatMap((rows) => rows.map((row) => `${lineOf(row)}\n`));
    await writeFile(file, `number,surname,birth,company\n${lines.join("")}`);
    const { table } = await readSource({ file, nulls: [], columns: COLUMNS }, Object.keys(COLUMNS));
    let from = 0;
    return registers.map(({ length }) => {
      const start = from;
      from += length;
      const cut = Object.entries(table.columns).map(([name, all]) => [name, [...all].slice(start, from)]);
      return { rows: length, columns: Object.fromEntries(cut) };
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

const INPUT: Pick<Input, "columns" | "kinds"> = {
  columns: Object.keys(COLUMNS),
  kinds: Object.values(COLUMNS).map(({ kind }) => kind),
};
const CONTEXT = { covenantId: "c", purposeId: "p", epoch: "2026-W48", keySpec: "", normVersion: "1" };

/** How often each set of alternatives agrees for a record of the first register, by what is told of it. */
async function told(
  [ours, theirs]: readonly [Table, Table],
  alternatives: readonly (readonly Column[])[],
): Promise<readonly string[]> {
  const from = ["aa", "bb"].map((party) => ({ party, dataset: "persons" }));
  const key = Object.keys(COLUMNS);
  const ask: MatchAsk = { kind: "match", key, anyKey: alternatives, from, atLeast: 2, tell: "nothing" };
  const pause = async (): Promise<void> => {};
  const items = (table: Table): Promise<RecordItems> =>
    recordItems(table, alternativesOf(ask), { input: INPUT, context: CONTEXT, pause });
  const [own, other] = [await items(ours), await items(theirs)];
  const names = (items: RecordItems): readonly string[] => {
    const inputs = inputsOf(items);
    return Array.from(inputs.ends, (_, at) => inputAt(inputs, at).join());
  };
  const list = new Set(names(other));
  const holders = Uint32Array.from(names(own), (input) => (list.has(input) ? 0b11 : 0b01));
  const matches = recordMatches({ parties: ["aa", "bb"], holders }, ask, own, "aa");
  return [...new Set(matches.map(({ agreed, band }) => `${agreed?.join(" ")} ${band}`))].sort();
}

function meant(
  [ours, theirs]: readonly [readonly Person[], readonly Person[]],
  alternatives: readonly (readonly Column[])[],
): readonly string[] {
  const agrees = (one: Person, other: Person, columns: readonly Column[]): boolean =>
    columns.every((column) => {
      const value = meantBy(one, column);
      return value !== null && value === meantBy(other, column);
    });
  const agreed = ours.map((one) =>
    alternatives.flatMap((columns, at) => (theirs.some((other) => agrees(one, other, columns)) ? [at] : [])),
  );
  const bands = agreed
    .filter((all) => all.length > 0)
    .map((all) => `${all.join(" ")} ${all.length > 1 ? "A" : "B"}`);
  return [...new Set(bands)].sort();
}

test("registers that write the same persons otherwise meet where they mean the same, and nowhere else", async () => {
  const cases = fc.sample(fc.tuple(register, register, anyKey), 300);
  const registers = cases.flatMap((one): readonly Rows[] => [one[0], one[1]]);
  const tables = await tablesOf(registers);
  let met = 0;
  for (const [at, [ours, theirs, alternatives]] of cases.entries()) {
    const people = [ours.map(([one]) => one), theirs.map(([one]) => one)] as const;
    const expected = meant(people, alternatives);
    met += expected.length;
    const pair = [tables[2 * at] ?? NO_TABLE, tables[2 * at + 1] ?? NO_TABLE] as const;
    expect(await told(pair, alternatives), JSON.stringify(cases[at])).toEqual(expected);
  }
  expect(met).toBeGreaterThan(50);
});

const NO_TABLE: Table = { rows: 0, columns: {} };
