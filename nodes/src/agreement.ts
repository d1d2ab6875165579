// SPDX-License-Identifier: Apache-2.0
// At the desk: who has left the covenant, and what others could have learned about our data.
import type { IncomingMessage } from "node:http";
import type { EngineNode, ExposureRequest } from "@koplamp/engine";
import { PARTY_ID, QueryError } from "@koplamp/query";
import { isTime } from "@koplamp/wire";
import { readBody } from "./desk-body.ts";
import { signedIn } from "./inbox.ts";

/** Answers one request. @throws {EngineError} `refused` for a withdrawal that its party did not sign. */
export async function atAgreement(node: EngineNode, request: IncomingMessage): Promise<object> {
  const { method = "", url = "" } = request;
  if (method === "GET" && url === "/v1/withdrawals") return { withdrawals: node.withdrawn() };
  if (method === "POST" && url === "/v1/withdrawals")
    return { withdrawal: node.withdraw(signedIn(await readBody(request))) };
  if (method === "POST" && url === "/v1/exposure") return node.exposure(requestIn(await readBody(request)));
  throw new QueryError("invalid-value", `there is no ${method} ${url} at this node's desk`);
}

function requestIn(body: string): ExposureRequest {
  const { who, dataset, from, to } = Object(JSON.parse(body)) as Readonly<Record<string, unknown>>;
  const parties = Array.isArray(who) ? who.filter((party) => typeof party === "string") : [];
  const named = parties.length > 0 && parties.every((party) => PARTY_ID.test(party));
  if (named && typeof from === "string" && typeof to === "string" && isTime(from) && isTime(to))
    return { who: parties, from, to, ...(typeof dataset === "string" ? { dataset } : {}) };
  throw new QueryError("invalid-value", "expected an exposure as {who, dataset, from, to}");
}
