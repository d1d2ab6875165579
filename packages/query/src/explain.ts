// SPDX-License-Identifier: Apache-2.0
import { shardRows } from "@koplamp/psi";
import type { Contract, Plan } from "@koplamp/wire";
import type { Cost } from "./cost.ts";
import {
  type ExplainedDifference,
  type ExplainedWay,
  type ExplainOptions,
  type Explanation,
  explain,
} from "./explanation.ts";
import { bytesText, grouped, type Language, listed, secondsText } from "./language.ts";
import { labelled, tableRow, wrapped } from "./layout.ts";
import { shortened } from "./phrases.ts";

const LABELS = {
  nl: {
    who: "wie",
    learns: "leert",
    atMost: "hooguit",
    together: "samen",
    none: "niets wat een van hen niet al weet",
    brings: "brengt in",
    shards: "in delen",
    protocol: "protocol",
    not: "niet",
    provided: "mits",
    cost: "kosten",
    approvals: "goedkeuringen",
    instead: "of",
    also: "dan ook",
    without: "dan niet",
    ruledOut: "kan hier niet",
    warning: "let op",
    class: "klasse",
    purpose: "doel",
  },
  en: {
    who: "who",
    learns: "learns",
    atMost: "at most",
    together: "together",
    none: "nothing that one of them does not know already",
    brings: "brings",
    shards: "in shards",
    protocol: "protocol",
    not: "not",
    provided: "provided",
    cost: "cost",
    approvals: "approvals",
    instead: "or",
    also: "then also",
    without: "then not",
    ruledOut: "not possible here",
    warning: "warning",
    class: "class",
    purpose: "purpose",
  },
} as const;

const LABEL = 16;

/** How a contract is written down. */
export interface ExplainTextOptions extends ExplainOptions {
  /** Characters in a line; at least 60. */
  readonly width: number;
}

/**
 * The contract in words: who learns what, what several could learn together, under which assumptions, at what cost,
 * and who must agree (experience.md, section 2.3).
 */
export function explainText(contract: Contract, plan: Plan, options: ExplainTextOptions): string {
  return explanationText(explain(contract, plan, options), options);
}

