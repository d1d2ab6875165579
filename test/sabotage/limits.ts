// SPDX-License-Identifier: Apache-2.0
// What one question takes, refused before anything runs (docs/protocols/limits.md).
import type { Switch } from "./switch.ts";

const PAGE = "packages/query/test/limits-refused.test.ts";
const NODES = "packages/engine/test/limits.test.ts";

export const LIMITS: readonly Switch[] = [
  {
    id: "limits.proposer",
    guarantee: "G12",
    weak: "only who proposes a plan looks whether a question is too large",
    edits: [
      {
        file: "packages/query/src/describe-plan.ts",
        from: "  checkLimits(plan.ask, plan.protocol.id, plan.inputs);",
        to: "  void checkLimits;",
      },
    ],
    test: { file: PAGE, name: "a node refuses a plan above" },
  },
  {
    id: "limits.lists",
    guarantee: "G12",
    weak: "a list of any length is planned",
    edits: [
      {
        file: "packages/query/src/limits.ts",
        from: "  checkLists(ask, protocol, inputs);",
        to: "  void [checkLists, protocol];",
      },
    ],
    test: { file: PAGE, name: "keys of a list in join-sum-pair/1: at most" },
  },
  {
    id: "limits.join-late",
    guarantee: "G12",
    weak: "a join of two that no session takes is found out in its session, after everybody approved it",
    edits: [
      {
        file: "packages/aggregate/src/join-pair-description.ts",
        from: "  checkPairLimits(session);\n",
        to: "  void checkPairLimits;\n",
      },
    ],
    test: { file: PAGE, name: "selections of join-sum-pair/1" },
  },
  {
    id: "limits.domain-late",
    guarantee: "G12",
    weak: "that a list is a larger part of all identifiers than was agreed is found out after everybody approved it",
    edits: [
      {
        file: "packages/covenant/src/decide.ts",
        from: 'unit === "evaluations" && amount > evaluationCeiling(covenant, plan, asker)',
        to: 'unit === "none" && amount > evaluationCeiling(covenant, plan, asker)',
      },
    ],
    test: {
      file: "packages/covenant/test/decide.test.ts",
      name: "a list larger than a part of all identifiers",
    },
  },
  {
    id: "minset.off",
    guarantee: "G12",
    weak: "a list of one case among dummies is matched",
    edits: [
      {
        file: "packages/engine/src/verdicts.ts",
        from: "keys === undefined || keys >= minSet",
        to: "keys === undefined || keys >= 0 * minSet",
      },
    ],
    test: { file: NODES, name: "floors/minSet bounds" },
  },
];
