// SPDX-License-Identifier: Apache-2.0
import { AGENCY_ROLES, type SignedBytes, signDecision } from "@koplamp/covenant";
import type { Primitives } from "@koplamp/crypto";
import type { PartyId, Rng } from "@koplamp/protocol";
import { timeText } from "@koplamp/wire";
import type { InboxQuestion } from "./inbox.ts";
import type { EngineNode } from "./node.ts";
import type { Clock, NodeKeys } from "./ports.ts";

/** The people of an agency who agree to everything: for a lab, a trial or a demonstration. */
export interface ScriptedPeople {
  readonly me: PartyId;
  readonly people: NodeKeys["people"];
  readonly clock: Clock;
  readonly rng: Rng;
  readonly primitives: Primitives;
}

/** Has generated keys approve every question at a node, by the way that people's decisions take. */
export function scriptPeople(node: EngineNode, { me, people, clock, rng, primitives }: ScriptedPeople): void {
  const approve = (
    { planHash, contractHash, plan, covenant }: InboxQuestion,
    role: "lawful" | "ethical",
  ): SignedBytes | undefined => {
    const seed = people[role];
    if (seed === undefined) return undefined;
    const considered = [{ question: "generated", answer: { en: "Given by a generated key" } }];
    const { validFor } = covenant.approval;
    return signDecision(
      { party: me, role, decision: "approve", considered, reason: null },
      { plan, planHash, contractHash, validFor },
      { seed, salt: rng(32), now: timeText(clock.now()), primitives },
    );
  };
  node.onWaiting((question) => {
    const missing = question.missing.find(({ party }) => party === me)?.roles ?? [];
    for (const role of AGENCY_ROLES.filter((one) => missing.includes(one))) {
      const signed = approve(question, role);
      if (signed !== undefined) node.decide(signed);
    }
  });
}
