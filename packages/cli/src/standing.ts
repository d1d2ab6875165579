// SPDX-License-Identifier: Apache-2.0
// `koplamp query schedule | list | pause | resume`: questions that run several times on one approval.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { exitOfOutcome, type NodeClient, type Outcome, readQuestion, type Standing } from "@koplamp/sdk";
import type { CommandSpec, Flags } from "./command.ts";
import { EXIT, UsageError } from "./errors.ts";
import { headingLine } from "./heading.ts";
import { clientOf, NODE } from "./inbox.ts";
import { seenThrough } from "./see-through.ts";
import type { Session } from "./session.ts";
import { signedPlan } from "./sign-plan.ts";
import { columns } from "./table.ts";

/** Commands over standing questions. */
export const STANDING_COMMANDS: readonly CommandSpec[] = [
  {
    name: "schedule <question>",
    summary:
      "Asks a sum, a trend or a deconfliction several times, on one approval, and returns once it stands.",
    example:
      "koplamp query schedule trend.yaml --every P1M --runs 12 --from 2027-01-01 --key analyst.key --node kmar",
    flags: [
      {
        flag: "--every <period>",
        text: "PT1H, P1D, P7D, P1M, P3M …; absent: `schedule` in the file says it",
      },
      { flag: "--runs <number>", text: "how many runs in all" },
      { flag: "--from <day>", text: "the day of the first run, YYYY-MM-DD" },
      { flag: "--key <file>", text: "your own key as an analyst; only a trial's node asks without one" },
      { flag: "--yes", text: "sign without asking at the terminal" },
      NODE,
    ],
    run: schedule,
  },
  {
    name: "list",
    summary: "The standing questions at your node: what has run, and what is due when.",
    example: "koplamp query list --node kmar",
    flags: [NODE],
    run: list,
  },
  {
    name: "pause <standing>",
    summary: "Has your own node sit out a standing question; the others cannot run it without you.",
    example: "koplamp query pause 740ecf5f --node kmar",
    flags: [NODE],
    run: (session, flags, [which = ""]) => paused(session, flags, which, true),
  },
  {
    name: "resume <standing>",
    summary: "Takes part in a standing question again, from its next run on.",
    example: "koplamp query resume 740ecf5f --node kmar",
    flags: [NODE],
    run: (session, flags, [which = ""]) => paused(session, flags, which, false),
  },
];

/** How often to look whether people have approved. */
const LOOK_MS = 500;

async function schedule(session: Session, flags: Flags, [file = ""]: readonly string[]): Promise<number> {
  const text = withSchedule(await readFile(resolve(session.io.cwd, file), "utf8"), flags);
  const question = readQuestion(text, { file, lab: false });
  if (question.schedule === null) {
    const hint = "--every P1M --runs 12 --from YYYY-MM-DD gives it one";
    throw new UsageError("this question has no schedule", hint);
  }
  const client = clientOf(session, flags);
  if (!session.json) session.print(headingLine(question));
  const key = flags.text("key");
  const signing =
    key === undefined ? undefined : { key: resolve(session.io.cwd, key), yes: flags.has("yes") };
  const signed = signing && (await signedPlan(session, client, { file, text }, signing));
  const stop = new AbortController();
  const follow: Follow = (progress, signal) => {
    const either = AbortSignal.any([signal, stop.signal]);
    if (signed === undefined) return client.run({ file, text }, progress, either);
    return client.ask(signed, progress, either);
  };
  return await untilItStands(session, client, { id: question.id, follow, stop });
}

type Follow = Parameters<typeof seenThrough>[3];