/** The same for a contract that was put into words before: `lang` names the language that it was put into. */
export function explanationText(told: Explanation, { lang, width: wanted }: ExplainTextOptions): string {
  const width = Math.max(60, wanted);
  const blocks = [
    heading(told, lang, width),
    whoTable(told, lang, width),
    together(told, lang, width),
    facts(told, lang, width),
    assumptions(told, lang, width),
    told.warnings.flatMap((warning) => labelled(LABELS[lang].warning, warning, LABEL, width)),
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

function heading(told: Explanation, lang: Language, width: number): readonly string[] {
  const words = LABELS[lang];
  const line = [
    told.query,
    `${words.class} ${told.class} ${told.kind}`,
    `${words.purpose} ${told.purpose}`,
    told.protocol,
  ];
  return [line.join("   "), ...wrapped(told.summary, width)];
}

function whoTable({ who }: Explanation, lang: Language, width: number): readonly string[] {
  const words = LABELS[lang];
  const learns = Math.floor((width - LABEL - 4) * 0.58);
  const widths = [LABEL, learns, width - LABEL - 4 - learns];
  const rows = who.flatMap((row) => tableRow([shortened(row.who, lang), row.learns, row.atMost], widths));
  return [...tableRow([[words.who], [words.learns], [words.atMost]], widths), ...rows];
}

function together(told: Explanation, lang: Language, width: number): readonly string[] {
  const words = LABELS[lang];
  if (told.together.length === 0) return labelled(words.together, words.none, LABEL, width);
  return told.together.flatMap(({ who, learns, atMost }, at) => {
    const because = atMost.length === 0 ? "" : ` (${atMost.join("; ")})`;
    const text = `${shortened(who, lang).join(" + ")}: ${learns.join("; ")}${because}`;
    return labelled(at === 0 ? words.together : "", text, LABEL, width);
  });
}

function facts(told: Explanation, lang: Language, width: number): readonly string[] {
  const words = LABELS[lang];
  return [
    ...labelled(words.protocol, `${told.protocol}: ${told.reason}`, LABEL, width),
    ...told.passedOver
      .filter(({ protocol }) => !told.otherWays.some((other) => other.protocol === protocol))
      .flatMap(({ protocol, why }) => labelled(`  ${words.not}`, `${protocol}: ${why}`, LABEL, width)),
    ...told.otherWays.flatMap((other) => wayLines(other, lang, width)),
    ...labelled(words.brings, bringsText(told, lang), LABEL, width),
    ...(told.shards === undefined
      ? []
      : labelled(words.shards, shardsText(told.inputs, told.shards, lang), LABEL, width)),
    ...labelled(words.cost, costText(told, lang), LABEL, width),
    ...labelled(words.approvals, approvalsText(told, lang), LABEL, width),
  ];
}

/** Another way: how to ask for it, why it is not taken, who would learn what else, and its cost. */
function wayLines(
  { protocol, force, why, possible, more, less, cost }: ExplainedWay,
  lang: Language,
  width: number,
): readonly string[] {
  const words = LABELS[lang];
  const own = why.replace(
    /[;,] (?:alleen op verzoek|op verzoek|only when asked for|when asked for) \(mode: [^)]*\)$/,
    "",
  ); // it stands in front
  const head = possible ? own : `${words.ruledOut}: ${why}`;
  const differ = (label: string, rows: readonly ExplainedDifference[]): readonly string[] =>
    rows.flatMap(({ who, learns }) =>
      labelled("", `${label} ${who}: ${learns.join("; ")}`, LABEL + 2, width),
    );
  return [
    ...labelled(`  ${words.instead}`, `${force} (${protocol}): ${head}`, LABEL, width),
    ...differ(words.also, more),
    ...differ(words.without, less),
    ...(cost === undefined ? [] : labelled("", costLine(cost, lang), LABEL + 2, width)),
  ];
}

function bringsText({ inputs }: Explanation, lang: Language): string {
  const sizes = [...new Set(inputs.map(({ rowsPadded }) => rowsPadded))].sort((a, b) => a - b);
  const [most, datasets] = [sizes.at(-1) ?? 0, new Set(inputs.map(({ dataset }) => dataset))];
  if (inputs.length <= 5) {
    return inputs
      .map(({ party, dataset, rowsPadded }) => `${party} ${dataset} ≤ ${grouped(rowsPadded, lang)}`)
      .join(" · ");
  }
  const range = sizes.length === 1 ? "" : `${grouped(sizes[0] ?? 0, lang)} … `;
  return `${inputs.length} ${lang === "nl" ? "partijen" : "parties"}: ${listed([...datasets], lang)} ≤ ${range}${grouped(most, lang)}`;
}

/** That it goes part by part, and what the largest part is padded to. */
function shardsText(inputs: Explanation["inputs"], shards: number, lang: Language): string {
  const most = Math.max(...inputs.map(({ rowsPadded }) => shardRows(rowsPadded, shards)));
  const [count, rows] = [grouped(shards, lang), grouped(most, lang)];
  return lang === "nl"
    ? `${count} sessies na elkaar, elk met hooguit ${rows} sleutels van een partij; valt er een uit, dan wordt die ene herhaald`
    : `${count} sessions one after the other, each of at most ${rows} keys of a party; one that fails is repeated alone`;
}

function costText({ cost }: Explanation, lang: Language): string {
  const { evaluations } = cost;
  const base = costLine(cost, lang);
  if (evaluations.length === 0) return base;
  const most = grouped(Math.max(...evaluations.map(({ amount }) => amount)), lang);
  return lang === "nl"
    ? `${base}; hooguit ${most} berekeningen van één quotum`
    : `${base}; at most ${most} evaluations of one quota`;
}

/** Computing, bytes and rounds of the party that pays most; later, where something is kept for later questions. */
function costLine(cost: Cost, lang: Language): string {
  const { firstSeconds, repeatSeconds, bytesOut, bytesIn, rounds, repeatRounds } = cost;
  const [first, later] = [secondsText(firstSeconds, lang), secondsText(repeatSeconds, lang)];
  const [out, back] = [bytesText(bytesOut, lang), bytesText(bytesIn, lang)];
  const once =
    lang === "nl"
      ? `${first} rekenen, ${out} versturen en ${back} ontvangen per partij, ${rounds} rondes`
      : `${first} of computing, ${out} to send and ${back} to receive a party, ${rounds} rounds`;
  if (repeatRounds === rounds) return once;
  return lang === "nl"
    ? `${once} de eerste keer, daarna ${later} en ${repeatRounds} rondes`
    : `${once} the first time, ${later} and ${repeatRounds} rounds later`;
}

function approvalsText({ approvals }: Explanation, lang: Language): string {
  const { parties, external } = approvals;
  const people = lang === "nl" ? "2 mensen (mag het, moet het)" : "2 people (may we, should we)";
  const more = external.length === 0 ? "" : ` + ${listed(external, lang)}`;
  const each = lang === "nl" ? "partijen" : "parties";
  return `${parties.length} ${each} × ${people}${more}`;
}

/** Ids and sentences; what happens if one is false stands in the contract and in its JSON. */
function assumptions(told: Explanation, lang: Language, width: number): readonly string[] {
  const label = LABELS[lang].provided;
  return told.assumptions.flatMap(({ id, text }, at) => {
    const lines = labelled(/^A\d$/.test(id) ? id : "·", text, 3, width - LABEL - 2);
    return lines.map((line, next) => `${(at + next === 0 ? label : "").padEnd(LABEL)}  ${line}`);
  });
}
