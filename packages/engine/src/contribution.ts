// SPDX-License-Identifier: Apache-2.0
import { equal } from "@koplamp/crypto";
import { base64, type Hash, hex, type Input, type Table } from "@koplamp/wire";
import { snapshotOf } from "./deconflict.ts";
import { EngineError } from "./errors.ts";
import type { Draft } from "./ledger-entries.ts";
import type { NodePorts } from "./node-ports.ts";
import type { QuestionRun } from "./question-run.ts";

/** What this node brings to a question: its input of the plan, and the very data that it offered. */
export interface Contribution {
  readonly input: Input;
  readonly table: Table;
}

/**
 * This node's data for the question, or nothing where it brings none.
 * @throws {EngineError} `source` when they are no longer what was offered; {@link SourceError} when they cannot be read.
 */
export async function contributionOf(node: NodePorts, run: QuestionRun): Promise<Contribution | undefined> {
  const { input, offer } = run.own ?? {};
  if (input === undefined || offer === undefined) return undefined;
  node.progress({ party: node.me, phase: "read" });
  const { table, digest } = await snapshotOf(node, input.dataset);
  if (equal(digest, offer.digest)) return { input, table };
  throw new EngineError(
    "source",
    node.me,
    `dataset ${input.dataset} of ${node.me} has changed since it was offered`,
    "ask again: the question then counts with the new data",
  );
}

/** The ledger entry that fixes this node's inputs for one session. `root`: 32 bytes, `salt`: what it was made under. */
export function inputsEntry(planHash: Hash, input: Input, root: Uint8Array, salt: string): Draft {
  const { dataset, snapshot, rowsPadded } = input;
  return {
    type: "inputs",
    verb: "collection",
    planHash,
    body: { dataset, snapshot, root: `sha256:${hex(root)}`, rowsPadded },
    kept: { salt },
  };
}

/** A fresh salt for a vault, and as text for the ledger's keeping: the vault wipes its own copy. */
export function freshSalt(node: NodePorts): { readonly salt: Uint8Array; readonly text: string } {
  const salt = node.rng(32);
  return { salt, text: base64(salt) };
}
