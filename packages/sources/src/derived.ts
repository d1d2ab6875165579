// SPDX-License-Identifier: Apache-2.0
// Columns that stand in no file, computed at the node from its own canonical rows: how a row stands among others, and
// never among others' rows, or another form of its own values.
import { type Column, type Derived, type DerivedText, derivedText } from "@koplamp/wire";

/** The columns of the file from which a column is made, each once. */
export function basesOf(derive: Derived): readonly string[] {
  if (derive.kind === "text") return derive.of;
  const own =
    derive.kind === "passed"
      ? [derive.into, derive.out, derive.amount]
      : derive.within === undefined
        ? []
        : [derive.within.column];
  return [...new Set([...derive.per, ...own])];
}

/** The values of a derived column; nothing for a row that lacks what it is made from. */
export function derivedCells(
  derive: Derived,
  cellsOf: (column: string) => Column,
  rows: number,
): readonly (string | null)[] {
  if (derive.kind === "text") return formsOf(derive, derive.of.map(cellsOf), rows);
  return derive.kind === "rows" ? rowsAlike(derive, cellsOf, rows) : partsPassed(derive, cellsOf, rows);
}

/** Between the values of a cell that has several: canonical values hold no control characters. */
export const BETWEEN_FORMS = "\n";

/** A cell with several values has as many forms; where a form takes several columns, each has one value. */
function formsOf(derive: DerivedText, bases: readonly Column[], rows: number): readonly (string | null)[] {
  return Array.from({ length: rows }, (_, row) => {
    const cells = bases.map((base) => base.at(row) ?? null);
    if (cells.every((cell) => typeof cell === "string")) return derivedText(derive, cells);
    const [several] = cells;
    if (cells.length > 1 || several === null || several === undefined) return null;
    const forms = [several].flat().flatMap((value) => derivedText(derive, [value]) ?? []);
    return forms.length === 0 ? null : forms.join(BETWEEN_FORMS);
  });
}

type Of<K extends Derived["kind"]> = Extract<Derived, { kind: K }>;

function rowsAlike(
  { per, within }: Of<"rows">,
  cellsOf: (column: string) => Column,
  rows: number,
): readonly (string | null)[] {
  const nameOf = namer(per.map(cellsOf));
  const numbers = within === undefined ? undefined : cellsOf(within.column);
  const isCounted = (row: number): boolean => {
    if (within === undefined) return true;
    const cell = numbers?.at(row) ?? null;
    return typeof cell === "string" && Number(cell) >= within.least && Number(cell) <= within.most;
  };
  const names = Array.from({ length: rows }, (_, row) => (isCounted(row) ? nameOf(row) : undefined));
  const counts = new Map<string, number>();
  for (const name of names) if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  return names.map((name) => (name === undefined ? null : String(counts.get(name))));
}

/** Rounded down. Big integers: sums of amounts may pass 2^53. */
function partsPassed(
  { into, out, amount, per }: Of<"passed">,
  cellsOf: (column: string) => Column,
  rows: number,
): readonly (string | null)[] {
  const amounts = cellsOf(amount);
  const period = per.map(cellsOf);
  const [receiver, sender] = [namer([cellsOf(into), ...period]), namer([cellsOf(out), ...period])];
  const [came, went] = [new Map<string, bigint>(), new Map<string, bigint>()];
  for (let row = 0; row < rows; row += 1) {
    const cell = amounts.at(row) ?? null;
    if (typeof cell !== "string") continue;
    add(came, receiver(row), BigInt(cell));
    add(went, sender(row), BigInt(cell));
  }
  return Array.from({ length: rows }, (_, row) => {
    const name = typeof amounts.at(row) === "string" ? receiver(row) : undefined;
    return name === undefined ? null : percentText(went.get(name) ?? 0n, came.get(name) ?? 0n);
  });
}

function percentText(sent: bigint, received: bigint): string | null {
  if (received <= 0n) return null;
  if (sent <= 0n) return "0";
  return String(sent < received ? (100n * sent) / received : (100n * received) / sent);
}

function add(to: Map<string, bigint>, name: string | undefined, amount: bigint): void {
  if (name !== undefined) to.set(name, (to.get(name) ?? 0n) + amount);
}

/** Names rows by their values; none for a row without one of them, or with several in one. */
function namer(columns: readonly Column[]): (row: number) => string | undefined {
  return (row) => {
    const values = columns.map((cells) => cells.at(row) ?? null);
    return values.every((value) => typeof value === "string") ? JSON.stringify(values) : undefined;
  };
}
