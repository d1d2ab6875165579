// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import {
  type AggregateAsk,
  type Covenant,
  type JoinAsk,
  keyOf,
  type MatchAsk,
  type NoisePlan,
  type OverlapAsk,
  type Plan,
  type Text,
} from "@koplamp/wire";
import { coordinatorSees } from "./counting.ts";
import { keyWords } from "./key-words.ts";
import { listed } from "./language.ts";
import { lookupText } from "./lookups.ts";
import { promiseOf } from "./noise.ts";
import { rulesText } from "./release-text.ts";
import { scheduleText } from "./schedule.ts";
import { flagsText } from "./thresholds.ts";
import { trendText } from "./trend-text.ts";

/** The contract in two or three sentences, with the parties' names, and how often it runs where that is more than once. */
export function contractText(plan: Plan, covenant: Covenant): Text {
  const once = runText(plan, covenant);
  if (plan.schedule === null) return once;
  const often = scheduleText(plan.schedule);
  return { nl: `${once.nl ?? ""}${often.nl ?? ""}`, en: `${once.en ?? ""}${often.en ?? ""}` };
}

function runText(plan: Plan, covenant: Covenant): Text {
  const name = (party: PartyId): string => covenant.parties.find(({ id }) => id === party)?.name ?? party;
  const { ask } = plan;
  const recipients = plan.recipients.map(({ party }) => name(party));
  const parties = ask.from.map(({ party }) => name(party));
  if (ask.kind === "match") return matchText(ask, recipients, parties);
  if (ask.kind === "overlap-count") return overlapText(ask, plan, recipients, parties);
  if (ask.kind === "join-aggregate") return joinText(ask, plan, recipients);
  if (ask.kind === "lookup") return lookupText(ask, name);
  if (ask.kind === "trend") return trendText(ask, plan, recipients, parties);
  return sumText(ask, plan, recipients, parties);
}

function matchText(ask: MatchAsk, recipients: readonly string[], parties: readonly string[]): Text {
  const key = keyWords(ask);
  const told = {
    holders: { nl: ", en welke dat zijn", en: ", and which those are" },
    count: { nl: ", en hoeveel dat er zijn", en: ", and how many those are" },
    nothing: { nl: "", en: "" },
  }[ask.tell];
  const [nl, en] = [listed(recipients, "nl"), listed(recipients, "en")];
  const among = holdersText(ask.atLeast, parties.length);
  const flags = flagsText(ask);
  if (ask.anyKey !== undefined) {
    return {
      nl: `${nl} ${recipients.length === 1 ? "leert" : "leren elk"} welke van de eigen records op een of meer van ${ask.anyKey.length} sleutels (${key}) bij ${among.nl} bekend zijn${told.nl}, en op welke van die sleutels. Sleutels kunnen met verschillende records van een ander overeenkomen. Niemand leert een sleutel die hij niet zelf heeft.`,
      en: `${en} ${recipients.length === 1 ? "learns" : "each learn"} which of its own records ${among.en} hold under one or more of ${ask.anyKey.length} keys (${key})${told.en}, and which of those keys agree. Keys may agree with different records of another party. Nobody learns a key that it does not hold itself.`,
    };
  }
  return {
    nl: `${nl} ${recipients.length === 1 ? "leert" : "leren elk"} welke van de eigen sleutels (${key}) bij ${among.nl} bekend zijn${flags.nl}${told.nl}. Niemand leert een sleutel die hij niet zelf heeft.`,
    en: `${en} ${recipients.length === 1 ? "learns" : "each learn"} which of its own keys (${key}) ${among.en} hold${flags.en}${told.en}. Nobody learns a key that it does not hold itself.`,
  };
}

function holdersText(atLeast: number, parties: number): { readonly nl: string; readonly en: string } {
  if (atLeast < parties) {
    return {
      nl: `ten minste ${atLeast} van de ${parties} partijen`,
      en: `at least ${atLeast} of the ${parties} parties`,
    };
  }
  return parties === 2
    ? { nl: "beide partijen", en: "both parties" }
    : { nl: `alle ${parties} partijen`, en: `all ${parties} parties` };
}

