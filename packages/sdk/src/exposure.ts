// SPDX-License-Identifier: Apache-2.0
// "What could they ever have learned about our data?", in words (evidence.md, section 10).
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  type ExposedItem,
  type Exposure,
  type ExposureRequest,
  exposureLog,
  exposureOf,
} from "@koplamp/engine";
import { rankOf } from "@koplamp/protocol";
import { type Language, phrasesOf } from "@koplamp/query";
import { openStore } from "@koplamp/store";
import type { Contract } from "@koplamp/wire";
import { nodeClient } from "./client.ts";
import { SdkError } from "./errors.ts";

/** An exposure of one party alone, and of it with others. */
export interface ToldExposure {
  readonly request: ExposureRequest;
  /** First the party alone, then together with others. */
  readonly exposures: readonly Exposure[];
}

/** A question about a party: alone, with these others, or where none is named with everybody else at once. */
export interface ExposureQuestion {
  readonly party: string;
  readonly others?: readonly string[];
  readonly dataset?: string;
  readonly from: string;
  readonly to: string;
}

/**
 * What a party could have learned about the data of the node whose folder this is: asked of the node, or read from its
 * folder where the node does not run.
 * @throws {SdkError} `state` without a ledger; {@link ClientError}.
 */
export async function exposureAt(dir: string, question: ExposureQuestion): Promise<ToldExposure> {
  const { party, others, dataset, from, to } = question;
  const request = { who: [party], from, to, ...(dataset === undefined ? {} : { dataset }) };
  const ask = await askerOf(dir);
  const alone = await ask(request);
  if ([party, ...(others ?? [])].includes(alone.me))
    throw new SdkError("party", `${alone.me} is the party of this node`, "name another party");
  const wider = others === undefined ? coalitionsWith(alone, party) : [others];
  const exposures = await Promise.all(wider.map((more) => ask({ ...request, who: [party, ...more] })));
  return { request, exposures: [alone, ...exposures.sort(worstFirst)] };
}

type Ask = (request: ExposureRequest) => Promise<Exposure>;

async function askerOf(dir: string): Promise<Ask> {
  const client = nodeClient(dir);
  try {
    await client.status();
    return (request) => client.exposure(request);
  } catch (reason) {
    if (Reflect.get(Object(reason), "code") !== "no-node") throw reason;
  }
  const file = join(dir, "state", "node.db");
  if (!existsSync(file)) {
    throw new SdkError(
      "state",
      `there is no ledger of a node in ${dir}`,
      "--node names the folder of your own node",
    );
  }
  return async (request) => {
    const store = openStore(file);
    try {
      return exposureOf(exposureLog(store), request);
    } finally {
      store.close();
    }
  };
}

/** More coalitions than these are not told by themselves: the last one has them all. */
const MOST_COALITIONS = 8;

/** With whom it could know more: each group that a contract names with it, and everybody else at once. */
function coalitionsWith({ questions, me }: Exposure, party: string): readonly (readonly string[])[] {
  const contracts = questions.map(({ contract }) => contract);
  const none = [me, party, "witnesses", "others", "any"];
  const others = (who: readonly string[]): readonly string[] =>
    [...new Set(who)].filter((one) => !none.includes(one)).sort();
  const everybody = others(contracts.flatMap(({ views }) => views.flatMap(({ who }) => who)));
  const named = contracts
    .flatMap(({ coalitions }) => coalitions)
    .filter(({ who }) => who.includes(party) && !who.includes(me))
    .map(({ who }) => others(who));
  const groups = new Map([...named.slice(0, MOST_COALITIONS), everybody].map((who) => [who.join(" "), who]));
  return [...groups.values()].filter((who) => who.length > 0);
}

function worstFirst(a: Exposure, b: Exposure): number {
  const worst = ({ items }: Exposure): number => Math.max(0, ...items.map(({ fact }) => rankOf(fact)));
  return worst(b) - worst(a) || b.items.length - a.items.length || a.who.length - b.who.length;
}

