// SPDX-License-Identifier: Apache-2.0
import { type Covenant, keyOf, type LookupAsk, type MatchAsk, type Plan, type Text } from "@koplamp/wire";
import { BLIND_ALARMS, COUNTS, JOIN_PAIR } from "./choices.ts";
import { THRESHOLD, thresholdWarnings } from "./thresholds.ts";

/** The warnings of contracts: codes in the document, words for people. */
const WORDS: Readonly<Record<string, Text>> = {
  LAB: {
    nl: "lab: goedkeuringen komen van labsleutels; niemand heeft iets goedgekeurd",
    en: "lab: approvals are given by lab keys; nobody has agreed to anything",
  },
  "PERSON-LEVEL": {
    nl: "deze vraag wijst afzonderlijke personen of objecten aan; een treffer is een aanwijzing, geen bewijs",
    en: "this question singles out persons or objects; a hit is a lead, not evidence",
  },
  ALTERNATIVES: {
    nl: "een band zegt hoe vaak zulke overeenkomsten klopten op gegevens waarvan dat bekend is, niet hoe zeker deze is; wie veel sleutels laat meetellen, ziet van elk eigen record welke ervan elders bekend zijn",
    en: "a band says how often such matches were right on data where that is known, not how certain this one is; with many keys the recipient sees for each of its own records which of them are known elsewhere",
  },
  "SEES-BELOW-THRESHOLD": {
    nl: "de node van een ontvanger kan ook van zijn eigen sleutels onder de drempel zien wie ze heeft; zijn software toont dat niet",
    en: "a recipient's node can see who holds its own keys below the threshold too; its software does not show it",
  },
  "TELL-BY-SOFTWARE": {
    nl: "de node van een ontvanger kan zien wie zijn sleutels heeft; zijn software toont alleen wat de vraag toestaat",
    en: "a recipient's node can see who holds its keys; its software shows only what the question allows",
  },
  "REPORT-UNFORCED": {
    nl: "de houder hoort van een treffer wat de node van de vrager meldt; een eerlijke melding is niet af te dwingen",
    en: "the holder is told of a hit what the asker's node reports; an honest report cannot be forced",
  },
  "OPEN-LOOKUP": {
    nl: "wie dit goedkeurt, ziet niet vooraf hoeveel vragen er komen: hooguit zoveel als er staat; wanneer er gevraagd wordt, is te zien",
    en: "whoever approves this does not see beforehand how many questions will come: at most as many as it says; when something is asked shows",
  },
  "COORDINATOR-PATTERN": {
    nl: "de coördinator ziet het hele patroon van overlap, in pseudoniemen",
    en: "the coordinator sees the whole pattern of overlap, in pseudonyms",
  },
  "COORDINATOR-HITS": {
    nl: "de coördinator ziet in pseudoniemen wie elke sleutel heeft die genoeg partijen hebben; spant hij samen met een partij, dan weten zij van al haar sleutels wie ze ook heeft, ook onder de drempel",
    en: "the coordinator sees in pseudonyms who holds each key that enough parties hold; together with a party it knows who else holds any of that party's keys, below the threshold too",
  },
  "COORDINATOR-UNFLAGGED": {
    nl: "de coördinator ziet dat ook van sleutels die niemand gemarkeerd heeft, en wie markeert",
    en: "the coordinator sees that of keys that nobody has flagged too, and who flags",
  },
  "COORDINATOR-SELECTS": {
    nl: "de coördinator ziet het patroon van overlap in pseudoniemen en bepaalt welke rijen meetellen; spant hij samen met een ontvanger, dan kunnen zij samen losse rijen uitlezen",
    en: "the coordinator sees the pattern of overlap in pseudonyms and decides which rows count; together with a recipient it could read single rows",
  },
  "SELECTOR-COUNT": {
    nl: "wie de rijen kiest leert hoeveel er gedeeld worden, en de ontvanger moet op dat aantal vertrouwen; een ontvanger die vals speelt kan rijen herkenbaar maken",
    en: "the party that selects learns how many rows are shared, and the recipient has to trust it for that; a recipient that deviates can mark rows",
  },
  "COUNTER-MEMORY": {
    nl: "de node die telt kan zien welke van zijn eigen sleutels de ander heeft; zijn software geeft alleen het aantal",
    en: "the node that counts can see which of its own keys the other one holds; its software gives the number only",
  },
  "COUNTER-CAN-DEVIATE": {
    nl: "een node die telt en zich niet aan het protocol houdt, leert ongemerkt welke van zijn eigen sleutels de ander heeft",
    en: "a node that counts and leaves the protocol learns which of its own keys the other one holds, and nobody can notice",
  },
  "RECIPIENT-PATTERN": {
    nl: "de node van de ontvanger kan het hele patroon van overlap zien; zijn software toont alleen de aantallen",
    en: "the recipient's node can see the whole pattern of overlap; its software shows the numbers only",
  },
  "TWO-CONTRIBUTORS": {
    nl: "bij twee partijen verraadt de som van de een aan de ander wat de ander inbracht",
    en: "with two parties, each can take its own part from the sum and is left with the other's",
  },
  "NOISE-ON-MEASURES": {
    nl: "ruis verbergt wat er geteld en opgeteld wordt; hoeveel partijen een cel heeft en welke cellen worden achtergehouden, blijft precies",
    en: "noise hides what is counted and summed; how many parties a cell has, and which cells are withheld, stays exact",
  },
  "SERIES-IN-MEMORY": {
    nl: "de node van een ontvanger heeft de hele reeks in het geheugen, ook kleine cellen; zijn software toont alleen de alarmen",
    en: "a recipient's node has the whole series in memory, small cells too; its software shows the alarms only",
  },
  STANDING: {
    nl: "één goedkeuring geldt voor alle runs van deze reeks, over gegevens die nog niemand kent; zij is tot de laatste run in te trekken",
    en: "one approval holds for every run of this series, over data that nobody knows yet; it can be taken back until the last run",
  },
  "COORDINATOR-SIGNS": {
    nl: "de coördinator ziet tekens van toetsen die hij niet kan benoemen, en wordt daarin geloofd; met één partij samen kent hij elke som die getoetst wordt",
    en: "the coordinator sees signs of tests that it cannot name, and is believed about them; together with any party it knows every sum that is tested",
  },
  "NO-FLOOR": {
    nl: "minCount is 1: cellen met één rij worden gegeven",
    en: "minCount is 1: cells with a single row are given",
  },
  "ONE-CONTRIBUTOR": {
    nl: "minContributors is 1: cellen van één partij worden gegeven",
    en: "minContributors is 1: cells with the rows of a single party are given",
  },
  "NO-BUDGET": {
    nl: "het convenant begrenst voor een of meer van deze datasets niet hoeveel exacte cellen er in een periode worden gegeven, noch hoe vaak één vraag terugkomt",
    en: "for one or more of these datasets the covenant bounds neither how many exact cells are given in a period nor how often one question comes back",
  },
  "ONE-WITNESS": {
    nl: "met twee partijen is de ander de enige getuige van een logboek; neem een getuige van buiten",
    en: "with two parties the only witness of a ledger is the other one; add an outside witness",
  },
};

