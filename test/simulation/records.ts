// SPDX-License-Identifier: Apache-2.0
// Matches by several keys of which any may agree, over records in the clear, and random ones of these.
import type { Cell } from "@koplamp/wire";
import fc from "fast-check";

/** A register: canonical cells, as a source gives them. */
export type Register = readonly Readonly<Record<string, Cell>>[];
/** Party to its register. */
export type Registers = Readonly<Record<string, Register>>;

/** A question, as far as its answer depends on it. */
export interface RecordQuestion {
  readonly anyKey: readonly (readonly string[])[];
  readonly atLeast: number;
  readonly tell: "holders" | "count" | "nothing";
  readonly mode?: "pair" | "tokens";
  readonly bands?: readonly { readonly any?: readonly number[]; readonly atLeast?: number }[];
}

/** Every pair of records, alternative by alternative. It shares no code with what it is compared with. */
export function inTheClear(
  pool: Registers,
  { anyKey, atLeast, tell, bands }: RecordQuestion,
  me: string,
): readonly string[] {
  const lists = (cell: Cell | undefined): readonly string[] =>
    cell === null || cell === undefined ? [] : typeof cell === "string" ? [cell] : cell;
  const keysOf = (row: Register[number], columns: readonly string[]): readonly (readonly string[])[] =>
    columns.reduce<string[][]>(
      (keys, column) => keys.flatMap((key) => lists(row[column]).map((value) => [...key, value])),
      [[]],
    );
  const holds = (party: string, columns: readonly string[], key: readonly string[]): boolean =>
    (pool[party] ?? []).some((row) =>
      columns.every((column, at) => lists(row[column]).includes(key[at] ?? "")),
    );
  const others = Object.keys(pool).filter((party) => party !== me);
  const letters = (bands ?? [{ atLeast: 2 }]).length;
  const bandOf = (agreed: readonly number[]): number => {
    const found = (bands ?? [{ atLeast: 2 }]).findIndex(
      (band) =>
        (band.any ?? []).some((at) => agreed.includes(at)) ||
        (band.atLeast !== undefined && agreed.length >= band.atLeast),
    );
    return found === -1 ? letters : found;
  };
  const told = (pool[me] ?? []).flatMap((row) => {
    const agreeing = others
      .map((party) => ({
        party,
        agreed: anyKey.flatMap((columns, at) =>
          keysOf(row, columns).some((key) => holds(party, columns, key)) ? [at] : [],
        ),
      }))
      .filter(({ agreed }) => agreed.length > 0);
    if (agreeing.length + 1 < atLeast) return [];
    const agreed = [...new Set(agreeing.flatMap((one) => one.agreed))].sort();
    const columns = anyKey[agreed[0] ?? 0] ?? [];
    const holders = [me, ...agreeing.map(({ party }) => party)].sort();
    return [
      JSON.stringify({
        key: keysOf(row, columns).find((key) => others.some((party) => holds(party, columns, key))),
        ...(tell === "nothing" ? {} : { holders: tell === "count" ? holders.length : holders }),
        agreed,
        band: "ABCD"[Math.max(...agreeing.map((one) => bandOf(one.agreed)))],
      }),
    ];
  });
  return [...new Set(told)].sort();
}

/** The columns of random registers. */
export const RECORD_COLUMNS: readonly string[] = ["number", "given", "surname", "birth", "phones"];

/** Few values, so that records meet, and none of some. */
const record = fc.record({
  number: fc.constantFrom("1", "2", "3", null),
  given: fc.constantFrom("an", "bo", null),
  surname: fc.constantFrom("an", "bo", "cy", null),
  birth: fc.constantFrom("1970-01-01", "1971-01-01", null),
  phones: fc.constantFrom(["1", "2"], ["2", "3"], "3", null),
});
const alternatives = fc.uniqueArray(fc.subarray([...RECORD_COLUMNS], { minLength: 1, maxLength: 3 }), {
  minLength: 2,
  maxLength: 4,
  selector: (columns) => columns.join(),
});
/** Registers and a question about them. */
export interface RecordCase {
  readonly pool: Registers;
  readonly question: RecordQuestion;
  readonly recipients: readonly string[];
}

/** Random registers of two to four parties, and a question. */
export const aRecordCase: fc.Arbitrary<RecordCase> = fc.integer({ min: 2, max: 4 }).chain((parties) => {
  const ids = ["aa", "bb", "cc", "dd"].slice(0, parties);
  const asked = fc.record({
    anyKey: alternatives,
    atLeast: fc.integer({ min: 2, max: parties }),
    tell: fc.constantFrom("holders" as const, "count" as const, "nothing" as const),
  });
  const bands = fc.constantFrom(
    undefined,
    [{ any: [1] }, { any: [0], atLeast: 2 }],
    [{ atLeast: 2 }, { any: [0] }],
  );
  return fc.record({
    pool: fc
      .tuple(...ids.map(() => fc.array(record, { maxLength: 6 })))
      .map((registers): Registers => Object.fromEntries(ids.map((id, at) => [id, registers[at] ?? []]))),
    question: fc
      .tuple(asked, bands)
      .map(([question, given]) => (given === undefined ? question : { ...question, bands: given })),
    recipients: fc.subarray(ids, { minLength: 1 }),
  });
});
