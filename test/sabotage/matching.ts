// SPDX-License-Identifier: Apache-2.0
// What matching rests on.
import type { Switch } from "./switch.ts";

export const MATCHING: readonly Switch[] = [
  {
    id: "egress.hash-instead-of-blind",
    guarantee: "G1",
    weak: "an asker sends H1 of its items without a blind",
    edits: [
      {
        file: "packages/psi/src/blinded-items.ts",
        from: "return blind(group, hashed, blinds);",
        to: "return hashed;",
      },
    ],
    test: { file: "packages/psi/test/evaluate.test.ts", name: "shows nothing of the items" },
  },
  {
    id: "contract.drop-item",
    guarantee: "G2",
    weak: "a contract does not say what members of a coalition share",
    edits: [
      {
        file: "packages/psi/src/match-tokens.ts",
        from: "together: [pooledTests(parties)],",
        to: "together: [],",
      },
    ],
    test: {
      file: "packages/psi/test/description.test.ts",
      name: "members of a coalition share what they evaluated",
    },
  },
  {
    id: "gate.evaluate-ungated",
    guarantee: "G4",
    weak: "evaluations leave without an allowance behind the gate",
    edits: [
      {
        file: "packages/psi/src/evaluate.ts",
        from: "yield* disclose(asker, `tests.",
        to: "yield* ((to, _line, codec, message) => send(to, codec, message))(asker, `tests.",
      },
    ],
    test: {
      file: "packages/psi/test/evaluate.test.ts",
      name: "sends no evaluation when the allowance stays behind the gate",
    },
  },
  {
    id: "token.no-context",
    guarantee: "G9",
    weak: "tokens are the same for every recipient",
    edits: [
      {
        file: "packages/psi/src/token-jobs.ts",
        from: 'const message = concat(lp("koplamp/tok/1"), sid, lp(from), lp(to));',
        to: 'const message = concat(lp("koplamp/tok/1"), lp(from), sid.subarray(0, 0 * to.length));',
      },
    ],
    test: { file: "packages/psi/test/match-tokens.test.ts", name: "has no 16-byte block in common" },
  },
  {
    id: "epoch.constant",
    guarantee: "G9",
    weak: "a key outlives its epoch",
    edits: [
      {
        file: "packages/psi/src/keyset.ts",
        from: "JSON.stringify({ ceremony, covenantHash, epoch, holders, purpose, suite: SUITE })",
        to: "JSON.stringify({ ceremony, covenantHash, epoch: epoch.slice(0, 0), holders, purpose, suite: SUITE })",
      },
    ],
    test: {
      file: "packages/psi/test/keyset.test.ts",
      name: "is named by covenant, purpose, epoch, holders and ceremony",
    },
  },
  {
    id: "dleq.skip",
    guarantee: "G10",
    weak: "no proof of an evaluation is checked",
    edits: [
      {
        file: "packages/crypto/src/dleq.ts",
        from: "if (expected === undefined || !equal(expected, c)) {",
        to: "if (expected === undefined && c.length === 0) {",
      },
    ],
    test: { file: "packages/crypto/test/dleq.test.ts", name: "refused" },
  },
  {
    id: "dleq.per-item",
    guarantee: "G10",
    weak: "the weights of a proof do not depend on the whole batch",
    edits: [
      {
        file: "packages/crypto/src/dleq.ts",
        from: 'const all = concat(lp("koplamp/dleq/1"), ctx, pk, i2osp(items, 4), C, D);',
        to: 'const all = concat(lp("koplamp/dleq/1"), ctx, pk, i2osp(items, 4), C);',
      },
    ],
    test: { file: "packages/crypto/test/dleq.test.ts", name: "" },
  },
  {
    id: "pop.skip",
    guarantee: "G10",
    weak: "a key share counts without a proof that its holder knows it",
    edits: [
      {
        file: "packages/psi/src/keyset-jobs.ts",
        from: "if (equal(challenge(backend, context, holder, pk, t), c)) return pk;",
        to: "if (t.length > 0) return pk;",
      },
    ],
    test: { file: "packages/psi/test/keyset.test.ts", name: "" },
  },
  {
    id: "commit-reveal.skip",
    guarantee: "G10",
    weak: "a key may differ from the one committed to",
    edits: [
      {
        file: "packages/psi/src/keyset-jobs.ts",
        from: "if (!equal(commitmentTo(primitives, context, holder, opening), commitment)) {",
        to: "if (commitment.length === 0) {",
      },
    ],
    test: { file: "packages/psi/test/keyset.test.ts", name: "cannot open another key than it committed to" },
  },
  {
    id: "element.duplicate",
    guarantee: "G10",
    weak: "a batch may name one element twice",
    edits: [{ file: "packages/psi/src/evaluate-jobs.ts", from: "  refuseDuplicates(points);\n", to: "" }],
    test: { file: "packages/psi/test/evaluate.test.ts", name: "" },
  },
  {
    id: "tokens.unsorted",
    guarantee: "G10",
    weak: "tokens may come in any order, and twice",
    edits: [
      {
        file: "packages/psi/src/messages.ts",
        from: "if (byte === TOKEN_BYTES || (tokens[at + byte] ?? 0) < (tokens[at + byte - TOKEN_BYTES] ?? 0)) {",
        to: "if (byte > TOKEN_BYTES) {",
      },
    ],
    test: {
      file: "packages/psi/test/messages.test.ts",
      name: "hold tokens in strictly ascending order only",
    },
  },
  {
    id: "allowance.ceiling",
    guarantee: "G12",
    weak: "more is evaluated than an allowance allows",
    edits: [
      {
        file: "packages/psi/src/evaluate.ts",
        from: "if (elements > allowance.ceiling) {",
        to: "if (elements < 0) {",
      },
    ],
    test: { file: "packages/psi/test/evaluate.test.ts", name: "the ceiling is too low" },
  },
];
