// SPDX-License-Identifier: Apache-2.0
import { isSupportedCountry, parsePhoneNumberFromString } from "libphonenumber-js/max";
import { accept, type Reader, reject } from "./canonical.ts";

/**
 * Telephone number in E.164 form. A national form needs the column's `region` (two letters); an extension is refused,
 * because it is part of who answers.
 */
export const readPhone: Reader = (text, { region }) => {
  if (/[#,;]|x|ext/i.test(text)) return reject("extension");
  if (!/^[+0-9 ()./-]+$/.test(text)) return reject("character");
  if (region !== undefined && !isSupportedCountry(region)) return reject("region");
  if (region === undefined && !text.startsWith("+")) return reject("region");
  const options = region === undefined ? { extract: false } : { defaultCountry: region, extract: false };
  const parsed = parsePhoneNumberFromString(text, options);
  if (parsed === undefined || parsed.ext !== undefined || !parsed.isValid()) return reject("invalid");
  const written = text.replace(/[ ()./-]/g, "");
  return accept(parsed.number, { separatorsRemoved: written !== text, folded: parsed.number !== written });
};
