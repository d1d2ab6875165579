// SPDX-License-Identifier: Apache-2.0
import type { AlarmRule, FixedBaseline, Plan, Text, TrendAsk } from "@koplamp/wire";
import { BLIND_ALARMS } from "./choices.ts";
import { listed } from "./language.ts";

/** What a trend tells, in two or three sentences. */
export function trendText(
  ask: TrendAsk,
  { release, protocol }: Plan,
  recipients: readonly string[],
  parties: readonly string[],
): Text {
  const [measure = ""] = ask.measures;
  const { minCount, minContributors } = release;
  const [perNl, perEn] =
    ask.groupBy.length === 0
      ? ["", ""]
      : [` per ${listed(ask.groupBy, "nl")}`, ` per ${listed(ask.groupBy, "en")}`];
  const rule = ruleText(ask.alarm);
  const memory = MEMORY[protocol.id === BLIND_ALARMS.protocol ? "blind" : ask.reveal];
  const [learnsNl, learnsEn] = recipients.length === 1 ? ["leert", "learns"] : ["leren", "learn"];
  const [whatNl, whatEn] =
    ask.reveal === "series"
      ? [
          `${measure}${perNl} in elke periode, en welke perioden alarm geven`,
          `${measure}${perEn} in every period, and which periods raise an alarm`,
        ]
      : [
          `welke perioden van ${measure}${perNl} alarm geven, en geen enkel getal`,
          `which periods of ${measure}${perEn} raise an alarm, and no number at all`,
        ];
  return {
    nl: `${listed(recipients, "nl")} ${learnsNl} ${whatNl}, over de rijen van ${parties.length} partijen samen. Een alarm is ${rule.nl}. Een periode met minder dan ${minCount} rijen of ${minContributors} partijen wordt achtergehouden, en wat daarop rust blijft onbekend.${memory.nl} Niemand leert wat één partij inbracht.`,
    en: `${listed(recipients, "en")} ${learnsEn} ${whatEn}, over the rows of ${parties.length} parties together. An alarm is ${rule.en}. A period with fewer than ${minCount} rows or ${minContributors} parties is withheld, and what rests on it stays unknown.${memory.en} Nobody learns what one party put in.`,
  };
}

const MEMORY: Readonly<Record<TrendAsk["reveal"] | "blind", Readonly<Record<"nl" | "en", string>>>> = {
  blind: {
    nl: " Geen enkele node heeft de reeks: de coördinator ziet tekens van toetsen die hij niet kan benoemen.",
    en: " No node has the series: the coordinator sees signs of tests that it cannot name.",
  },
  series: { nl: "", en: "" },
  alarms: {
    nl: " De node van een ontvanger houdt daarvoor de hele reeks in het geheugen en toont alleen de alarmen.",
    en: " A recipient's node holds the whole series in memory for that, and shows the alarms only.",
  },
};

function ruleText(alarm: AlarmRule): Readonly<Record<"nl" | "en", string>> {
  const { rule, thresholdMilli } = alarm;
  const threshold = String(thresholdMilli / 1000);
  const nl = threshold.replace(".", ",");
  if ("baseline" in alarm) return fixedText(alarm, threshold);
  const { window } = alarm;
  return {
    zscore: {
      nl: `een waarde die meer dan ${nl} standaardafwijkingen boven het gemiddelde van de ${window} perioden ervoor ligt`,
      en: `a value more than ${threshold} standard deviations above the mean of the ${window} periods before`,
    },
    seasonal: {
      nl: `een waarde die meer dan ${nl} standaardafwijkingen boven het gemiddelde van dezelfde periode in de ${window} jaren ervoor ligt`,
      en: `a value more than ${threshold} standard deviations above the mean of the same period in the ${window} years before`,
    },
    cusum: {
      nl: `een opgetelde overschrijding van meer dan ${nl} standaardafwijkingen, gemeten aan de eerste ${window} perioden`,
      en: `an excess that has added up to more than ${threshold} standard deviations, measured by the first ${window} periods`,
    },
  }[rule];
}

function fixedText(
  { rule, baseline: { mean, deviation } }: FixedBaseline,
  threshold: string,
): Readonly<Record<"nl" | "en", string>> {
  const nl = threshold.replace(".", ",");
  return {
    zscore: {
      nl: `een waarde die meer dan ${nl} keer ${deviation} boven ${mean} ligt`,
      en: `a value more than ${threshold} times ${deviation} above ${mean}`,
    },
    cusum: {
      nl: `een opgetelde overschrijding van ${mean} met meer dan ${nl} keer ${deviation}`,
      en: `an excess over ${mean} that has added up to more than ${threshold} times ${deviation}`,
    },
  }[rule];
}
