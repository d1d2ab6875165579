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