const WORDS = {
  nl: {
    alone: "alleen",
    together: "samen met",
    atMost: "hooguit, ook buiten het protocol",
    joint: "alleen samen",
    nothing: "niets",
    nothingMore: "niets meer dan alleen",
    questions: "vragen",
    class: "klasse",
    purpose: "doel",
    ground: "grondslag",
    none: "geen genoemd",
    approved: "goedgekeurd door",
    sizes: "niet geopend: alleen omvang en tijd",
    opened: "verstrekt op",
    provided: "verder niets, mits",
    forgotten: "gewist na de termijn; het logboek zegt nog",
    ledger: "alles wat vertrok in dit logboek staat, en het contract beschrijft wat is verstrekt",
    offers:
      "opgevulde omvang die bij het stellen van een vraag is genoemd, telt niet mee: dat staat niet in het logboek",
  },
  en: {
    alone: "alone",
    together: "together with",
    atMost: "at most, also outside the protocol",
    joint: "together only",
    nothing: "nothing",
    nothingMore: "nothing more than alone",
    questions: "questions",
    class: "class",
    purpose: "purpose",
    ground: "legal basis",
    none: "none named",
    approved: "approved by",
    sizes: "not opened: sizes and times only",
    opened: "disclosed at",
    provided: "nothing else, provided",
    forgotten: "erased after its term; the ledger still says",
    ledger: "all that left is in this ledger, and the contract describes what was disclosed",
    offers: "padded sizes that were named when a question was asked do not count: they are not in the ledger",
  },
} as const;

/** An exposure in lines: the party alone, then what others add, worst first; the questions; the assumptions. */
export function exposureLines({ request, exposures }: ToldExposure, lang: Language): readonly string[] {
  const words = WORDS[lang];
  const [first] = exposures;
  if (first === undefined) return [];
  const { me } = first;
  const what = request.dataset ?? (lang === "nl" ? "alle gegevens" : "all data");
  const [party = ""] = request.who;
  const head =
    lang === "nl"
      ? `Wat kan ${party} te weten zijn gekomen over ${what} van ${me}, van ${request.from} tot en met ${request.to}?`
      : `What could ${party} have learned about ${what} of ${me}, from ${request.from} to ${request.to}?`;
  const numbers = numbered(exposures);
  return [
    head,
    ...exposures.flatMap((exposure) => ["", ...section(exposure, first, numbers, lang)]),
    "",
    ...questionLines(exposures, numbers, lang),
    `${words.provided}:`,
    ...assumptionsOf(exposures, lang).map((text) => `  ${text}`),
  ];
}

/** Questions by number, in the order of the widest coalition. */
function numbered(exposures: readonly Exposure[]): ReadonlyMap<string, number> {
  const hashes = new Set(
    [...exposures]
      .sort((a, b) => b.who.length - a.who.length)
      .flatMap(({ questions }) => questions.map(({ planHash }) => planHash)),
  );
  return new Map([...hashes].map((hash, at) => [hash, at + 1]));
}

/** What a coalition knows; of one with others, what the party does not know alone. */
function section(
  exposure: Exposure,
  alone: Exposure,
  numbers: ReadonlyMap<string, number>,
  lang: Language,
): readonly string[] {
  const words = WORDS[lang];
  const [party = ""] = alone.who;
  const others = exposure.who.filter((one) => one !== party);
  const first = exposure === alone;
  const who = first ? `${party} ${words.alone}` : `${party} ${words.together} ${others.join(", ")}`;
  const known = new Set(first ? [] : alone.items.map(nameOf));
  const fresh = exposure.items.filter((item) => !known.has(nameOf(item)));
  const lines = [...new Set(fresh.map((item) => itemLine(item, exposure, numbers, lang)))];
  const more = first || exposure.forgotten.length > alone.forgotten.length ? exposure.forgotten : [];
  const forgotten = more.map(
    ({ disclosure, bytes, at }) => `  ${words.forgotten}: ${disclosure}, ${bytes} B, ${at}`,
  );
  const noise = exposure.rhoMicro === 0 ? [] : [`  rho ${exposure.rhoMicro} × 10⁻⁶`];
  const all = [...lines, ...forgotten, ...noise];
  return [who, ...(all.length === 0 ? [`  ${first ? words.nothing : words.nothingMore}`] : all)];
}

