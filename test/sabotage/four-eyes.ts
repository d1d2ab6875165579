// SPDX-License-Identifier: Apache-2.0
// What two people of every party rest on.
import type { Switch } from "./switch.ts";

export const FOUR_EYES: readonly Switch[] = [
  {
    id: "four-eyes.person",
    guarantee: "G3",
    weak: "one person may give both approvals",
    edits: [
      {
        file: "packages/covenant/src/approvals.ts",
        from: 'return people.size > 1 ? [] : ["second person\'s"];',
        to: "return people.size > 0 ? [] : [];",
      },
    ],
    test: { file: "packages/covenant/test/approvals.test.ts", name: "" },
  },
  {
    id: "four-eyes.proposer",
    guarantee: "G3",
    weak: "whoever proposes may approve",
    edits: [
      {
        file: "packages/covenant/src/approvals.ts",
        from: "if (by === question.plan.proposer.by)",
        to: 'if (by === "")',
      },
    ],
    test: { file: "packages/covenant/test/approvals.test.ts", name: "" },
  },
  {
    id: "four-eyes.expired",
    guarantee: "G3",
    weak: "an approval never ends",
    edits: [{ file: "packages/covenant/src/approvals.ts", from: " || now >= approval.validUntil", to: "" }],
    test: { file: "packages/covenant/test/approvals.test.ts", name: "" },
  },
  {
    id: "four-eyes.contract",
    guarantee: "G3",
    weak: "an approval of another question counts",
    edits: [
      {
        file: "packages/covenant/src/approvals.ts",
        from: 'if (about !== [plan.covenantHash, planHash, contractHash].join(" "))',
        to: 'if (about === [plan.covenantHash, planHash, contractHash].join(""))',
      },
    ],
    test: { file: "packages/covenant/test/approvals.test.ts", name: "" },
  },
  {
    id: "four-eyes.refusal",
    guarantee: "G3",
    weak: "two approvals count beside a refusal",
    edits: [
      {
        file: "packages/covenant/src/approvals.ts",
        from: 'return approvals.find(({ decision }) => decision !== "approve");',
        to: 'return approvals.find(({ decision }) => decision === "withdraw" && approvals.length === 0);',
      },
    ],
    test: { file: "packages/covenant/test/approvals.test.ts", name: "" },
  },
  {
    id: "four-eyes.role",
    guarantee: "G3",
    weak: "an approval counts whatever the role of its person is",
    edits: [
      {
        file: "packages/covenant/src/approvals.ts",
        from: "({ key, roles }) => key === by && roles.some((one) => one === role)",
        to: "({ key, roles }) => key === by && roles.length > 0",
      },
    ],
    test: { file: "packages/covenant/test/four-eyes.test.ts", name: "" },
  },
  {
    id: "four-eyes.signature",
    guarantee: "G3",
    weak: "an approval counts unsigned",
    edits: [
      {
        file: "packages/covenant/src/approvals.ts",
        from: "if (!signed.signatures.some((line) => verifyDocument(primitives, { type, hash, line, keys: [by] })))",
        to: "if (signed.signatures.some((line) => !verifyDocument(primitives, { type, hash, line, keys: [by] })) && hash === by)",
      },
    ],
    test: { file: "packages/covenant/test/four-eyes.test.ts", name: "pairs of what can be wrong" },
  },
  {
    id: "four-eyes.valid-for",
    guarantee: "G3",
    weak: "an approval holds longer than the covenant allows",
    edits: [
      {
        file: "packages/covenant/src/approvals.ts",
        from: "if (validUntil > addPeriod(at, covenant.approval.validFor))",
        to: "if (validUntil < at)",
      },
    ],
    test: { file: "packages/covenant/test/four-eyes.test.ts", name: "pairs of what can be wrong" },
  },
  {
    id: "four-eyes.external",
    guarantee: "G3",
    weak: "a question runs without the approver whom the covenant demands",
    edits: [
      {
        file: "packages/covenant/src/approvals.ts",
        from: "return externalRoles(question).filter((role) => by(role).length === 0);",
        to: "return externalRoles(question).filter((role) => by(role).length < 0);",
      },
    ],
    test: { file: "packages/covenant/test/approvals.test.ts", name: "an approver outside the agencies" },
  },
  {
    id: "four-eyes.others",
    guarantee: "G3",
    weak: "a node does not check what another node shows as its people's approvals",
    edits: [
      {
        file: "packages/engine/src/four-eyes.ts",
        from: "if (message.complete) this.#expectOwn(run.approvals, from);",
        to: "",
      },
    ],
    test: { file: "packages/engine/test/four-eyes-lies.test.ts", name: "goes on without approvals" },
  },
  {
    id: "four-eyes.wait",
    guarantee: "G3",
    weak: "a node goes on before it and all others have every approval",
    edits: [
      {
        file: "packages/engine/src/four-eyes.ts",
        from: "if (complete && run.others.every((party) => run.completed.has(party))) this.#all.resolve();",
        to: "if (documents.length >= 0) this.#all.resolve();",
      },
    ],
    test: { file: "packages/engine/test/four-eyes.test.ts", name: "waits at every node" },
  },
  {
    id: "four-eyes.holds",
    guarantee: "G3",
    weak: "an approval that expired since counts when something opens",
    edits: [
      {
        file: "packages/engine/src/question-run.ts",
        from: "    this.#expectApproved();",
        to: "",
      },
    ],
    test: {
      file: "packages/engine/test/four-eyes.test.ts",
      name: "while a session runs is none when it would open",
    },
  },
  {
    id: "four-eyes.begin",
    guarantee: "G3",
    weak: "an approval that expired since counts when a session begins",
    edits: [
      {
        file: "packages/engine/src/session.ts",
        from: "      this.#run.stillAllowed(); // hands were shaken since, and somebody may have said no",
        to: "",
      },
    ],
    test: {
      file: "packages/engine/test/four-eyes.test.ts",
      name: "while hands are shaken is none when a session would begin",
    },
  },
  {
    id: "four-eyes.withdraw",
    guarantee: "G3",
    weak: "a withdrawal in time ends nothing at once",
    edits: [
      {
        file: "packages/engine/src/four-eyes.ts",
        from: "    run.refuse(refusalBy(approval));",
        to: "",
      },
    ],
    test: { file: "packages/engine/test/four-eyes.test.ts", name: "at its own node at once" },
  },
  {
    id: "four-eyes.too-late",
    guarantee: "G3",
    weak: "a withdrawal counts after everything has left",
    edits: [
      {
        file: "packages/engine/src/four-eyes.ts",
        from: "    if (run.beyondReturn) throw tooLate(me, approval);",
        to: "",
      },
    ],
    test: {
      file: "packages/engine/test/four-eyes.test.ts",
      name: "after opening is answered with: too late",
    },
  },
  {
    id: "four-eyes.memory",
    guarantee: "G3",
    weak: "a question that waits is forgotten when its node stops",
    edits: [
      {
        file: "packages/engine/src/four-eyes.ts",
        from: "    keepPending(this.#node, run.planHash, run.own?.offer); // before anybody can decide",
        to: "",
      },
    ],
    test: {
      file: "packages/engine/test/four-eyes.test.ts",
      name: "expires while people decide, also when the node was away",
    },
  },
  {
    id: "four-eyes.own-desk",
    guarantee: "G3",
    weak: "a node takes a second approval by the person who gave the first",
    edits: [
      {
        file: "packages/engine/src/four-eyes.ts",
        from: "const twice = approvals.all.find((one) => one.by === by && one.role !== role);",
        to: "const twice = approvals.all.find((one) => one.by === by && one.role === role);",
      },
    ],
    test: { file: "packages/engine/test/four-eyes-lies.test.ts", name: "takes one approval of a person" },
  },
];
