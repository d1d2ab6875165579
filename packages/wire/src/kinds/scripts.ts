// SPDX-License-Identifier: Apache-2.0
// Tables from other scripts to Latin letters. Each is pinned by its name: another table gets another name, so that
// columns which name the same one are written alike at every party.
import { skeletonOf } from "./skeleton.ts";

/**
 * Cyrillic by ICAO Doc 9303, part 3, section 6.B: the table of travel documents, in its form that knows no language. Marks
 * are off by then, as the table has it (`й` as `и`, `ё` as `е`). What it leaves out (`ь`) is left out.
 */
const CYRILLIC: ReadonlyMap<string, string> = pairs(
  "а a б b в v г g д d е e ж zh з z и i і i к k л l м m н n о o п p р r с s т t у u ф f х kh ц ts ч ch ш sh щ shch",
  "ъ ie ы y ь - э e ю iu я ia ѵ y ґ g ѫ u ђ d ѕ dz ј j љ lj њ nj ћ c џ dz є ie",
);

/** Greek letters by ELOT 743 (ISO 843, type 2); pairs of letters that sound as one stand in `fromGreek`. */
const GREEK: ReadonlyMap<string, string> = pairs(
  "α a β v γ g δ d ε e ζ z η i θ th ι i κ k λ l μ m ν n ξ x ο o π p ρ r σ s ς s τ t υ y φ f χ ch ψ ps ω o",
);

/**
 * Letters of Arabic, Persian and Urdu script, of which the skeleton keeps the consonants: `ا`, `ع`, `ة`, `ى` and `ء` are
 * none in names as they are spelled in Latin letters, `و` and `ي` are at the beginning of a word.
 */
const ARABIC: ReadonlyMap<string, string> = pairs(
  "ا a ء - ع a ة a ى a ب b ت t ث th ج j ح h خ kh د d ذ dh ر r ز z س s ش sh ص s ض d ط t ظ z غ gh ف f ق k ك k ل l م m ن n",
  "ه h و w ي y پ p چ ch ژ zh ک k گ g ی y ے y ہ h ھ h ە a ٹ t ڈ d ڑ r ں n ٱ a",
);

function pairs(...lines: readonly string[]): ReadonlyMap<string, string> {
  const words = lines.flatMap((line) => line.split(" "));
  const found = new Map<string, string>();
  for (let at = 0; at + 1 < words.length; at += 2)
    found.set(words[at] ?? "", words[at + 1] === "-" ? "" : (words[at + 1] ?? ""));
  return found;
}

/** A script, and how a word of it reads in Latin letters; nothing for a letter that its table does not have. */
interface Script {
  readonly letters: RegExp;
  readonly read: (word: string) => string | undefined;
}

const SCRIPTS: ReadonlyMap<string, Script> = new Map([
  ["icao-9303", { letters: /^\p{Script=Cyrillic}+$/u, read: (word) => byLetter(word, CYRILLIC) }],
  ["elot-743", { letters: /^\p{Script=Greek}+$/u, read: fromGreek }],
  ["arabic-consonants-1", { letters: /^\p{Script=Arabic}+$/u, read: fromArabic }],
]);

/** All tables at once, each for its own script. */
const ALL = "all-1";

/** The values of `transliteration`. */
export const TRANSLITERATIONS: readonly string[] = [...SCRIPTS.keys(), ALL];

/**
 * The text with every word of the table's script in Latin letters. Words that mix scripts, and letters that the table does
 * not have, stay as they are: the kind rejects them.
 */
export function transliterated(text: string, table: string | undefined): string {
  const one = SCRIPTS.get(table ?? "");
  const scripts = table === ALL ? [...SCRIPTS.values()] : one === undefined ? [] : [one];
  if (scripts.length === 0) return text;
  return text.normalize("NFKC").replace(/[\p{L}\p{M}'’ʼ]+/gu, (word) => {
    const lower = word.normalize("NFD").toLowerCase();
    const letters = lower.replace(/[\p{M}\u0640'’ʼ]/gu, ""); // U+0640 only draws an Arabic word out
    const script = scripts.find((candidate) => candidate.letters.test(letters));
    return script?.read(lower) ?? word;
  });
}

function byLetter(word: string, table: ReadonlyMap<string, string>): string | undefined {
  const letters = Array.from(word.replace(/[\p{M}\u0640'’ʼ]/gu, ""), (letter) => table.get(letter));
  return letters.every((letter) => letter !== undefined) ? letters.join("") : undefined;
}

/** Two vowels sound as one unless the first has the accent or the second a diaeresis: marks are still there. */
function fromGreek(word: string): string | undefined {
  const sounds = word
    .replace(/ου(?!\u0308)/gu, "οu")
    .replace(/([αεη])υ(?!\u0308)(?=\p{M}*[αεηιοωυβγδζλμνρu])/gu, "$1v")
    .replace(/([αεη])υ(?!\u0308)/gu, "$1f")
    .replace(/γ(?=[γξχ])/gu, "n")
    .replace(/^μπ|μπ$/gu, "b");
  return byLetter(sounds, GREEK_AND_SOUNDS);
}

const GREEK_AND_SOUNDS: ReadonlyMap<string, string> = new Map([
  ...GREEK,
  ...Array.from("uvfnb", (letter): [string, string] => [letter, letter]),
]);

/** The skeleton of the word without its article. */
function fromArabic(word: string): string | undefined {
  const letters = word.replace(/[\p{M}\u0640'’ʼ]/gu, "").replace(/^ال(?=.{2})/u, "");
  const consonants = byLetter(letters, ARABIC);
  return consonants === undefined ? undefined : skeletonOf(consonants);
}