function overlapText(
  ask: OverlapAsk,
  { protocol }: Plan,
  recipients: readonly string[],
  parties: readonly string[],
): Text {
  const first = ask.atLeast ?? 1;
  const exactly = `${first}, ${first < ask.from.length ? `${first + 1}, …` : ""}`.replace(/, $/, "");
  const what = {
    histogram: {
      nl: `hoeveel sleutels bij precies ${exactly} partijen bekend zijn`,
      en: `how many keys exactly ${exactly} parties hold`,
    },
    pairs: {
      nl: "hoeveel sleutels elk paar partijen deelt",
      en: "how many keys each pair of parties shares",
    },
    atLeast: {
      nl: `hoeveel sleutels bij ten minste ${ask.atLeast} partijen bekend zijn`,
      en: `how many keys at least ${ask.atLeast} parties hold`,
    },
  }[ask.shape];
  const key = ask.key.join(" + ");
  const one = recipients.length === 1;
  const seen = coordinatorSees(ask, protocol.id);
  return {
    nl: `${listed(recipients, "nl")} ${one ? "leert" : "leren"} ${what.nl} (${key}, over ${listed(parties, "nl")}). Geen partij leert een sleutel. ${seen.nl}`,
    en: `${listed(recipients, "en")} ${one ? "learns" : "learn"} ${what.en} (${key}, over ${listed(parties, "en")}). No party learns a key. ${seen.en}`,
  };
}

function sumText(
  ask: AggregateAsk,
  { release }: Plan,
  recipients: readonly string[],
  parties: readonly string[],
): Text {
  const one = recipients.length === 1;
  const measures = ask.measures.join(", ");
  const noise = noiseText(release.noise);
  const { minCount, minContributors } = release;
  const once = onceText(ask);
  const rules = rulesText(ask, release);
  const [perNl, perEn] =
    ask.groupBy.length === 0
      ? ["in totaal", "in all"]
      : [`per ${listed(ask.groupBy, "nl")}`, `per ${listed(ask.groupBy, "en")}`];
  return {
    nl: `${listed(recipients, "nl")} ${one ? "leert" : "leren"} ${measures} ${perNl}, over de rijen van ${parties.length} partijen samen${once.nl}; een cel met minder dan ${minCount} rijen of ${minContributors} partijen wordt achtergehouden.${noise.nl}${rules.nl}`,
    en: `${listed(recipients, "en")} ${one ? "learns" : "learn"} ${measures} ${perEn}, over the rows of ${parties.length} parties together${once.en}; a cell with fewer than ${minCount} rows or ${minContributors} parties is withheld.${noise.en}${rules.en}`,
  };
}

function onceText(ask: AggregateAsk): { readonly nl: string; readonly en: string } {
  const key = keyOf(ask).join(" + ");
  if (key === "") return { nl: "", en: "" };
  return {
    nl: `, waarbij rijen met dezelfde ${key} één keer tellen, ook als meer partijen ze hebben`,
    en: `, where rows with the same ${key} count once, also when several parties hold them`,
  };
}

/** Of a join people want to know whose rows count, and that no row is named. */
function joinText(ask: JoinAsk, { release }: Plan, recipients: readonly string[]): Text {
  const one = recipients.length === 1;
  const [measures, key] = [ask.measures.join(", "), ask.key.join(" + ")];
  const { minCount } = release;
  const [perNl, perEn] =
    ask.groupBy.length === 0
      ? ["in totaal", "in all"]
      : [`per ${listed(ask.groupBy, "nl")}`, `per ${listed(ask.groupBy, "en")}`];
  const all = holdersText(ask.from.length, ask.from.length);
  return {
    nl: `${listed(recipients, "nl")} ${one ? "leert" : "leren"} ${measures} ${perNl}, over de sleutels (${key}) die bij ${all.nl} bekend zijn; een groep met minder dan ${minCount} daarvan wordt achtergehouden. Niemand leert welke sleutels dat zijn.`,
    en: `${listed(recipients, "en")} ${one ? "learns" : "learn"} ${measures} ${perEn}, over the keys (${key}) that ${all.en} hold; a group with fewer than ${minCount} of them is withheld. Nobody learns which keys those are.`,
  };
}

function noiseText(noise: NoisePlan | null): { readonly nl: string; readonly en: string } {
  if (noise === null) return { nl: "", en: "" };
  const promise = promiseOf(noise);
  return {
    nl: ` Elke partij telt er ruis bij op die ${noise.unit === "row" ? "één rij" : "één persoon of object, met alle rijen daarvan,"} verbergt (${promise}).`,
    en: ` Every party adds noise that hides ${noise.unit === "row" ? "one row" : "one subject with all its rows"} (${promise}).`,
  };
}
