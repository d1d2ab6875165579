// SPDX-License-Identifier: Apache-2.0
import type { QueryError } from "@koplamp/query";
import type { Covenant, Plan } from "@koplamp/wire";

/** The clause that forbids a plan whose contract cannot even be computed; what no clause says is the contract's own rule. */
export function clauseOf({ code, party }: QueryError, { ask, protocol }: Plan, covenant: Covenant): string {
  if (code === "coordinator" && party === undefined) return `protocols/${protocol.id}/coordinatorLearns`;
  const counts = ask.kind === "overlap-count" && ask.mode === "recipient";
  if (code === "above-class" && counts && !covenant.personLevel.allowed) return "personLevel/allowed";
  return `contract/${code}`;
}
