// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import type { Contract, ContractItem, Covenant, Plan, Text } from "@koplamp/wire";
import { choiceOf } from "./choose.ts";
import { type Cost, costOf } from "./cost.ts";
import { ANY } from "./knowledge.ts";
import type { Language } from "./language.ts";
import { record } from "./names.ts";
import { type Difference, otherWaysOf } from "./other-ways.ts";
import { partiesOf } from "./parties.ts";
import { phrasesOf, type Speaker } from "./phrases.ts";
import { warningText } from "./warnings.ts";

/** A contract in words, as data: what `--json` prints and what a page shows. */
export interface Explanation {
  readonly query: string;
  readonly class: string;
  readonly kind: string;
  readonly purpose: string;
  readonly protocol: string;
  readonly reason: string;
  /** What a stricter protocol would have given, and why it is not taken. */
  readonly passedOver: readonly { readonly protocol: string; readonly why: string }[];
  readonly summary: string;
  readonly inputs: readonly {
    readonly party: PartyId;
    readonly dataset: string;
    readonly columns: readonly string[];
    readonly rowsPadded: number;
  }[];
  /** In how many parts the lists go, each in a session of its own; absent: in one. */
  readonly shards?: number;
  readonly who: readonly ExplainedRow[];
  /** What several learn when they put their views together. */
  readonly together: readonly ExplainedRow[];
  readonly assumptions: readonly { readonly id: string; readonly text: string; readonly ifFalse: string }[];
  readonly cost: Cost;
  /** The other ways to answer the same; empty where the covenant is not at hand, or there is no other. */
  readonly otherWays: readonly ExplainedWay[];
  readonly approvals: {
    readonly parties: readonly PartyId[];
    readonly roles: readonly string[];
    readonly external: readonly string[];
  };
  readonly warnings: readonly string[];
}

/** One row of "who learns what". */
export interface ExplainedRow {
  readonly who: readonly string[];
  readonly learns: readonly string[];
  readonly atMost: readonly string[];
}

/** Another way to answer a question, and what would be otherwise. */
export interface ExplainedWay {
  readonly protocol: string;
  /** What a question says to have it: `mode: tokens`. */
  readonly force: string;
  readonly why: string;
  /** False where the covenant or the question rules it out; then `why` is the refusal, in English. */
  readonly possible: boolean;
  /** What some would learn, or could at most, that they do not now; and the other way round. */
  readonly more: readonly ExplainedDifference[];
  readonly less: readonly ExplainedDifference[];
  /** Absent where it is not possible. */
  readonly cost?: Cost;
}

/** What one of the nodes would learn otherwise. */
export interface ExplainedDifference {
  readonly who: string;
  readonly learns: readonly string[];
}

/** Whose covenant: for other ways that it allows, and for names of external approvers. */
export interface ExplainOptions {
  readonly lang: Language;
  readonly covenant?: Covenant;
}

/** The contract of a plan in the words of one language. */
export function explain(contract: Contract, plan: Plan, { lang, covenant }: ExplainOptions): Explanation {
  const choice = choiceOf(plan);
  const context = { parties: plan.inputs.map(({ party }) => party), plan, lang };
  const external = (covenant?.approval.external ?? []).filter(({ classes }) => classes.includes(plan.class));
  return {
    query: plan.id,
    class: plan.class,
    kind: plan.ask.kind,
    purpose: plan.purpose,
    protocol: plan.protocol.id,
    reason: inLanguage(choice.reason, lang),
    passedOver: choice.refused.map(({ protocol, why }) => ({ protocol, why: inLanguage(why, lang) })),
    summary: inLanguage(contract.text, lang),
    inputs: plan.inputs.map(({ party, dataset, columns, rowsPadded }) => ({
      party,
      dataset,
      columns,
      rowsPadded,
    })),
    ...(plan.protocol.shards === 1 ? {} : { shards: plan.protocol.shards }),
    who: viewRows(contract, context),
    together: coalitionRows(contract, context),
    assumptions: contract.assumptions.map(({ id, text, ifFalse }) => ({
      id,
      text: inLanguage(text, lang),
      ifFalse,
    })),
    cost: costOf(plan, contract),
    otherWays: covenant === undefined ? [] : wayRows(plan, covenant, context),
    approvals: {
      parties: partiesOf(plan),
      roles: ["lawful", "ethical"],
      external: external.map(({ role }) => role),
    },
    warnings: contract.warnings.map((code) => warningText(code, lang)),
  };
}

