// SPDX-License-Identifier: Apache-2.0
import { chmod, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type EngineNode, type Outcome, outcomeText, type Progress } from "@koplamp/engine";
import { QueryError, type Question, readQuestion } from "@koplamp/query";
import type { AnswerResult, Hash } from "@koplamp/wire";
import { atAgreement } from "./agreement.ts";
import { readBody } from "./desk-body.ts";
import { atErasure } from "./desk-erasure.ts";
import { atInbox } from "./inbox.ts";

/** What the desk needs of the node that it stands in. */
export interface DeskPorts {
  /** The socket's path; its folder belongs to the node's user alone. */
  readonly path: string;
  readonly node: EngineNode;
  /** One screen about the node: no data, no keys. */
  readonly status: () => object;
  /** Calls `listener` at every step of any question. Returns a way to stop. */
  readonly onProgress: (listener: (progress: Progress) => void) => () => void;
}

/** The desk, open. */
export interface Desk {
  /** Takes no more questions, and waits until those who wait have their answers. */
  close(): Promise<void>;
  /** Cuts off those who still wait. */
  hangUp(): void;
}

const KEPT_OUTCOMES = 64;

const errorText = (code: string, message: string): string =>
  JSON.stringify({ error: { name: "ClientError", code, message } });
const GONE = errorText("stopping", "the node is stopping");
const UNKNOWN = errorText("unknown", "there is no such thing at this node's desk");
const FORGOTTEN = errorText("unknown", "no such question lives here, and its end is not known any more");

/**
 * Where the people of the own agency reach their node: HTTP on a Unix socket that only the node's user may open. Other
 * parties and the coordinator cannot reach it, and there is no port on the network.
 *
 *   GET  /v1/status             one screen
 *   POST /v1/explain            {file, text} -> {plan, contract}; reads nobody's data, discloses nothing
 *   POST /v1/run                {file, text} -> one JSON a line: {progress} …, then {outcome}
 *   GET  /v1/outcomes/HASH      how the question of that plan ended here, when it has
 *   GET  /v1/watch/HASH         the same, with {progress} before it, a line each
 *   GET  /v1/inbox              {questions}: what waits for people, and what runs
 *   GET  /v1/inbox/HASH         one question: plan, contract, covenant, who has decided, who is awaited
 *   POST /v1/erasure            {bundle} -> {bundle}: with the proofs that its question was erased
 *   GET  /v1/withdrawals        {withdrawals}: who has left the covenant
 *   POST /v1/withdrawals        {bytes, signatures}: a withdrawal/v1 that its party signed -> the same, applied and told
 *   POST /v1/exposure           {who, dataset, from, to} -> what they could have learned about our data
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
  ports: DeskPorts,
  outcomes: Outcomes,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = "", url = "" } = request;
  const { node } = ports;
  if (url.startsWith("/v1/inbox") || url === "/v1/decisions")
    return reply(response, 200, JSON.stringify(await atInbox(node, request)));
  if (method === "POST" && url === "/v1/erasure")
    return reply(response, 200, JSON.stringify(await atErasure(node, request)));
  if (url === "/v1/withdrawals" || url === "/v1/exposure")
    return reply(response, 200, JSON.stringify(await atAgreement(node, request)));
  if (method === "POST" && url === "/v1/explain")
    return reply(response, 200, JSON.stringify(await node.explain(questionIn(await readBody(request)))));
  if (method === "POST" && url === "/v1/run")
    return run(ports, outcomes, questionIn(await readBody(request)), response);
  if (method === "GET") return show(ports, outcomes, url, response);
  reply(response, 404, UNKNOWN);
}

async function show(
  ports: DeskPorts,
  outcomes: Outcomes,
  url: string,
  response: ServerResponse,
): Promise<void> {
  const [, what, hash] = /^\/v1\/(outcomes|watch)\/(sha256:[0-9a-f]{64})$/.exec(url) ?? [];
  if (url === "/v1/status") return reply(response, 200, JSON.stringify(ports.status()));
  if (hash === undefined) return reply(response, 404, UNKNOWN);
  if (what === "watch") return watch(ports, outcomes, hash, response);
  const text = await outcomes.wait(hash);
  return text === undefined ? reply(response, 503, GONE) : reply(response, 200, text);
}

/** Shows what has been said of a question that lives here, then what comes, then how it ended. */
async function watch(
  { node, onProgress }: DeskPorts,
  outcomes: Outcomes,
  planHash: Hash,
  response: ServerResponse,
): Promise<void> {
  const lives = node.inbox().find((item) => item.planHash === planHash);
  if (lives === undefined && outcomes.known(planHash) === undefined) return reply(response, 404, FORGOTTEN);
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  const show = (progress: Progress): void => void response.write(`${JSON.stringify({ progress })}\n`);
  for (const { party, roles } of lives?.missing ?? [])
    show({ party, phase: `awaits ${roles.join(" and ")} approval` });
  const stop = onProgress(show);
  try {
    const text = await outcomes.wait(planHash);
    response.end(text === undefined ? `${GONE}\n` : `{"outcome":${text}}\n`);
  } finally {
    stop();
  }
}

