// SPDX-License-Identifier: Apache-2.0
import { type Decision, decideLocally } from "@koplamp/covenant";
import { QueryError } from "@koplamp/query";
import { type Contract, type Plan, timeText } from "@koplamp/wire";
import { clauseOf } from "./clause-of.ts";
import type { NodePorts } from "./node-ports.ts";

/** A question as a node decides about it: computing the contract may be the refusal. */
export interface Decidable {
  readonly plan: Plan;
  readonly contract: Contract;
}

/** This node's yes or no as agreement and own policies say it at this moment: the more restrictive of the two. */
export function decisionNow(node: NodePorts, question: Decidable): Decision {
  const { me, lab, membership, clock, policy } = node;
  const { covenant } = membership;
  const { plan } = question;
  try {
    const { contract } = question;
    const roles = rolesOfAsker(node, plan);
    const now = timeText(clock.now());
    return decideLocally({ covenant, plan, contract, me, now, lab, roles }, policy);
  } catch (reason) {
    if (!(reason instanceof QueryError)) throw reason;
    // A contract above the question's class, or beyond what the coordinator may see: a refusal, not a fault.
    const { message, hint } = reason;
    return { outcome: "refuse", rule: clauseOf(reason, plan, covenant), message, hint };
  }
}

/** The roles that the asker's card gives to the person who signed. */
function rolesOfAsker({ membership }: NodePorts, { proposer }: Plan): readonly string[] {
  const people = membership.cards.get(proposer.party)?.people ?? [];
  return people.filter(({ key }) => key === proposer.by).flatMap(({ roles }) => roles);
}
