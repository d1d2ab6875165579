// SPDX-License-Identifier: Apache-2.0
// What the desk does for each route.
import type { IncomingMessage, ServerResponse } from "node:http";
import { type EngineNode, type Outcome, outcomeText, type Progress } from "@koplamp/engine";
import type { AnswerResult, Hash } from "@koplamp/wire";
import type { Caller } from "./caller.ts";
import { draftFor, questionIn, signedPlanIn } from "./desk-asking.ts";
import { readBody } from "./desk-body.ts";
import { provenErasure } from "./desk-erasure.ts";
import { exposureIn } from "./desk-exposure.ts";
import { interestAdded, interestWithdrawn } from "./desk-interests.ts";
import { lookedUp, lookUpEnded } from "./desk-lookups.ts";
import type { RouteName } from "./desk-routes.ts";
import { suspend, suspensionAt } from "./desk-suspension.ts";
import { decide, shown, signedIn } from "./inbox.ts";
import type { Outcomes } from "./outcomes.ts";

/** What an answer needs of the node behind the desk. */
export interface DeskNode {
  readonly node: EngineNode;
  /** One screen about the node: no data, no keys. */
  readonly status: () => object;
  /** Reads the node's own policies again. Gives how many. */
  readonly reloadPolicy: () => number;
  /** Where people sign in, where this node asks for it. */
  readonly signIn: object | null;
  /** Calls `listener` at every step of any question. Returns a way to stop. */
  readonly onProgress: (listener: (progress: Progress) => void) => () => void;
}

/** One request at the desk: by whom, about what. */
export interface Visit {
  readonly desk: DeskNode;
  readonly outcomes: Outcomes;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly hash: Hash;
  readonly caller: Caller;
}

const errorText = (code: string, message: string): string =>
  JSON.stringify({ error: { name: "ClientError", code, message } });
const GONE = errorText("stopping", "the node is stopping");
const FORGOTTEN = errorText("unknown", "no such question lives here, and its end is not known any more");
/** For what is on no route. */
export const UNKNOWN: string = errorText("unknown", "there is no such thing at this node's desk");

type Answer = (visit: Visit) => Promise<void>;

/** The answer to each route. */
export const ANSWERS: Readonly<Record<RouteName, Answer>> = {
  "sign-in": told(({ desk }) => ({ signIn: desk.signIn })),
  status: told(({ desk }) => desk.status()),
  explain: heard(({ desk }, body) => desk.node.explain(questionIn(body))),
  draft: heard(({ desk, caller }, body) => draftFor(desk.node, caller, body)),
  propose: async (visit) => {
    const signed = signedPlanIn(visit.caller, await readBody(visit.request));
    await run(visit, () => visit.desk.node.askSigned(signed));
  },
  run: async (visit) => {
    const question = questionIn(await readBody(visit.request));
    await run(visit, () => visit.desk.node.ask(question));
  },
  outcome: async ({ outcomes, hash, response }) => {
    const text = await outcomes.wait(hash);
    if (text === undefined) reply(response, 503, GONE);
    else reply(response, 200, text);
  },
  watch,
  "look-up": heard(({ desk, caller, hash }, body) => lookedUp(desk.node, caller, hash, body)),
  "end-look-up": told(({ desk, caller, hash }) => lookUpEnded(desk.node, caller, hash)),
  standing: told(({ desk }) => ({ standing: desk.node.standing() })),
  pause: told(({ desk, hash }) => paused(desk.node, hash, true)),
  unpause: told(({ desk, hash }) => paused(desk.node, hash, false)),
  inbox: told(({ desk }) => ({ questions: desk.node.inbox() })),
  question: told(({ desk, hash }) => shown(desk.node, hash)),
  decide: heard(({ desk, caller }, body) => ({ decision: decide(desk.node, caller, signedIn(body)) })),
  "prove-erasure": async ({ desk, request, response }) =>
    reply(response, 200, JSON.stringify(await provenErasure(desk.node, request))),
  withdrawals: told(({ desk }) => ({ withdrawals: desk.node.withdrawn() })),
  withdraw: heard(({ desk }, body) => ({ withdrawal: desk.node.withdraw(signedIn(body)) })),
  suspension: told(({ desk }) => suspensionAt(desk.node)),
  suspend: heard(({ desk, caller }, body) => ({
    suspension: suspend(desk.node, caller, signedIn(body)),
  })),
  policy: told(({ desk }) => ({ policies: desk.reloadPolicy() })),
  exposure: heard(({ desk }, body) => desk.node.exposure(exposureIn(body))),
  interests: told(({ desk }) => ({ interests: desk.node.interests() })),
  "add-interest": heard(({ desk, caller }, body) => interestAdded(desk.node, caller, body)),
  "withdraw-interest": heard(({ desk, caller }, body) => interestWithdrawn(desk.node, caller, body)),
  "interest-audit": told(({ desk }) => ({ acts: desk.node.interestAudit() })),
};

/** Sits out a standing question, or takes part again, and says how it stands. */
function paused(node: EngineNode, hash: Hash, value: boolean): object {
  node.pause(hash, value);
  return { standing: node.standing().filter(({ planHash }) => planHash === hash) };
}

/** Writes one line of JSON. */
export function reply(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "application/json" }).end(`${text}\n`);
}

function told(answer: (visit: Visit) => object): Answer {
  return async (visit) => reply(visit.response, 200, JSON.stringify(answer(visit)));
}

function heard(answer: (visit: Visit, body: string) => object | Promise<object>): Answer {
  return async (visit) =>
    reply(visit.response, 200, JSON.stringify(await answer(visit, await readBody(visit.request))));
}

/** Shows what has been said of a question that lives here, then what comes, then how it ended. */
async function watch({ desk, outcomes, hash, response }: Visit): Promise<void> {
  const lives = desk.node.inbox().find((item) => item.planHash === hash);
  if (lives === undefined && outcomes.known(hash) === undefined) {
    reply(response, 404, FORGOTTEN);
    return;
  }
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  const show = (progress: Progress): void => void response.write(`${JSON.stringify({ progress })}\n`);
  for (const { party, roles } of lives?.missing ?? [])
    show({ party, phase: `awaits ${roles.join(" and ")} approval` });
  const stop = desk.onProgress(show);
  try {
    const text = await outcomes.wait(hash);
    response.end(text === undefined ? `${GONE}\n` : `{"outcome":${text}}\n`);
  } finally {
    stop();
  }
}

async function run(
  { desk, outcomes, response }: Visit,
  ask: () => Promise<Outcome<AnswerResult>>,
): Promise<void> {
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  const stop = desk.onProgress((progress) => void response.write(`${JSON.stringify({ progress })}\n`));
  try {
    const outcome = await ask();
    outcomes.keep(outcome);
    response.end(`{"outcome":${outcomeText(outcome)}}\n`);
  } finally {
    stop();
  }
}
