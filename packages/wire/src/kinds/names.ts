// SPDX-License-Identifier: Apache-2.0
import { accept, type Canonical, type Reader, type RejectReason, reject } from "./canonical.ts";
import { transliterated } from "./scripts.ts";

/** Latin letters that do not decompose, and what stands for them. */
const FOLDED: ReadonlyMap<string, string> = new Map(
  Object.entries({ ß: "ss", æ: "ae", ø: "o", đ: "d", ł: "l", þ: "th", œ: "oe", ı: "i" }),
);

/** Legal forms that end a company's name and say little about which company it is. Pinned by `NORM_VERSION`. */
const LEGAL_FORMS: readonly string[] = [
  ..."bv nv vof cv bvba sprl srl sarl sas sa gmbh ag kg ohg ltd llc llp plc inc corp spa ab aps oy".split(
    " ",
  ),
];

const LEGAL_ENDINGS: readonly string[] = LEGAL_FORMS.flatMap((form) => [
  ` ${form}`,
  ` ${Array.from(form).join(" ")}`,
]);

/** A person's name in lower-case Latin letters and single spaces, in the order given. */
export const readPersonName: Reader = (text, { transliteration }) => {
  const spaced = text.replace(/[-'.,]/g, " ");
  const name = plainWords(transliterated(text, transliteration).replace(/[-'.,]/g, " "));
  const faulty = fault(name, name, /^[\p{Script=Latin} ]+$/u);
  return faulty === undefined ? accepted(text, spaced, name) : reject(faulty);
};

/** A company's name likewise, digits kept, trailing legal forms dropped as long as a word remains. */
export const readCompanyName: Reader = (text, { transliteration }) => {
  const spaced = text.replace(/[-'.,&+/]/g, " ");
  const name = plainWords(transliterated(text, transliteration).replace(/[-'.,&+/]/g, " "));
  const value = withoutLegalForm(name);
  const faulty = fault(name, value, /^[\p{Script=Latin}0-9 ]+$/u);
  return faulty === undefined ? accepted(text, spaced, value) : reject(faulty);
};

/** Compatibility decomposition, marks dropped, lower case, pinned letters replaced, single spaces. */
function plainWords(text: string): string {
  const lower = withoutMarks(withoutMarks(text).toLowerCase()); // lower case may bring marks of its own
  const plain = Array.from(lower, (letter) => FOLDED.get(letter) ?? letter).join("");
  return singleSpaced(plain);
}

function withoutMarks(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "");
}

function singleSpaced(text: string): string {
  return text.replace(/ +/g, " ").trim();
}

function fault(name: string, value: string, alphabet: RegExp): RejectReason | undefined {
  if (name === "") return "nothing-left";
  if (!alphabet.test(name)) return /(?!\p{Script=Latin})\p{L}/u.test(name) ? "script" : "character";
  const letters = Array.from(value.replaceAll(" ", "")).length;
  return letters < 2 || letters > 128 ? "length" : undefined;
}

function accepted(text: string, spaced: string, value: string): Canonical {
  const plain = singleSpaced(spaced);
  return accept(value, { separatorsRemoved: plain !== text, folded: value !== plain });
}

/** `jansen b v`, `jansen bv` and `jansen` are one name: forms are dropped from the end, written apart or not. */
function withoutLegalForm(name: string): string {
  let rest = name;
  for (;;) {
    const ending = LEGAL_ENDINGS.find((form) => rest.endsWith(form));
    if (ending === undefined) return rest;
    rest = rest.slice(0, -ending.length);
  }
}
