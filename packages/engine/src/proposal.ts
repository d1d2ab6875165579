// SPDX-License-Identifier: Apache-2.0
import type { SignedBytes } from "@koplamp/covenant";
import { verifyDocument } from "@koplamp/crypto";
import type { PartyId } from "@koplamp/protocol";
import { type Card, documentHash, type Hash, type Plan, readDocument, timeText } from "@koplamp/wire";
import { EngineError } from "./errors.ts";
import type { NodePorts } from "./node-ports.ts";
import type { Offers } from "./offer.ts";
import { pendingOffer } from "./pending.ts";
import { QuestionRun } from "./question-run.ts";

/** A plan as its proposer signed it, and whose envelope brought it. */
export interface Proposed {
  readonly from: PartyId;
  readonly plan: SignedBytes;
}

/**
 * Reads a proposal. The contract is computed here later: what counts is what this node computes, never what it is told.
 * @throws {EngineError} `garbage` or `integrity`, naming the proposer.
 */
export function admitProposal(node: NodePorts, offers: Offers, proposed: Proposed): QuestionRun {
  const { from, plan: signed } = proposed;
  const { plan, planHash } = admitPlan(node, proposed);
  if (node.ledger.entriesOf(planHash).length > 0) {
    throw new EngineError(
      "integrity",
      from,
      `${from} proposed a question that was dealt with before`,
      "ask again",
    );
  }
  node.store.putDocument(planHash, signed.bytes, signed.signatures);
  return new QuestionRun(node, offers, plan, planHash);
}

/**
 * A question that waited when this node stopped, checked as if it came now: its members and agreement may have changed.
 * @throws as {@link admitProposal}.
 */
export function admitPending(node: NodePorts, offers: Offers, planHash: Hash): QuestionRun {
  const offer = pendingOffer(node, planHash);
  if (offer !== undefined) offers.put(offer);
  return admitKept(node, offers, planHash);
}

/** A question that this node has taken part in before, without an offer: it makes one for each run. @throws as {@link admitProposal}. */
export function admitKept(node: NodePorts, offers: Offers, planHash: Hash): QuestionRun {
  const signed = node.store.document(planHash);
  if (signed === undefined) throw new EngineError("integrity", node.me, "a question that waits has no plan");
  const from = readPlan(node.me, signed.bytes).proposer.party;
  const { plan } = admitPlan(node, { from, plan: signed });
  return new QuestionRun(node, offers, plan, planHash);
}

/** A plan under our agreement and roster, signed by an analyst of the party that proposes it. */
function admitPlan(
  node: NodePorts,
  { from, plan: signed }: Proposed,
): { readonly plan: Plan; readonly planHash: Hash } {
  const { membership, primitives } = node;
  const plan = readPlan(from, signed.bytes);
  const planHash = documentHash(primitives.sha256, signed.bytes);
  if (plan.covenantHash !== membership.covenantHash || plan.rosterHash !== membership.rosterHash) {
    throw new EngineError(
      "integrity",
      from,
      `${from} asks under another covenant or roster than ours`,
      "compare both hashes by telephone",
    );
  }
  const { proposer } = plan;
  const keys = analystsOf(node, proposer.party).flatMap(({ key }) => (key === proposer.by ? [key] : []));
  const valid = signed.signatures.some((line) =>
    verifyDocument(primitives, { type: "plan/v1", hash: planHash, line, keys }),
  );
  if (proposer.party === from && valid) return { plan, planHash };
  throw new EngineError(
    "integrity",
    from,
    `the plan that ${from} sent is not signed by an analyst of ${from}`,
    "ask again: only an analyst on the agency's card can propose",
  );
}

/** Who may propose for a party, as its card says now. */
export function analystsOf({ membership, clock }: NodePorts, party: PartyId): Card["people"] {
  const now = timeText(clock.now());
  const people = membership.cards.get(party)?.people ?? [];
  return people.filter(({ roles, validUntil }) => roles.includes("analyst") && now < validUntil);
}

function readPlan(from: PartyId, bytes: Uint8Array): Plan {
  try {
    return readDocument("plan/v1", bytes); // attacker-controlled
  } catch {
    throw new EngineError(
      "garbage",
      from,
      `${from} sent a plan that is not of the agreed form`,
      "its node may run another version",
    );
  }
}
