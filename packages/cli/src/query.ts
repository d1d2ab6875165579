// SPDX-License-Identifier: Apache-2.0
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  type AnswerResult,
  answerOf,
  answerText,
  checkLab,
  type Explanation,
  exitOfOutcome,
  explain,
  explanationText,
  type InboxItem,
  type Outcome,
  type Question,
  type QuestionFile,
  questionsBeside,
  readQuestion,
} from "@koplamp/sdk";
import type { CommandSpec, FlagSpec, Flags } from "./command.ts";
import { endingLines, exitOf, plainAnswer } from "./ending.ts";
import { EXIT, UsageError } from "./errors.ts";
import { headingLine } from "./heading.ts";
import { clientOf, NODE, questionAt } from "./inbox.ts";
import { namedAt } from "./interest-result.ts";
import { seenThrough } from "./see-through.ts";
import type { Session } from "./session.ts";
import { signedPlan } from "./sign-plan.ts";

const BUNDLE: FlagSpec = { flag: "--bundle <file>", text: "write the evidence here, for koplamp verify" };

/** `koplamp query …`: through the own agency's node, and never past it. */
export const QUERY_COMMANDS: readonly CommandSpec[] = [
  {
    name: "explain <question>",
    summary: "Plan, contract in words, cost and approvals. Discloses nothing.",
    example: "koplamp query explain query.yaml --node kmar",
    flags: [
      NODE,
      { flag: "--federation <file>", text: "explain it as a lab would run it, without any node" },
    ],
    run: queryExplain,
  },
  {
    name: "run <question>",
    summary: "Asks it of real nodes and waits for the answer.",
    example: "koplamp query run query.yaml --key analyst.key --node kmar",
    flags: [
      { flag: "--key <file>", text: "your own key as an analyst; only a trial's node asks without one" },
      { flag: "--yes", text: "sign without asking at the terminal" },
      NODE,
      BUNDLE,
    ],
    run: queryRun,
  },
  {
    name: "watch <plan>",
    summary: "Goes on watching a question that was asked before, and gives its answer.",
    example: "koplamp query watch 740ecf5f --node kmar",
    flags: [NODE, BUNDLE],
    run: queryWatch,
  },
];

async function queryExplain(
  session: Session,
  flags: Flags,
  [question = ""]: readonly string[],
): Promise<number> {
  const explanation = await explained(session, flags, question);
  if (session.json) session.print(JSON.stringify(explanation));
  else session.print(explanationText(explanation, session), "", NOTHING[session.lang]);
  return EXIT.done;
}

const NOTHING = { nl: "Er is niets verstrekt.", en: "Nothing was disclosed." } as const;

async function explained(session: Session, flags: Flags, question: string): Promise<Explanation> {
  const { cwd } = session.io;
  const [federation, node] = [flags.text("federation"), flags.text("node")];
  const file = resolve(cwd, question);
  if (federation === undefined) {
    const { asked } = await questionFile(session, question);
    const { plan, contract, covenant } = await clientOf(session, flags).explain(asked);
    return explain(contract, plan, { lang: session.lang, covenant });
  }
  if (node !== undefined) throw new UsageError("--node and --federation exclude each other");
  const { lang } = session;
  const { explanation } = await checkLab({ federation: resolve(cwd, federation), query: file, lang });
  if (explanation !== undefined) return explanation;
  throw new UsageError("there is no question to explain");
}

async function queryRun(session: Session, flags: Flags, [file = ""]: readonly string[]): Promise<number> {
  const { cwd } = session.io;
  const { question, asked } = await questionFile(session, file);
  const client = clientOf(session, flags);
  const { party } = await client.status();
  if (!session.json) session.print(headingLine(question));
  const key = flags.text("key");
  const signing = key === undefined ? undefined : { key: resolve(cwd, key), yes: flags.has("yes") };
  const signed = signing && (await signedPlan(session, client, asked, signing));
  const isOurs = (item: InboxItem): boolean => item.query === question.id && item.proposer === party;
  const outcome = await seenThrough(session, client, isOurs, (progress, signal) =>
    signed === undefined ? client.run(asked, progress, signal) : client.ask(signed, progress, signal),
  );
  if (outcome === undefined) return EXIT.interrupted;
  const shown = { party, id: question.id, question, all: `koplamp query run ${file} --json gives all` };
  return await told(session, flags, outcome, shown);
}

/** A question as its author wrote it; of a look-up also what is asked, which goes to the own node and no further. */
async function questionFile(
  { io }: Session,
  file: string,
): Promise<{ readonly question: Question; readonly asked: QuestionFile }> {
  const text = await readFile(resolve(io.cwd, file), "utf8");
  const question = readQuestion(text, { file, lab: false });
  const questions = await questionsBeside(resolve(io.cwd, file), question);
  return { question, asked: { file, text, ...(questions === undefined ? {} : { questions }) } };
}

async function queryWatch(session: Session, flags: Flags, [plan = ""]: readonly string[]): Promise<number> {
  const client = clientOf(session, flags);
  const { party } = await client.status();
  const planHash = /^sha256:[0-9a-f]{64}$/.test(plan) ? plan : (await questionAt(client, plan)).planHash;
  const isIt = (item: InboxItem): boolean => item.planHash === planHash;
  const outcome = await seenThrough(session, client, isIt, (progress, signal) =>
    client.watch(planHash, progress, signal),
  );
  if (outcome === undefined) return EXIT.interrupted;
  const all = `koplamp query watch ${plan} --json gives all`;
  return await told(session, flags, outcome, { party, id: outcome.query, all });
}

interface Shown {
  readonly party: string;
  readonly id: string;
  /** The question as its author wrote it, where it is at hand. */
  readonly question?: Question;
  readonly all: string;
}

/** Writes the evidence, prints the answer and gives the exit status. */
async function told(
  session: Session,
  flags: Flags,
  outcome: Outcome<AnswerResult>,
  { party, id, question, all }: Shown,
): Promise<number> {
  const bundle = flags.text("bundle");
  if (bundle !== undefined && outcome.status === "released" && outcome.bundle !== undefined) {
    await writeFile(resolve(session.io.cwd, bundle), outcome.bundle);
  }
  const answer = answerText(answerOf(id, { [party]: outcome }));
  const rules = question ?? outcome.plan;
  if (session.json || rules === undefined) session.print(answer);
  else {
    const named = await namedAt(clientOf(session, flags), plainAnswer(answer), session);
    session.print(...endingLines(named, rules, all));
  }
  return outcome.status === "released" ? exitOf(plainAnswer(answer), [outcome]) : exitOfOutcome(outcome);
}
