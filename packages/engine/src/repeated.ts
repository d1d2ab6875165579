// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import { asEngineError, EngineError, type EngineErrorCode } from "./errors.ts";
import { exchange } from "./exchange.ts";
import { decodeMessage, doneForm, encodeMessage } from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";
import type { QuestionRun } from "./question-run.ts";

/** How often a session may be run again. */
export const MOST_REPEATS = 2;
/** Faults that may be gone next time. A peer that is gone for good stops the question by itself. */
const NOBODYS: readonly EngineErrorCode[] = ["internal", "unreachable"];

/** What is run, and by whom. */
export interface Repeatable<Value> {
  /** Unique within the question; the number of the attempt is added. */
  readonly label: string;
  /** What the first attempt is called, where it has a name of its own. */
  readonly first?: string;
  /** How often it was begun before, in an earlier leg of the question. */
  readonly begun?: number;
  readonly parties: readonly PartyId[];
  /** One attempt: a session of its own, with fresh secrets and its own charge. */
  readonly attempt: (label: string) => Promise<Value>;
}

/**
 * Runs a session until it has come to its end at every party. One that dies of a fault that is nobody's is repeated at
 * most twice, with fresh secrets and charged again; what somebody did, a spent quota and a lost peer end the question.
 */
export async function repeated<Value>(
  node: NodePorts,
  run: QuestionRun,
  { label, first, begun = 0, parties, attempt }: Repeatable<Value>,
): Promise<Value> {
  const others = parties.filter((party) => party !== node.me);
  const nameOf = (number: number): string =>
    number === 0 && first !== undefined ? first : `${label}/${number}`;
  for (let number = 0; number <= MOST_REPEATS; number += 1) run.disown(nameOf(number)); // of an earlier leg
  for (let number = begun; ; number += 1) {
    const name = nameOf(number);
    const tried = await attempted(node, run, () => attempt(name));
    const body = encodeMessage({ done: "value" in tried });
    const words = await exchange(node.post, run.topic(`done/${name}`), body, others);
    const failed = [...words].find(([party, word]) => !decodeMessage(doneForm, party, word).done);
    if ("value" in tried && failed === undefined) return tried.value;
    if (number >= MOST_REPEATS)
      throw lostFor("error" in tried ? tried.error : stoppedAt(failed?.[0] ?? node.me, label), run);
    run.disown(name);
    node.log({
      event: "session.repeat",
      party: node.me,
      plan: run.planHash,
      phase: label,
      count: number + 1,
    });
  }
}

type Tried<Value> = { readonly value: Value } | { readonly error: EngineError };

async function attempted<Value>(
  node: NodePorts,
  run: QuestionRun,
  attempt: () => Promise<Value>,
): Promise<Tried<Value>> {
  try {
    return { value: await attempt() };
  } catch (reason) {
    const error = asEngineError(reason, node.me);
    run.stillAllowed(); // a question that was stopped is not tried again
    if (!NOBODYS.includes(error.code)) throw error;
    return { error };
  }
}

/** A loss for good: no other leg mends what was tried as often as may be. */
function lostFor(error: EngineError, { leg }: QuestionRun): EngineError {
  const { code, party, message, hint } = error;
  return leg !== undefined && code === "unreachable"
    ? new EngineError("stopped", party, message, hint)
    : error;
}

function stoppedAt(party: PartyId, label: string): EngineError {
  return new EngineError("stopped", party, `${party} could not finish ${label}`, "ask again");
}
