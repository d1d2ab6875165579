// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  explain,
  explanationText,
  type InboxItem,
  type InboxQuestion,
  type NodeClient,
  nodeClient,
} from "@koplamp/sdk";
import type { CommandSpec, FlagSpec, Flags } from "./command.ts";
import { EXIT, UsageError } from "./errors.ts";
import type { Session } from "./session.ts";
import { columns } from "./table.ts";

/** Whose desk a person goes to. */
export const NODE: FlagSpec = {
  flag: "--node <dir>",
  text: "the folder of your own node (default: this folder)",
};

/** `koplamp inbox`: what waits for people, and one question in words. */
export const INBOX: CommandSpec = {
  name: "inbox [verb] [what]",
  summary:
    "What waits for approval; `show PLAN` tells one question in words, `give FILE` hands in a decision.",
  example: "koplamp inbox show 740ecf5f --node kmar",
  flags: [NODE],
  run: async (session, flags, [verb, what = ""]) => {
    const client = clientOf(session, flags);
    if (verb === undefined) return await list(session, client);
    if (verb === "show") return await show(session, client, what);
    if (verb === "give") return await give(session, client, what);
    throw new UsageError(`expected show or give, got "${verb}"`, "koplamp inbox show PLAN");
  },
};

async function show(session: Session, client: NodeClient, plan: string): Promise<number> {
  const question = await questionAt(client, plan);
  if (session.json) session.print(JSON.stringify(question));
  else session.print(questionText(question, session), "", ...next(question, session));
  return EXIT.done;
}

/** Hands in a decision that its person signed elsewhere: `koplamp approve … --out FILE`. */
async function give(session: Session, client: NodeClient, file: string): Promise<number> {
  const { bytes, signatures } = Object(
    JSON.parse(await readFile(resolve(session.io.cwd, file), "utf8")),
  ) as Readonly<Record<string, unknown>>; // the node checks what is in it
  if (typeof bytes !== "string" || !Array.isArray(signatures))
    throw new UsageError(`expected a signed decision in ${file}`, "koplamp approve … --out FILE makes one");
  await client.decide({ bytes: new Uint8Array(Buffer.from(bytes, "base64")), signatures });
  session.print(session.json ? JSON.stringify({ given: file }) : `${file}: ${WORDS[session.lang].given}`);
  return EXIT.done;
}

/** The node whose folder the flags name. */
export function clientOf({ io }: Session, flags: Flags): NodeClient {
  return nodeClient(resolve(io.cwd, flags.text("node") ?? "."), io.env);
}

/**
 * The question that somebody means: by the hash of its plan, by its first digits, or by its id where only one has it.
 * @throws {UsageError} when none or several are meant; {@link EngineError} `refused` when the node knows none.
 */
export async function questionAt(client: NodeClient, plan: string): Promise<InboxQuestion> {
  if (/^sha256:[0-9a-f]{64}$/.test(plan)) return await client.question(plan);
  const items = await client.inbox();
  const digits = plan.replace(/^sha256:/, "");
  const meant = items.filter(
    ({ planHash, query }) => query === plan || (digits.length >= 6 && planHash.startsWith(digits, 7)),
  );
  const [found] = meant;
  if (found !== undefined && meant.length === 1) return await client.question(found.planHash);
  throw new UsageError(
    meant.length === 0
      ? `nothing like "${plan}" waits at this node`
      : `"${plan}" means ${meant.length} questions`,
    "koplamp inbox lists what waits: six digits of a plan's hash are enough",
  );
}

async function list(session: Session, client: NodeClient): Promise<number> {
  const [items, { party }] = await Promise.all([client.inbox(), client.status()]);
  const words = WORDS[session.lang];
  if (session.json) session.print(JSON.stringify({ party, questions: items }));
  else if (items.length === 0) session.print(words.nothing);
  else session.print(...items.flatMap((item) => itemLines(item, party, words)), "", words.hint);
  return EXIT.done;
}

type Words = (typeof WORDS)["en"] | (typeof WORDS)["nl"];