/** Sees a question through until people have approved it; then it is its nodes' own. */
async function untilItStands(
  session: Session,
  client: NodeClient,
  { id, follow, stop }: { readonly id: string; readonly follow: Follow; readonly stop: AbortController },
): Promise<number> {
  const before = new Set((await client.standing()).map(({ planHash }) => planHash));
  const isNew = ({ query, planHash }: Pick<Standing, "query" | "planHash">): boolean =>
    query === id && !before.has(planHash);
  const ending = seenThrough(session, client, isNew, follow);
  const standing = whenItStands(client, isNew, stop.signal);
  const first = await Promise.race([ending, standing]);
  stop.abort();
  await Promise.allSettled([ending, standing]);
  if (first === undefined) return EXIT.interrupted;
  if ("due" in first) return shown(session, [first]);
  session.print(session.json ? JSON.stringify({ status: first.status }) : endText(first));
  return exitOfOutcome(first);
}

/** The question, once it stands; nothing when `signal` says stop before. */
async function whenItStands(
  client: NodeClient,
  isIt: (item: Standing) => boolean,
  signal: AbortSignal,
): Promise<Standing | undefined> {
  while (!signal.aborted) {
    const found = (await client.standing()).find(isIt);
    if (found !== undefined) return found;
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
  return undefined;
}

function endText(outcome: Outcome): string {
  return "message" in outcome ? `error: ${outcome.message}` : outcome.status;
}

/** The question with the schedule that the flags give. */
function withSchedule(text: string, flags: Flags): string {
  const [every, runs, from] = [flags.text("every"), flags.text("runs"), flags.text("from")];
  if (every === undefined && runs === undefined && from === undefined) return text;
  if (every === undefined || runs === undefined || from === undefined)
    throw new UsageError("a schedule takes --every, --runs and --from", "or `schedule` in the file");
  if (/^schedule:/m.test(text))
    throw new UsageError("the file has a schedule of its own", "leave --every, --runs and --from out");
  return `${text.trimEnd()}\nschedule: { every: ${every}, runs: ${runs}, from: ${from} }\n`;
}

async function list(session: Session, flags: Flags): Promise<number> {
  return shown(session, await clientOf(session, flags).standing());
}

function shown(session: Session, standing: readonly Standing[]): number {
  const words = WORDS[session.lang];
  if (session.json) session.print(JSON.stringify({ standing }));
  else if (standing.length === 0) session.print(words.none);
  else session.print(...columns([words.header, ...standing.map((one) => rowOf(one, words))]));
  return EXIT.done;
}

function rowOf(
  { planHash, query, past, runs, due, expires, paused: sat }: Standing,
  words: (typeof WORDS)[keyof typeof WORDS],
): readonly string[] {
  const day = (time: string): string => time.slice(0, time.endsWith("T00:00:00Z") ? 10 : 16);
  return [planHash.slice(7, 15), query, `${past} / ${runs}`, day(due), day(expires), sat ? words.paused : ""];
}

async function paused(session: Session, flags: Flags, which: string, value: boolean): Promise<number> {
  const client = clientOf(session, flags);
  const { planHash } = await standingAt(client, which);
  await client.pause(planHash, value);
  const now = (await client.standing()).filter((one) => one.planHash === planHash);
  return shown(session, now);
}

/** The standing question that somebody means: by its plan's first digits, or by its id where only one has it. */
async function standingAt(client: NodeClient, which: string): Promise<Standing> {
  const digits = which.replace(/^sha256:/, "");
  const meant = (await client.standing()).filter(
    ({ planHash, query }) => query === which || (digits.length >= 6 && planHash.startsWith(digits, 7)),
  );
  const [found] = meant;
  if (found !== undefined && meant.length === 1) return found;
  throw new UsageError(
    meant.length === 0
      ? `nothing like "${which}" stands at this node`
      : `"${which}" means ${meant.length} questions`,
    "koplamp query list shows what stands: six digits of a plan's hash are enough",
  );
}

const WORDS = {
  nl: {
    header: ["plan", "vraag", "gedaan", "volgende", "tot", ""],
    none: "niets loopt op schema",
    paused: "gepauzeerd: deze node slaat over",
  },
  en: {
    header: ["plan", "question", "past", "next", "until", ""],
    none: "nothing is scheduled",
    paused: "paused: this node sits it out",
  },
} as const;
