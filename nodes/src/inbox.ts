// SPDX-License-Identifier: Apache-2.0
// The inbox at the desk: what waits for people, and their decisions, which they sign with keys that the node has not.
import type { SignedBytes } from "@koplamp/covenant";
import { EngineError, type EngineNode } from "@koplamp/engine";
import { QueryError } from "@koplamp/query";
import { type Approval, fromBase64, type Hash, readDocument } from "@koplamp/wire";
import type { Caller } from "./caller.ts";

/** One question. @throws {EngineError} `refused` when there is none. */
export function shown(node: EngineNode, planHash: Hash): object {
  const question = node.question(planHash);
  if (question !== undefined) return question;
  throw new EngineError(
    "refused",
    "node",
    "this node has no such question",
    "koplamp inbox lists what waits",
  );
}

/**
 * Takes a decision of whoever signed in for its role.
 * @throws {SignInError} `role`; {@link EngineError} `refused` and `too-late` with the reason.
 */
export function decide(node: EngineNode, caller: Caller, signed: SignedBytes): Approval {
  const approval = approvalIn(signed);
  if (approval !== undefined) caller.expectActing(approval.role, approval.by);
  return node.decide(signed);
}

function approvalIn({ bytes }: SignedBytes): Approval | undefined {
  try {
    return readDocument("approval/v1", bytes);
  } catch {
    return undefined; // the engine says what is wrong with it, and takes nothing else
  }
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
