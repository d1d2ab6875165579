// SPDX-License-Identifier: Apache-2.0
import type { ColumnKind, ColumnSpec } from "../table.ts";
import { type Canonical, type Reader, reject } from "./canonical.ts";
import { readIban, readLei, readPassport, readPlate } from "./codes.ts";
import { readEmail } from "./email.ts";
import { readCompanyName, readPersonName } from "./names.ts";
import { readBsn, readImo, readImoCompany, readKvk, readRsin } from "./numbers.ts";
import { readPhone } from "./phone.ts";
import { readBoolean, readDate, readInteger, readMonth, readWord } from "./values.ts";

/**
 * The rules of protocols.md, section 12, and the tables they lean on. It goes into every evaluated input, so parties
 * that normalise by other rules never seem to agree.
 */
export const NORM_VERSION = "1+ibantools-4.5.4+libphonenumber-js-1.13.16";

const READERS: Readonly<Record<ColumnKind, Reader>> = {
  bsn: readBsn,
  rsin: readRsin,
  kvk: readKvk,
  iban: readIban,
  imo: readImo,
  "imo-company": readImoCompany,
  plate: readPlate,
  phone: readPhone,
  email: readEmail,
  lei: readLei,
  passport: readPassport,
  "person-name": readPersonName,
  "company-name": readCompanyName,
  date: readDate,
  "name-key": readWord,
  opaque: readWord,
  category: readWord,
  integer: readInteger,
  month: readMonth,
  boolean: readBoolean,
};

/**
 * Brings a raw value to the one form in which parties compare it (protocols.md, section 12). Only listed separators go
 * and only listed folding is applied; anything else is a reject, never repaired and never guessed. A canonical value
 * is its own canonical form.
 */
export function canonicalise(spec: ColumnSpec, raw: string): Canonical {
  if (!raw.isWellFormed()) return reject("unicode");
  const text = raw.trim();
  if (text === "") return { kind: "empty" };
  if (/\p{Cc}/u.test(text)) return reject("control");
  return READERS[spec.kind](text, spec);
}
