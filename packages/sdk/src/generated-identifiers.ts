// SPDX-License-Identifier: Apache-2.0
// Identifiers that pass every check of their kind. No bank has the codes that accounts begin with.
import type { Seeded } from "./seeded.ts";

/** The kinds of identifiers that registers are generated for. */
export type GeneratedKind = "iban" | "imo" | "kvk" | "bsn";

const MAKERS: Readonly<Record<GeneratedKind, (numbers: Seeded) => string>> = {
  iban: iban,
  imo: imo,
  kvk: (numbers) => `${1 + numbers.below(9)}${numbers.digits(7)}`,
  bsn: bsn,
};

/** `count` distinct identifiers in canonical form. */
export function identifiers(kind: GeneratedKind, count: number, numbers: Seeded): readonly string[] {
  const made = new Set<string>();
  while (made.size < count) made.add(MAKERS[kind](numbers));
  return [...made];
}

/** How people write an identifier that canonicalises to `value`. */
export function asWritten(kind: GeneratedKind, value: string): string {
  if (kind === "imo") return `IMO ${value}`;
  if (kind === "iban") return value.replace(/(.{4})(?=.)/g, "$1 ");
  return `${value.slice(0, 4)}.${value.slice(4)}`;
}

/** ISO 13616: the check digits make the whole 1 modulo 97. */
function iban(numbers: Seeded): string {
  const account = `${numbers.pick(["KOPL", "LAMP", "LICH", "ZAAK"])}${numbers.digits(10)}`;
  const digits = [...`${account}NL00`].map((character) => Number.parseInt(character, 36)).join("");
  const check = 98n - (BigInt(digits) % 97n);
  return `NL${String(check).padStart(2, "0")}${account}`;
}

/** Weights 7 to 2; the last digit is the sum modulo 10. */
function imo(numbers: Seeded): string {
  const ship = `${7 + numbers.below(3)}${numbers.digits(5)}`;
  return `${ship}${weighted(ship, 7) % 10}`;
}

/** The 11-test: weights 9 to 2, the last digit counts negative. */
function bsn(numbers: Seeded): string {
  for (;;) {
    const person = `${1 + numbers.below(9)}${numbers.digits(7)}`;
    const check = weighted(person, 9) % 11;
    if (check < 10) return `${person}${check}`;
  }
}

function weighted(digits: string, heaviest: number): number {
  return [...digits].reduce((sum, digit, at) => sum + Number(digit) * (heaviest - at), 0);
}
