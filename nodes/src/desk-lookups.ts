// SPDX-License-Identifier: Apache-2.0
// At the desk: questions in an open look-up. What is asked stays at this node; who asked for the look-up asks on.
import type { EngineNode, LookedUp } from "@koplamp/engine";
import { QueryError } from "@koplamp/query";
import type { Hash } from "@koplamp/wire";
import type { Caller } from "./caller.ts";

/** Asks, and gives the answers. @throws {QueryError} for another body; {@link SignInError} `role`; as `EngineNode.lookUp`. */
export async function lookedUp(
  node: EngineNode,
  caller: Caller,
  planHash: Hash,
  body: string,
): Promise<LookedUp> {
  expectAsker(node, caller, planHash);
  return await node.lookUp(planHash, rowsIn(body));
}

function rowsIn(body: string): readonly (readonly string[])[] {
  const { rows } = Object(JSON.parse(body)) as { readonly rows?: unknown };
  if (Array.isArray(rows) && rows.every(isRow)) return rows;
  throw new QueryError("invalid-value", "expected questions as {rows: [[value, …], …]}");
}

function isRow(row: unknown): row is readonly string[] {
  return Array.isArray(row) && row.every((cell) => typeof cell === "string");
}

/** Ends it. @throws {SignInError} `role`; as `EngineNode.endLookUp`. */
export function lookUpEnded(node: EngineNode, caller: Caller, planHash: Hash): object {
  expectAsker(node, caller, planHash);
  node.endLookUp(planHash);
  return { planHash };
}

/** Whoever signed the plan, and nobody else at the own agency. */
function expectAsker(node: EngineNode, caller: Caller, planHash: Hash): void {
  const asked = node.question(planHash); // where there is none the engine says so
  if (asked !== undefined) caller.expectActing("analyst", asked.plan.proposer.by);
}