/** What each way to count lets somebody see, by protocol. */
const COUNT_WARNINGS: ReadonlyMap<string, string> = new Map([
  [COUNTS.hub.protocol, "COORDINATOR-PATTERN"],
  [COUNTS.recipient.protocol, "RECIPIENT-PATTERN"],
  [COUNTS.atLeast.protocol, "COORDINATOR-HITS"],
  [COUNTS["pairs.local"].protocol, "COUNTER-MEMORY"],
  [COUNTS["pairs.blind"].protocol, "COUNTER-CAN-DEVIATE"],
]);

/** The codes of what a person should know before saying yes, in a fixed order. */
export function warningsOf(plan: Plan, covenant: Covenant): readonly string[] {
  const lab = covenant.id.startsWith("lab/") ? ["LAB"] : [];
  const alone =
    covenant.parties.length === 2 && covenant.witnesses.external.length === 0 ? ["ONE-WITNESS"] : [];
  const standing = plan.schedule === null ? [] : ["STANDING"];
  return [...lab, ...standing, ...askWarnings(plan), ...budgetWarnings(plan, covenant), ...alone];
}

/** What no clause bounds is not refused, so it is said. A lab has agreed to nothing anyway. */
function budgetWarnings({ ask, inputs }: Plan, { id, budgets }: Covenant): readonly string[] {
  if (!("measures" in ask) || id.startsWith("lab/")) return [];
  const bounded = inputs.every(({ party, dataset }) =>
    budgets.some((row) => row.party === party && row.dataset === dataset),
  );
  return bounded ? [] : ["NO-BUDGET"];
}

function askWarnings(plan: Plan): readonly string[] {
  const { ask, protocol, release } = plan;
  if (ask.kind === "match")
    return protocol.id === THRESHOLD.protocol ? thresholdWarnings(ask) : matchWarnings(ask);
  if (ask.kind === "lookup") return lookupWarnings(ask);
  if (ask.kind === "overlap-count") return [COUNT_WARNINGS.get(protocol.id) ?? []].flat();
  if (ask.kind !== "join-aggregate") return sumWarnings(plan);
  return [
    protocol.id === JOIN_PAIR.protocol ? "SELECTOR-COUNT" : "COORDINATOR-SELECTS",
    ...(release.minCount === 1 ? ["NO-FLOOR"] : []),
  ];
}

function lookupWarnings({ tell, open }: LookupAsk): readonly string[] {
  return [
    "PERSON-LEVEL",
    ...(tell === "asker" ? [] : ["REPORT-UNFORCED"]),
    ...(open === true ? ["OPEN-LOOKUP"] : []),
  ];
}

function matchWarnings({ anyKey, atLeast, tell }: MatchAsk): readonly string[] {
  return [
    "PERSON-LEVEL",
    ...(anyKey === undefined ? [] : ["ALTERNATIVES"]),
    ...(atLeast > 2 ? ["SEES-BELOW-THRESHOLD"] : []),
    ...(tell === "holders" ? [] : ["TELL-BY-SOFTWARE"]),
  ];
}

function sumWarnings({ ask, inputs, release, protocol }: Plan): readonly string[] {
  return [
    ...(keyOf(ask).length === 0 ? [] : ["COORDINATOR-SELECTS"]),
    ...(inputs.length === 2 ? ["TWO-CONTRIBUTORS"] : []),
    ...(release.noise === null ? [] : ["NOISE-ON-MEASURES"]),
    ...(ask.kind === "trend" && ask.reveal === "alarms" ? [gateOf(protocol)] : []),
    ...(release.minCount === 1 ? ["NO-FLOOR"] : []),
    ...(release.minContributors === 1 ? ["ONE-CONTRIBUTOR"] : []),
  ];
}

/** Who sees more than alarms, by the gate that tells them. */
function gateOf({ id }: Plan["protocol"]): string {
  return id === BLIND_ALARMS.protocol ? "COORDINATOR-SIGNS" : "SERIES-IN-MEMORY";
}

/** A warning in words. An unknown code stands for itself. */
export function warningText(code: string, lang: "nl" | "en"): string {
  return (Object.hasOwn(WORDS, code) ? WORDS[code]?.[lang] : undefined) ?? code;
}
