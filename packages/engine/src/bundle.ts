// SPDX-License-Identifier: Apache-2.0
import type { SignedBytes } from "@koplamp/covenant";
import { packBundle, type ShownLedger } from "@koplamp/ledger";
import { documentBytes, type Hash, readDocument, timeText, WireError } from "@koplamp/wire";
import type { NodePorts } from "./node-ports.ts";
import type { QuestionRun } from "./question-run.ts";

/**
 * The bundle of a question: the agreement, plan, contract and approvals as this node holds them, what the parties
 * signed about the run, and the entries that they showed. Signed by this node.
 */
export function bundleOf(
  node: NodePorts,
  run: QuestionRun,
  ledgers: readonly ShownLedger[],
  documents: readonly SignedBytes[],
): Uint8Array {
  const { me, membership, keys, primitives, clock, store, ledger } = node;
  const { charter } = membership;
  const approvals = ledger
    .entriesOf(run.planHash)
    .filter(({ entry }) => entry.type === "approval")
    .flatMap(({ entry }) => store.document(String(entry.body["approvalHash"])) ?? []);
  const plan = store.document(run.planHash) ?? { bytes: documentBytes(run.plan), signatures: [] };
  return packBundle({
    by: me,
    made: timeText(clock.now()),
    identity: keys.identity,
    primitives,
    ledgers,
    documents: [
      charter.covenant,
      ...charter.cards,
      charter.roster,
      plan,
      { bytes: documentBytes(run.contract), signatures: [] },
      ...approvals,
      ...documents.filter(({ bytes }) => isAbout(run.planHash, bytes)),
    ],
  });
}

/** Whether bytes are what a party may add: a receipt or an account of egress, of this question. */
function isAbout(planHash: Hash, bytes: Uint8Array): boolean {
  return (["receipt/v1", "egress/v1"] as const).some((type) => {
    try {
      return readDocument(type, bytes).planHash === planHash; // attacker-controlled
    } catch (reason) {
      if (reason instanceof WireError) return false; // left out of the bundle, where it would be a fault
      throw reason;
    }
  });
}