function wayRows(plan: Plan, covenant: Covenant, context: Omit<Speaker, "who">): readonly ExplainedWay[] {
  const { possible, ruledOut } = otherWaysOf(plan, covenant);
  const told = (rows: readonly Difference[]): readonly ExplainedDifference[] =>
    rows.map(({ who, learns }) => ({
      who: namesOf([who], context).join(),
      learns: phrasesOf(learns, { ...context, who: [who] }),
    }));
  return [
    ...possible.map(({ protocol, mode, why, more, less, cost }) => ({
      ...{ protocol, force: `mode: ${mode}`, why: inLanguage(why, context.lang), possible: true },
      ...{ more: told(more), less: told(less), cost },
    })),
    ...ruledOut.map(({ protocol, mode, refusal }) => ({
      ...{ protocol, force: `mode: ${mode}`, why: refusal, possible: false, more: [], less: [] },
    })),
  ];
}

/** Parties first, then the coordinator and the witnesses; rows that read the same are one row. */
function viewRows({ views }: Contract, context: Omit<Speaker, "who">): readonly ExplainedRow[] {
  const rows = new Map<string, { who: string[]; learns: readonly string[]; atMost: readonly string[] }>();
  const single = views.flatMap(({ who, learns, atMost }) => who.map((party) => ({ party, learns, atMost })));
  for (const { party, learns, atMost } of single.sort(
    (a, b) => place(a.party) - place(b.party) || (a.party < b.party ? -1 : 1),
  )) {
    const row = rowOf([party], learns, atMost, context);
    const name = JSON.stringify([row.learns, row.atMost, place(party)]);
    const found = rows.get(name) ?? { ...row, who: [] };
    found.who.push(party);
    rows.set(name, found);
  }
  return [...rows.values()]
    .sort((a, b) => weight(b) - weight(a))
    .map((row) => ({ ...row, who: namesOf(row.who, context) }));
}

/** Who learns most of the answer stands first; rows of equal weight keep their order. */
function weight({ who, learns }: ExplainedRow): number {
  return place(who[0] ?? "") === 0 ? 10 + learns.length : 5 - place(who[0] ?? "");
}

function place(party: string): number {
  if (party === "coordinator") return 1;
  return party === "witnesses" ? 2 : 0;
}

function rowOf(
  who: readonly PartyId[],
  learns: readonly ContractItem[],
  atMost: readonly ContractItem[],
  context: Omit<Speaker, "who">,
): ExplainedRow {
  const speaker = { ...context, who };
  return {
    who: namesOf(who, context),
    learns: phrasesOf(learns, speaker),
    atMost: phrasesOf(atMost, speaker),
  };
}

/** Coalitions in words. Three or more that differ only in who is in them are one row. */
function coalitionRows({ coalitions }: Contract, context: Omit<Speaker, "who">): readonly ExplainedRow[] {
  const alike = new Map<string, Contract["coalitions"][number][]>();
  for (const row of coalitions) {
    const { learns } = rowOf([ANY], row.learns, [], context);
    const name = JSON.stringify([
      learns,
      row.who.length,
      row.who.includes("coordinator"),
      row.who.includes(ANY),
    ]);
    alike.set(name, [...(alike.get(name) ?? []), row]);
  }
  return [...alike.values()].flatMap((rows) => {
    const [first] = rows;
    if (first === undefined || rows.length < 3) return rows.map((row) => coalitionRow(row, row.who, context));
    return [{ ...coalitionRow(first, [ANY], context), who: anyOf(rows, context) }];
  });
}

/** A coalition's row; how it comes to know is said in the language of the protocols, which is English. */
function coalitionRow(
  { who, learns }: Contract["coalitions"][number],
  said: readonly PartyId[],
  context: Omit<Speaker, "who">,
): ExplainedRow {
  const because = context.lang === "en" ? new Set(learns.flatMap((item) => item.because ?? [])) : [];
  return { ...rowOf(said, learns, [], context), who: namesOf(who, context), atMost: [...because] };
}

/** `coordinator, 1 of 3 parties`. */
function anyOf(rows: Contract["coalitions"], { lang }: Omit<Speaker, "who">): readonly string[] {
  const all = new Set(rows.flatMap(({ who }) => who));
  const shared = [ANY, "coordinator"].filter((name) => all.delete(name));
  const members = (rows[0]?.who.length ?? 0) - shared.length;
  const some = lang === "nl" ? `${members} van ${all.size} partijen` : `${members} of ${all.size} parties`;
  return [...namesOf(shared, { lang }), some];
}

function namesOf(who: readonly PartyId[], { lang }: Pick<Speaker, "lang">): readonly string[] {
  if (who.includes(ANY)) {
    const named = who.filter((party) => party !== ANY);
    return [lang === "nl" ? "elke coalitie" : "any coalition", ...namesOf(named, { lang })];
  }
  return who.map((party) => (lang === "nl" ? (DUTCH[party] ?? party) : party));
}

const DUTCH: Readonly<Record<string, string>> = record([
  ["coordinator", "coördinator"],
  ["witnesses", "getuigen"],
]);

/** A text in the language asked for, or else in the other one. */
function inLanguage({ nl, en }: Text, lang: Language): string {
  return (lang === "nl" ? (nl ?? en) : (en ?? nl)) ?? "";
}
