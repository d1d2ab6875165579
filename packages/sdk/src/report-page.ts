// SPDX-License-Identifier: Apache-2.0
// The account of one question as a page, from its bundle alone (experience.md, section 7).
import type { ReadBundle, Report } from "@koplamp/ledger";
import { readProof } from "@koplamp/ledger";
import { type Explanation, explain, type Language } from "@koplamp/query";
import {
  type Approval,
  type Contract,
  type Documents,
  type DocumentType,
  fromUtf8,
  type Plan,
  readDocument,
  type Text,
} from "@koplamp/wire";
import { classed, element, type Html, page, table } from "./page.ts";
import { type ReportWords, reportWords } from "./report-words.ts";

/** What a page is made of. */
interface Account {
  readonly bundle: ReadBundle;
  readonly report: Report;
  readonly lang: Language;
  readonly words: ReportWords;
  readonly plan: Plan | undefined;
  readonly told: Explanation | undefined;
}

/**
 * Who asked, on what ground, what was disclosed to whom, what the coordinator saw, who agreed, what was checked, what
 * remains, and how to check it. Self-contained HTML; the same bytes for the same bundle, report and language.
 */
export function reportPage(bundle: ReadBundle, report: Report, lang: Language): string {
  const plan = documentOf(bundle, "plan/v1")[0];
  const contract = documentOf(bundle, "contract/v1")[0];
  const words = reportWords(lang);
  const told = plan === undefined || contract === undefined ? undefined : explain(contract, plan, { lang });
  const account: Account = { bundle, report, lang, words, plan, told };
  return page(
    lang,
    `${words.title}: ${plan?.id ?? bundle.index.planHash}`,
    heading(account),
    ...ground(account),
    ...disclosed(account),
    ...learned(account),
    ...agreed(account),
    ...checked(account),
    ...remains(account, contract),
    ...howTo(account),
  );
}

function documentOf<T extends DocumentType>({ documents }: ReadBundle, type: T): readonly Documents[T][] {
  return documents.filter((one) => one.type === type).map(({ bytes }) => readDocument(type, bytes));
}

function heading({ words, plan, report, told, bundle }: Account): Html {
  const verdict =
    report.broken === undefined
      ? words.verified(report.passed, report.lines.length)
      : words.failed(report.broken);
  const asked = plan && words.asked(plan.proposer.party, plan.notBefore, plan.expires);
  return element(
    "header",
    element("h1", words.title),
    classed(
      "p",
      "lead",
      plan?.id ?? words.leftOut,
      told === undefined ? "" : ` · ${told.class} · ${told.kind} · ${told.protocol}`,
    ),
    element("p", asked ?? ""),
    classed("p", "lead", told?.summary ?? ""),
    classed("p", report.broken === undefined ? "PASS" : "FAIL", verdict),
    element("p", words.lead),
    classed("p", "quiet", `${words.made} ${bundle.index.by}, ${bundle.index.made}.`),
  );
}

function ground({ words, plan, lang }: Account): readonly Html[] {
  if (plan === undefined) return [element("h2", words.ground), element("p", words.leftOut)];
  const { labels } = words;
  const bases = plan.bases.map(({ party, basis }) => `${party}: ${basis}`);
  const rows = [
    [labels.purpose, plan.purpose],
    [labels.bases, bases],
    [labels.indication, `${inLanguage(plan.indication.text, lang)} (${plan.indication.reference})`],
    [labels.necessity, inLanguage(plan.necessity, lang)],
    [labels.subsidiarity, inLanguage(plan.subsidiarity, lang)],
    [
      labels.effect,
      [inLanguage(plan.intendedEffect.text, lang), inLanguage(plan.intendedEffect.measure, lang)],
    ],
  ] as const;
  return [element("h2", words.ground), table(["", ""], rows)];
}

function disclosed({ words, bundle }: Account): readonly Html[] {
  const { labels } = words;
  const rows = bundle.entries
    .filter(({ entry }) => entry.type === "disclose" || entry.type === "allow")
    .map(({ party, index, entry: { type, at, body } }) => {
      const to = type === "allow" ? [String(body["asker"] ?? "")] : listOf(body["to"]);
      const what = type === "allow" ? `${labels.allowance} ≤ ${body["ceiling"]}` : String(body["disclosure"]);
      return [
        party,
        what,
        to.join(", "),
        type === "allow" ? "" : String(body["bytes"]),
        at,
        `${party} ${index}`,
      ];
    });
  const heads = [labels.who, labels.what, labels.to, labels.bytes, labels.at, labels.entry];
  return [
    element("h2", words.disclosed),
    rows.length === 0 ? element("p", words.nothing) : table(heads, rows),
  ];
}

