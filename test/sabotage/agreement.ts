// SPDX-License-Identifier: Apache-2.0
// What the parties agreed: clauses that refuse, members that leave, and what a ledger tells of it afterwards.
import type { Switch } from "./switch.ts";

const DECIDE = "packages/covenant/src/decide.ts";
const TABLE = "packages/covenant/test/decide.test.ts";

/** A rule of `decide` that says yes to everything, and the row of the decision table that notices. */
function clause(id: string, weak: string, [from, to]: readonly [string, string], name: string): Switch {
  return {
    id: `covenant.${id}`,
    guarantee: "G2",
    weak,
    edits: [{ file: DECIDE, from, to }],
    test: { file: TABLE, name },
  };
}

const CLAUSES: readonly Switch[] = [
  clause(
    "class",
    "a question of any class may run for any purpose",
    ["if (allowed.includes(plan.class)) return ALLOW;", "if (plan.class !== undefined) return ALLOW;"],
    "refuses a class that the purpose lacks",
  ),
  clause(
    "persons",
    "questions about persons run where none are allowed",
    ['!["E", "F"].includes(plan.class)', 'plan.class !== "E"'],
    "refuses persons where none are allowed",
  ),
  clause(
    "columns",
    "a question may read columns that no data class covers",
    ["if (column === undefined) return allowed(found, plan);", "return allowed(found, plan);"],
    "refuses a column that the class lacks",
  ),
  clause(
    "recipients",
    "whoever is named gets the answer",
    [
      "if (forClass.length > 0 && stranger === undefined) return ALLOW;",
      "if (forClass.length > 0) return ALLOW;",
    ],
    "refuses one recipient too many",
  ),
  clause(
    "every-node",
    "a node judges its own data alone",
    [
      "function data({ covenant, plan }: Case): Decision {\n  for (const input of plan.inputs) {",
      "function data({ covenant, plan, me }: Case): Decision {\n  for (const input of plan.inputs.filter(({ party }) => party === me)) {",
    ],
    "at every node alike",
  ),
  clause(
    "floors",
    "counts may be smaller than the covenant's floor",
    ["if (plan.release.minCount < minCount) {", "if (plan.release.minCount < 0) {"],
    "refuses counts below the covenant's floor",
  ),
  clause(
    "quota",
    "a list larger than the quota is let through to the key holders",
    ["if (amount <= most) continue;", "if (amount >= 0) continue;"],
    "refuses a list larger than its asker's quota",
  ),
  clause(
    "term",
    "a covenant that is over still binds nobody to stop",
    ["if (now >= covenant.validUntil) {", "if (now >= covenant.validUntil && now === covenant.validFrom) {"],
    "refuses a covenant in its last second",
  ),
  clause(
    "unlisted",
    "a protocol that the covenant does not list may run",
    ["for (const rule of RULES) {", "for (const rule of RULES.filter((one) => one !== protocolAdmitted)) {"],
    "refuses a protocol that is not listed",
  ),
  {
    id: "covenant.asker-decides",
    guarantee: "G2",
    weak: "what the asker's node lets through is let through by all",
    edits: [
      {
        file: "packages/engine/src/verdicts.ts",
        from: "const decision = ownDecision(node, run);",
        to: 'const decision = { ...ownDecision(node, run), outcome: "allow" } as Decision;',
      },
    ],
    test: {
      file: "packages/engine/test/clauses.test.ts",
      name: "personLevel/allowed is named by every node",
    },
  },
  {
    id: "diff.floors",
    guarantee: "G2",
    weak: "a lowered floor is shown as if less were permitted",
    edits: [
      {
        file: "packages/covenant/src/diff.ts",
        from: 'return kind === "most" ? combined(up, down) : combined(down, up);',
        to: "return combined(up, down);",
      },
    ],
    test: {
      file: "packages/covenant/test/narrowing.test.ts",
      name: "never turns a refusal into a permission",
    },
  },
];

