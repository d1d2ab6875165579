// SPDX-License-Identifier: Apache-2.0
// The inbox at the desk: what waits for people, and their decisions, which they sign with keys that the node has not.
import type { IncomingMessage } from "node:http";
import type { SignedBytes } from "@koplamp/covenant";
import { EngineError, type EngineNode } from "@koplamp/engine";
import { QueryError } from "@koplamp/query";
import { fromBase64 } from "@koplamp/wire";
import { readBody } from "./desk-body.ts";

/** Answers one request about the inbox. @throws {EngineError} `refused` and `too-late` with the reason. */
export async function atInbox(node: EngineNode, request: IncomingMessage): Promise<object> {
  const { method = "", url = "" } = request;
  const hash = /^\/v1\/inbox\/(sha256:[0-9a-f]{64})$/.exec(url)?.[1];
  if (method === "GET" && url === "/v1/inbox") return { questions: node.inbox() };
  if (method === "GET" && hash !== undefined) return shown(node, hash);
  if (method === "POST" && url === "/v1/decisions")
    return { decision: node.decide(signedIn(await readBody(request))) };
  throw new QueryError("invalid-value", `there is no ${method} ${url} at this node's desk`);
}

function shown(node: EngineNode, planHash: string): object {
  const question = node.question(planHash);
  if (question !== undefined) return question;
  throw new EngineError(
    "refused",
    "node",
    "this node has no such question",
    "koplamp inbox lists what waits",
  );
}

/** A signed document as it comes in: `{bytes: base64, signatures: [line]}`. Its content is checked by the engine. */
export function signedIn(body: string): SignedBytes {
  const value: unknown = JSON.parse(body);
  const [bytes, signatures] = [
    Reflect.get(Object(value), "bytes"),
    Reflect.get(Object(value), "signatures"),
  ] as unknown[];
  const lines = Array.isArray(signatures) ? signatures.filter((line) => typeof line === "string") : [];
  if (typeof bytes === "string" && lines.length > 0) return { bytes: fromBase64(bytes), signatures: lines };
  throw new QueryError("invalid-value", "expected a signed decision as {bytes, signatures}");
}