/** Facts that a session gives away by taking place: told once for each question, whoever it is that saw them. */
const BACKGROUND: readonly string[] = ["took-part", "timing", "ledger-growth", "size-padded", "vocabulary"];

/** By which the same item is known again in a wider coalition. */
function nameOf(item: ExposedItem): string {
  return BACKGROUND.includes(item.fact) ? `${item.planHash} ${item.fact}` : JSON.stringify(item);
}

function itemLine(
  item: ExposedItem,
  { questions, who, me }: Exposure,
  numbers: ReadonlyMap<string, number>,
  lang: Language,
): string {
  const plan = questions.find(({ planHash }) => planHash === item.planHash)?.plan;
  if (plan === undefined) return "";
  const about = JOINT.includes(item.fact)
    ? item.about.filter((one) => one === me || !who.includes(one))
    : [me];
  const parties = plan.inputs.map(({ party }) => party);
  const { because, ...rest } = item;
  const [phrase = ""] = phrasesOf([{ ...rest, about }], { parties, who, plan, lang });
  const how = {
    learns: "",
    tests: "",
    atMost: `${WORDS[lang].atMost}: `,
    together: `${WORDS[lang].joint}: `,
  }[item.how];
  const why = item.how === "tests" ? ` (${testsText(because, lang)})` : "";
  return `  [${numbers.get(item.planHash) ?? "?"}]  ${how}${phrase}${why}`;
}

/** Facts about several parties' data together: of one alone they say nothing definite. */
const JOINT: readonly string[] = ["count", "pair-count", "cell", "alarm", "hit-pattern", "pattern"];

function testsText(because: string, lang: Language): string {
  const [, epoch = "", purpose = "", rows = ""] =
    /epoch (\S+) for purpose (\S+); at most (\d+) /.exec(because) ?? [];
  return lang === "nl"
    ? `alles wat in periode ${epoch} voor doel ${purpose} mocht worden berekend; op hooguit ${rows} is het antwoord ja`
    : because;
}

function questionLines(
  exposures: readonly Exposure[],
  numbers: ReadonlyMap<string, number>,
  lang: Language,
): readonly string[] {
  const words = WORDS[lang];
  const widest = [...exposures].sort((a, b) => b.who.length - a.who.length)[0];
  if (widest === undefined || widest.questions.length === 0) return [];
  const lines = widest.questions.flatMap(({ planHash, plan, at, opened, approvals }) => {
    const bases = plan.bases.map(({ party, basis }) => `${party} ${basis}`).join(", ");
    return [
      `  [${numbers.get(planHash) ?? "?"}]  ${plan.id}   ${words.class} ${plan.class}   ${words.purpose} ${plan.purpose}   ${opened ? `${words.opened} ${at}` : words.sizes}`,
      `       ${planHash}`,
      `       ${words.ground}: ${bases === "" ? words.none : bases}`,
      `       ${words.approved}: ${approvals.length === 0 ? words.nothing : approvals.join(", ")}`,
    ];
  });
  return [words.questions, ...lines, ""];
}

/** The assumption that the coordinator works with nobody (threats.md, section 1). */
const COORDINATOR_ALONE = "A7";

/** The assumptions of every contract, once each, and those of the computation itself. */
function assumptionsOf(exposures: readonly Exposure[], lang: Language): readonly string[] {
  const words = WORDS[lang];
  const contracts: readonly Contract[] = exposures.flatMap(({ questions }) =>
    questions.map(({ contract }) => contract),
  );
  const withIt = exposures.some(({ who }) => who.includes("coordinator"));
  const texts = contracts.flatMap(({ assumptions }) =>
    assumptions.map(({ id, text }) => {
      const own = (lang === "nl" ? (text.nl ?? text.en) : (text.en ?? text.nl)) ?? "";
      return id === COORDINATOR_ALONE && withIt ? `${own} (${words.alone})` : own;
    }),
  );
  return [...new Set([words.ledger, ...texts, words.offers])].filter((text) => text !== "");
}