const MEMBERS: readonly Switch[] = [
  {
    id: "covenant.unsigned",
    guarantee: "G8",
    weak: "a covenant verifies though a party has not signed it",
    edits: [
      {
        file: "packages/covenant/src/check.ts",
        from: "return [...missing, ...foreign, ...twice];",
        to: "return [...foreign, ...twice];",
      },
    ],
    test: { file: "packages/cli/test/covenant.test.ts", name: "with a changed byte" },
  },
  {
    id: "covenant.possession",
    guarantee: "G8",
    weak: "a covenant verifies though nobody has shown to hold a key in it",
    edits: [
      { file: "packages/covenant/src/possession.ts", from: "if (proven) return [];", to: "return [];" },
    ],
    test: { file: "packages/cli/test/covenant.test.ts", name: "with a changed byte" },
  },
  {
    id: "charter.possession",
    guarantee: "G8",
    weak: "a node works under a covenant with a key that nobody has shown to hold",
    edits: [
      {
        file: "packages/covenant/src/membership.ts",
        from: "if (unheld !== undefined)",
        to: "if (unheld?.clause === '')",
      },
    ],
    test: { file: "packages/covenant/test/membership.test.ts", name: "wants each key" },
  },
  {
    id: "withdrawal.signature",
    guarantee: "G8",
    weak: "anybody can make a party leave",
    edits: [
      {
        file: "packages/covenant/src/withdrawal.ts",
        from: "if (valid) return withdrawal;",
        to: "if (valid || keys.length >= 0) return withdrawal;",
      },
    ],
    test: { file: "packages/engine/test/withdrawals.test.ts", name: "changes nothing" },
  },
  {
    id: "withdrawal.running",
    guarantee: "G8",
    weak: "what runs with a party that leaves goes on",
    edits: [
      {
        file: "packages/engine/src/withdrawals.ts",
        from: "for (const run of this.#runs) if (run.parties.includes(party)) run.refuse(refusal);",
        to: "if (refusal.party === this.#node.me) return withdrawal;",
      },
    ],
    test: { file: "packages/engine/test/withdrawals.test.ts", name: "ends a question that runs" },
  },
  {
    id: "withdrawal.new",
    guarantee: "G8",
    weak: "a node that has heard of it takes part with a party that left, when another asks",
    edits: [
      {
        file: "packages/engine/src/withdrawals.ts",
        from: "const refusal = this.refusalFor(run.parties);",
        to: "const refusal = this.refusalFor([]);",
      },
      {
        file: "packages/engine/src/asking.ts",
        from: "return withdrawals.refusalFor(parties) ??",
        to: "return withdrawals.refusalFor([]) ??",
      },
    ],
    test: { file: "packages/engine/test/withdrawals.test.ts", name: "is refused by whoever has heard" },
  },
  {
    id: "withdrawal.memory",
    guarantee: "G8",
    weak: "who left is forgotten when a node starts again",
    edits: [
      {
        file: "packages/engine/src/withdrawals.ts",
        from: "for (const name of node.store.sealedNames(KEPT)) this.#load(name);",
        to: "if (node.store.size() < 0) this.#load(KEPT);",
      },
    ],
    test: { file: "packages/engine/test/withdrawals.test.ts", name: "stays away when nodes start again" },
  },
];

const EXPOSURE = "packages/engine/test/exposure.test.ts";

const TOLD: readonly Switch[] = [
  {
    id: "exposure.dates",
    guarantee: "G2",
    weak: "allowances outside the dates that are asked about are left out",
    edits: [
      {
        file: "packages/engine/src/exposure.ts",
        from: "...testsOf(log, opened, who),",
        to: "...testsOf({ ...log, entries: within }, opened, who),",
      },
    ],
    test: { file: EXPOSURE, name: "counts the allowances of the whole epoch" },
  },
  {
    id: "exposure.alone",
    guarantee: "G2",
    weak: "what several know together only is left out",
    edits: [
      {
        file: "packages/engine/src/exposure.ts",
        from: '...joint.flatMap(({ learns }) => told("together", learns)),',
        to: "...joint.slice(0, 0).flatMap(() => []),",
      },
    ],
    test: { file: EXPOSURE, name: "is all that a brute-force computation finds" },
  },
  {
    id: "exposure.unopened",
    guarantee: "G2",
    weak: "sessions that began and did not open are left out",
    edits: [
      {
        file: "packages/engine/src/exposure.ts",
        from: "SIZES.includes(fact),",
        to: "SIZES.slice(0, 0).includes(fact),",
      },
    ],
    test: { file: EXPOSURE, name: "is all that a brute-force computation finds" },
  },
];

export const AGREEMENT: readonly Switch[] = [...CLAUSES, ...MEMBERS, ...TOLD];
