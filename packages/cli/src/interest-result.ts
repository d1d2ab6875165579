// SPDX-License-Identifier: Apache-2.0
// The answer of deconfliction at the own desk: names of own interests, told as what they are and whom to contact.
import type { KeptInterest, NodeClient } from "@koplamp/sdk";
import type { PlainAnswer, PlainLookup, PlainResult } from "./answer.ts";
import type { Session } from "./session.ts";

/** Whether a result names interests of the own register. */
export function isOfInterests(result: PlainResult): result is PlainLookup {
  return result.kind === "lookup" && result.answers.some(({ key }) => key[0] === NAMED);
}

/** The answer with each interest as the own register has it; what it has no more keeps its name. */
export function withInterests(
  answer: PlainAnswer,
  interests: readonly KeptInterest[],
  { lang }: Pick<Session, "lang">,
): PlainAnswer {
  const told = (result: PlainResult): PlainResult =>
    isOfInterests(result)
      ? {
          ...result,
          answers: result.answers
            .map(({ key, hit }) => {
              const own = interests.find(({ id }) => key[0] === NAMED && key[1] === id);
              return { key: own === undefined ? key : rowOf(own, WORDS[lang]), hit };
            })
            .sort((a, b) => (a.key.join() < b.key.join() ? -1 : 1)), // their names are drawn: no order
        }
      : result;
  const results = Object.entries(answer.results).map(([party, result]) => [party, told(result)] as const);
  return { ...answer, results: Object.fromEntries(results) };
}

/** The same at the desk that it is of: its register is asked only for an answer that names something in it. */
export async function namedAt(
  client: Pick<NodeClient, "interests">,
  answer: PlainAnswer,
  session: Pick<Session, "lang">,
): Promise<PlainAnswer> {
  return Object.values(answer.results).some(isOfInterests)
    ? withInterests(answer, await client.interests(), session)
    : answer;
}

const NAMED = "interest";

function rowOf(
  { interest, reference, desk, meetings }: KeptInterest,
  { contact, place }: (typeof WORDS)[keyof typeof WORDS],
): readonly string[] {
  const what = "values" in interest ? interest.kind : place;
  return [what, reference, desk, `${contact} ${meetings.map(({ party }) => party).join(", ")}`];
}

const WORDS = {
  nl: { contact: "neem contact op met elkaar:", place: "plaats" },
  en: { contact: "contact each other:", place: "place" },
} as const;
