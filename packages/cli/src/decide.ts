// SPDX-License-Identifier: Apache-2.0
// `koplamp approve`, `refuse`, `withdraw`: a person decides with a key of their own, which no node has.
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type InboxQuestion, type PersonDecision, personKeyOf, rolesOf, signDecisionOf } from "@koplamp/sdk";
import type { CommandSpec, FlagSpec, Flags } from "./command.ts";
import { considerations, givenConsiderations } from "./considerations.ts";
import { EXIT, UsageError } from "./errors.ts";
import { clientOf, NODE, questionAt, questionText } from "./inbox.ts";
import type { Session } from "./session.ts";

const KEY: FlagSpec = { flag: "--key <file>", text: "your own key file: koplamp key new", required: true };
const REASON: FlagSpec = {
  flag: "--reason <text>",
  text: "why, for all parties and on record",
  required: true,
};
const OUT: FlagSpec = {
  flag: "--out <file>",
  text: "write the signed decision here, for `koplamp inbox give`",
};
const ROLE: FlagSpec = {
  flag: "--role <role>",
  text: "lawful, ethical or an outside role (default: the key's only one)",
};

/** Commands by which a person decides. */
export const DECISIONS: readonly CommandSpec[] = [
  {
    name: "approve <plan>",
    summary: "Shows a question in words, asks what your role has to weigh, and signs its contract.",
    example: 'koplamp approve 740ecf5f --role lawful --key jansen.key --consider "ground=Wwft art. 16"',
    flags: [
      { flag: "--role <role>", text: "lawful, ethical, or an outside role of the covenant", required: true },
      KEY,
      {
        flag: "--consider <answer>",
        text: "what you weighed, as QUESTION=ANSWER; as often as needed",
        many: true,
      },
      OUT,
      NODE,
    ],
    run: (session, flags, [plan = ""]) => decide(session, flags, plan, "approve"),
  },
  {
    name: "refuse <plan>",
    summary: "Ends a question at every node, with your reason on record.",
    example: 'koplamp refuse 740ecf5f --key jansen.key --reason "A count is enough"',
    flags: [REASON, KEY, ROLE, OUT, NODE],
    run: (session, flags, [plan = ""]) => decide(session, flags, plan, "refuse"),
  },
  {
    name: "withdraw <plan>",
    summary: "Takes an approval back, until everything that a question discloses has left.",
    example: 'koplamp withdraw 740ecf5f --key jansen.key --reason "The indication was wrong"',
    flags: [REASON, KEY, ROLE, OUT, NODE],
    run: (session, flags, [plan = ""]) => decide(session, flags, plan, "withdraw"),
  },
];

async function decide(
  session: Session,
  flags: Flags,
  plan: string,
  decision: PersonDecision["decision"],
): Promise<number> {
  const key = resolve(session.io.cwd, flags.required("key"));
  const by = personKeyOf(key);
  const question = await questionFor(session, flags, plan);
  const role = roleIn(question, flags.text("role"), by);
  if (!session.json) session.print(questionText(question, session), "");
  const decided = await decisionOf(session, flags, { role, decision });
  const signed = signDecisionOf(question, decided, key);
  const out = flags.text("out");
  if (out === undefined) await clientOf(session, flags).decide(signed);
  else await writeFile(resolve(session.io.cwd, out), textOf(signed));
  const { planHash, contractHash } = question;
  if (session.json) session.print(JSON.stringify({ planHash, contractHash, role, decision, by }));
  else session.print(`${DONE[session.lang][decision]}  ${role}  ${by}`, `contract  ${contractHash}`);
  if (out !== undefined) session.note(`hand it in at the node: koplamp inbox give ${out}`);
  return EXIT.done;
}

/** The question at the node's desk, or in a file that `koplamp inbox show PLAN --json` made there. */
async function questionFor(session: Session, flags: Flags, plan: string): Promise<InboxQuestion> {
  if (!plan.endsWith(".json")) return await questionAt(clientOf(session, flags), plan);
  const text = await readFile(resolve(session.io.cwd, plan), "utf8");
  return JSON.parse(text) as InboxQuestion; // every hash in it is computed again before anything is signed
}

function textOf({ bytes, signatures }: ReturnType<typeof signDecisionOf>): string {
  return `${JSON.stringify({ bytes: Buffer.from(bytes).toString("base64"), signatures })}\n`;
}

async function decisionOf(
  session: Session,
  flags: Flags,
  { role, decision }: Pick<PersonDecision, "role" | "decision">,
): Promise<PersonDecision> {
  const { lang } = session;
  if (decision !== "approve") {
    return { role, decision, considered: [], reason: { [lang]: flags.required("reason") } };
  }
  const given = givenConsiderations(flags.texts("consider"), role, lang);
  return { role, decision, considered: await considerations(session, role, given), reason: null };
}

/** The role in which the key decides. @throws {UsageError} when it has none, or several and none was named. */
function roleIn(question: InboxQuestion, named: string | undefined, by: string): string {
  const roles = rolesOf(question, by);
  const { party } = question.card;
  if (roles.length === 0) {
    throw new UsageError(
      `this key decides nothing for ${party}: its public part ${by} is on no card and in no covenant`,
      `the people of ${party}: ${question.card.people.map(({ person, roles: all }) => `${person} (${all.join(", ")})`).join(", ")}`,
    );
  }
  const [only = ""] = roles;
  if (named === undefined && roles.length === 1) return only;
  if (named !== undefined && roles.includes(named)) return named;
  const said = named === undefined ? "--role is missing" : `this key has not the role ${named}`;
  throw new UsageError(said, `its roles: ${roles.join(", ")}`);
}

const DONE = {
  nl: { approve: "akkoord", refuse: "geweigerd", withdraw: "ingetrokken" },
  en: { approve: "approved", refuse: "refused", withdraw: "withdrawn" },
} as const;
