// SPDX-License-Identifier: Apache-2.0
import type { Fact, PartyId } from "@koplamp/protocol";
import type { ContractItem, Plan } from "@koplamp/wire";
import { keyWords } from "./key-words.ts";
import { ANY } from "./knowledge.ts";
import { grouped, type Language, listed } from "./language.ts";

/** Who speaks of whom: the parties that contribute, and those whose row it is. */
export interface Speaker {
  readonly parties: readonly PartyId[];
  readonly who: readonly PartyId[];
  readonly plan: Plan;
  readonly lang: Language;
}

/** How an item reads: `about` is already a phrase. */
type Words = (about: string, bound: string, key: string) => string;

const PHRASES: Readonly<Record<Fact, Readonly<Record<Language, Words>>>> = {
  "took-part": { nl: (about) => `dat ${about} meedoen`, en: (about) => `that ${about} take part` },
  timing: { nl: () => "wanneer berichten gaan", en: () => "when messages pass" },
  "ledger-growth": { nl: () => "dat een logboek groeit", en: () => "that a ledger grew" },
  "size-padded": {
    nl: (about, bound) => `de omvang van ${about}, opgevuld tot ${bound}`,
    en: (about, bound) => `the size of ${about}, padded to ${bound}`,
  },
  vocabulary: { nl: () => "de waardenlijst van de cellen", en: () => "the list of values of the cells" },
  count: {
    nl: (about, bound) => `aantallen sleutels over ${about} (${bound} in totaal)`,
    en: (about, bound) => `numbers of keys over ${about} (${bound} in all)`,
  },
  "pair-count": {
    nl: (about, bound) =>
      bound === "1"
        ? `het aantal gemeenschappelijke sleutels (${about})`
        : `hoeveel sleutels elk paar deelt, ook met ${about} (${bound} aantallen)`,
    en: (about, bound) =>
      bound === "1"
        ? `the number of keys in common (${about})`
        : `how many keys each pair shares, ${about} included (${bound} numbers)`,
  },
  cell: {
    nl: (about, bound) => `de sommen over ${about} (${bound} cellen)`,
    en: (about, bound) => `the sums over ${about} (${bound} cells)`,
  },
  alarm: { nl: () => "welke perioden alarm geven", en: () => "which periods raise an alarm" },
  "multiplicity-of-own": {
    nl: (about, bound, key) =>
      `bij hoeveel van ${about} elk van zijn eigen sleutels (${key}) bekend is: hooguit ${bound}`,
    en: (about, bound, key) =>
      `at how many of ${about} each of its own keys (${key}) is known: at most ${bound}`,
  },
  "holders-of-own": {
    nl: (about, bound, key) =>
      `welke van zijn eigen sleutels (${key}) ook bij ${about} bekend zijn: hooguit ${bound}`,
    en: (about, bound, key) => `which of its own keys (${key}) are also at ${about}: at most ${bound}`,
  },
  "test-evaluated": {
    nl: (about, bound) =>
      `welke sleutels die in deze periode voor hem berekend zijn ook bij ${about} bekend zijn: hooguit ${bound}`,
    en: (about, bound) =>
      `which keys that it has evaluated in this epoch are also at ${about}: at most ${bound}`,
  },
  "hit-pattern": {
    nl: (about, bound) => `het patroon van treffers bij ${about}, in pseudoniemen: ${bound}`,
    en: (about, bound) => `the pattern of hits at ${about}, in pseudonyms: ${bound}`,
  },
  pattern: {
    nl: (about, bound) =>
      `welke sleutels bij wie van ${about} bekend zijn, in pseudoniemen: hooguit ${bound}`,
    en: (about, bound) => `which keys are at which of ${about}, in pseudonyms: at most ${bound}`,
  },
  row: {
    nl: (about, bound) => `rijen van ${about}: ${bound}`,
    en: (about, bound) => `rows of ${about}: ${bound}`,
  },
};

/** Bounds that are words, in Dutch. */
const BOUNDS: Readonly<Record<string, string>> = {
  "sum of members' quotas": "de som van hun quota",
  "any item that they try": "elk nummer dat zij proberen",
};

/** The facts that any relay sees; they are said in one phrase. */
const BACKGROUND: readonly Fact[] = ["took-part", "timing", "size-padded"];

/** What somebody learns, in phrases: what matters first, the background in one phrase last. */
export function phrasesOf(items: readonly ContractItem[], speaker: Speaker): readonly string[] {
  const real = items.filter(({ fact }) => !BACKGROUND.includes(fact));
  const background = items.filter(({ fact }) => BACKGROUND.includes(fact));
  const said = real.map((item) => phraseOf(item, speaker));
  return [...new Set([...said, ...backgroundOf(background, speaker)])];
}

function phraseOf({ fact, about, bound }: ContractItem, speaker: Speaker): string {
  const { plan, lang } = speaker;
  const key = keyWords(plan.ask);
  const words = typeof bound === "string" && lang === "nl" ? (BOUNDS[bound] ?? bound) : bound;
  const number = typeof words === "number" ? grouped(words, lang) : words;
  return PHRASES[fact][lang](partiesText(about, speaker), number, key);
}

function backgroundOf(items: readonly ContractItem[], { lang }: Speaker): readonly string[] {
  const has = (fact: Fact): boolean => items.some((item) => item.fact === fact);
  const parts = [
    ...(has("took-part") ? [{ nl: "wie meedoen", en: "who takes part" }[lang]] : []),
    ...(has("size-padded") ? [{ nl: "opgevulde aantallen", en: "padded sizes" }[lang]] : []),
    ...(has("timing") ? [{ nl: "tijdstippen", en: "timing" }[lang]] : []),
  ];
  return parts.length === 0 ? [] : [listed(parts, lang)];
}

/** Parties in words: all others of the question are "the others", and long lists are cut. */
function partiesText(about: readonly PartyId[], { parties, who, lang }: Speaker): string {
  const others = parties.filter((party) => !who.includes(party));
  const every = others.length > 1 && others.every((party) => about.includes(party));
  if (who.includes(ANY)) return lang === "nl" ? "de rest" : "the rest";
  if (every && parties.every((party) => about.includes(party)))
    return lang === "nl" ? "alle partijen" : "all parties";
  if (every) return lang === "nl" ? "de anderen" : "the others";
  return listed(shortened(about, lang), lang);
}

/** At most five names: the first three and how many more. */
export function shortened(names: readonly string[], lang: Language): readonly string[] {
  if (names.length <= 5) return names;
  const more = names.length - 3;
  return [...names.slice(0, 3), lang === "nl" ? `${more} andere` : `${more} more`];
}
