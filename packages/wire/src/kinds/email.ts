// SPDX-License-Identifier: Apache-2.0
import { utf8 } from "../text.ts";
import { accept, type Reader, reject } from "./canonical.ts";
import { punycode } from "./punycode.ts";

/** Dot-separated atoms (RFC 5322, section 3.2.3), letters beyond ASCII included (RFC 6531, section 3.3). */
const LOCAL = /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u;
const LABEL = /^(?!-)(?!\p{M})[\p{L}\p{M}\p{N}-]+(?<!-)$/u;

/** E-mail address: local part folded to lower case, domain in ASCII. Dots and `+tags` are part of it and stay. */
export const readEmail: Reader = (text) => {
  const at = text.lastIndexOf("@");
  if (at < 0) return reject("format");
  const local = text.slice(0, at).normalize("NFC").toLowerCase().normalize("NFC");
  if (!LOCAL.test(local)) return reject("local-part");
  const domain = asciiDomain(text.slice(at + 1));
  if (domain === undefined) return reject("domain");
  const value = `${local}@${domain}`;
  if (utf8(local).length > 64 || utf8(value).length > 254) return reject("length");
  return accept(value, { folded: value !== text });
};

/** The A-labels of a domain of at least two labels (RFC 5890, section 2.3.2.1). Undefined when it is none. */
function asciiDomain(text: string): string | undefined {
  const labels = text.split(".").map(asciiLabel);
  if (labels.length < 2 || labels.some((label) => label === undefined)) return undefined;
  return labels.join(".");
}

function asciiLabel(text: string): string | undefined {
  // Character by character, because lower-casing a whole word turns a last sigma into another letter.
  const label = Array.from(text.normalize("NFKC"), (character) => character.toLowerCase())
    .join("")
    .normalize("NFKC");
  if (!LABEL.test(label)) return undefined;
  if (/^..--/u.test(label) && !/^xn--[a-z0-9-]+$/.test(label)) return undefined;
  const ascii = /^[a-z0-9-]+$/.test(label) ? label : `xn--${punycode(label)}`;
  return ascii.length > 63 ? undefined : ascii;
}