function itemLines(item: InboxItem, party: string, words: Words): readonly string[] {
  const own = item.missing.find((row) => row.party === party)?.roles ?? [];
  const yours = own.length === 0 ? words.yoursNone : `${words.yours} ${own.join(words.and)}`;
  const state = item.state === "waiting" ? yours : words.running;
  return [
    `${item.planHash.slice(7, 15)}  ${item.query}  ${words.class} ${item.class}  ${item.purpose}  ${words.by} ${item.proposer}`,
    `          ${words.until} ${item.expires}   ${state}`,
    ...(item.missing.length === 0 ? [] : [`          ${words.awaits} ${awaited(item, words)}`]),
  ];
}

/** Who is still awaited, in one line. */
function awaited({ missing }: Pick<InboxItem, "missing">, { and }: Words): string {
  return missing.map(({ party, roles }) => `${party} (${roles.join(and)})`).join(", ");
}

/** One question in words: who learns what, what it costs, who has decided, and exactly what is signed. */
export function questionText(question: InboxQuestion, session: Session): string {
  const { lang } = session;
  const words = WORDS[lang];
  const { plan, contract, covenant, decisions, planHash, contractHash, missing } = question;
  const told = explain(contract, plan, { lang, covenant });
  const given = columns(
    decisions.map(({ party, role, decision, at, reason }) => [
      `  ${party}`,
      role,
      words[decision],
      at,
      (lang === "nl" ? (reason?.nl ?? reason?.en) : (reason?.en ?? reason?.nl)) ?? "",
    ]),
  );
  return [
    explanationText(told, session),
    "",
    ...why(question, words),
    `${words.decided}${given.length === 0 ? ` ${words.nobody}` : ""}`,
    ...given,
    ...(missing.length === 0 ? [] : [`${words.awaits} ${awaited(question, words)}`]),
    `${words.until} ${question.expires}`,
    `plan      ${planHash}`,
    `contract  ${contractHash}`,
  ].join("\n");
}

/** Why it is asked, as the plan says. */
function why({ plan }: InboxQuestion, words: Words): readonly string[] {
  const text = (value: { readonly nl?: string; readonly en?: string }): string =>
    (words.lang === "nl" ? (value.nl ?? value.en) : (value.en ?? value.nl)) ?? "";
  return [
    `${words.by} ${plan.proposer.party}`,
    `${words.indication} ${text(plan.indication.text)}`,
    `${words.necessity} ${text(plan.necessity)}`,
    `${words.effect} ${text(plan.intendedEffect.text)}`,
    "",
  ];
}

function next({ state, planHash, card, missing }: InboxQuestion, { lang }: Session): readonly string[] {
  const plan = planHash.slice(7, 15);
  const roles = missing.find(({ party }) => party === card.party)?.roles ?? [];
  if (state !== "waiting") return [WORDS[lang][state === "running" ? "running" : "ended"]];
  return [
    ...roles.map((role) => `koplamp approve ${plan} --role ${role} --key FILE`),
    `koplamp refuse ${plan} --key FILE --reason TEXT`,
  ];
}

const WORDS = {
  nl: {
    lang: "nl",
    nothing: "Er wacht niets.",
    given: "de node heeft het aangenomen en de anderen verteld",
    hint: "lees eerst: koplamp inbox show PLAN",
    class: "klasse",
    by: "gevraagd door",
    until: "tot",
    yours: "van u gevraagd:",
    yoursNone: "van u wordt niets meer gevraagd",
    running: "de vraag loopt",
    ended: "de vraag is afgelopen",
    awaits: "wacht op",
    and: " en ",
    decided: "besloten",
    nobody: "nog niemand",
    approve: "akkoord",
    refuse: "geweigerd",
    withdraw: "ingetrokken",
    indication: "aanleiding",
    necessity: "noodzaak",
    effect: "beoogd effect",
  },
  en: {
    lang: "en",
    nothing: "Nothing waits.",
    given: "the node has taken it, and told the others",
    hint: "read first: koplamp inbox show PLAN",
    class: "class",
    by: "asked by",
    until: "until",
    yours: "asked of you:",
    yoursNone: "nothing more is asked of you",
    running: "the question runs",
    ended: "the question has ended",
    awaits: "waits for",
    and: " and ",
    decided: "decided",
    nobody: "nobody yet",
    approve: "approved",
    refuse: "refused",
    withdraw: "withdrawn",
    indication: "indication",
    necessity: "necessity",
    effect: "intended effect",
  },
} as const;
