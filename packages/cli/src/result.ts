// SPDX-License-Identifier: Apache-2.0
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { answerOf, answerText } from "@koplamp/sdk";
import { answerLines, type PlainAnswer, type PlainResult, type PlainSums } from "./answer.ts";
import { circleLines } from "./circle-lines.ts";
import type { CommandSpec, Flags } from "./command.ts";
import { exitOf, plainAnswer } from "./ending.ts";
import { UsageError } from "./errors.ts";
import { clientOf, NODE } from "./inbox.ts";
import { namedAt } from "./interest-result.ts";
import { pictureOf } from "./picture.ts";
import { csvText, resultTable } from "./result-table.ts";
import type { Session } from "./session.ts";

const FORMATS = ["table", "csv", "json", "svg"] as const;
type Format = (typeof FORMATS)[number];

/** `koplamp result`: an answer that was given before, as a table, a file for a spreadsheet, or a picture. */
export const RESULT: CommandSpec = {
  name: "result <answer>",
  summary: "An answer again: a file with its JSON, or the hash of a plan that your node has answered.",
  example: "koplamp result answer.json --format svg --out answer.svg",
  flags: [
    { flag: "--format <name>", text: "table, csv, json or svg (default: table)" },
    { flag: "--recipient <id>", text: "whose result, where there are several" },
    { flag: "--measure <name>", text: "what a picture shows, e.g. count (default: the first)" },
    {
      flag: "--circles <times>",
      text: "of a flow: money that comes back, in flows so many times the median",
    },
    { flag: "--out <file>", text: "write it here, not to standard output" },
    NODE,
  ],
  run: showResult,
};

async function showResult(session: Session, flags: Flags, [what = ""]: readonly string[]): Promise<number> {
  const format = formatOf(session, flags);
  const answer = await answerFrom(session, flags, what);
  if (answer.status !== "released") {
    throw new UsageError(
      `the question was ${answer.status}: there is no answer to show`,
      answer.refusal?.message,
    );
  }
  const text = rendered(answer, format, flags, session);
  const out = flags.text("out");
  if (out === undefined) session.print(text.replace(/\r?\n$/, ""));
  else await writeFile(resolve(session.io.cwd, out), text);
  return exitOf(answer, []);
}

function formatOf({ json }: Session, flags: Flags): Format {
  const given = flags.text("format");
  const named = FORMATS.find((format) => format === given);
  if (given === undefined) return json ? "json" : "table";
  if (named !== undefined && (!json || named === "json")) return named;
  if (named !== undefined) throw new UsageError(`--json and --format ${named} exclude each other`);
  throw new UsageError(`unknown format "${given}"`, `formats: ${FORMATS.join(", ")}`);
}

/** The answer in a file, or at the own node. */
async function answerFrom(session: Session, flags: Flags, what: string): Promise<PlainAnswer> {
  if (!/^sha256:[0-9a-f]{64}$/.test(what))
    return read(await readFile(resolve(session.io.cwd, what), "utf8"), what);
  const client = clientOf(session, flags);
  const [{ party }, outcome] = [await client.status(), await client.outcomeOf(what)];
  const answer = plainAnswer(answerText(answerOf(outcome.query, { [party]: outcome })));
  return await namedAt(client, answer, session);
}

function read(text: string, file: string): PlainAnswer {
  const wrong = new UsageError(
    `expected an answer in ${file}`,
    "koplamp lab run … --json >answer.json writes one",
  );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong;
  }
  const { query, status, results } = Object(value) as Readonly<Record<string, unknown>>;
  if (typeof query !== "string" || typeof status !== "string" || typeof results !== "object") throw wrong;
  return value as PlainAnswer; // its own file: whoever changed it sees what they changed
}

function rendered(answer: PlainAnswer, format: Format, flags: Flags, session: Session): string {
  if (format === "json") return `${JSON.stringify(answer)}\n`;
  const result = resultFor(answer, flags.text("recipient"));
  const circles = flags.integer("circles", 1, 1000);
  if (circles !== undefined) return `${circleLines(sumsIn(result), circles).join("\n")}\n`;
  if (format === "csv") return csvText(resultTable(result));
  if (format === "svg") {
    const { query: title } = answer;
    return pictureOf({ title, result, measure: flags.text("measure"), lang: session.lang });
  }
  const one = { ...answer, results: { [Object.keys(answer.results)[0] ?? ""]: result } };
  return `${answerLines(one, { all: "--format csv gives all" }).join("\n")}\n`;
}

function sumsIn(result: PlainResult): PlainSums {
  if ("cells" in result) return result;
  throw new UsageError("circles are of a flow", "--format csv gives the result as a table");
}

function resultFor({ results }: PlainAnswer, recipient: string | undefined): PlainResult {
  const names = Object.keys(results);
  const [only = ""] = names;
  const alike = new Set(Object.values(results).map((result) => JSON.stringify(result))).size === 1;
  const found = results[recipient ?? (alike ? only : "")];
  if (found !== undefined) return found;
  if (names.length === 0) throw new UsageError("this party has no result: it was no recipient");
  throw new UsageError(
    recipient === undefined ? "there are several results" : `there is no result of ${recipient}`,
    names.map((name) => `--recipient ${name}`).join(", "),
  );
}
