// SPDX-License-Identifier: Apache-2.0
import type { Outcome } from "@koplamp/engine";
import type { PartyId } from "@koplamp/protocol";
import type { Answer, AnswerDisclosure, AnswerRefusal, AnswerResult } from "@koplamp/wire";

/** How a question ended at every node that took part. */
export type Outcomes = Readonly<Record<PartyId, Outcome<AnswerResult>>>;

/** The one answer of a federation: what every recipient learned, what was disclosed, and where the ledgers stand. */
export function answerOf(query: string, outcomes: Outcomes): Answer {
  const entries = Object.entries(outcomes);
  const refusal = refusalOf(Object.values(outcomes));
  const status = statusOf(Object.values(outcomes));
  return {
    query,
    status,
    results: status === "released" ? Object.fromEntries(entries.flatMap(resultOf)) : {},
    disclosures: entries.flatMap(([, outcome]) => disclosuresOf(outcome)),
    ledger: Object.fromEntries(
      entries.flatMap(([party, { ledger }]) => (ledger === undefined ? [] : [[party, ledger] as const])),
    ),
    ...(refusal === undefined ? {} : { refusal }),
    ...(status === "released" ? storedOf(Object.values(outcomes)) : {}),
  };
}

/** The plan whose answer this is, when nothing was run; a node that only took part may not know the day. */
function storedOf(outcomes: readonly Outcome[]): Pick<Answer, "stored"> {
  const all = outcomes.flatMap((outcome) =>
    outcome.status === "released" && outcome.stored !== undefined ? [outcome.stored] : [],
  );
  const stored = all.find(({ at }) => at !== "") ?? all[0];
  return stored === undefined ? {} : { stored };
}

/** One refusal refuses the question; without one, one failure fails it. */
function statusOf(outcomes: readonly Outcome[]): Answer["status"] {
  if (outcomes.some(({ status }) => status === "refused")) return "refused";
  return outcomes.length > 0 && outcomes.every(({ status }) => status === "released") ? "released" : "failed";
}

/** The refusal, or the failure at its origin: a node that was only told to stop says less. */
function refusalOf(outcomes: readonly Outcome[]): AnswerRefusal | undefined {
  const refused = outcomes.find((outcome) => outcome.status === "refused");
  if (refused?.status === "refused") {
    const { party, rule, message, hint } = refused;
    return { party, rule, message, hint };
  }
  const failures = outcomes.filter((outcome) => outcome.status === "failed");
  const failure = failures.find(({ code }) => code !== "stopped") ?? failures[0];
  if (failure === undefined) return undefined;
  const { party, code, message, hint } = failure;
  return { party, rule: code, message, hint };
}

function resultOf([party, outcome]: readonly [PartyId, Outcome<AnswerResult>]): readonly [
  PartyId,
  AnswerResult,
][] {
  return outcome.status === "released" && outcome.result !== undefined ? [[party, outcome.result]] : [];
}

function disclosuresOf({ disclosures, contract }: Outcome): readonly AnswerDisclosure[] {
  return disclosures.map(({ id, from, to, bytes, index }) => ({
    id,
    from,
    to,
    output: contract?.disclosures.find((line) => line.id === id)?.output ?? id,
    bytes,
    index,
  }));
}
