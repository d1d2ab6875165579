// SPDX-License-Identifier: Apache-2.0
import { exitOfOutcome, type Outcome, type Question } from "@koplamp/sdk";
import { answerLines, type PlainAnswer } from "./answer.ts";
import { EXIT } from "./errors.ts";
import { saysNothing } from "./trend-lines.ts";

/** The answer document as JSON has it. Our own text: its form is known. */
export function plainAnswer(text: string): PlainAnswer {
  return JSON.parse(text) as PlainAnswer;
}

/** What an answer's lines depend on: of the question, or of its plan. */
export interface Rules extends Pick<Question, "ask"> {
  readonly release: Pick<Question["release"], "minCount">;
}

/** How a question ended, for a person: its answer, who refused it and why, or what went wrong where. */
export function endingLines(answer: PlainAnswer, question: Rules, all: string): readonly string[] {
  if (answer.status === "released") {
    const atLeast = question.ask.kind === "match" ? { atLeast: question.ask.atLeast } : {};
    const lines = answerLines(answer, { all, minCount: question.release.minCount, ...atLeast });
    return [...storedLines(answer), ...lines];
  }
  const { party, rule, message, hint } = answer.refusal ?? {
    party: "",
    rule: "",
    message: "no answer",
    hint: "",
  };
  const last = hint === "" ? [] : [`hint:  ${hint}`];
  return [`error: ${message}`, `  rule   ${rule}`, `  party  ${party}`, ...last];
}

/** Said first when nothing was run: a person must not take a stored answer for a new one. */
function storedLines({ stored }: PlainAnswer): readonly string[] {
  if (stored === undefined) return [];
  const { planHash, at } = stored;
  const day = at === "" ? "" : ` of ${at}`; // a node that brings nothing and receives nothing keeps no dates
  return [
    `stored: the answer of plan ${planHash.slice(7, 15)}${day}`,
    "        asked again on unchanged data: nothing was run, evaluated or disclosed",
    "",
  ];
}

/** Exit status of an answer (experience.md, section 2). */
export function exitOf(answer: PlainAnswer, outcomes: readonly Outcome[]): number {
  if (answer.status !== "released") return Math.max(...outcomes.map(exitOfOutcome), EXIT.fault);
  const results = Object.values(answer.results);
  const nothing = results.every(
    (result) =>
      ("cells" in result && result.cells.every(({ withheld }) => withheld !== undefined)) ||
      (result.kind === "trend" && saysNothing(result)),
  );
  return results.length > 0 && nothing ? EXIT.nothing : EXIT.done;
}
