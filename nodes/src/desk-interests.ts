// SPDX-License-Identifier: Apache-2.0
// At the desk: what the own people look at. Nobody else hears of it; who looks at the same is noted by deconfliction.
import type { SignedBytes } from "@koplamp/covenant";
import type { EngineNode } from "@koplamp/engine";
import { QueryError } from "@koplamp/query";
import { type OwnInterest, readDocument } from "@koplamp/wire";
import type { Caller } from "./caller.ts";
import { SignInError } from "./errors.ts";
import { signedIn } from "./inbox.ts";

/** Puts in what somebody looks at, and gives its name. The engine checks what is in it. */
export function interestAdded({ addInterest }: EngineNode, caller: Caller, body: string): object {
  const { own, signed } = parts(body);
  // Safe because the register reads it by a schema of its own.
  return { id: addInterest(own as OwnInterest, wordIn(caller, ["analyst"], signed)) };
}

/** Takes an interest back. @throws {QueryError}; {@link EngineError} `refused` for what does not run. */
export function interestWithdrawn({ withdrawInterest }: EngineNode, caller: Caller, body: string): object {
  const { id, by, signed } = parts(body);
  if (typeof id !== "string" || typeof by !== "string")
    throw new QueryError("invalid-value", "expected an interest as {id, by, signed}");
  withdrawInterest(id, by, wordIn(caller, ["analyst", "officer"], signed));
  return { id };
}

function parts(body: string): Readonly<Record<string, unknown>> {
  return Object(JSON.parse(body)) as Readonly<Record<string, unknown>>;
}

/** The word that comes along, if one does, by somebody who signed in as one of these. @throws {SignInError} `role`. */
function wordIn(caller: Caller, roles: readonly string[], signed: unknown): SignedBytes | undefined {
  if (signed === undefined) return undefined;
  const word = signedIn(JSON.stringify(signed));
  const key = signerOf(word);
  if (key !== undefined) expectOneOf(caller, roles, key);
  return word;
}

function expectOneOf(caller: Caller, [role = "", ...others]: readonly string[], key: string): void {
  try {
    caller.expectActing(role, key);
  } catch (reason) {
    if (others.length === 0 || !(reason instanceof SignInError)) throw reason;
    expectOneOf(caller, others, key);
  }
}

function signerOf({ bytes }: SignedBytes): string | undefined {
  try {
    return readDocument("interest/v1", bytes).by;
  } catch {
    return undefined; // the engine says what is wrong with it, and takes nothing else
  }
}
