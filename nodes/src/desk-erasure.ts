// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from "node:http";
import type { EngineNode } from "@koplamp/engine";
import { QueryError } from "@koplamp/query";
import { base64, fromBase64 } from "@koplamp/wire";
import { readBody } from "./desk-body.ts";

/** A bundle of ten parties, as base64 in JSON. */
const MOST_BYTES = 16 * 2 ** 20;

/** Answers `{bundle}`, as base64, with the same bundle and the proofs that its question was erased. */
export async function provenErasure(node: EngineNode, request: IncomingMessage): Promise<object> {
  const value: unknown = JSON.parse(await readBody(request, MOST_BYTES));
  const bundle: unknown = Reflect.get(Object(value), "bundle");
  if (typeof bundle !== "string") throw new QueryError("invalid-value", "expected a bundle as {bundle}");
  return { bundle: base64(await node.proveErasure(fromBase64(bundle))) };
}
