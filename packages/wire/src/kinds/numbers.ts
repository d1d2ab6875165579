// SPDX-License-Identifier: Apache-2.0
// Identifiers of digits only: Dutch citizens, legal persons and companies, ships and their owners.
import { accept, type Reader, reject } from "./canonical.ts";

interface NumberRule {
  readonly separators: RegExp;
  readonly digits: number;
  /** One weight a digit: the number is right when the weighted sum is a multiple of `modulus`. */
  readonly check: (digits: readonly number[]) => boolean;
}

const BSN: NumberRule = {
  separators: /[ .-]/g,
  digits: 9,
  check: (digits) => weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0,
};

/** Citizen service number: the eleven test with a last weight of minus one. */
export const readBsn: Reader = numberReader(BSN);

/** Number of a legal person: the same test, a kind of its own. */
export const readRsin: Reader = numberReader(BSN);

/** Number of the Dutch trade register. It has no check digit. */
export const readKvk: Reader = numberReader({ separators: /[ .]/g, digits: 8, check: () => true });

/** Number of a ship (IMO resolution A.1117(30)). */
export const readImo: Reader = numberReader({
  separators: /^IMO(?= *[0-9])| /g,
  digits: 7,
  check: (digits) => weighted(digits, [7, 6, 5, 4, 3, 2]) % 10 === digits[6],
});

/** Number of a ship's company or registered owner: other weights than a ship's, so that few numbers are both. */
export const readImoCompany: Reader = numberReader({
  separators: /^IMO(?= *[0-9])| /g,
  digits: 7,
  check: (digits) => (11 - (weighted(digits, [8, 6, 4, 2, 9, 7]) % 11)) % 10 === digits[6],
});

function numberReader({ separators, digits, check }: NumberRule): Reader {
  return (text, { padLeft }) => {
    const bare = text.replace(separators, "");
    if (bare === "") return reject("nothing-left");
    if (!/^[0-9]+$/.test(bare)) return reject("character");
    const value = bare.padStart(padLeft ?? 0, "0");
    if (value.length !== digits) return reject("length");
    if (/^0+$/.test(value)) return reject("zero");
    if (!check(Array.from(value, Number))) return reject("check-digit");
    return accept(value, { separatorsRemoved: bare !== text, folded: value !== bare });
  };
}

function weighted(digits: readonly number[], weights: readonly number[]): number {
  return weights.reduce((sum, weight, at) => sum + weight * (digits[at] ?? 0), 0);
}
