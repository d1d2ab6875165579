// SPDX-License-Identifier: Apache-2.0
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  answerOf,
  answerText,
  checkLab,
  type Explanation,
  exitOfOutcome,
  explain,
  explanationText,
  nodeClient,
  readQuestion,
} from "@koplamp/sdk";
import type { CommandSpec, FlagSpec, Flags } from "./command.ts";
import { endingLines, exitOf, plainAnswer } from "./ending.ts";
import { EXIT, UsageError } from "./errors.ts";
import { headingLine } from "./heading.ts";
import type { Session } from "./session.ts";

const NODE: FlagSpec = { flag: "--node <dir>", text: "the folder of your own node (default: this folder)" };

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
    example: "koplamp query run query.yaml --node kmar",
    flags: [NODE, { flag: "--bundle <file>", text: "write the evidence here, for koplamp verify" }],
    run: queryRun,
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
    const text = await readFile(file, "utf8");
    const { plan, contract } = await nodeClient(resolve(cwd, node ?? ".")).explain({ file: question, text });
    return explain(contract, plan, { lang: session.lang });
  }
  if (node !== undefined) throw new UsageError("--node and --federation exclude each other");
  const { lang } = session;
  const { explanation } = await checkLab({ federation: resolve(cwd, federation), query: file, lang });
  if (explanation !== undefined) return explanation;
  throw new UsageError("there is no question to explain");
}

async function queryRun(session: Session, flags: Flags, [file = ""]: readonly string[]): Promise<number> {
  const { cwd } = session.io;
  const text = await readFile(resolve(cwd, file), "utf8");
  const question = readQuestion(text, { file, lab: false });
  const client = nodeClient(resolve(cwd, flags.text("node") ?? "."));
  const { party } = await client.status();
  if (!session.json) session.print(headingLine(question));
  const outcome = await client.run({ file, text }, (step) => session.lanes.show(step));
  session.lanes.clear();
  const bundle = flags.text("bundle");
  if (bundle !== undefined && outcome.status === "released" && outcome.bundle !== undefined) {
    await writeFile(resolve(cwd, bundle), outcome.bundle);
  }
  const answer = answerText(answerOf(question.id, { [party]: outcome }));
  if (session.json) session.print(answer);
  else
    session.print(
      ...endingLines(plainAnswer(answer), question, `koplamp query run ${file} --json gives all`),
    );
  return outcome.status === "released" ? exitOf(plainAnswer(answer), [outcome]) : exitOfOutcome(outcome);
}
