// SPDX-License-Identifier: Apache-2.0
import type { NodePolicy, PolicyVerdict } from "./policy.ts";
import type { PolicyFacts } from "./policy-request.ts";
import type { LocalPolicy, PolicyFinding } from "./policy-set.ts";

/** The policies that a node works with. Others take their place between two judgements, never within one. */
export class PolicyInForce implements NodePolicy {
  #policy: NodePolicy;

  constructor(policy: NodePolicy) {
    this.#policy = policy;
  }

  get policies(): readonly LocalPolicy[] {
    return this.#policy.policies;
  }

  get findings(): readonly PolicyFinding[] {
    return this.#policy.findings;
  }

  judge(facts: PolicyFacts): PolicyVerdict {
    return this.#policy.judge(facts);
  }

  /** From the next judgement on, these. */
  replace(policy: NodePolicy): void {
    this.#policy = policy;
  }
}
