// SPDX-License-Identifier: Apache-2.0
import { join, resolve } from "node:path";
import {
  diffPolicies,
  explainPolicy,
  openPolicy,
  type PolicyChange,
  type PolicyExplanation,
  testPolicy,
} from "@koplamp/sdk";
import type { CommandSpec, Flags } from "./command.ts";
import { EXIT } from "./errors.ts";
import { clientOf, NODE } from "./inbox.ts";
import type { Session } from "./session.ts";
import { columns, counted } from "./table.ts";

const FEDERATION = { flag: "--federation <file>", text: "a lab's federation file: its parties and datasets" };

/** `koplamp policy …`: a node's own policies, which can only narrow the covenant. */
export const POLICY_COMMANDS: readonly CommandSpec[] = [
  {
    name: "check <folder>",
    summary: "Reads the .cedar files and validates them strictly.",
    example: "koplamp policy check policy/",
    flags: [],
    run: policyCheck,
  },
  {
    name: "test <folder>",
    summary: "Tries the cases of a file: request and expected decision.",
    example: "koplamp policy test policy/",
    flags: [{ flag: "--cases <file>", text: "the cases (default: cases.yaml in the folder)" }],
    run: policyTest,
  },
  {
    name: "explain <folder> <request>",
    summary: "What the policies say to a request, or to a question of a federation, and which say so.",
    example: "koplamp policy explain policy/ query.yaml --federation federation.yaml --party kmar",
    flags: [FEDERATION, { flag: "--party <id>", text: "the node whose policies they are (default: each)" }],
    run: policyExplain,
  },
  {
    name: "diff <before> <after>",
    summary: "What becomes allowed or refused. Exit 0 nothing, 8 narrower, 9 wider.",
    example: "koplamp policy diff policy/ policy-new/",
    flags: [FEDERATION],
    run: policyDiff,
  },
  {
    name: "reload",
    summary: "Has your running node read its folder of policies again; invalid ones change nothing.",
    example: "koplamp policy reload --node kmar",
    flags: [NODE],
    run: policyReload,
  },
];

async function policyCheck(
  session: Session,
  _flags: Flags,
  [folder = ""]: readonly string[],
): Promise<number> {
  const { policies, findings } = openPolicy(resolve(session.io.cwd, folder));
  if (session.json) session.print(JSON.stringify({ policies, findings }));
  else if (findings.length > 0)
    session.print(
      ...findings.flatMap(({ file, line, column, message, hint }) => [
        `error: ${join(folder, file)}:${line}:${column}: ${message}`,
        ...(hint === "" ? [] : [`hint:  ${hint}`]),
      ]),
    );
  else {
    const rows = policies.map(({ id, article, file, line }) => [id, article, `${file}:${line}`]);
    session.print(
      ...columns([["policy", "article", "place"], ...rows]),
      counted(rows.length, "policy", "policies"),
    );
  }
  return findings.length > 0 ? EXIT.usage : EXIT.done;
}

async function policyTest(session: Session, flags: Flags, [folder = ""]: readonly string[]): Promise<number> {
  const { cwd } = session.io;
  const cases = resolve(cwd, flags.text("cases") ?? join(folder, "cases.yaml"));
  const trials = testPolicy(resolve(cwd, folder), cases);
  const failed = trials.filter(({ passed }) => !passed).length;
  if (session.json) session.print(JSON.stringify({ trials, failed }));
  else {
    const rows = trials.map(({ name, expect, verdict, passed }) => [
      passed ? "ok" : "FAIL",
      name,
      expect,
      verdict.outcome,
      verdict.policies.map(({ id }) => id).join(", ") || verdict.why,
    ]);
    const total = `${trials.length - failed} of ${trials.length} as expected`;
    session.print(...columns([["", "case", "expected", "decision", "by"], ...rows]), total);
  }
  return failed === 0 ? EXIT.done : EXIT.verification;
}

async function policyExplain(
  session: Session,
  flags: Flags,
  [folder = "", request = ""]: readonly string[],
): Promise<number> {
  const { cwd } = session.io;
  const [federation, party] = [flags.text("federation"), flags.text("party")];
  const all = await explainPolicy(resolve(cwd, folder), {
    file: resolve(cwd, request),
    ...(federation === undefined ? {} : { federation: resolve(cwd, federation) }),
    ...(party === undefined ? {} : { party }),
  });
  if (session.json) session.print(JSON.stringify(all));
  else session.print(...all.flatMap(explanationLines));
  const refused = all.some(({ decision, covenant }) =>
    [decision, covenant].some((one) => one?.outcome === "refuse"),
  );
  return refused ? EXIT.refused : EXIT.done;
}

function explanationLines({ facts, verdict, decision, covenant }: PolicyExplanation): readonly string[] {
  const head = `${verdict.outcome.padEnd(7)} ${facts.kind} (class ${facts.letter}) by ${facts.asker} on ${facts.owner}/${facts.dataset} for "${facts.purpose}" to ${facts.recipient}`;
  const by = verdict.policies.map(
    ({ id, article, file, line }) => `  policy   ${id}   ${article}   ${file}:${line}`,
  );
  const none = verdict.why === "none" ? ["  policy   none permits it"] : [];
  const agreed = covenant === undefined ? [] : [`  covenant ${ruling(covenant)}`];
  const why = decision.outcome === "refuse" ? [`hint:  ${decision.hint}`] : [];
  return [head, ...by, ...none, ...agreed, ...why];
}

function ruling(decision: NonNullable<PolicyExplanation["covenant"]>): string {
  return decision.outcome === "allow" ? "allow" : `refuse: ${decision.message} (${decision.rule})`;
}

async function policyDiff(
  session: Session,
  flags: Flags,
  [before = "", after = ""]: readonly string[],
): Promise<number> {
  const { cwd } = session.io;
  const federation = flags.text("federation");
  const difference = await diffPolicies(
    resolve(cwd, before),
    resolve(cwd, after),
    federation === undefined ? undefined : resolve(cwd, federation),
  );
  const { changes, tried, total } = difference;
  if (session.json) session.print(JSON.stringify(difference));
  else session.print(...changeLines(changes), `${tried} of ${total} requests tried; not a proof`);
  if (changes.some(({ became }) => became === "allow")) return EXIT.wider;
  return changes.length > 0 ? EXIT.narrower : EXIT.done;
}

const SHOWN = 10;

function changeLines(changes: readonly PolicyChange[]): readonly string[] {
  return (["allow", "refuse"] as const).flatMap((outcome) => {
    const some = changes.filter(({ became }) => became === outcome);
    if (some.length === 0) return [];
    const head = `${counted(some.length, "request")} ${outcome === "allow" ? "became allowed" : "became refused"}`;
    return [head, ...some.slice(0, SHOWN).map(changeLine)];
  });
}

function changeLine({ facts, became, by }: PolicyChange): string {
  const what = `${facts.kind} by ${facts.asker} (${facts.roles.join(", ")}) for ${facts.purpose} to ${facts.recipient}`;
  const data = `${facts.dataset} ${facts.sensitivity} [${facts.columns.join(", ")}] ${facts.now}`;
  return `  ${became === "allow" ? "+" : "-"} ${what} on ${data}   ${by.map(({ id }) => id).join(", ")}`;
}

async function policyReload(session: Session, flags: Flags): Promise<number> {
  const policies = await clientOf(session, flags).reloadPolicy();
  const said = `${counted(policies, "policy", "policies")} in force, for all that has not opened yet`;
  session.print(session.json ? JSON.stringify({ policies }) : said);
  return EXIT.done;
}
