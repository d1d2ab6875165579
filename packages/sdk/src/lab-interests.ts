// SPDX-License-Identifier: Apache-2.0
// What the desks of a lab's agencies look at: each party's file, in the register of its node.
import type { EngineNode } from "@koplamp/engine";
import type { Question } from "@koplamp/query";
import { INTERESTS, type OwnInterest, type Time } from "@koplamp/wire";
import { runs, sameAs } from "./person-interest.ts";

/** Whether a question compares registers of interests. */
export function isOfRegisters({ ask }: Pick<Question, "ask">): boolean {
  return ask.kind === "lookup" && ask.interests !== undefined;
}

/** The datasets of a question that are files; a register of interests is none. */
export function filesOf({ sources }: Pick<Question, "sources">): Question["sources"] {
  return sources.filter(({ dataset }) => dataset !== INTERESTS.dataset);
}

/**
 * Has a node's register hold what the file says and no more: what it had before and is not there is withdrawn.
 * @throws {EngineError} `refused` for what does not fit.
 */
export function fillRegister(
  node: Pick<EngineNode, "interests" | "addInterest" | "withdrawInterest">,
  listed: readonly OwnInterest[],
  now: Time,
): void {
  const live = node.interests().filter((kept) => runs(kept, now));
  for (const kept of live) if (!listed.some(sameAs(kept))) node.withdrawInterest(kept.id, kept.by);
  for (const own of listed) if (!live.some(sameAs(own))) node.addInterest(own);
}
