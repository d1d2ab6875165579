// SPDX-License-Identifier: Apache-2.0
// Identifiers of letters and digits: accounts, legal entities, number plates, passports.
import { countrySpecs } from "ibantools";
import { accept, type Reader, reject } from "./canonical.ts";
import { isAlpha3 } from "./countries.ts";

/** Length of an account number by country: those of the SWIFT registry, not the experimental ones. */
const IBAN_LENGTHS: ReadonlyMap<string, number> = new Map(
  Object.entries(countrySpecs).flatMap(([country, { chars, IBANRegistry }]) =>
    IBANRegistry === true && typeof chars === "number" ? [[country, chars] as const] : [],
  ),
);

/** International bank account number (ISO 13616-1): length by country, then the check digits, never a bank's own test. */
export const readIban: Reader = (text) => {
  const bare = text.replaceAll(" ", "");
  if (!/^[A-Za-z0-9]+$/.test(bare)) return reject("character");
  const value = bare.toUpperCase();
  const length = IBAN_LENGTHS.get(value.slice(0, 2));
  if (length === undefined) return reject("country");
  if (value.length !== length) return reject("length");
  if (!/^[A-Z]{2}(?:0[2-9]|[1-8][0-9]|9[0-8])/.test(value)) return reject("check-digit");
  if (mod97(value.slice(4) + value.slice(0, 4)) !== 1) return reject("check-digit");
  return accept(value, { separatorsRemoved: bare !== text, folded: value !== bare });
};

/** Legal entity identifier (ISO 17442-1). */
export const readLei: Reader = (text) => {
  const bare = text.replaceAll(" ", "");
  if (!/^[A-Za-z0-9]+$/.test(bare)) return reject("character");
  const value = bare.toUpperCase();
  if (value.length !== 20) return reject("length");
  if (mod97(value) !== 1) return reject("check-digit");
  return accept(value, { separatorsRemoved: bare !== text, folded: value !== bare });
};

/**
 * Number plate. Dutch ones are written bare, others behind their country (`DE:MAB123`). A column without `country` is
 * Dutch, but takes a value that names its country itself.
 */
export const readPlate: Reader = (text, { country = "NL" }) => {
  const named = /^([A-Z]{2}):(.*)$/.exec(text);
  const home = named?.[1] ?? country;
  if (
    !/^[A-Z]{2}$/.test(home) ||
    (named !== null && (home === "NL" || (country !== "NL" && country !== home)))
  )
    return reject("country");
  const written = named?.[2] ?? text;
  const bare = written.replace(/[ -]/g, "");
  if (bare === "") return reject("nothing-left");
  if (!/^[A-Za-z0-9]+$/.test(bare)) return reject("character");
  const value = bare.toUpperCase();
  const took = { separatorsRemoved: bare !== written, folded: value !== bare };
  if (home === "NL") return readDutchPlate(value, took);
  return value.length < 2 || value.length > 10 ? reject("length") : accept(`${home}:${value}`, took);
};

function readDutchPlate(value: string, took: Parameters<typeof accept>[1]): ReturnType<Reader> {
  if (value.length !== 6) return reject("length");
  return /[A-Z]/.test(value) && /[0-9]/.test(value) ? accept(value, took) : reject("format");
}

/**
 * Passport number behind the country that issued it (`NLD:…`, ISO 3166-1 alpha-3): the column's, or the one that the
 * value itself names. Different countries give out equal numbers, so a number without one is refused.
 */
export const readPassport: Reader = (text, { country }) => {
  const named = /^([A-Z]{3}):(.*)$/.exec(text);
  const home = named?.[1] ?? country;
  if (home === undefined || !isAlpha3(home) || (country !== undefined && country !== home))
    return reject("country");
  const written = named?.[2] ?? text;
  const value = written.replaceAll(" ", "");
  if (value === "") return reject("nothing-left");
  if (!/^[A-Z0-9]+$/.test(value)) return reject("character");
  if (value.length < 5 || value.length > 15) return reject("length");
  return accept(`${home}:${value}`, { separatorsRemoved: value !== written });
};

/** ISO/IEC 7064, MOD 97-10: letters stand for 10 to 35. */
function mod97(text: string): number {
  let rest = 0;
  for (const character of text) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}
