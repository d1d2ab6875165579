// SPDX-License-Identifier: Apache-2.0
import type { SignedBytes } from "@koplamp/covenant";
import type { PartyId } from "@koplamp/protocol";
import type { NodePorts } from "./node-ports.ts";
import type { QuestionRun } from "./question-run.ts";

/** Entries of one party's ledger with their proofs. */
export interface LedgerPages {
  readonly party: PartyId;
  readonly entries: readonly { readonly leaf: Uint8Array; readonly proof: Uint8Array }[];
}

/** The bundle of a question, for whoever verifies it offline. */
export function bundleOf(
  _node: NodePorts,
  _run: QuestionRun,
  _pages: readonly LedgerPages[],
  _documents: readonly SignedBytes[],
): Uint8Array | undefined {
  return undefined;
}
