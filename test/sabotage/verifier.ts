// SPDX-License-Identifier: Apache-2.0
// The promises that a verifier checks, one by one.
import type { Switch } from "./switch.ts";

export const VERIFIER: readonly Switch[] = [
  {
    id: "verify.skip-covenant",
    guarantee: "G14",
    weak: 'a verifier passes "covenant" unseen',
    edits: [
      {
        file: "packages/ledger/src/verify.ts",
        from: '["covenant", checkCovenant(evidence)],',
        to: '["covenant", { verdict: "PASS", detail: "" }],',
      },
    ],
    test: {
      file: "packages/ledger/test/verify.test.ts",
      name: "does not pass a covenant, card or roster that not everybody signed",
    },
  },
  {
    id: "verify.skip-contract",
    guarantee: "G14",
    weak: 'a verifier passes "contract" unseen',
    edits: [
      {
        file: "packages/ledger/src/verify.ts",
        from: '["contract", contract.finding],',
        to: '["contract", { verdict: "PASS", detail: "" }],',
      },
    ],
    test: {
      file: "packages/ledger/test/verify.test.ts",
      name: "does not pass a contract that does not follow from the plan",
    },
  },
  {
    id: "verify.skip-plan",
    guarantee: "G14",
    weak: 'a verifier passes "plan" unseen',
    edits: [
      {
        file: "packages/ledger/src/verify.ts",
        from: '["plan", plan.finding],',
        to: '["plan", { verdict: "PASS", detail: "" }],',
      },
    ],
    test: {
      file: "packages/ledger/test/verify.test.ts",
      name: "does not pass a plan that no analyst signed",
    },
  },
  {
    id: "verify.skip-ledgers",
    guarantee: "G14",
    weak: 'a verifier passes "ledgers" unseen',
    edits: [
      {
        file: "packages/ledger/src/verify.ts",
        from: '["ledgers", ledgers.finding],',
        to: '["ledgers", { verdict: "PASS", detail: "" }],',
      },
    ],
    test: {
      file: "packages/ledger/test/verify.test.ts",
      name: "does not pass entries that the quorum has not seen",
    },
  },
  {
    id: "verify.skip-disclosed",
    guarantee: "G14",
    weak: 'a verifier passes "disclosed" unseen',
    edits: [
      {
        file: "packages/ledger/src/verify.ts",
        from: '["disclosed", checkDisclosed(evidence, ledgers.value)],',
        to: '["disclosed", { verdict: "PASS", detail: "" }],',
      },
    ],
    test: {
      file: "packages/ledger/test/verify.test.ts",
      name: "does not pass without an entry for each line",
    },
  },
  {
    id: "verify.skip-egress",
    guarantee: "G14",
    weak: 'a verifier passes "egress" unseen',
    edits: [
      {
        file: "packages/ledger/src/verify.ts",
        from: '["egress", checkEgress(evidence)],',
        to: '["egress", { verdict: "PASS", detail: "" }],',
      },
    ],
    test: {
      file: "packages/ledger/test/verify.test.ts",
      name: "does not pass an account above the contract",
    },
  },
  {
    id: "verify.skip-receipts",
    guarantee: "G14",
    weak: 'a verifier passes "receipts" unseen',
    edits: [
      {
        file: "packages/ledger/src/verify.ts",
        from: '["receipts", checkReceipts(evidence, ledgers.value)],',
        to: '["receipts", { verdict: "PASS", detail: "" }],',
      },
    ],
    test: { file: "packages/ledger/test/verify.test.ts", name: "does not pass a receipt that is missing" },
  },
  {
    id: "ledger.dated-back",
    guarantee: "G6",
    weak: "nobody notices an owner who writes that something left hours before it did",
    edits: [
      {
        file: "packages/ledger/src/timely.ts",
        from: 'return witnessed > logged + LATEST_MS ? "was',
        to: 'return witnessed < 0 ? "was',
      },
    ],
    test: { file: "packages/engine/test/ledger.test.ts", name: "disclosed earlier, or later" },
  },
  {
    id: "verify.skip-order",
    guarantee: "G14",
    weak: 'a verifier passes "order" unseen',
    edits: [
      {
        file: "packages/ledger/src/verify.ts",
        from: '["order", checkOrder(evidence, ledgers.value)],',
        to: '["order", { verdict: "PASS", detail: "" }],',
      },
    ],
    test: { file: "packages/ledger/test/verify.test.ts", name: "" },
  },
  {
    id: "verify.skip-bundle",
    guarantee: "G14",
    weak: 'a verifier passes "bundle" unseen',
    edits: [
      {
        file: "packages/ledger/src/verify.ts",
        from: '["bundle", checkIndex(evidence)],',
        to: '["bundle", { verdict: "PASS", detail: "" }],',
      },
    ],
    test: {
      file: "packages/ledger/test/verify.test.ts",
      name: "is not its maker's when another signs the index",
    },
  },
  {
    id: "verify.skip-roster",
    guarantee: "G14",
    weak: 'a verifier passes "roster" unseen',
    edits: [
      {
        file: "packages/ledger/src/verify.ts",
        from: '["roster", roster.finding],',
        to: '["roster", { verdict: "PASS", detail: "" }],',
      },
    ],
    test: {
      file: "packages/ledger/test/verify.test.ts",
      name: "does not pass a covenant, card or roster that not everybody signed",
    },
  },
  {
    id: "verify.skip-approvals",
    guarantee: "G14",
    weak: 'a verifier passes "approvals" unseen',
    edits: [
      {
        file: "packages/ledger/src/verify.ts",
        from: '["approvals", checkApproved(evidence, options, ledgers.value)],',
        to: '["approvals", { verdict: "PASS", detail: "" }],',
      },
    ],
    test: { file: "packages/ledger/test/governed.test.ts", name: "fail where one of them is missing" },
  },
  {
    id: "verify.skip-quotas",
    guarantee: "G14",
    weak: 'a verifier passes "quotas" unseen',
    edits: [
      {
        file: "packages/ledger/src/verify.ts",
        from: '["quotas", checkQuotas(evidence, options, ledgers.value)],',
        to: '["quotas", { verdict: "PASS", detail: "" }],',
      },
    ],
    test: { file: "packages/ledger/test/governed.test.ts", name: "fail where one asker had more" },
  },
  {
    id: "verify.skip-erasure",
    guarantee: "G14",
    weak: 'a verifier passes "erasure" unseen',
    edits: [
      {
        file: "packages/ledger/src/verify.ts",
        from: '["erasure", checkErasure(evidence, ledgers.value, options.at)],',
        to: '["erasure", { verdict: "PASS", detail: "" }],',
      },
    ],
    test: { file: "packages/engine/test/erasure.test.ts", name: "waits longer" },
  },
  {
    id: "erase.skip",
    guarantee: "G15",
    weak: "a node says that it has erased a question, and has not",
    edits: [
      {
        file: "packages/engine/src/erasure.ts",
        from: "for (const hash of new Set([planHash, ...hashes])) store.dropDocument(hash);",
        to: "if (hashes.length < 0) store.dropDocument(planHash);",
      },
    ],
    test: { file: "packages/engine/test/erasure.test.ts", name: "nothing after it" },
  },
  {
    id: "erase.result",
    guarantee: "G15",
    weak: "an answer stays when its term is over",
    edits: [
      {
        file: "packages/engine/src/erasure.ts",
        from: "for (const planHash of results) node.store.dropSealed(outcomeName(planHash));",
        to: "",
      },
    ],
    test: { file: "packages/engine/test/erasure.test.ts", name: "nothing after it" },
  },
  {
    id: "erase.traces",
    guarantee: "G15",
    weak: "what was erased stays in the file",
    edits: [
      {
        file: "packages/engine/src/erasure.ts",
        from: "dropQuestion(node, planHash);\n  node.store.scrub();\n",
        to: "dropQuestion(node, planHash);\n",
      },
      { file: "packages/store/src/database.ts", from: "PRAGMA secure_delete = ON; ", to: "" },
    ],
    test: { file: "packages/engine/test/erasure.test.ts", name: "nothing after it" },
  },
  {
    id: "erase.remembered",
    guarantee: "G15",
    weak: "what was evaluated for a list stays in memory when its question is erased",
    edits: [
      {
        file: "packages/engine/src/erasure.ts",
        from: "  dropChunks(store, caches);\n",
        to: "  for (const name of caches) store.dropSealed(name);\n",
      },
      {
        file: "packages/engine/src/erasure.ts",
        from: 'import { dropChunks } from "./evaluated-before.ts";\n',
        to: "",
      },
    ],
    test: { file: "packages/engine/test/evaluated-before.test.ts", name: "though the same chunk came back" },
  },
  {
    id: "erase.while-running",
    guarantee: "G15",
    weak: "a question puts back into memory what was erased while it ran",
    edits: [
      {
        file: "packages/engine/src/items-loader.ts",
        from: "{ names: standing, part: found }",
        to: "{ names: names(), part: found }",
      },
      {
        file: "packages/engine/src/items-loader.ts",
        from: "found !== undefined && stands",
        to: "found !== undefined && stands !== undefined",
      },
    ],
    test: { file: "packages/engine/test/evaluated-before.test.ts", name: "gone while the question ran" },
  },
];
