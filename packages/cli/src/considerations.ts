// SPDX-License-Identifier: Apache-2.0
import type { Language, PersonDecision } from "@koplamp/sdk";
import { UsageError } from "./errors.ts";
import type { Session } from "./session.ts";

type Considered = PersonDecision["considered"];

/** What each role has to weigh: the lawful one the law, the ethical one why, what, how and human rights (IAMA). */
const QUESTIONS: Readonly<
  Record<string, readonly { readonly id: string; readonly nl: string; readonly en: string }[]>
> = {
  lawful: [
    {
      id: "ground",
      nl: "Op welke grondslag mag dit, voor dit doel?",
      en: "On which ground is this allowed, for this purpose?",
    },
    { id: "necessity", nl: "Waarom is niets minders genoeg?", en: "Why would nothing less be enough?" },
    { id: "recipients", nl: "Mogen deze ontvangers dit weten?", en: "May these recipients know this?" },
  ],
  ethical: [
    { id: "why", nl: "Waarom doen we dit, en voor wie?", en: "Why do we do this, and for whom?" },
    {
      id: "what",
      nl: "Welke gegevens, en zijn ze goed genoeg?",
      en: "Which data, and are they good enough?",
    },
    {
      id: "how",
      nl: "Hoe wordt de uitkomst gebruikt, en door wie nagezien?",
      en: "How is the answer used, and who checks it?",
    },
    {
      id: "rights",
      nl: "Welke rechten raakt het, en staat dat in verhouding?",
      en: "Which rights does it touch, and is that in proportion?",
    },
  ],
};

const OTHER = [{ id: "weighed", nl: "Wat hebt u gewogen?", en: "What have you weighed?" }] as const;

/** Answers from the command line: `QUESTION=ANSWER`. @throws {UsageError} for another form. */
export function givenConsiderations(given: readonly string[], role: string, lang: Language): Considered {
  return given.map((text) => {
    const [, question, answer] = /^([A-Za-z][\w.-]{0,63})=(.+)$/s.exec(text) ?? [];
    if (question !== undefined && answer !== undefined)
      return { question: named(role, question), answer: { [lang]: answer } };
    throw new UsageError(`expected QUESTION=ANSWER, got "${text}"`, `questions: ${idsOf(role)}`);
  });
}

/**
 * What a person weighed: what was given, and on a terminal also what is asked now.
 * @throws {UsageError} when nothing was weighed: an approval says what it rests on.
 */
export async function considerations(
  { io, lang }: Session,
  role: string,
  given: Considered,
): Promise<Considered> {
  const open = questionsOf(role).filter(
    ({ id }) => !given.some(({ question }) => question === named(role, id)),
  );
  const answers: { readonly question: string; readonly answer: { readonly [language: string]: string } }[] =
    [];
  for (const { id, ...texts } of io.ask === undefined || given.length > 0 ? [] : open) {
    const answer = (await io.ask?.(`${texts[lang]} `)) ?? "";
    if (answer.trim() !== "") answers.push({ question: named(role, id), answer: { [lang]: answer.trim() } });
  }
  const all = [...given, ...answers];
  if (all.length > 0) return all;
  throw new UsageError(
    "an approval says what was weighed: --consider is missing",
    `--consider "${questionsOf(role)[0]?.id}=…"   questions: ${idsOf(role)}`,
  );
}

function questionsOf(
  role: string,
): readonly { readonly id: string; readonly nl: string; readonly en: string }[] {
  return QUESTIONS[role] ?? OTHER;
}

function named(role: string, id: string): string {
  return questionsOf(role).some((one) => one.id === id) ? `${role}.${id}` : id;
}

function idsOf(role: string): string {
  return questionsOf(role)
    .map(({ id }) => id)
    .join(", ");
}
