// SPDX-License-Identifier: Apache-2.0
import type { PromiseName } from "@koplamp/ledger";
import type { Language } from "@koplamp/query";

/** The fixed words of a report, in one language. */
export interface ReportWords {
  readonly title: string;
  readonly verified: (kept: number, all: number) => string;
  readonly failed: (promise: string) => string;
  readonly asked: (party: string, from: string, until: string) => string;
  readonly ground: string;
  readonly disclosed: string;
  readonly learned: string;
  readonly coordinator: string;
  readonly approvals: string;
  readonly proofs: string;
  readonly risks: string;
  readonly check: string;
  readonly leftOut: string;
  readonly nothing: string;
  readonly labels: Readonly<Record<Label, string>>;
  readonly decisions: Readonly<Record<"approve" | "refuse" | "withdraw", string>>;
  readonly roles: Readonly<Record<"lawful" | "ethical", string>>;
  readonly lead: string;
  readonly provided: string;
  readonly ifFalse: string;
  readonly how: readonly string[];
  readonly made: string;
  /** What each promise says, where it is not in the report's own language. */
  readonly promises?: Readonly<Record<PromiseName, string>>;
}

type Label =
  | "purpose"
  | "bases"
  | "indication"
  | "necessity"
  | "subsidiarity"
  | "effect"
  | "who"
  | "what"
  | "to"
  | "bytes"
  | "at"
  | "learns"
  | "atMost"
  | "party"
  | "role"
  | "decision"
  | "person"
  | "reason"
  | "promise"
  | "verdict"
  | "serves"
  | "entry"
  | "ledger"
  | "witnesses"
  | "together"
  | "allowance";

const NL: ReportWords = {
  title: "Verantwoording van een vraag",
  verified: (kept, all) =>
    `Gecontroleerd: ${kept} van ${all} beloften nagegaan en gehouden, geen enkele gebroken.`,
  failed: (promise) => `Niet in orde: de belofte "${promise}" is gebroken. Gebruik het antwoord niet.`,
  asked: (party, from, until) => `Gesteld door ${party}, geldig van ${from} tot ${until}.`,
  ground: "Op welke grond",
  disclosed: "Wat aan wie is verstrekt",
  learned: "Wie wat te weten komt",
  coordinator: "Wat de coördinator zag",
  approvals: "Wie heeft toegestemd",
  proofs: "Wat is nagegaan",
  risks: "Wat overblijft",
  check: "Zelf nagaan",
  leftOut: "Weggelaten uit het dossier; alleen de hash staat er.",
  nothing: "Er is niets verstrekt.",
  labels: {
    purpose: "Doel",
    bases: "Grondslag",
    indication: "Aanleiding",
    necessity: "Noodzaak",
    subsidiarity: "Lichter middel",
    effect: "Beoogd gevolg",
    who: "Wie",
    what: "Wat",
    to: "Aan",
    bytes: "Bytes",
    at: "Wanneer",
    learns: "Leert",
    atMost: "Hooguit",
    party: "Organisatie",
    role: "Rol",
    decision: "Besluit",
    person: "Sleutel",
    reason: "Reden",
    promise: "Belofte",
    verdict: "Uitkomst",
    serves: "Dient",
    entry: "Regel",
    ledger: "Logboek van",
    witnesses: "Getuigen",
    together: "Samen",
    allowance: "recht op evaluaties",
  },
  decisions: { approve: "akkoord", refuse: "geweigerd", withdraw: "ingetrokken" },
  roles: { lawful: "rechtmatig", ethical: "ethisch" },
  lead: "Een treffer is een aanwijzing en bewijst niets over een persoon of bedrijf; de eigenaar van het gegeven gaat haar eerst na.",
  provided: "Verder niets, mits:",
  ifFalse: "zo niet:",
  how: [
    "Dit blad is gemaakt uit het dossier alleen; wie het opnieuw maakt, krijgt dezelfde bytes.",
    "Vraag de hash van het convenant op papier, en vergelijk:",
  ],
  made: "Gemaakt uit het dossier van",
  promises: {
    bundle: "Elk bestand is dat wat de ondertekende index noemt.",
    covenant: "De afspraak is die welke u vertrouwt, en elke partij heeft haar ondertekend.",
    roster: "Elke partij heeft getekend wie meedoet, en met welke sleutels.",
    plan: "Een analist van de vragende partij heeft de vraag ondertekend.",
    contract: "Wie wat te weten komt volgt uit de vraag en de afspraak alleen.",
    approvals: "Twee mensen van elke partij hebben met precies dit ingestemd.",
    quotas: "Geen partij heeft meer laten evalueren dan is afgesproken.",
    ledgers: "Elke regel staat in het logboek van haar partij, en de getuigen hebben haar gezien.",
    disclosed: "Wat is verstrekt is wat het contract noemt, en niets anders.",
    order: "Alles was vastgelegd en door getuigen gezien voordat het openging.",
    egress: "Wat elk knooppunt verliet, naar eigen telling, is wat het contract noemt.",
    receipts: "De ontvangers hebben bevestigd wat zij kregen.",
    erasure: "Wat nu gewist moest zijn, is gewist.",
  },
};

const EN: ReportWords = {
  title: "Account of a question",
  verified: (kept, all) => `Checked: ${kept} of ${all} promises looked at and kept, none broken.`,
  failed: (promise) => `Not in order: the promise "${promise}" is broken. Do not use the answer.`,
  asked: (party, from, until) => `Asked by ${party}, valid from ${from} to ${until}.`,
  ground: "On what ground",
  disclosed: "What was disclosed to whom",
  learned: "Who learns what",
  coordinator: "What the coordinator saw",
  approvals: "Who agreed",
  proofs: "What was checked",
  risks: "What remains",
  check: "Check it yourself",
  leftOut: "Left out of the bundle; only its hash is there.",
  nothing: "Nothing was disclosed.",
  labels: {
    purpose: "Purpose",
    bases: "Legal basis",
    indication: "Indication",
    necessity: "Necessity",
    subsidiarity: "Lighter means",
    effect: "Intended effect",
    who: "Who",
    what: "What",
    to: "To",
    bytes: "Bytes",
    at: "When",
    learns: "Learns",
    atMost: "At most",
    party: "Agency",
    role: "Role",
    decision: "Decision",
    person: "Key",
    reason: "Reason",
    promise: "Promise",
    verdict: "Verdict",
    serves: "Serves",
    entry: "Entry",
    ledger: "Ledger of",
    witnesses: "Witnesses",
    together: "Together",
    allowance: "right to evaluations",
  },
  decisions: { approve: "agreed", refuse: "refused", withdraw: "withdrawn" },
  roles: { lawful: "lawful", ethical: "ethical" },
  lead: "A hit is a lead and proves nothing about a person or a company; the owner of the data checks it first.",
  provided: "Nothing else, provided:",
  ifFalse: "if not:",
  how: [
    "This page is made from the bundle alone; whoever makes it again gets the same bytes.",
    "Ask for the covenant's hash on paper, and compare:",
  ],
  made: "Made from the bundle of",
};

/** The words of a report. */
export function reportWords(lang: Language): ReportWords {
  return lang === "nl" ? NL : EN;
}
