// SPDX-License-Identifier: Apache-2.0
// What the templates of questions have in common.

/** A question to start from. */
export interface QuestionTemplate {
  readonly name: string;
  /** What it is for, in one line. */
  readonly summary: string;
  /** `query.yaml`, with comments. */
  readonly text: string;
}

/** What every template asks for besides the question itself: why, for whom, until when. */
export const why = (id: string, letter: string, about: string): string => `koplamp: query/v1
id: ${id}
class: ${letter}
purpose: ondermijning-2026                  # one that your covenant names
legalBasis: ["covenant art. 3"]             # the article it rests on
indication: "${about}"                      # why now
necessity: "no less intrusive class answers the question"
subsidiarity: "published figures do not tell it"
intendedEffect:
  text: "the follow-up is chosen on the answer"
  measure: "a decision within three months"`;
