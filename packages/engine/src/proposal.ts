// SPDX-License-Identifier: Apache-2.0
import type { SignedBytes } from "@koplamp/covenant";
import { verifyDocument } from "@koplamp/crypto";
import type { PartyId } from "@koplamp/protocol";
import { contractOf } from "@koplamp/query";
import { documentBytes, documentHash, type Hash, type Plan, readDocument } from "@koplamp/wire";
import { EngineError } from "./errors.ts";
import type { NodePorts } from "./node-ports.ts";
import { QuestionRun } from "./question-run.ts";

/** A plan as its proposer signed it, and whose envelope brought it. */
export interface Proposed {
  readonly from: PartyId;
  readonly plan: SignedBytes;
  readonly contractHash: Hash;
}

/**
 * Reads a proposal and computes its contract here: what counts is what this node computes, never what it is told.
 * @throws {EngineError} `garbage` or `integrity`, naming the proposer.
 */
export function admitProposal(node: NodePorts, proposed: Proposed): QuestionRun {
  const { from } = proposed;
  const plan = readPlan(from, proposed.plan.bytes);
  const { membership, primitives } = node;
  const planHash = documentHash(primitives.sha256, proposed.plan.bytes);
  const { covenantHash, rosterHash, covenant, roster, cards } = membership;
  if (plan.covenantHash !== covenantHash || plan.rosterHash !== rosterHash) {
    throw new EngineError("integrity", from, `${from} asks under another covenant or roster than ours`, "compare both hashes by telephone");
  }
  const analyst = cards.get(plan.proposer.party)?.people.find(({ key, roles }) => key === plan.proposer.by && roles.includes("analyst"));
  const keys = analyst === undefined ? [] : [analyst.key];
  const signed = proposed.plan.signatures.some((line) =>
    verifyDocument(primitives, { type: "plan/v1", hash: planHash, line, keys }),
  );
  if (plan.proposer.party !== from || !signed) {
    throw new EngineError("integrity", from, `the plan that ${from} sent is not signed by an analyst of ${from}`, "");
  }
  const contract = contractOf(covenant, roster, plan, primitives);
  const contractHash = documentHash(primitives.sha256, documentBytes(contract));
  return new QuestionRun(node, plan, planHash, contract, contractHash);
}

function readPlan(from: PartyId, bytes: Uint8Array): Plan {
  try {
    return readDocument("plan/v1", bytes); // attacker-controlled
  } catch {
    throw new EngineError("garbage", from, `${from} sent a plan that is not of the agreed form`, "");
  }
}
