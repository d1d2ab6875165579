// SPDX-License-Identifier: Apache-2.0
// What a node rests on before, while and after it discloses: contract, approvals, gate, ledger, budgets.
import type { Switch } from "./switch.ts";

export const GOVERNANCE: readonly Switch[] = [
  {
    id: "egress.unmetered",
    guarantee: "G2",
    weak: "more may leave than the contract lists",
    edits: [
      {
        file: "packages/engine/src/egress.ts",
        from: "if (bound !== undefined && row.messages <= bound.messages && row.bytes <= bound.bytes) continue;",
        to: "if (bound !== undefined || bound === undefined) continue;",
      },
    ],
    test: { file: "packages/engine/test/evidence.test.ts", name: "stops at one message or one byte more" },
  },
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
  {
    id: "gate.open-first",
    guarantee: "G4",
    weak: "a gate opens before its entry is cosigned",
    edits: [
      {
        file: "packages/engine/src/gate.ts",
        from: "const proofs = await parts.until(parts.ledger.cosigned(indices));",
        to: "const proofs: never[] = [];",
      },
    ],
    test: { file: "packages/engine/test/gate.test.ts", name: "" },
  },
  {
    id: "gate.no-notice",
    guarantee: "G4",
    weak: "a gate opens before the others have shown their entries",
    edits: [
      {
        file: "packages/engine/src/gate.ts",
        from: "await parts.until(parts.notices.exchange(release, indices, proofs));",
        to: "",
      },
    ],
    test: { file: "packages/engine/test/gate.test.ts", name: "" },
  },
  {
    id: "consistency.off",
    guarantee: "G6",
    weak: "a witness signs whatever history it is shown",
    edits: [
      {
        file: "packages/ledger/src/witness.ts",
        from: "return verifyConsistency(primitives.sha256, { oldSize, size, oldRoot: stored.root, root, proof });",
        to: "return primitives !== undefined && size >= oldSize && root.length === stored.root.length;",
      },
    ],
    test: { file: "packages/ledger/test/split-view.test.ts", name: "never has a quorum for both histories" },
  },
  {
    id: "quota.off",
    guarantee: "G12",
    weak: "a budget has no limit",
    edits: [
      {
        file: "packages/store/src/account.ts",
        from: "if (limit !== undefined && total > limit)",
        to: "if (limit !== undefined && total > limit * 1000n)",
      },
    ],
    test: { file: "packages/store/test/store.test.ts", name: "" },
  },
  {
    id: "log.open",
    guarantee: "G1",
    weak: "a log takes whatever a caller passes",
    edits: [
      {
        file: "packages/engine/src/log-fields.ts",
        from: "return form.test(String(value)) ? [[name, value] as const] : [];",
        to: "return form !== undefined ? [[name, value] as const] : [];",
      },
    ],
    test: { file: "packages/engine/test/log-fields.test.ts", name: "" },
  },
  {
    id: "quorum.one",
    guarantee: "G4",
    weak: "one witness is a quorum",
    edits: [
      {
        file: "packages/ledger/src/proof.ts",
        from: "if (cosignatures.length < quorum)",
        to: "if (cosignatures.length < Math.min(quorum, 1))",
      },
    ],
    test: {
      file: "packages/engine/test/ledger.test.ts",
      name: "is refused unless everything about it holds",
    },
  },
  {
    id: "gate.no-debit",
    guarantee: "G4",
    weak: "what a disclosure costs is not charged with its entry",
    edits: [
      {
        file: "packages/engine/src/cost.ts",
        from: "costs.map(({ charge }) => charge),",
        to: "costs.slice(0, 0).map(({ charge }) => charge),",
      },
    ],
    test: { file: "packages/engine/test/gate.test.ts", name: "" },
  },
  {
    id: "begin.twice",
    guarantee: "G5",
    weak: "a session begins again under the same transcript",
    edits: [
      {
        file: "packages/engine/src/session.ts",
        from: 'if (ledger.entriesOf(planHash).some(({ entry }) => entry.body["transcript"] === text)) {',
        to: 'if (text === "") {',
      },
    ],
    test: { file: "packages/engine/test/session.test.ts", name: "is begun once" },
  },
  {
    id: "transcript.covenantHash",
    guarantee: "G8",
    weak: "a transcript does not bind the covenantHash",
    edits: [
      {
        file: "packages/engine/src/session.ts",
        from: 'const lines = ["koplamp.transcript/v1", covenantHash, rosterHash, planHash, contractHash, session, label];',
        to: 'const lines = ["koplamp.transcript/v1", "", rosterHash, planHash, contractHash, session, label];',
      },
    ],
    test: { file: "packages/engine/test/session.test.ts", name: "and its transcript change with every hash" },
  },
  {
    id: "transcript.rosterHash",
    guarantee: "G8",
    weak: "a transcript does not bind the rosterHash",
    edits: [
      {
        file: "packages/engine/src/session.ts",
        from: 'const lines = ["koplamp.transcript/v1", covenantHash, rosterHash, planHash, contractHash, session, label];',
        to: 'const lines = ["koplamp.transcript/v1", covenantHash, "", planHash, contractHash, session, label];',
      },
    ],
    test: { file: "packages/engine/test/session.test.ts", name: "and its transcript change with every hash" },
  },
  {
    id: "transcript.planHash",
    guarantee: "G8",
    weak: "a transcript does not bind the planHash",
    edits: [
      {
        file: "packages/engine/src/session.ts",
        from: 'const head = [lp("koplamp/session/1"), fromHex(planHash.slice(7)), lp(label)];',
        to: 'const head = [lp("koplamp/session/1"), lp(label)];',
      },
      {
        file: "packages/engine/src/session.ts",
        from: 'const lines = ["koplamp.transcript/v1", covenantHash, rosterHash, planHash, contractHash, session, label];',
        to: 'const lines = ["koplamp.transcript/v1", covenantHash, rosterHash, "", contractHash, session, label];',
      },
    ],
    test: { file: "packages/engine/test/session.test.ts", name: "and its transcript change with every hash" },
  },
  {
    id: "transcript.contractHash",
    guarantee: "G8",
    weak: "a transcript does not bind the contractHash",
    edits: [
      {
        file: "packages/engine/src/session.ts",
        from: 'const lines = ["koplamp.transcript/v1", covenantHash, rosterHash, planHash, contractHash, session, label];',
        to: 'const lines = ["koplamp.transcript/v1", covenantHash, rosterHash, planHash, "", session, label];',
      },
    ],
    test: { file: "packages/engine/test/session.test.ts", name: "and its transcript change with every hash" },
  },
  {
    id: "transcript.session",
    guarantee: "G8",
    weak: "a transcript does not bind the session",
    edits: [
      {
        file: "packages/engine/src/session.ts",
        from: 'const lines = ["koplamp.transcript/v1", covenantHash, rosterHash, planHash, contractHash, session, label];',
        to: 'const lines = ["koplamp.transcript/v1", covenantHash, rosterHash, planHash, contractHash, "", label];',
      },
    ],
    test: { file: "packages/engine/test/session.test.ts", name: "and its transcript change with every hash" },
  },
  {
    id: "transcript.label",
    guarantee: "G8",
    weak: "a transcript does not bind the label",
    edits: [
      {
        file: "packages/engine/src/session.ts",
        from: 'const head = [lp("koplamp/session/1"), fromHex(planHash.slice(7)), lp(label)];',
        to: 'const head = [lp("koplamp/session/1"), fromHex(planHash.slice(7))];',
      },
      {
        file: "packages/engine/src/session.ts",
        from: 'const lines = ["koplamp.transcript/v1", covenantHash, rosterHash, planHash, contractHash, session, label];',
        to: 'const lines = ["koplamp.transcript/v1", covenantHash, rosterHash, planHash, contractHash, session, ""];',
      },
    ],
    test: { file: "packages/engine/test/session.test.ts", name: "and its transcript change with every hash" },
  },
  {
    id: "json.lax",
    guarantee: "G10",
    weak: "a document may be written in another form of JSON than it was signed in",
    edits: [
      {
        file: "packages/wire/src/canonical.ts",
        from: "if (strictText(value, 1) !== text)",
        to: 'if (strictText(value, 1) === "")',
      },
    ],
    test: { file: "packages/wire/test/canonical.test.ts", name: "" },
  },
  {
    id: "key.admission",
    guarantee: "G10",
    weak: "any 32 bytes are a public key",
    edits: [
      {
        file: "packages/crypto/src/sign.ts",
        from: "if (raw === undefined || !isPrimeOrderPoint(raw)) throw invalidKey();",
        to: "if (raw === undefined) throw invalidKey();",
      },
    ],
    test: { file: "packages/crypto/test/sign.test.ts", name: "a key that may be trusted" },
  },
  {
    id: "quota.memory-only",
    guarantee: "G12",
    weak: "what was spent is forgotten when a node starts again",
    edits: [
      {
        file: "packages/store/src/account.ts",
        from: "for (const { budget, amount } of charges) this.#spent.set(budget, this.spent(budget) + amount);\n      next",
        to: "next",
      },
      {
        file: "packages/store/src/account.ts",
        from: "if (!same || kept.length !== this.#spent.size)",
        to: "if (!same && kept.length < 0)",
      },
    ],
    test: { file: "packages/store/test/store.test.ts", name: "is all there when it is opened again" },
  },
  {
    id: "rollback.ignore",
    guarantee: "G6",
    weak: "a node goes on though its witnesses have seen more of its ledger",
    edits: [
      {
        file: "packages/engine/src/ledger-quorum.ts",
        from: "if (reason instanceof Rollback) throw reason;",
        to: "",
      },
    ],
    test: { file: "packages/engine/test/ledger.test.ts", name: "stops when the witnesses have seen more" },
  },
  {
    id: "debit.apart",
    guarantee: "G13",
    weak: "entries are durable before the debits that they state",
    edits: [
      {
        file: "packages/store/src/store.ts",
        from: "this.#account.write(first, first + leaves.length - 1, charges, after);",
        to: 'this.#database.exec("COMMIT; BEGIN IMMEDIATE"); this.#account.write(first, first + leaves.length - 1, charges, after);',
      },
    ],
    test: { file: "packages/store/test/crash.test.ts", name: "dies at INSERT" },
  },
  {
    id: "crash.open",
    guarantee: "G13",
    weak: "what died with a process stays open in its ledger",
    edits: [
      {
        file: "packages/engine/src/node.ts",
        from: "closeBooks(node); // before anything new begins",
        to: "void closeBooks;",
      },
    ],
    test: { file: "packages/engine/test/books.test.ts", name: "" },
  },
  {
    id: "replay.off",
    guarantee: "G13",
    weak: "a database is trusted though its ledger states something else",
    edits: [
      {
        file: "packages/store/src/account.ts",
        from: 'if (!same || kept.length !== this.#spent.size) throw damaged("a budget is not the sum of its charges");',
        to: 'if (!same && kept.length < 0) throw damaged("a budget is not the sum of its charges");',
      },
    ],
    test: {
      file: "packages/store/test/store.test.ts",
      name: "refuses a budget that is not what the ledger states",
    },
  },
];
