// SPDX-License-Identifier: Apache-2.0
// At the desk: what the own people look at. Nobody else hears of it; who looks at the same is noted by deconfliction.
import type { EngineNode, NewInterest } from "@koplamp/engine";
import { QueryError } from "@koplamp/query";

/** Puts in what somebody looks at, and gives its name. The engine checks what is in it. */
export function interestAdded({ addInterest }: EngineNode, body: string): object {
  return { id: addInterest(JSON.parse(body) as NewInterest) }; // safe because the register reads it by a schema of its own
}

/** Takes an interest back. @throws {QueryError}; {@link EngineError} `refused` for what does not run. */
export function interestWithdrawn({ withdrawInterest }: EngineNode, body: string): object {
  const { id, by } = Object(JSON.parse(body)) as Readonly<Record<string, unknown>>;
  if (typeof id !== "string" || typeof by !== "string")
    throw new QueryError("invalid-value", "expected an interest as {id, by}");
  withdrawInterest(id, by);
  return { id };
}