async function run(
  { node, onProgress }: DeskPorts,
  outcomes: Outcomes,
  question: Question,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  const stop = onProgress((progress) => void response.write(`${JSON.stringify({ progress })}\n`));
  try {
    const outcome = await node.ask(question);
    outcomes.keep(outcome);
    response.end(`{"outcome":${outcomeText(outcome)}}\n`);
  } finally {
    stop();
  }
}

/** How questions ended here, for the node's people: the newest few in memory, all of them on disk until their term. */
class Outcomes {
  readonly #node: EngineNode;
  readonly #kept = new Map<Hash, string>();
  readonly #waiting = new Map<Hash, Set<(text: string | undefined) => void>>();

  constructor(node: EngineNode) {
    this.#node = node;
    node.onOutcome((outcome) => this.keep(outcome));
    node.onErased((planHash) => void this.#kept.delete(planHash));
  }

  keep(outcome: Outcome<AnswerResult>): void {
    const hash = outcome.planHash;
    if (hash === undefined) return;
    const text = outcomeText(outcome);
    this.#kept.set(hash, text);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_OUTCOMES && oldest !== undefined) this.#kept.delete(oldest);
    for (const resolve of this.#waiting.get(hash) ?? []) resolve(text);
    this.#waiting.delete(hash);
  }

  /** How it ended, as memory or the node's disk has it. */
  known(hash: Hash): string | undefined {
    const kept = this.#kept.get(hash);
    if (kept !== undefined) return kept;
    const outcome = this.#node.outcomeOf(hash);
    return outcome === undefined ? undefined : outcomeText(outcome);
  }

  /** How the question of that plan ends here, or nothing when the node stops before. */
  wait(hash: Hash): Promise<string | undefined> {
    const known = this.known(hash);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => {
      const others = this.#waiting.get(hash) ?? new Set();
      this.#waiting.set(hash, others.add(resolve));
    });
  }

  end(): void {
    for (const resolve of [...this.#waiting.values()].flatMap((each) => [...each])) resolve(undefined);
    this.#waiting.clear();
  }
}

/** The question in a body. @throws {QueryError}. */
function questionIn(body: string): Question {
  const value: unknown = JSON.parse(body);
  const [file, text] = [Reflect.get(Object(value), "file"), Reflect.get(Object(value), "text")] as unknown[];
  if (typeof file === "string" && typeof text === "string") return readQuestion(text, { file, lab: false });
  throw new QueryError("invalid-value", "expected a question as {file, text}");
}

function reply(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "application/json" }).end(`${text}\n`);
}

/** An error as its parts. It goes to the people of the own agency, and holds no data all the same. */
function refuse(response: ServerResponse, reason: unknown): void {
  const error = reason instanceof Error ? reason : new Error("something was thrown that is no error");
  const { code, hint, party, place } = Object(error) as Record<string, unknown>; // whatever of these it has
  const text = JSON.stringify({
    error: { name: error.name, message: error.message, code, hint, party, place },
  });
  if (response.headersSent) response.end(`${text}\n`);
  else reply(response, 400, text);
}
