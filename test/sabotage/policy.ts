// SPDX-License-Identifier: Apache-2.0
// A node's own policies: they bind, they are closed, and what fails in them is a no.
import type { Switch } from "./switch.ts";

const POLICY = "packages/covenant/src/policy.ts";
const TABLE = "packages/covenant/test/policy.test.ts";

/** What a covenant's quota counts over. */
export const QUOTAS: readonly Switch[] = [
  {
    id: "quota.per-question",
    guarantee: "G12",
    weak: "every question begins with a whole quota",
    edits: [
      {
        file: "packages/engine/src/quota.ts",
        from: "scopeName(node, keySetScope(run.plan))}/",
        to: "scopeName(node, keySetScope(run.plan)) + run.planHash}/",
      },
    ],
    test: { file: "packages/engine/test/enumeration.test.ts", name: "stops exactly at the quota" },
  },
];

export const POLICIES: readonly Switch[] = [
  {
    id: "policy.ignored",
    guarantee: "G2",
    weak: "a node does not ask its own policies",
    edits: [
      {
        file: "packages/engine/src/decision.ts",
        from: "now, lab, roles }, policy);",
        to: "now, lab, roles }, policy && undefined);",
      },
    ],
    test: { file: "packages/engine/test/policy.test.ts", name: "refuse the rest at every node" },
  },
  {
    id: "policy.once",
    guarantee: "G2",
    weak: "what a node decided stands, though its policies or the agreement have changed before anything opened",
    edits: [
      {
        file: "packages/engine/src/question-run.ts",
        from: "    this.#expectPermitted();\n",
        to: "",
      },
    ],
    test: { file: "packages/engine/test/policy.test.ts", name: "while people decide" },
  },
  {
    id: "policy.error-permits",
    guarantee: "G2",
    weak: "a policy that fails is skipped, also when it forbids",
    edits: [{ file: POLICY, from: "if (fault !== undefined)", to: "if (fault === null)" }],
    test: { file: TABLE, name: "a forbid that fails refuses" },
  },
  {
    id: "policy.invalid-permits",
    guarantee: "G2",
    weak: "policies that do not hold are as if there were none",
    edits: [
      {
        file: POLICY,
        from: 'judge: () => refusal("error", [], detail)',
        to: 'judge: () => ({ ...refusal("error", [], detail), outcome: "allow" })',
      },
    ],
    test: { file: TABLE, name: "then nothing is permitted" },
  },
  {
    id: "policy.open",
    guarantee: "G2",
    weak: "what no policy permits is let through",
    edits: [
      {
        file: POLICY,
        from: "if (answer.allowed)",
        to: "if (answer.allowed || answer.policies.length === 0)",
      },
    ],
    test: { file: TABLE, name: "a plain reading says" },
  },
  {
    id: "policy.widens",
    guarantee: "G2",
    weak: "a policy's yes outweighs the covenant's no",
    edits: [
      {
        file: POLICY,
        from: 'if (agreed.outcome === "refuse" || policy === undefined) return agreed;',
        to: "if (policy === undefined) return agreed;",
      },
    ],
    test: { file: TABLE, name: "never permit what the covenant refuses" },
  },
];
