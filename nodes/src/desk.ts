// SPDX-License-Identifier: Apache-2.0
import { chmod, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Admit } from "./caller.ts";
import { ANSWERS, type DeskNode, reply, UNKNOWN } from "./desk-answers.ts";
import { routeOf } from "./desk-routes.ts";
import { SignInError, type SignInErrorCode } from "./errors.ts";
import { Outcomes } from "./outcomes.ts";

/** What the desk needs of the node that it stands in. */
export interface DeskPorts extends DeskNode {
  /** The socket's path; its folder belongs to the node's user alone. */
  readonly path: string;
  /** Says who comes by a route. */
  readonly admit: Admit;
}

/** The desk, open. */
export interface Desk {
  /** Takes no more questions, and waits until those who wait have their answers. */
  close(): Promise<void>;
  /** Cuts off those who still wait. */
  hangUp(): void;
}

/**
 * Where the people of the own agency reach their node: HTTP on a Unix socket that only the node's user may open. Other
 * parties and the coordinator cannot reach it, and there is no port on the network. Where the node's file asks for
 * sign-in, every request but the first of these brings a token, and its route wants a role: desk-routes.ts.
 *
 *   GET  /v1/sign-in            where people sign in, or null; comes before sign-in
 *   GET  /v1/status             one screen
 *   POST /v1/explain            {file, text} -> {plan, contract}; reads nobody's data, discloses nothing
 *   POST /v1/drafts             {file, text, by} -> plan, contract and what they follow from, for that analyst to sign
 *   POST /v1/proposals          {bytes, signatures}: a drafted plan that its analyst signed -> as /v1/run
 *   POST /v1/run                {file, text} -> one JSON a line: {progress} …, then {outcome}; in a trial only
 *   GET  /v1/outcomes/HASH      how the question of that plan ended here, when it has
 *   GET  /v1/watch/HASH         the same, with {progress} before it, a line each
 *   GET  /v1/standing           {standing}: the standing questions, and when each runs next
 *   POST /v1/pause/HASH         this node sits out what falls due of it; /v1/unpause/HASH takes part again
 *   GET  /v1/inbox              {questions}: what waits for people, and what runs
 *   GET  /v1/inbox/HASH         one question: plan, contract, covenant, who has decided, who is awaited
 *   POST /v1/erasure            {bundle} -> {bundle}: with the proofs that its question was erased
 *   GET  /v1/withdrawals        {withdrawals}: who has left the covenant
 *   POST /v1/withdrawals        {bytes, signatures}: a withdrawal/v1 that its party signed -> the same, applied and told
 *   GET  /v1/suspension         {suspension}: the last word of our officers, or null
 *   POST /v1/suspension         {bytes, signatures}: a suspension/v1 of an officer -> the same, in force and told
 *   POST /v1/exposure           {who, dataset, from, to} -> what they could have learned about our data
 *   GET  /v1/interests          {interests}: what the own desks look at, and who looks at the same
 *   POST /v1/interests          {own, signed}: an interest, with the word of its analyst -> {id}
 *   POST /v1/interests/withdrawn  {id, by, signed} -> {id}: from now on it meets nobody
 *   GET  /v1/interests/audit    {acts}: all that was done with them, who signed it, and whether the ledger has it
 *   POST /v1/policy             reads the node's own policies again -> {policies}: how many are in force now
 *   POST /v1/decisions          {bytes, signatures}: an approval/v1 that a person signed elsewhere -> the decision, logged
 */
export async function openDesk(ports: DeskPorts): Promise<Desk> {
  const outcomes = new Outcomes(ports.node);
  const server = createServer((request, response) => {
    answer(ports, outcomes, request, response).catch((reason: unknown) => refuse(response, reason));
  });
  server.maxConnections = 64;
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  await rm(ports.path, { force: true }); // left by a process that was killed
  await listen(server, ports.path);
  return {
    hangUp: () => server.closeAllConnections(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        outcomes.end();
        server.closeIdleConnections();
      }),
  };
}

async function listen(server: Server, path: string): Promise<void> {
  const before = process.umask(0o177); // from its first moment nobody else may open it
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
    await chmod(path, 0o600);
  } finally {
    process.umask(before);
  }
}

async function answer(
  desk: DeskPorts,
  outcomes: Outcomes,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = "", url = "" } = request;
  const found = routeOf(method, url);
  if (found === undefined) {
    reply(response, 404, UNKNOWN);
    return;
  }
  const { route, hash } = found;
  const caller = await desk.admit(route, request.headers.authorization);
  await ANSWERS[route.name]({ desk, outcomes, request, response, hash, caller });
}

/** An error as its parts. It goes to the people of the own agency, and holds no data all the same. */
function refuse(response: ServerResponse, reason: unknown): void {
  const error = reason instanceof Error ? reason : new Error("something was thrown that is no error");
  const { code, hint, party, place } = Object(error) as Record<string, unknown>; // whatever of these it has
  const text = JSON.stringify({
    error: { name: error.name, message: error.message, code, hint, party, place },
  });
  if (response.headersSent) response.end(`${text}\n`);
  else reply(response, error instanceof SignInError ? STATUS[error.code] : 400, text);
}

const STATUS: Readonly<Record<SignInErrorCode, number>> = {
  absent: 401,
  expired: 401,
  refused: 401,
  role: 403,
  provider: 503,
};