function learned({ words, told }: Account): readonly Html[] {
  if (told === undefined) return [element("h2", words.learned), element("p", words.leftOut)];
  const { labels } = words;
  const row = ({
    who,
    learns,
    atMost,
  }: Explanation["who"][number]): readonly (string | readonly string[])[] => [who.join(", "), learns, atMost];
  const heads = [labels.who, labels.learns, labels.atMost];
  const seen = told.who.filter(isCoordinator);
  const parties = told.who.filter((one) => !isCoordinator(one));
  return [
    element("h2", words.learned),
    table(heads, parties.map(row)),
    ...(told.together.length === 0
      ? []
      : [element("h3", labels.together), table(heads, told.together.map(row))]),
    element("h2", words.coordinator),
    table(heads, seen.map(row)),
  ];
}

/** Its name is a word of the language. */
const isCoordinator = ({ who }: Explanation["who"][number]): boolean =>
  who.some((name) => /^co[oö]rdinator$/.test(name));

function agreed({ words, bundle, lang }: Account): readonly Html[] {
  const { labels, decisions, roles } = words;
  const rows = documentOf(bundle, "approval/v1")
    .toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
    .map(({ party, role, decision, at, by, considered, reason }) => [
      party,
      role === "lawful" || role === "ethical" ? roles[role] : role,
      decisions[decision],
      at,
      classed("span", "hash", by),
      [
        ...(reason === null ? [] : [inLanguage(reason, lang)]),
        ...considered.map(({ question, answer }) => `${question}: ${inLanguage(answer, lang)}`),
      ],
    ]);
  const heads = [labels.party, labels.role, labels.decision, labels.at, labels.person, labels.reason];
  return [
    element("h2", words.approvals),
    rows.length === 0 ? element("p", words.leftOut) : table(heads, rows),
  ];
}

const orderOf = ({ party, role, at }: Approval): string => [party, role, at].join(" ");

function checked({ words, report, bundle }: Account): readonly Html[] {
  const { labels } = words;
  const promises = report.lines.map(({ promise, verdict, sentence, detail, article }) => [
    classed("span", verdict, verdict),
    promise,
    [words.promises?.[promise] ?? sentence, detail],
    article,
  ]);
  const entries = [...entriesByKind(bundle)].map(([kind, shown]) => {
    const [party = "", type = ""] = kind.split(" ");
    const [first] = shown;
    const witnesses = Math.min(...shown.map(witnessesOf));
    return [
      party,
      `${type} ${rangesOf(shown.map(({ index }) => index))}`,
      first?.entry.at ?? "",
      String(witnesses),
    ];
  });
  return [
    element("h2", words.proofs),
    table([labels.verdict, labels.promise, labels.what, labels.serves], promises),
    table([labels.ledger, labels.entry, labels.at, labels.witnesses], entries),
  ];
}

type Shown = ReadBundle["entries"][number];

function entriesByKind({ entries }: ReadBundle): ReadonlyMap<string, readonly Shown[]> {
  return Map.groupBy(entries, ({ party, entry }) => `${party} ${entry.type}`);
}

function witnessesOf({ proof }: Shown): number {
  const lines = fromUtf8(readProof(proof).checkpoint).split("\n");
  return lines.filter((line) => line.startsWith("— ") && line.includes("/witness ")).length;
}

/** `1, 4–7`. */
function rangesOf(indices: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const index of indices.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === index - 1) last[1] = index;
    else ranges.push([index, index]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(", ");
}

function remains({ words, told }: Account, contract: Contract | undefined): readonly Html[] {
  if (told === undefined || contract === undefined)
    return [element("h2", words.risks), element("p", words.leftOut)];
  const assumptions = told.assumptions.map(({ text, ifFalse }) =>
    element("li", text, " ", classed("span", "quiet", `${words.ifFalse} ${ifFalse}`)),
  );
  return [
    element("h2", words.risks),
    ...told.warnings.map((warning) => element("p", warning)),
    element("p", words.provided),
    element("ul", ...assumptions),
  ];
}

function howTo({ words, bundle, lang }: Account): readonly Html[] {
  const { covenantHash, rosterHash, planHash, contractHash } = bundle.index;
  const [again = "", paper = ""] = words.how;
  const commands = [
    `echo "covenant ${covenantHash}" > trust`,
    "koplamp verify BUNDLE --trust trust",
    "sh verify.sh BUNDLE trust",
    `koplamp report BUNDLE --trust trust --lang ${lang}`,
  ];
  const hashes = { covenant: covenantHash, roster: rosterHash, plan: planHash, contract: contractHash };
  const rows = Object.entries(hashes).map(([name, hash]) => [name, classed("span", "hash", hash)]);
  return [
    element("h2", words.check),
    element("p", again),
    element("p", paper),
    element("pre", commands.join("\n")),
    table(["", ""], rows),
  ];
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [String(value)];
}

/** A text in the language asked for, or in the one that it has. */
function inLanguage(text: Text, lang: Language): string {
  return text[lang] ?? text.nl ?? text.en ?? "";
}
