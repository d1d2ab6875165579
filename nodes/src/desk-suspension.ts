// SPDX-License-Identifier: Apache-2.0
// At the desk: an officer halts the node, and lets it go on.
import type { SignedBytes } from "@koplamp/covenant";
import type { EngineNode } from "@koplamp/engine";
import { readDocument, type Suspension } from "@koplamp/wire";
import type { Caller } from "./caller.ts";

/** The last word of our officers, or null. */
export function suspensionAt(node: EngineNode): object {
  const word = node.suspension();
  if (word === undefined) return { suspension: null };
  const { action, at, reason, by } = word.said;
  return { suspension: { hash: word.hash, action, at, reason, by } };
}

/**
 * Takes the word of an officer who signed in as one.
 * @throws {SignInError} `role`; {@link EngineError} `refused`, with the reason.
 */
export function suspend(node: EngineNode, caller: Caller, signed: SignedBytes): Suspension {
  const said = wordIn(signed);
  if (said !== undefined) caller.expectActing("officer", said.by);
  return node.suspend(signed);
}

function wordIn({ bytes }: SignedBytes): Suspension | undefined {
  try {
    return readDocument("suspension/v1", bytes);
  } catch {
    return undefined; // the engine says what is wrong with it, and takes nothing else
  }
}
